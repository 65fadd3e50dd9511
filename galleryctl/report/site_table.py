"""The result of each site as a row: for reports on several sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from galleryctl.model.checkup import Diagnosis
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Action, Plan
from galleryctl.report.formatting import pluralize
from galleryctl.report.ranked_changes import shown_changes
from galleryctl.report.results import SiteResult

_INCOMPLETE = 3
"""The exit code of an apply that did a part of its work."""
COUNTED_ACTIONS = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)

_NOUNS = {
    Action.CREATE: ("create",),
    Action.UPDATE: ("update",),
    Action.REPLACE: ("replacement",),
    Action.DELETE: ("delete",),
}
_RESULTS = {
    "changes": "with changes",
    "no changes": "without changes",
    "drift": "with drift",
    "no drift": "without drift",
    "partial": "applied in part",
}
"""Results in words, where these differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    """The result of a site in a word, the number of its changes by action, and that of its items that are held.

    `is_failed` if it needs attention.
    """

    site: str
    result: str
    counts: tuple[int, ...] = (0,) * len(COUNTED_ACTIONS)
    is_failed: bool = False
    held: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of the row, not escaped."""
        return (self.site, self.result, *(f"{count:,}" for count in self.counts))


SITE_COLUMNS = ("site", "result", *(action.value for action in COUNTED_ACTIONS))


def site_rows(results: Sequence[SiteResult]) -> tuple[SiteRow, ...]:
    """Return a row for each site, in their order; if a run failed after it planned, its failure is the result."""
    rows: dict[str, SiteRow] = {}
    for result in results:
        row = _row(result)
        former = rows.get(result.site)
        rows[result.site] = row if former is None else _joined(former, row)
    return tuple(rows.values())


def by_attention(rows: Sequence[SiteRow]) -> list[SiteRow]:
    """Return the rows: failed ones, those with held items, with deletes or replacements, with other changes, the rest."""
    dangerous = [COUNTED_ACTIONS.index(action) for action in (Action.REPLACE, Action.DELETE)]
    return sorted(
        rows,
        key=lambda row: (
            not row.is_failed,
            not row.held,
            not any(row.counts[i] for i in dangerous),
            not any(row.counts),
        ),
    )


def sites_summary(rows: Sequence[SiteRow]) -> str:
    """Return how many sites there are of each result, those that need attention first, and the number of changes."""
    results: dict[str, int] = {}
    for row in by_attention(rows):
        results[row.result] = results.get(row.result, 0) + 1
    sites = ", ".join(f"{count:,} {_RESULTS.get(result, result)}" for result, count in results.items())
    totals = zip(COUNTED_ACTIONS, zip(*(row.counts for row in rows), strict=True), strict=True)
    counts = ((sum(of_sites), action) for action, of_sites in totals)
    nouns = [pluralize(count, *_NOUNS[action]) for count, action in counts if count]
    if held := sum(row.held for row in rows):
        nouns.append(pluralize(held, "held item"))
    changes = ", ".join(nouns)
    return f"{pluralize(len(rows), 'site')}: {sites}{f'; {changes}' if changes else ''}."


def _joined(first: SiteRow, second: SiteRow) -> SiteRow:
    failed, other = (first, second) if first.is_failed else (second, first)
    return SiteRow(
        site=first.site,
        result=failed.result,
        counts=failed.counts if any(failed.counts) else other.counts,
        is_failed=failed.is_failed,
        held=max(failed.held, other.held),
    )


def _row(result: SiteResult) -> SiteRow:
    subject = result.subject
    if isinstance(subject, GalleryctlError):
        return SiteRow(site=result.site, result="failed", is_failed=True)
    if isinstance(subject, Plan):
        changes = shown_changes(subject, drift=result.drift)
        counts = tuple(sum(change.action is action for change in changes) for action in COUNTED_ACTIONS)
        is_refused = bool(subject.refusals) and not result.drift
        is_changed = bool(changes) if result.drift else not subject.is_empty
        found = "drift" if result.drift else "changes"
        word = "rejected" if is_refused else found if is_changed else f"no {found}"
        return SiteRow(site=result.site, result=word, counts=counts, is_failed=is_refused, held=len(subject.held))
    if isinstance(subject, Report):
        return _report_row(result.site, subject)
    is_failed = isinstance(subject, Diagnosis | LintReport) and subject.exit_code != 0
    return SiteRow(site=result.site, result="failed" if is_failed else "ok", is_failed=is_failed)


def _report_row(site: str, report: Report) -> SiteRow:
    done = [outcome.action for outcome in report.outcomes if outcome.status is OutcomeStatus.DONE]
    counts = tuple(done.count(action) for action in COUNTED_ACTIONS)
    is_failed = report.exit_code != 0
    is_partial = report.exit_code == _INCOMPLETE
    held = sum(outcome.status is OutcomeStatus.HELD for outcome in report.outcomes)
    word = (
        "applied" if not is_failed else "interrupted" if report.interrupted else "partial" if is_partial else "failed"
    )
    return SiteRow(site=site, result=word, counts=counts, is_failed=is_failed, held=held)
