"""The findings of `lint` in the formats that show them in their own way; the others show `lint_findings`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from galleryctl.model.address import Address
from galleryctl.model.finding import Finding, FindingLevel, FindingRule
from galleryctl.model.lint import LintFinding, LintReport, LintRule, Severity
from galleryctl.report.budget import ReportBlock
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize, shorten
from galleryctl.report.json import dump_safe_json
from galleryctl.report.markdown_text import code_span, escape_markdown
from galleryctl.report.ranking import Rank
from galleryctl.report.text import StyledText, render_rows

_MAX_LENGTH = 600
"""Characters of a message or a place in Markdown."""
_STYLES = {Severity.NOTE: "cyan", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
_CSS_CLASSES = {Severity.NOTE: "done", Severity.WARNING: "skipped", Severity.ERROR: "failed"}
_BLOCKS = {
    Severity.ERROR: ((Rank.FAILURE, 0), "Errors"),
    Severity.WARNING: ((Rank.FAILURE, 5), "Warnings"),
    Severity.NOTE: ((Rank.NOTE, 0), "Notes"),
}
"""The order and the title of the findings of each severity in Markdown."""
_DESCRIPTIONS: Mapping[LintRule, str] = {
    LintRule.INVALID_MANIFEST: "A file of the workspace is invalid.",
    LintRule.UNUSABLE_FILE: "A file cannot be used.",
    LintRule.MISSING_ALT_TEXT: "An image has no alternative text.",
    LintRule.ALT_TEXT_IS_FILE_NAME: "An alternative text is the name of the file.",
    LintRule.FOCAL_POINT_OUTSIDE: "A focal point is outside of the picture.",
    LintRule.TINY_PICTURE: "A picture is too small to be shown sharply.",
    LintRule.HUGE_PICTURE: "A picture is larger than what is known to work.",
    LintRule.LOCATION_DATA: "A photo or video says where it was taken.",
    LintRule.REPEATED_PHOTO: "A gallery shows a photo or video twice.",
}


def lint_summary(report: LintReport) -> str:
    """Return the last line, which counts."""
    if not report.findings:
        return f"No findings in {pluralize(report.items, 'item')}."
    counts = (pluralize(report.count(each), each.value) for each in reversed(Severity) if report.count(each))
    files = {finding.at.file for finding in report.findings if finding.at is not None}
    return f"{', '.join(counts)} in {pluralize(len(files), 'file')}."


def lint_findings(report: LintReport) -> Iterator[Finding]:
    """Yield the findings for annotations, SARIF and code quality, titled by their rules."""
    for finding in report.findings:
        rule = FindingRule(id=finding.rule.value, description=_DESCRIPTIONS[finding.rule])
        yield Finding(
            rule=rule,
            level=FindingLevel(finding.severity.value),
            title=rule.id,
            message=finding.message,
            address=Address.parse(finding.address) if finding.address else None,
            at=finding.at,
        )


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


def lint_blocks(report: LintReport, *, label: str) -> Iterator[ReportBlock]:
    """Yield the findings of each severity; `label` stands before each of them."""
    for severity, (order, title) in _BLOCKS.items():
        found = [finding for finding in report.findings if finding.severity is severity]
        if found:
            short = tuple(f"- {label}{_markdown_place(each)}: {code_span(each.rule)}" for each in found)
            messages = (escape_markdown(shorten(_message(each), _MAX_LENGTH)) for each in found)
            yield ReportBlock(
                order=order,
                title=title,
                full=tuple(f"{head}: {message}" for head, message in zip(short, messages, strict=True)),
                short=short,
                heading=f"#### {title}",
                is_dangerous=severity is not Severity.NOTE,
            )


def lint_page_values(report: LintReport) -> dict[str, object]:
    """Return the values for the template of rows."""
    rows = [
        {"label": _place(f), "finding": f"{_message(f)} [{f.rule}]", "status": f.severity, "do": ()}
        for f in sorted(report.findings, key=lambda f: list(_BLOCKS).index(f.severity))
    ]
    return {"rows": rows, "css_classes": _CSS_CLASSES}


def _markdown_place(finding: LintFinding) -> str:
    return code_span(shorten(_place(finding), _MAX_LENGTH))


def _place(finding: LintFinding) -> str:
    return escape_control(str(finding.at or "workspace"))


def _message(finding: LintFinding) -> str:
    return " ".join(escaped_lines(finding.message))
