"""Findings as SARIF 2.1.0, which code scanning of forges and editors read.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", and GitHub's limits for uploads: 25,000
results in a file, of which 5,000 are shown; every result has a location.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.finding import Finding, FindingLevel
from galleryctl.report.findings import DEFAULT_FILE, all_findings, finding_fingerprint, is_alert
from galleryctl.report.formatting import escape_control, escaped_lines, shorten
from galleryctl.report.json import dump_safe_json
from galleryctl.report.results import ReportContext, SiteResult, command_of
from galleryctl.version import __version__

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MAX_RESULTS = 5_000
_MAX_LENGTH = 2_000


def results_sarif(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return the problems of the results: errors and warnings, not what a plan will change."""
    findings = tuple(filter(is_alert, all_findings(results)))
    failed = any(isinstance(result.subject, GalleryctlError) for result in results)
    return findings_sarif(findings, context, command=command_of(results, context), is_successful=not failed)


def findings_sarif(findings: Sequence[Finding], context: ReportContext, *, command: str, is_successful: bool) -> str:
    """Return the findings of any check as a SARIF log with one run; those beyond the limit are counted."""
    shown = findings[:_MAX_RESULTS]
    rules = {finding.rule.id: finding.rule for finding in shown}
    numbers = {id_: number for number, id_ in enumerate(rules)}
    notifications: list[dict[str, Any]] = []
    if left := len(findings) - len(shown):
        text = f"{left:,} more findings are left out; the report as JSON has all."
        notifications.append({"level": "warning", "message": {"text": text}})
    seen: Counter[str] = Counter()
    return dump_safe_json(
        {
            "$schema": SARIF_SCHEMA,
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "galleryctl",
                            "version": __version__,
                            "rules": [
                                {"id": rule.id, "shortDescription": {"text": rule.description}}
                                for rule in rules.values()
                            ],
                        }
                    },
                    "automationDetails": {"id": f"galleryctl-{command or 'run'}/"},
                    "invocations": [
                        {"executionSuccessful": is_successful, "toolExecutionNotifications": notifications}
                    ],
                    "columnKind": "unicodeCodePoints",
                    "results": [_result(finding, numbers[finding.rule.id], context, seen) for finding in shown],
                }
            ],
        }
    )


def _result(finding: Finding, rule: int, context: ReportContext, seen: Counter[str]) -> dict[str, Any]:
    at = finding.at
    file = context.path(escape_control(at.file) if at else DEFAULT_FILE)
    lines = [line for line in (escape_control(finding.title), *escaped_lines(finding.message)) if line]
    text = shorten("\n".join(lines), _MAX_LENGTH) or finding.rule.id
    fingerprint = finding_fingerprint(finding, file, text, seen)
    region = {"startLine": at.line, "startColumn": at.column} if at else {"startLine": 1}
    physical = {"artifactLocation": {"uri": quote(file), "uriBaseId": "%SRCROOT%"}, "region": region}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.address is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": str(finding.address), "kind": "resource"}]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": rule,
        "level": FindingLevel(finding.level).value,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"galleryctl/v1": fingerprint},
    }
