"""The changes of a plan in the order of their ranks: as plan or as drift."""

from __future__ import annotations

from dataclasses import dataclass, replace

from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.report.ranking import Rank, in_order, rank_of, rank_title
from galleryctl.report.view import ChangeLine, GalleryChanges, group_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedChanges:
    """The changes of one rank, by gallery."""

    rank: Rank
    title: str
    is_dangerous: bool
    groups: tuple[GalleryChanges, ...]

    @property
    def lines(self) -> tuple[ChangeLine, ...]:
        """The lines of all galleries."""
        return tuple(line for group in self.groups for line in group.lines)


def shown_changes(plan: Plan, *, drift: bool) -> tuple[Change, ...]:
    """Return the changes of a plan, or the parts of them that the site caused."""
    return tuple(map(_only_drift, plan.drift)) if drift else plan.changes


def rank_changes(plan: Plan, *, drift: bool, limit: int) -> tuple[RankedChanges, ...]:
    """Return the changes in the order of their ranks, as `group_changes` returns them. All drift is dangerous."""
    by_rank: dict[Rank, list[Change]] = {}
    for change in in_order(shown_changes(plan, drift=drift), drift=drift):
        by_rank.setdefault(rank_of(change, drift=drift), []).append(change)
    return tuple(
        RankedChanges(
            rank=rank,
            title=rank_title(rank, drift=drift),
            is_dangerous=drift or rank.is_dangerous,
            groups=group_changes(by_rank[rank], drift=drift, limit=limit, positions=plan.positions),
        )
        for rank in by_rank
    )


def _only_drift(change: Change) -> Change:
    """Return the parts of a change that the site caused."""
    if change.action is not Action.UPDATE:
        return change
    return replace(
        change,
        fields=tuple(part for part in change.fields if part.cause.is_drift),
        media=change.media if change.media_cause.is_drift else None,
        position=change.position if change.position_cause.is_drift else None,
    )
