"""Findings of `lint`: what is valid, and may still be wrong for visitors or for the people in the photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from galleryctl.model.position import SourcePosition


class Severity(StrEnum):
    """The severity of a finding, in ascending order."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    def reaches(self, threshold: Severity) -> bool:
        """Return True if it is as severe as `threshold`, or more."""
        order = list(Severity)
        return order.index(self) >= order.index(threshold)


class LintRule(StrEnum):
    """The rules; the value is the id in settings and output. The first two cannot be set."""

    INVALID_MANIFEST = "invalid-manifest"
    UNUSABLE_FILE = "unusable-file"
    MISSING_ALT_TEXT = "missing-alt-text"
    ALT_TEXT_IS_FILE_NAME = "alt-text-is-file-name"
    FOCAL_POINT_OUTSIDE = "focal-point-outside"
    TINY_PICTURE = "tiny-picture"
    HUGE_PICTURE = "huge-picture"
    LOCATION_DATA = "location-data"
    REPEATED_PHOTO = "repeated-photo"


DEFAULT_SEVERITIES: Mapping[LintRule, Severity] = {
    LintRule.INVALID_MANIFEST: Severity.ERROR,
    LintRule.UNUSABLE_FILE: Severity.ERROR,
    LintRule.MISSING_ALT_TEXT: Severity.WARNING,
    LintRule.ALT_TEXT_IS_FILE_NAME: Severity.WARNING,
    LintRule.FOCAL_POINT_OUTSIDE: Severity.ERROR,
    LintRule.TINY_PICTURE: Severity.WARNING,
    LintRule.HUGE_PICTURE: Severity.WARNING,
    LintRule.LOCATION_DATA: Severity.WARNING,
    LintRule.REPEATED_PHOTO: Severity.WARNING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One finding; `at` is its place in a manifest, `address` the item and `path` the file that it is about, if any."""

    rule: LintRule
    severity: Severity
    message: str
    at: SourcePosition | None
    address: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """The findings in the order of the files, and the number of items that were checked.

    Findings of `fail_on` or a higher severity make the command fail.
    """

    findings: tuple[LintFinding, ...]
    items: int
    fail_on: Severity = Severity.ERROR

    @property
    def exit_code(self) -> int:
        """1 if a finding is severe enough to fail, else 0."""
        return 1 if any(finding.severity.reaches(self.fail_on) for finding in self.findings) else 0

    def count(self, severity: Severity) -> int:
        """Return the number of findings with this severity."""
        return sum(finding.severity is severity for finding in self.findings)
