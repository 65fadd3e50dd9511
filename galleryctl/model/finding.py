"""Findings: what a check says about a place in a file, for annotations and for SARIF."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.position import SourcePosition


class FindingLevel(StrEnum):
    """The level of a finding, as in SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRule:
    """The rule of a finding: its id, in words with hyphens, and a sentence about it."""

    id: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; `title` is its subject, such as an address, `at` its place in a file of the workspace, if known."""

    rule: FindingRule
    level: FindingLevel
    message: str
    title: str = ""
    address: Address | None = None
    at: SourcePosition | None = None
