"""Where the journal of a run lies, and the place for it on this machine: a file of lines.

A line counts only with its newline: the last one may be torn.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from galleryctl.model.errors import StateError
from galleryctl.state.durable_files import io_errors, read_file, sync_folder

REMOVAL_CONDITION = "once no run is under way: what that run had made is found by content and title"
"""When a journal can be done without, and why."""
MOVE_ASIDE_ADVICE = f"move it aside, {REMOVAL_CONDITION}"


class JournalLog(Protocol):
    """The lines of the run under way."""

    def append(self, line: bytes) -> None:
        """Add `line`, which has no newline; it may be lost until `write` has returned.

        Raises StateError when it cannot be written; from then on nothing is.
        """

    async def flush(self) -> None:
        """Write what was added before this call, for good; one call at a time. Raises StateError as `append` does."""

    def close(self) -> None:
        """Let go of what is open; the lines stay."""


class JournalStore(Protocol):
    """Where a journal lies. Every method raises StateError when the place cannot be reached."""

    @property
    def location(self) -> str:
        """The place, as people write it."""
        ...

    def read(self) -> tuple[bytes, ...]:
        """The whole lines of the journal that lies there, none when there is none."""
        ...

    def start(self, first: bytes) -> JournalLog:
        """A new journal that begins with the line `first`; it replaces the one that lies there."""
        ...

    def clear(self) -> None:
        """Remove the journal."""


class FileJournal:
    """A JournalPlace in a file; every line is on the disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def location(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> tuple[bytes, ...]:
        """The whole lines of the file, none when there is none."""
        content = read_file(self._path, "the journal cannot be read") or b""
        *lines, _torn = content.split(b"\n")
        return tuple(lines)

    def start(self, first: bytes) -> FileLog:
        """A new journal that begins with the line `first`; it replaces the one that lies there."""
        with io_errors(self._path, "the journal cannot be made"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            log = FileLog(self._path, os.open(self._path, flags, 0o600))
            try:
                sync_folder(self._path.parent)
                log.append(first)
            except BaseException:
                log.close()
                raise
        return log

    def clear(self) -> None:
        """Remove the file."""
        with io_errors(self._path, "the journal cannot be removed"):
            self._path.unlink(missing_ok=True)


class FileLog:
    """A JournalLog on an open file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._size = 0
        self._failed = False

    def append(self, line: bytes) -> None:
        """Add `line` and flush it to the disk. Raises StateError; from then on nothing is written."""
        if self._failed:
            raise earlier_write_error(self._path)
        line += b"\n"
        with io_errors(self._path, "the journal cannot be written"):
            try:
                _write_all(self._descriptor, line)
                os.fsync(self._descriptor)
            except OSError:
                self._failed = True
                with suppress(OSError):  # half a record at the end is expected by the reader anyway
                    os.ftruncate(self._descriptor, self._size)
                raise
        self._size += len(line)

    async def flush(self) -> None:
        """Nothing: every line is on the disk already."""

    def close(self) -> None:
        """Let go of the file, which stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def invalid_journal_error(where: object, why: str, do: str = MOVE_ASIDE_ADVICE) -> StateError:
    """The error of what lies in the place of a journal, and is none."""
    return StateError("this is no journal of galleryctl, or it was changed", where=where, why=why, do=do)


def earlier_write_error(where: object) -> StateError:
    """The error of a line that is to follow one that could not be written."""
    return StateError("the journal could not be written before", where=where, do="see the first failure of this run")


def _write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`; a write may take less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
