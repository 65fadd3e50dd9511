"""Wording of the outcome of an apply, for all formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.report.formatting import escape_control, pluralize

_REVIEW_ADVICE = "The plan cannot be continued: create a new plan, review it, and apply the rest."
PAST_TENSE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
"""Past tense of each action."""
OUTCOME_ORDER = {
    OutcomeStatus.FAILED: "Failed",
    OutcomeStatus.NOT_TAKEN: "Not taken by the site",
    OutcomeStatus.HELD: "Held, left as they are",
    OutcomeStatus.SKIPPED: "Skipped",
    OutcomeStatus.DONE: "Done",
}
"""The statuses as headings, what needs attention first."""
_ACTION_ORDER = ("delete", "replace", "update", "create")


def by_danger(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes, what needs attention first, and of each status deletes, replacements, updates, creates."""
    statuses = list(OUTCOME_ORDER)
    actions = {action: number for number, action in enumerate(_ACTION_ORDER)}
    return sorted(outcomes, key=lambda each: (statuses.index(each.status), actions.get(each.action, len(actions))))


def describe_outcome(outcome: Outcome) -> str:
    """Return the outcome of one change in words."""
    if outcome.status is OutcomeStatus.DONE:
        return PAST_TENSE.get(outcome.action, escape_control(outcome.action))
    if outcome.status is OutcomeStatus.NOT_TAKEN:
        return f"sent, not {PAST_TENSE.get(outcome.action, escape_control(outcome.action))}"
    if outcome.status is OutcomeStatus.FAILED:
        return f"failed to {escape_control(outcome.action)}"
    if outcome.status is OutcomeStatus.HELD:
        return "held, left as it is"
    return f"skipped, not {PAST_TENSE.get(outcome.action)}"


def _count_outcomes(report: Report, status: OutcomeStatus) -> int:
    return sum(outcome.status is status for outcome in report.outcomes)


def group_by_reason(outcomes: Iterable[Outcome]) -> Mapping[str, Sequence[Outcome]]:
    """Return the outcomes by reason: failed ones first, otherwise in the order of the report."""
    grouped: dict[str, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.status is not OutcomeStatus.FAILED):
        grouped.setdefault(outcome.reason, []).append(outcome)
    return grouped


def run_figures(report: Report) -> str:
    """Return requests, uploads and duration of the run."""
    calls = sum(report.requests.values())
    return f"{pluralize(calls, 'request')}, {pluralize(report.uploaded, 'upload')}, {report.seconds:.1f} s"


def takeover_line(report: Report) -> str:
    """Return the line about a lock that was taken over; "" if it was free."""
    former = escape_control(report.lock_taken_from)
    return f"Took over the lock of a run that ended without releasing it: {former}." if former else ""


def report_summary(report: Report) -> str:
    """Return the last line of a report, which counts."""
    done, held = (_count_outcomes(report, status) for status in (OutcomeStatus.DONE, OutcomeStatus.HELD))
    total = len(report.outcomes) - held
    again = "create a new plan" if report.needs_review else "run it again"
    left = f"; {held:,} held: make their files readable and {again}" if held else ""
    if not total:
        changes = pluralize(report.state_changes, "change")
        return f"Applied: {f'{changes} in state only' if report.state_changes else 'no changes'}{left}."
    if done == total:
        counts = [
            f"{number:,} {past}"
            for action, past in PAST_TENSE.items()
            if (number := sum(outcome.action == action for outcome in report.outcomes))
        ]
        if report.state_changes:
            counts.append(f"{report.state_changes:,} in state only")
        return f"Applied: {', '.join(counts)}{left}."
    not_taken = _count_outcomes(report, OutcomeStatus.NOT_TAKEN)
    is_partial = done or not_taken or report.has_written
    head = "Interrupted" if report.interrupted else "Partially applied" if is_partial else "Not applied"
    again = _REVIEW_ADVICE if report.needs_review else "Run the command again to continue."
    of_these = f"{not_taken:,} not taken by the site, " if not_taken else ""
    return (
        f"{head}: {done:,} of {total:,} done, {of_these}"
        f"{_count_outcomes(report, OutcomeStatus.FAILED):,} failed, "
        f"{_count_outcomes(report, OutcomeStatus.SKIPPED):,} skipped{f', {held:,} held' if held else ''}. {again}"
    )
