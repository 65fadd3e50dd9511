"""What an apply did, in words that all formats share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.report.formatting import escape_control, pluralize

PAST_TENSE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
"""Past tense by action."""


def describe_outcome(outcome: Outcome) -> str:
    """What became of one change."""
    if outcome.status is OutcomeStatus.DONE:
        return PAST_TENSE.get(outcome.action, escape_control(outcome.action))
    verb = "failed" if outcome.status is OutcomeStatus.FAILED else "skipped"
    return (
        f"{verb} to {escape_control(outcome.action)}"
        if verb == "failed"
        else f"{verb}, not {PAST_TENSE.get(outcome.action)}"
    )


def _count_outcomes(report: Report, status: OutcomeStatus) -> int:
    """How many outcomes have this status."""
    return sum(outcome.status is status for outcome in report.outcomes)


def group_by_reason(outcomes: Iterable[Outcome]) -> Mapping[str, Sequence[Outcome]]:
    """The outcomes under their reasons: those that failed first, otherwise in the order of the report."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.status is not OutcomeStatus.FAILED):
        grouped.setdefault(outcome.reason, []).append(outcome)
    return grouped


def run_figures(report: Report) -> str:
    """Requests, uploads and time of the run."""
    calls = sum(report.requests.values())
    return f"{pluralize(calls, 'request')}, {pluralize(report.uploaded, 'upload')}, {report.seconds:.1f} s"


def report_summary(report: Report) -> str:
    """The last line of a report."""
    done = _count_outcomes(report, OutcomeStatus.DONE)
    if not report.outcomes:
        return "Applied: nothing had to be done."
    if done == len(report.outcomes):
        made = [
            f"{number:,} {past}"
            for action, past in PAST_TENSE.items()
            if (number := sum(outcome.action == action for outcome in report.outcomes))
        ]
        return f"Applied: {', '.join(made)}."
    head = "Interrupted" if report.interrupted else "Applied in part" if done else "Not applied"
    return (
        f"{head}: {done:,} of {len(report.outcomes):,} done, {_count_outcomes(report, OutcomeStatus.FAILED):,} failed, "
        f"{_count_outcomes(report, OutcomeStatus.SKIPPED):,} skipped. Run it again to go on from here."
    )
