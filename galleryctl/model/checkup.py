"""Results of validate, init, fmt and doctor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.errors import Problem
from galleryctl.model.media import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidGallery:
    """A gallery of a valid workspace: its key, the path of its manifest, the number of items of each kind."""

    key: str
    file: str
    items_by_kind: Mapping[Kind, int]

    @property
    def item_count(self) -> int:
        """The number of items of all kinds."""
        return sum(self.items_by_kind.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A valid workspace; `media_files` counts distinct contents, `media_bytes` is their total size.

    The values with `unset_variables` were not checked. `warnings` are about what is valid, and may still be a mistake.
    """

    sites: tuple[str, ...]
    galleries: tuple[ValidGallery, ...]
    media_files: int
    media_bytes: int
    unset_variables: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()


class WriteAction(StrEnum):
    """The action of a command that writes files."""

    CREATED = "created"
    FORMATTED = "formatted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """The paths of the files that a command wrote, and the number of files it left unchanged."""

    action: WriteAction
    files: tuple[str, ...]
    unchanged: int = 0


class CheckStatus(StrEnum):
    """The status of a check; a WARN does not prevent galleryctl from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check, with advice unless its status is OK."""

    name: str
    status: CheckStatus
    finding: str
    do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The results of all checks."""

    checks: tuple[Check, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """1 if a check failed, else 0."""
        return 1 if self.count(CheckStatus.FAIL) else 0

    def count(self, status: CheckStatus) -> int:
        """Return the number of checks with this status."""
        return sum(check.status is status for check in self.checks)
