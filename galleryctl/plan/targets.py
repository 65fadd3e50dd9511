"""`--target`: limit a plan to some addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from galleryctl.model.address import Address
from galleryctl.model.command import command_line
from galleryctl.model.errors import MatchError
from galleryctl.plan.changes import Action, Change


def expand_targets(targets: Iterable[Address], addresses: Collection[Address]) -> frozenset[Address]:
    """Return the addresses in manifests and state that the targets, which can be patterns, match.

    Raises MatchError, with similar addresses, for a target that matches none.
    """
    expanded: set[Address] = set()
    for target in targets:
        found = target.matching(addresses)
        if not found:
            close = get_close_matches(str(target), map(str, addresses), n=3)
            raise MatchError(
                f"unknown target {target}: no manifest or state entry has this address",
                do=f"did you mean {' or '.join(close)}?"
                if close
                else "list the addresses: " + command_line("state", "list"),
            )
        expanded.update(found)
    return frozenset(expanded)


def is_targeted(address: Address, targets: Collection[Address]) -> bool:
    """Return True if the plan may change `address`: it or its gallery is a target, or there are no targets."""
    return not targets or address in targets or address.parent in targets


def contains_target(gallery: Address, targets: Collection[Address]) -> bool:
    """Return True if the gallery or one of its items is a target, or if there are no targets."""
    return not targets or any(target.gallery == gallery.gallery for target in targets)


def filter_targeted(changes: Sequence[Change], targets: Collection[Address]) -> tuple[Change, ...]:
    """Return the changes for `targets`, with the creates of galleries that contain a target."""
    return tuple(
        change
        for change in changes
        if is_targeted(change.address, targets)
        or (change.action is Action.CREATE and change.address.item is None and contains_target(change.address, targets))
    )
