"""Events on disk, from their receipt until they are reported and checked."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from galleryctl.events import dedupe
from galleryctl.events.event import Event, decode_event
from galleryctl.events.rejection import RejectedDeliveryError
from galleryctl.events.token import MAX_AGE, json_object
from galleryctl.model.errors import GalleryctlError

DAY = 86_400.0
_DELETE_ADVICE = "a damaged inbox can be deleted: Wix resends events that were not answered with 200"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL, stale INTEGER NOT NULL, told INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A stored event. `stale`: a later one of the same entity arrived first; `reported`: only its check is pending."""

    number: int
    event: Event
    stale: bool
    reported: bool


class Inbox:
    """The database at `path`, locked by this process until `close`; any thread may use it, one at a time.

    Deliveries are accepted for `max_age` seconds; ids are kept for longer than that, and for longer than Wix retries.
    Raises GalleryctlError if the file cannot be used or another process uses it.
    """

    def __init__(self, path: Path, *, max_age: float = MAX_AGE) -> None:
        self.path = path
        self._retention = max(max_age, MAX_AGE) + DAY
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # it contains the site's content
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
            try:
                self._initialize()
            except sqlite3.Error:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise _open_error(path, error) from error

    def _initialize(self) -> None:
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # released when the process ends, however it ends
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")  # events answered with 200 must be durable
        self._db.executescript(_SCHEMA + dedupe.DEDUPE_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def put(self, data: Mapping[str, Any], event: Event, now: float) -> bool:
        """Store the event, decoded from `data`. Return False if its id was received before.

        Raises GalleryctlError if it cannot be written.
        """
        with self.transaction():
            if dedupe.is_duplicate(self._db, event, now):
                return False
            stale = dedupe.is_stale(self._db, event, now)
            self._db.execute("INSERT INTO inbox (data, stale, told) VALUES (?, ?, 0)", (json.dumps(data), stale))
            dedupe.expire(self._db, now - self._retention)
        return True

    def pending(self, after: int = 0, *, limit: int = -1) -> Iterator[InboxEntry]:
        """Yield the events with numbers above `after` that are not done, in order of arrival, at most `limit` if >= 0.

        Raises GalleryctlError for a damaged one.
        """
        query = "SELECT number, data, stale, told FROM inbox WHERE number > ? ORDER BY number LIMIT ?"
        for number, data, stale, reported in self._db.execute(query, (after, limit)).fetchall():
            try:
                event = decode_event(json_object(data, f"event {number}"))
            except RejectedDeliveryError as error:
                raise GalleryctlError(
                    "the events inbox is damaged", where=self.path, why=error.why, do=_DELETE_ADVICE
                ) from error
            yield InboxEntry(number=number, event=event, stale=bool(stale), reported=bool(reported))

    def mark_reported(self, number: int) -> None:
        """Record that the event was reported and its check is pending."""
        with self.transaction():
            self._db.execute("UPDATE inbox SET told = 1 WHERE number = ?", (number,))

    def mark_done(self, numbers: Iterable[int]) -> None:
        """Delete these events; their ids stay recorded against repeats."""
        with self.transaction():
            self._db.executemany("DELETE FROM inbox WHERE number = ?", [(number,) for number in numbers])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the `with` as one durable transaction; inside of another one, as a part of that."""
        try:
            inside = self._db.in_transaction
            if inside:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise GalleryctlError("the events inbox cannot be written", where=self.path, why=str(error)) from error


def _open_error(path: Path, error: Exception) -> GalleryctlError:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        what = "another `galleryctl events` process uses this inbox"
        return GalleryctlError(what, where=path, do="stop that process: a site can have only one receiver")
    do = f"check the folder; {_DELETE_ADVICE}"
    return GalleryctlError("the events inbox cannot be used", where=path, why=str(error), do=do)
