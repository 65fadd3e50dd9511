"""A journal in an object store, beside the state, so that the next run can read it on any machine.

The last lines are one object. Each flush rewrites it, on the condition that it is what this run last wrote: a run that
lost its lock cannot continue once the next run has started its journal. When the object grows too long, its
lines are archived as a separate part, which bounds the cost of a line.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from galleryctl.model import json_document as doc
from galleryctl.model.errors import StateError
from galleryctl.state.backend import lost_lock_error
from galleryctl.state.bucket import Bucket, StoredObject
from galleryctl.state.journal_file import REMOVAL_CONDITION, earlier_write_error, invalid_journal_error

if TYPE_CHECKING:
    from obstore import UpdateVersion

_PART_BYTES = 64 * 1024
"""Maximum size of the last object: about 150 steps."""
_CLEARED = b""
_DELETE_ADVICE = f"delete that object {REMOVAL_CONDITION}"


class ObjectJournal:
    """A JournalStore at `key`, with its parts below `KEY.parts/`.

    `check_lock` is called before each write, and raises StateError if the run has lost its lock.
    """

    def __init__(self, bucket: Bucket, key: str, *, check_lock: Callable[[], None]) -> None:
        self._bucket = bucket
        self._key = key
        self._check_lock = check_lock
        self._was_fetched = False
        self._tag: UpdateVersion | None = None
        self._is_empty = True

    @property
    def location(self) -> str:
        """The object's URL."""
        return f"{self._bucket.location}/{self._key}"

    def read(self) -> tuple[bytes, ...]:
        """Return the complete lines, none if there is no journal. Raise StateError if a part is missing.

        A part may be missing because a run has just replaced the journal; then the new journal is read.
        """
        while True:
            found = self._fetch()
            if found is None or not found.content:
                return ()
            lines = found.content.split(b"\n")[:-1]
            chain, parts = self._parse_header(lines[0] if lines else b"")
            archived = self._archived_lines(chain, parts)
            if archived is not None:
                return (*archived, *lines[1:])
            current = self._bucket.get(self._key)
            if current is not None and current.tag == found.tag:
                raise StateError("a part of the journal is missing", where=self.location, do=_DELETE_ADVICE)

    def start(self, first: bytes) -> ObjectLog:
        """Start a new journal with the line `first`; it replaces the one that was last read."""
        if not self._was_fetched:
            self._fetch()
        log = ObjectLog(self, uuid.uuid4().hex)
        log.append(first)
        log.flush_now()
        self._bucket.delete(self._bucket.list(f"{self._key}.parts"))
        return log

    def clear(self) -> None:
        """Replace the object with an empty one, since a delete cannot be conditional."""
        if not self._was_fetched:
            self._fetch()
        if not self._is_empty:
            self.replace(_CLEARED)
            self._bucket.delete(self._bucket.list(f"{self._key}.parts"))

    def replace(self, content: bytes) -> None:
        """Write the last object. Raise StateError if it changed since this run last read or wrote it."""
        self._check_lock()
        tag = self._bucket.put(self._key, content, self._tag)
        if tag is None:
            what = "another run has started a journal; this run starts no more steps"
            raise lost_lock_error(self.location, "this run lost its lock", what)
        self._tag, self._is_empty = tag, not content

    def archive_part(self, chain: str, number: int, lines: bytes) -> None:
        """Store `lines` as a separate part."""
        self._check_lock()
        if self._bucket.put(self._part_key(chain, number), lines, None) is None:
            raise AssertionError(f"part {number} of {chain} was written by another run")

    def _fetch(self) -> StoredObject | None:
        found = self._bucket.get(self._key)
        self._was_fetched = True
        self._tag = found.tag if found else None
        self._is_empty = found is None or not found.content
        return found

    def _archived_lines(self, chain: str, parts: int) -> list[bytes] | None:
        """Return the lines of the archived parts, None if one is missing."""
        lines: list[bytes] = []
        for number in range(parts):
            part = self._bucket.get(self._part_key(chain, number))
            if part is None:
                return None
            lines += part.content.split(b"\n")[:-1]
        return lines

    def _part_key(self, chain: str, number: int) -> str:
        return f"{self._key}.parts/{chain}-{number:06}"

    def _parse_header(self, line: bytes) -> tuple[str, int]:
        try:
            return _read_header(doc.parse_json(line))
        except ValueError as error:
            raise invalid_journal_error(self.location, str(error), _DELETE_ADVICE) from error


class ObjectLog:
    """A JournalLog on an ObjectJournal."""

    def __init__(self, journal: ObjectJournal, chain: str) -> None:
        self._journal = journal
        self._chain = chain
        self._parts = 0
        self._written = b""
        self._pending = b""
        self._failed = False

    def append(self, line: bytes) -> None:
        """Add `line` to those that wait for a flush. Raise StateError after a flush that failed."""
        self._check_not_failed()
        self._pending += line + b"\n"

    async def flush(self) -> None:
        """Write the waiting lines in a thread: stores are slow, and Google's takes up to a second for each write."""
        self._check_not_failed()
        lines, self._pending = self._pending, b""
        write = asyncio.ensure_future(asyncio.to_thread(self._write_lines, lines))
        try:
            await asyncio.shield(write)
        except asyncio.CancelledError:
            # A write cannot be cancelled, and the next one must not overtake it; `_failed` records its failure.
            await asyncio.gather(write, return_exceptions=True)
            raise

    def flush_now(self) -> None:
        """Write the waiting lines; call it only when no flush is in progress."""
        lines, self._pending = self._pending, b""
        self._write_lines(lines)

    def _check_not_failed(self) -> None:
        if self._failed:
            raise earlier_write_error(self._journal.location)

    def _write_lines(self, added: bytes) -> None:
        try:
            if self._written and len(self._written) + len(added) > _PART_BYTES:
                self._journal.archive_part(self._chain, self._parts, self._written)
                self._parts, self._written = self._parts + 1, b""
            lines = self._written + added
            header = json.dumps({"chain": self._chain, "parts": self._parts}).encode() + b"\n"
            self._journal.replace(header + lines)
        except StateError:
            self._failed = True
            raise
        self._written = lines

    def close(self) -> None:
        """Do nothing: lines that still wait are results of steps, which the next run can look up."""


_read_header = doc.record(lambda chain, parts: (chain, parts), chain=doc.string, parts=doc.integer)
