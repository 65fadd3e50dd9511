"""GitHub workflow commands: annotations of files and of the run.

A forge shows ten annotations of each level, so there are at most nine, and one that counts the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.finding import Finding, FindingLevel
from galleryctl.report.findings import all_findings
from galleryctl.report.formatting import escape_control, escaped_lines, shorten
from galleryctl.report.results import ReportContext, SiteResult
from galleryctl.report.summary import results_summary

_MAX_SHOWN = 9
"""Annotations of one level, besides the one that counts the others and the summary."""
_MAX_LENGTH = 1_000
"""Characters of a message or a property."""
_COMMANDS = {FindingLevel.ERROR: "error", FindingLevel.WARNING: "warning", FindingLevel.NOTE: "notice"}


def results_annotations(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return the errors and warnings, the dangerous first, the summary, and notices for what an apply will change."""
    findings = all_findings(results)
    if all(isinstance(result.subject, GalleryctlError) for result in results):
        return findings_annotations(findings, context)
    has_drift = any(result.drift for result in results) and any(
        each.level is not FindingLevel.NOTE for each in findings
    )
    level = FindingLevel.WARNING if has_drift and len(findings) <= _MAX_SHOWN else FindingLevel.NOTE
    return findings_annotations(findings, context, summary=results_summary(results), summary_level=level)


def findings_annotations(
    findings: Sequence[Finding],
    context: ReportContext,
    *,
    summary: str = "",
    summary_level: FindingLevel = FindingLevel.NOTE,
) -> str:
    """Return the findings of any check, and its summary before the notices."""
    commands: list[str] = []
    for level in (FindingLevel.ERROR, FindingLevel.WARNING):
        commands += _annotations(findings, level, context, _MAX_SHOWN)
    if summary:
        commands.append(annotation(_COMMANDS[summary_level], "galleryctl", summary))
    commands += _annotations(findings, FindingLevel.NOTE, context, _MAX_SHOWN - 1)
    return "".join(f"{command}\n" for command in commands)


def _annotations(findings: Sequence[Finding], level: FindingLevel, context: ReportContext, limit: int) -> list[str]:
    found = [finding for finding in findings if finding.level is level]
    commands = [_finding_annotation(finding, context) for finding in found[:limit]]
    if len(found) > limit:
        commands.append(annotation(_COMMANDS[level], "galleryctl", f"and {len(found) - limit:,} more"))
    return commands


def _finding_annotation(finding: Finding, context: ReportContext) -> str:
    at = finding.at
    properties: dict[str, str | int] = (
        {} if at is None else {"file": context.path(at.file), "line": at.line, "col": at.column}
    )
    return annotation(_COMMANDS[finding.level], finding.title, finding.message, **properties)


def annotation(level: str, title: str, message: str, **properties: str | int) -> str:
    """Return one workflow command; `properties` are its position in a file."""
    if title:
        properties["title"] = shorten(title, _MAX_LENGTH)
    listed = ",".join(f"{name}={_escape_property(str(value))}" for name, value in properties.items())
    text = shorten("\n".join(line for line in escaped_lines(message) if line), _MAX_LENGTH)
    return f"::{level}{' ' if listed else ''}{listed}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(escape_control(text)).replace(":", "%3A").replace(",", "%2C")
