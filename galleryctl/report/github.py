"""GitHub workflow commands: annotations that land on the line of the file they are about."""

from __future__ import annotations

from collections.abc import Iterable

from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Action, Plan
from galleryctl.report import outcomes, view
from galleryctl.report.formatting import escape_control, escaped_lines


def plan_annotations(plan: Plan, *, drift: bool = False) -> str:
    """Errors for refusals, warnings for notices and for what is lost, and the counts; plans know no places in files."""
    found = [
        annotation(
            "error",
            f"{refusal.address or 'The plan'} is refused",
            f"{refusal.why}\nallowed by: {refusal.allow}",
        )
        for refusal in ([] if drift else plan.refusals)
    ]
    found += [annotation("warning", str(notice.address or "The plan"), notice.message) for notice in plan.notices]
    if not drift:
        found += [
            annotation("warning", str(change.address), f"will be {outcomes.PAST_TENSE[change.action]}\n{change.reason}")
            for change in plan.changes
            if change.action in (Action.DELETE, Action.REPLACE)
        ]
    level = "warning" if drift and not plan.is_empty else "notice"
    return _join_commands([*found, annotation(level, "galleryctl", view.plan_summary(plan, drift=drift))])


def report_annotations(report: Report) -> str:
    """Errors for what failed, warnings for what was skipped, and the sum."""
    levels = {OutcomeStatus.FAILED: "error", OutcomeStatus.SKIPPED: "warning"}
    found = [
        annotation(
            levels[outcome.status], str(outcome.address), f"{outcomes.describe_outcome(outcome)}\n{outcome.reason}"
        )
        for outcome in report.outcomes
        if outcome.status in levels
    ]
    return _join_commands([*found, annotation("notice", "galleryctl", outcomes.report_summary(report))])


def failure_annotations(error: GalleryctlError) -> str:
    """An error for each problem, on its line; or one for the failure."""
    if not isinstance(error, InvalidInput):
        title = error.where or "galleryctl"
        return _join_commands([annotation("error", title, "\n".join(filter(None, (error.what, error.why, error.do))))])
    return _join_commands(
        annotation("error", "", problem.message)
        if problem.at is None
        else annotation("error", "", problem.message, file=problem.at.file, line=problem.at.line, col=problem.at.column)
        for problem in error.problems
    )


def annotation(level: str, title: str, message: str, **properties: str | int) -> str:
    """One workflow command; `properties` say where in a file."""
    if title:
        properties["title"] = title
    listed = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    text = "\n".join(line for line in escaped_lines(message) if line)
    return f"::{level}{' ' if listed else ''}{listed}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(escape_control(text)).replace(":", "%3A").replace(",", "%2C")


def _join_commands(commands: Iterable[str]) -> str:
    return "".join(f"{command}\n" for command in commands)
