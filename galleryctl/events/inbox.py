"""Events on disk between the answer to their sender and the work that they make."""

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
from galleryctl.events.token import MAX_AGE
from galleryctl.model.errors import GalleryctlError

DAY = 86_400.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL, stale INTEGER NOT NULL, told INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """An event that waits. `stale`: a later one of the same entity came before; `told`: it was, but work is left."""

    number: int
    event: Event
    stale: bool
    reported: bool


class Inbox:
    """The database at `path`, which is this process's alone until `close`.

    `max_age` is for how many seconds a delivery is accepted: ids are remembered longer than that, and so than the
    vendor tries again. Raises GalleryctlError when the file cannot be used, or another process has it.
    """

    def __init__(self, path: Path, *, max_age: float = MAX_AGE) -> None:
        self.path = path
        self._retention = max(max_age, MAX_AGE) + DAY
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # it holds what the site holds
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
            try:
                self._initialize()
            except sqlite3.Error:
                self._db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise _open_error(path, error) from error

    def _initialize(self) -> None:
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")  # the system lets go of it when the process dies
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")  # what was answered with 200 is on the disk
        self._db.executescript(_SCHEMA + dedupe.DEDUPE_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def put(self, data: Mapping[str, Any], event: Event, now: float) -> bool:
        """Keep the event, decoded from `data`, on the disk; False when it is there or was: a repeat.

        Raises GalleryctlError when it cannot be written.
        """
        with self._transaction():
            if dedupe.is_duplicate(self._db, event, now):
                return False
            stale = dedupe.is_stale(self._db, event, now)
            self._db.execute("INSERT INTO inbox (data, stale, told) VALUES (?, ?, 0)", (json.dumps(data), stale))
            dedupe.expire(self._db, now - self._retention)
        return True

    def pending(self, after: int = 0) -> Iterator[InboxEntry]:
        """What was not done yet, of numbers above `after`, in the order in which it came."""
        rows = "SELECT number, data, stale, told FROM inbox WHERE number > ? ORDER BY number"
        for number, data, stale, told in self._db.execute(rows, (after,)).fetchall():
            yield InboxEntry(
                number=number, event=decode_event(json.loads(data)), stale=bool(stale), reported=bool(told)
            )

    def mark_reported(self, number: int) -> None:
        """Remember that the event was told, and that work is left."""
        with self._transaction():
            self._db.execute("UPDATE inbox SET told = 1 WHERE number = ?", (number,))

    def mark_done(self, numbers: Iterable[int]) -> None:
        """Nothing is left to do for these; their ids stay remembered."""
        with self._transaction():
            self._db.executemany("DELETE FROM inbox WHERE number = ?", [(number,) for number in numbers])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """A transaction, on the disk when it is over."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise GalleryctlError("the inbox of events cannot be written", where=self.path, why=str(error)) from error


def _open_error(path: Path, error: Exception) -> GalleryctlError:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return GalleryctlError(
            "another `galleryctl events` has this inbox",
            where=path,
            do="stop it; one receiver serves one site",
        )
    return GalleryctlError(
        "the inbox of events cannot be used",
        where=path,
        why=str(error),
        do="check the folder; a broken inbox may be deleted: the vendor sends again what it has no 200 for",
    )
