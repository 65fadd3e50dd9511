"""GitHub workflow commands: annotations of files and of the run."""

from __future__ import annotations

from collections.abc import Iterable

from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Action, Plan
from galleryctl.report import outcomes, view
from galleryctl.report.formatting import escape_control, escaped_lines


def plan_annotations(plan: Plan, *, drift: bool = False) -> str:
    """Return errors for refusals, warnings for notices and for deleted or replaced resources, and the summary."""
    annotations = [
        annotation("error", f"{each.address or 'Plan'} rejected", f"{each.why}\nallow with: {each.allow}")
        for each in ([] if drift else plan.refusals)
    ]
    annotations += [annotation("warning", str(notice.address or "The plan"), notice.message) for notice in plan.notices]
    if not drift:
        annotations += [
            annotation("warning", str(change.address), f"will be {outcomes.PAST_TENSE[change.action]}\n{change.reason}")
            for change in plan.changes
            if change.action in (Action.DELETE, Action.REPLACE)
        ]
    level = "warning" if drift and plan.drift else "notice"
    return join_commands([*annotations, annotation(level, "galleryctl", view.plan_summary(plan, drift=drift))])


def report_annotations(report: Report) -> str:
    """Return errors for failed changes, warnings for skipped ones, and the summary."""
    levels = {OutcomeStatus.FAILED: "error", OutcomeStatus.SKIPPED: "warning", OutcomeStatus.NOT_TAKEN: "error"}
    annotations = [
        annotation(levels[each.status], str(each.address), f"{outcomes.describe_outcome(each)}\n{each.reason}")
        for each in report.outcomes
        if each.status in levels
    ]
    annotations += [annotation("warning", "galleryctl", warning) for warning in report.warnings]
    if line := outcomes.takeover_line(report):
        annotations.append(annotation("warning", "galleryctl", line))
    return join_commands([*annotations, annotation("notice", "galleryctl", outcomes.report_summary(report))])


def failure_annotations(error: GalleryctlError) -> str:
    """Return an error for each problem of the input, with its position in the file, or one for the failure."""
    if not isinstance(error, InvalidInput):
        message = "\n".join(filter(None, (error.what, error.why, error.do)))
        return join_commands([annotation("error", error.where or "galleryctl", message)])
    return join_commands(problem_annotation("error", problem) for problem in error.problems)


def problem_annotation(level: str, problem: Problem) -> str:
    """Return the workflow command for a problem of the input, at its position in the file."""
    at = problem.at
    if at is None:
        return annotation(level, "", problem.message)
    return annotation(level, "", problem.message, file=at.file, line=at.line, col=at.column)


def annotation(level: str, title: str, message: str, **properties: str | int) -> str:
    """Return one workflow command; `properties` are its position in a file."""
    if title:
        properties["title"] = title
    listed = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    text = "\n".join(line for line in escaped_lines(message) if line)
    return f"::{level}{' ' if listed else ''}{listed}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(escape_control(text)).replace(":", "%3A").replace(",", "%2C")


def join_commands(commands: Iterable[str]) -> str:
    """Return the commands, one per line."""
    return "".join(f"{command}\n" for command in commands)
