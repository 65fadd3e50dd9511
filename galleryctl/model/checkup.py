"""What checking found: a workspace that is valid, files that were written, an installation that works or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.media import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidGallery:
    """One gallery of a valid workspace: its key, its manifest's path, how many items of each kind."""

    key: str
    file: str
    items_by_kind: Mapping[Kind, int]

    @property
    def item_count(self) -> int:
        """How many items there are."""
        return sum(self.items_by_kind.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A workspace in which nothing is wrong; `media_files` are different contents, `media_bytes` their sum."""

    sites: tuple[str, ...]
    galleries: tuple[ValidGallery, ...]
    media_files: int
    media_bytes: int


class WriteAction(StrEnum):
    """What became of files."""

    CREATED = "created"
    FORMATTED = "formatted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """Files that a command wrote, by their paths, and how many it left as they were."""

    action: WriteAction
    files: tuple[str, ...]
    unchanged: int = 0


class CheckStatus(StrEnum):
    """How a check came out; a WARN keeps nothing from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, and what to do about it unless it is fine."""

    name: str
    status: CheckStatus
    finding: str
    do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Everything that was looked at."""

    checks: tuple[Check, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """1 when anything fails."""
        return 1 if self.count(CheckStatus.FAIL) else 0

    def count(self, status: CheckStatus) -> int:
        """How many checks came out so."""
        return sum(check.status is status for check in self.checks)
