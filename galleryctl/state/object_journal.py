"""A journal in an object store, beside the state: what a run had begun is known to whichever machine runs next.

The last lines are one object, written anew whenever lines must be there for good, and only as what it was last
written as: so a run whose lock was broken cannot go on once the next run has begun its journal. When it grows too long
its lines are put away as a part of their own, which keeps the cost of a line bounded.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from galleryctl.model.errors import StateError
from galleryctl.state.bucket import Bucket, StoredObject
from galleryctl.state.journal_file import REMOVAL_CONDITION, earlier_write_error, invalid_journal_error

if TYPE_CHECKING:
    from obstore import UpdateVersion

_PART_BYTES = 64 * 1024
"""How long the last object may grow: some 150 steps."""
_CLEARED = b""
_DELETE_ADVICE = f"delete that object, {REMOVAL_CONDITION}"


class ObjectJournal:
    """A JournalPlace at `key`; its parts lie below `KEY.parts/`."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._was_fetched = False
        self._tag: UpdateVersion | None = None
        self._is_empty = True

    @property
    def location(self) -> str:
        """The object's URL."""
        return f"{self._bucket.location}/{self._key}"

    def read(self) -> tuple[bytes, ...]:
        """The whole lines, none when there is no journal. Raises StateError when a part is missing."""
        while True:
            found = self._fetch()
            if found is None or not found.content:
                return ()
            lines = found.content.split(b"\n")[:-1]
            chain, parts = self._parse_header(lines[0] if lines else b"")
            before = self._archived_lines(chain, parts)
            if before is not None:
                return (*before, *lines[1:])
            again = self._bucket.get(self._key)
            if again is not None and again.tag == found.tag:
                raise StateError(
                    "a part of the journal is missing",
                    where=self.location,
                    do=_DELETE_ADVICE,
                )

    def start(self, first: bytes) -> ObjectLog:
        """A new journal that begins with the line `first`; it replaces the one that was last read."""
        if not self._was_fetched:
            self._fetch()
        log = ObjectLog(self, uuid.uuid4().hex)
        log.append(first)
        log.flush_now()
        self._bucket.delete(self._bucket.list(f"{self._key}.parts"))
        return log

    def clear(self) -> None:
        """Empty it."""
        if not self._was_fetched:
            self._fetch()
        if not self._is_empty:
            self.replace(_CLEARED)
            self._bucket.delete(self._bucket.list(f"{self._key}.parts"))

    def replace(self, content: bytes) -> None:
        """Write the last object if it is still as it was last read or written. Raises StateError when it is not."""
        tag = self._bucket.put(self._key, content, self._tag)
        if tag is None:
            raise StateError(
                "another run has begun a journal; this one begins nothing more",
                where=self.location,
                why="the lock of this run was broken",
                do="run the same command again, once no other run is under way",
            )
        self._tag, self._is_empty = tag, not content

    def archive_part(self, chain: str, number: int, lines: bytes) -> None:
        """Keep `lines` as a part of their own."""
        if self._bucket.put(self._part_key(chain, number), lines, None) is None:
            raise AssertionError(f"part {number} of {chain} is another's")

    def _fetch(self) -> StoredObject | None:
        found = self._bucket.get(self._key)
        self._was_fetched = True
        self._tag = found.tag if found else None
        self._is_empty = found is None or not found.content
        return found

    def _archived_lines(self, chain: str, parts: int) -> list[bytes] | None:
        """The lines that were put away, None when a part is missing: no more are asked for then."""
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
            head: Mapping[str, Any] = json.loads(line)
            return str(head["chain"]), int(head["parts"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
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
        """Add `line`, which waits for the next write. Raises StateError after one that failed."""
        self._check_not_failed()
        self._pending += line + b"\n"

    async def flush(self) -> None:
        """Write the lines that wait, in a thread: a store takes a while, Google's up to a second for each write."""
        self._check_not_failed()
        waiting, self._pending = self._pending, b""
        writing = asyncio.ensure_future(asyncio.to_thread(self._write_lines, waiting))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # A write cannot be called back, and no other may overtake it; that one failed is known from then on.
            await asyncio.gather(writing, return_exceptions=True)
            raise

    def flush_now(self) -> None:
        """Write the lines that wait; nothing else may be under way."""
        waiting, self._pending = self._pending, b""
        self._write_lines(waiting)

    def _check_not_failed(self) -> None:
        if self._failed:
            raise earlier_write_error(self._journal.location)

    def _write_lines(self, added: bytes) -> None:
        try:
            if self._written and len(self._written) + len(added) > _PART_BYTES:
                self._journal.archive_part(self._chain, self._parts, self._written)
                self._parts, self._written = self._parts + 1, b""
            lines = self._written + added
            head = json.dumps({"chain": self._chain, "parts": self._parts}).encode() + b"\n"
            self._journal.replace(head + lines)
        except StateError:
            self._failed = True
            raise
        self._written = lines

    def close(self) -> None:
        """Nothing: a line that still waits tells the end of a step, which is looked up when it is not known."""
