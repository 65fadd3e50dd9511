"""The order of everything that a report shows: the dangerous first. All formats use it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from galleryctl.plan.changes import Action, Cause, Change


class Rank(IntEnum):
    """The rank of a part of a report; lower ranks come first."""

    FAILURE = 0
    REFUSAL = 1
    HELD = 2
    """Items that are left as they are, because their files cannot be used."""
    DELETE = 3
    """Deletes, and changes that clear a value."""
    REPLACE = 4
    CONFLICT = 5
    DRIFT = 6
    """Changes on the site that an apply would revert."""
    UPDATE = 7
    MOVE = 8
    CREATE = 9
    STATE = 10
    NOTE = 11

    @property
    def is_dangerous(self) -> bool:
        """True for what a reviewer must not miss: a report under a limit names it before anything else."""
        return self <= Rank.DRIFT


_TITLES = {
    Rank.FAILURE: "Failed",
    Rank.REFUSAL: "Rejected by safety checks",
    Rank.HELD: "Held, left as they are",
    Rank.DELETE: "Deletes and clears",
    Rank.REPLACE: "Replacements",
    Rank.CONFLICT: "Conflicts",
    Rank.DRIFT: "Drift that an apply reverts",
    Rank.UPDATE: "Updates",
    Rank.MOVE: "Moves",
    Rank.CREATE: "Creates",
    Rank.STATE: "In state only",
    Rank.NOTE: "Notes",
}
_DRIFT_TITLES = {
    Rank.DELETE: "Unmanaged on the site",
    Rank.REPLACE: "Replaced on the site",
    Rank.CONFLICT: "Changed on the site and in the manifests",
    Rank.UPDATE: "Changed on the site",
    Rank.MOVE: "Moved on the site",
    Rank.CREATE: "Missing on the site",
}


def rank_title(rank: Rank, *, drift: bool = False) -> str:
    """Return the heading of a part; `drift` is that of a plan that is shown as changes on the site."""
    return (drift and _DRIFT_TITLES.get(rank)) or _TITLES[rank]


def rank_of(change: Change, *, drift: bool = False) -> Rank:
    """Return the rank of a change. With `drift`, all of them are drift, so its kind decides."""
    if change.action is Action.DELETE or (Cause.CLEARED in change.causes and not drift):
        return Rank.DELETE
    if change.action is Action.REPLACE:
        return Rank.REPLACE
    if Cause.CONFLICT in change.causes:
        return Rank.CONFLICT
    if change.is_drift and not drift:
        return Rank.DRIFT
    if change.action is Action.CREATE:
        return Rank.CREATE
    return Rank.MOVE if change.is_move else Rank.UPDATE


def in_order(changes: Iterable[Change], *, drift: bool = False) -> list[Change]:
    """Return the changes by rank; deletes come before changes that clear a value."""
    return sorted(changes, key=lambda change: (rank_of(change, drift=drift), change.action is not Action.DELETE))
