"""Findings as a report of GitLab's code quality, which a merge request shows in its changes.

Source: GitLab, "Code quality": a subset of the format of Code Climate. A finding needs a description, a check name, a
fingerprint, a severity, and a location whose path is relative to the repository and does not begin with `./`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from galleryctl.model.finding import Finding, FindingLevel
from galleryctl.report.findings import DEFAULT_FILE, all_findings, finding_fingerprint, is_alert
from galleryctl.report.formatting import escape_control, escaped_lines, shorten
from galleryctl.report.json import dump_safe_json
from galleryctl.report.results import ReportContext, SiteResult

_MAX_FINDINGS = 5_000
_MAX_LENGTH = 1_000
_SEVERITIES = {FindingLevel.ERROR: "critical", FindingLevel.WARNING: "minor", FindingLevel.NOTE: "info"}


def results_code_quality(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return the problems of the results: errors and warnings, not what a plan will change."""
    findings = [finding for finding in all_findings(results) if is_alert(finding)]
    seen: Counter[str] = Counter()
    return dump_safe_json([_entry(finding, context, seen) for finding in findings[:_MAX_FINDINGS]])


def _entry(finding: Finding, context: ReportContext, seen: Counter[str]) -> dict[str, Any]:
    at = finding.at
    file = context.path(escape_control(at.file) if at else DEFAULT_FILE)
    lines = [line for line in (escape_control(finding.title), *escaped_lines(finding.message)) if line]
    text = shorten(" · ".join(lines), _MAX_LENGTH) or finding.rule.id
    return {
        "check_name": finding.rule.id,
        "description": text,
        "fingerprint": finding_fingerprint(finding, file, text, seen),
        "severity": _SEVERITIES[finding.level],
        "location": {"path": file, "lines": {"begin": at.line if at else 1}},
    }
