"""`--target`: a plan for some addresses only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from galleryctl.model.address import Address
from galleryctl.model.errors import MatchError
from galleryctl.plan.changes import Action, Change


def check_targets(targets: Sequence[Address], addresses: Collection[Address]) -> None:
    """Raise MatchError, naming what is close, when a target is neither in a manifest nor in state."""
    names = [str(address) for address in addresses]
    for target in targets:
        if target in addresses:
            continue
        close = get_close_matches(str(target), names, n=3)
        raise MatchError(
            f"no manifest and no state knows the target {target}",
            do=f"did you mean {' or '.join(close)}?" if close else "see `galleryctl state list` for what is known",
        )


def is_targeted(address: Address, targets: Sequence[Address]) -> bool:
    """Whether the plan may touch `address`; without targets it may touch all."""
    return not targets or any(target.covers(address) for target in targets)


def contains_target(gallery: Address, targets: Sequence[Address]) -> bool:
    """Whether the gallery itself or one of its items is a target."""
    return not targets or any(target.gallery == gallery.gallery for target in targets)


def filter_targeted(changes: Sequence[Change], targets: Sequence[Address]) -> tuple[Change, ...]:
    """The changes for `targets`; a gallery that is to be made comes along with its item."""
    return tuple(
        change
        for change in changes
        if is_targeted(change.address, targets)
        or (change.action is Action.CREATE and change.address.item is None and contains_target(change.address, targets))
    )
