"""The storage of a run's journal, and its implementation in a local file of lines.

A line counts only with its newline: the last one may be incomplete.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from galleryctl.model.errors import StateError
from galleryctl.state.durable_files import io_errors, read_file, replace_file

REMOVAL_CONDITION = "when no run is active: the next plan asks about the items which that run created"
"""When a journal can be removed, and why."""
MOVE_ASIDE_ADVICE = f"move it aside {REMOVAL_CONDITION}"


class JournalLog(Protocol):
    """The journal lines of the current run."""

    def append(self, line: bytes) -> None:
        """Add `line`, which has no newline; it may be lost until `flush` has returned.

        Raises StateError if it cannot be written; from then on every call does.
        """

    async def flush(self) -> None:
        """Make the lines added before this call durable; one call at a time. Raise StateError as `append` does."""

    def close(self) -> None:
        """Close what is open; the lines stay."""


class JournalStore(Protocol):
    """The storage of a journal. Every method raises StateError when it cannot be reached."""

    @property
    def location(self) -> str:
        """The path or URL of the journal."""
        ...

    def read(self) -> tuple[bytes, ...]:
        """Return the complete lines of the stored journal, none if there is none."""
        ...

    def start(self, first: bytes) -> JournalLog:
        """Start a new journal with the line `first`; it replaces the stored one."""
        ...

    def clear(self) -> None:
        """Remove the journal."""


class FileJournal:
    """A JournalStore in a file; every line is durable when `append` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def location(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> tuple[bytes, ...]:
        """Return the complete lines of the file, none if there is none."""
        content = read_file(self._path, "the journal cannot be read") or b""
        *lines, _torn = content.split(b"\n")
        return tuple(lines)

    def start(self, first: bytes) -> FileLog:
        """Start a new journal with the line `first`; it replaces the file's content."""
        with io_errors(self._path, "the journal cannot be created"):
            # As a whole: the line may carry pending steps of the journal that it replaces.
            replace_file(self._path, first + b"\n")
            return FileLog(self._path, os.open(self._path, os.O_WRONLY | os.O_APPEND), len(first) + 1)

    def clear(self) -> None:
        """Remove the file."""
        with io_errors(self._path, "the journal cannot be removed"):
            self._path.unlink(missing_ok=True)


class FileLog:
    """A JournalLog on an open file."""

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._size = size
        self._failed = False

    def append(self, line: bytes) -> None:
        """Add `line` and flush it to the disk. Raise StateError, from then on always, if that fails."""
        if self._failed:
            raise earlier_write_error(self._path)
        line += b"\n"
        with io_errors(self._path, "the journal cannot be written"):
            try:
                _write_all(self._descriptor, line)
                os.fsync(self._descriptor)
            except OSError:
                self._failed = True
                with suppress(OSError):  # the reader ignores an incomplete last line anyway
                    os.ftruncate(self._descriptor, self._size)
                raise
        self._size += len(line)

    async def flush(self) -> None:
        """Do nothing: every line is on the disk already."""

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def invalid_journal_error(where: object, why: str, do: str = MOVE_ASIDE_ADVICE) -> StateError:
    """Return the error of content that is not a valid journal."""
    return StateError("this is not a galleryctl journal, or it was modified", where=where, why=why, do=do)


def earlier_write_error(where: object) -> StateError:
    """Return the error of a write after one that failed."""
    return StateError("an earlier write to the journal failed", where=where, do="see the first error of this run")


def _write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`; a single write may write less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
