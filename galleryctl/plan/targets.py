"""`--target`: limit a plan to some addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from galleryctl.model.address import Address
from galleryctl.model.errors import MatchError
from galleryctl.plan.changes import Action, Change


def check_targets(targets: Sequence[Address], addresses: Collection[Address]) -> None:
    """Raise MatchError, with similar addresses, for a target that is neither in a manifest nor in state."""
    names = [str(address) for address in addresses]
    for target in targets:
        if target in addresses:
            continue
        close = get_close_matches(str(target), names, n=3)
        raise MatchError(
            f"unknown target {target}: no manifest or state entry has this address",
            do=f"did you mean {' or '.join(close)}?" if close else "run `galleryctl state list` to list addresses",
        )


def is_targeted(address: Address, targets: Sequence[Address]) -> bool:
    """Return True if the plan may change `address`: it is covered by a target, or there are no targets."""
    return not targets or any(target.covers(address) for target in targets)


def contains_target(gallery: Address, targets: Sequence[Address]) -> bool:
    """Return True if the gallery or one of its items is a target, or if there are no targets."""
    return not targets or any(target.gallery == gallery.gallery for target in targets)


def filter_targeted(changes: Sequence[Change], targets: Sequence[Address]) -> tuple[Change, ...]:
    """Return the changes for `targets`, with the creates of galleries that contain a target."""
    return tuple(
        change
        for change in changes
        if is_targeted(change.address, targets)
        or (change.action is Action.CREATE and change.address.item is None and contains_target(change.address, targets))
    )
