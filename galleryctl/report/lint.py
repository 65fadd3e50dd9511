"""The findings of `lint` in each format."""

from __future__ import annotations

from typing import Any

from galleryctl.model.command import command_line
from galleryctl.model.lint import LintFinding, LintReport, Severity
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize
from galleryctl.report.github import annotation, join_commands
from galleryctl.report.html import render_template
from galleryctl.report.json import dump_safe_json
from galleryctl.report.markdown import code_span, escape_markdown
from galleryctl.report.text import StyledText, render_rows

_COMMAND = command_line("lint")
_STYLES = {Severity.NOTE: "cyan", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
_CSS_CLASSES = {Severity.NOTE: "done", Severity.WARNING: "skipped", Severity.ERROR: "failed"}
_LEVELS = {Severity.NOTE: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def lint_summary(report: LintReport) -> str:
    """Return the last line, which counts."""
    if not report.findings:
        return f"No findings in {pluralize(report.items, 'item')}."
    counts = (pluralize(report.count(each), each.value) for each in reversed(Severity) if report.count(each))
    files = {finding.at.file for finding in report.findings if finding.at is not None}
    return f"{', '.join(counts)} in {pluralize(len(files), 'file')}."


def lint_text(report: LintReport, *, color: bool) -> str:
    """Return `file:line:column: severity: message [rule]` for each finding, and the summary."""
    lines: list[list[StyledText]] = [
        [(f"{_place(f)}: ", "bold"), (f.severity.value, _STYLES[f.severity]), (f": {_message(f)} [{f.rule}]", "")]
        for f in report.findings
    ]
    lines.append([(lint_summary(report), "bold")])
    if not color:  # without rich, which takes long to import
        return "".join("".join(text for text, _ in line) + "\n" for line in lines)
    return render_rows(lines, color=color)


def lint_json(report: LintReport) -> str:
    """Return the document that `schemas/report.schema.json` describes."""
    document: dict[str, Any] = {
        "kind": "lint",
        "format_version": 1,
        "exit_code": report.exit_code,
        "items": report.items,
        "findings": [
            {
                "rule": finding.rule.value,
                "severity": finding.severity.value,
                "message": finding.message,
                "file": finding.at and finding.at.file,
                "line": finding.at and finding.at.line,
                "column": finding.at and finding.at.column,
                "address": finding.address or None,
                "path": finding.path or None,
            }
            for finding in report.findings
        ],
    }
    return dump_safe_json(document)


def lint_markdown(report: LintReport) -> str:
    """Return the summary, and the findings as a list."""
    parts = [f"### {_COMMAND}", f"**{escape_markdown(lint_summary(report))}**"]
    entries = [
        f"- **{f.severity}** {code_span(_place(f))}: {escape_markdown(_message(f))} ({code_span(f.rule)})"
        for f in report.findings
    ]
    return "\n\n".join([*parts, "\n".join(entries)] if entries else parts) + "\n"


def lint_html(report: LintReport) -> str:
    """Return the findings as a page."""
    rows = [
        {"label": _place(f), "finding": f"{_message(f)} [{f.rule}]", "status": f.severity, "do": ()}
        for f in report.findings
    ]
    return render_template(
        "checkup.html.j2", title=_COMMAND, summary=lint_summary(report), rows=rows, css_classes=_CSS_CLASSES
    )


def lint_annotations(report: LintReport) -> str:
    """Return an annotation of the file for each finding, and the summary as a notice."""
    annotations = []
    for finding in report.findings:
        at = finding.at
        place: dict[str, str | int] = {} if at is None else {"file": at.file, "line": at.line, "col": at.column}
        annotations.append(annotation(_LEVELS[finding.severity], finding.rule, finding.message, **place))
    return join_commands([*annotations, annotation("notice", _COMMAND, lint_summary(report))])


def _place(finding: LintFinding) -> str:
    return escape_control(str(finding.at or "workspace"))


def _message(finding: LintFinding) -> str:
    return " ".join(escaped_lines(finding.message))
