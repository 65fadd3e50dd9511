"""The emulated site in SQLite: one connection, one writer, and an undo log for stale reads."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from galleryctl.model.errors import GalleryctlError

DATABASE_FILE = "emulator.sqlite3"
_BUSY_TIMEOUT = 30.0  # seconds to wait for another process to finish its write

_SCHEMA = """
CREATE TABLE IF NOT EXISTS galleries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sort_order REAL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS galleries_order ON galleries (sort_order);
CREATE TABLE IF NOT EXISTS items (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, gallery TEXT NOT NULL, id TEXT NOT NULL, sort_order REAL,
  doc TEXT NOT NULL, UNIQUE (gallery, id));
CREATE INDEX IF NOT EXISTS items_order ON items (gallery, sort_order, seq);
CREATE TABLE IF NOT EXISTS sequences (entity TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS files (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, trashed INTEGER NOT NULL,
  doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS files_folder ON files (folder, trashed);
CREATE TABLE IF NOT EXISTS folders (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent TEXT NOT NULL, name TEXT NOT NULL,
  trashed INTEGER NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS folders_parent ON folders (parent, trashed);
CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (token TEXT PRIMARY KEY, doc TEXT NOT NULL, data BLOB NOT NULL DEFAULT x'');
CREATE TABLE IF NOT EXISTS sources (url TEXT PRIMARY KEY, status INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (url TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS setup (name TEXT PRIMARY KEY, doc TEXT NOT NULL);
"""

# The undo log lives in the connection, never in the file; see https://www.sqlite.org/undoredo.html.
_UNDO_TABLE = "CREATE TEMP TABLE undo (seq INTEGER PRIMARY KEY, write_no INTEGER NOT NULL, sql TEXT NOT NULL)"
_VERSIONED_TABLES = {
    "galleries": ("seq", "id", "sort_order", "doc"),
    "items": ("seq", "gallery", "id", "sort_order", "doc"),
}
_TABLES = (
    "galleries", "items", "sequences", "files", "folders", "blobs", "uploads", "sources", "tokens", "webhooks",
  "setup",
)  # fmt: skip


class SiteStore:
    """The database, `write_no` (how many writes there were) and the directory of the files' bytes."""

    def __init__(self, data_dir: Path | None) -> None:
        self.blob_dir = None if data_dir is None else data_dir / "media"
        try:
            if self.blob_dir is not None:
                self.blob_dir.mkdir(parents=True, exist_ok=True)
            place = ":memory:" if data_dir is None else str(data_dir / DATABASE_FILE)
            self.db = sqlite3.connect(place, check_same_thread=False, isolation_level=None, timeout=_BUSY_TIMEOUT)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")  # what was answered is on disk
            self.db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as cause:
            raise GalleryctlError(
                "the emulator's database cannot be opened",
                where=data_dir,
                why=str(cause),
                do="see whether it can be written, has space left, and no other emulator uses it",
            ) from cause
        self.write_no = 0
        self._blobs_to_delete: list[Path] = []  # bytes to delete once the transaction is on disk
        self.db.create_function("current_write", 0, lambda: self.write_no)
        self._create_undo_log()

    def _create_undo_log(self) -> None:
        self.db.execute(_UNDO_TABLE)
        log = "INSERT INTO undo (write_no, sql) VALUES (current_write(), "
        for table, columns in _VERSIONED_TABLES.items():
            values = " || ',' || ".join(f"quote(OLD.{column})" for column in columns)
            # The names are from the constant above, the values are quoted by SQLite.
            replace = f"'INSERT OR REPLACE INTO {table} ({','.join(columns)}) VALUES (' || {values} || ')'"  # noqa: S608
            delete = f"'DELETE FROM {table} WHERE seq=' || NEW.seq"  # noqa: S608
            for event, undo in (("INSERT", delete), ("UPDATE", replace), ("DELETE", replace)):
                self.db.execute(
                    f"CREATE TEMP TRIGGER undo_{table}_{event} AFTER {event} ON main.{table} BEGIN {log}{undo}); END"
                )

    @contextmanager
    def transaction(self, undo_depth: int = 0) -> Iterator[None]:
        """A transaction; the undo log keeps the last `keep` of them, 0 means that this one is not counted."""
        self.db.execute("BEGIN IMMEDIATE")
        before = self.write_no
        try:
            if undo_depth:
                self.write_no += 1
                self.db.execute("DELETE FROM undo WHERE write_no <= ?", (self.write_no - undo_depth,))
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # a full disk has ended it already
                self.db.execute("ROLLBACK")
            self.write_no = before
            self._blobs_to_delete.clear()
            raise
        self._delete_blobs()

    @contextmanager
    def rewind(self, writes: int) -> Iterator[None]:
        """The galleries and items as they were `writes` writes ago, for reading only."""
        since = self.write_no - writes
        steps = self.db.execute("SELECT sql FROM undo WHERE write_no > ? ORDER BY seq DESC", (since,)).fetchall()
        self.db.execute("BEGIN IMMEDIATE")  # a read that became a write could not wait for others
        try:
            for (sql,) in steps:
                self.db.execute(sql)
            yield
        finally:
            self.db.execute("ROLLBACK")

    def next_sequence(self, entity: str) -> int:
        """The next `entityEventSequence` of an entity, from 1 on."""
        row = self.db.execute(
            "INSERT INTO sequences VALUES (?, 1) ON CONFLICT (entity) DO UPDATE SET value = value + 1 RETURNING value",
            (entity,),
        ).fetchone()
        return int(row[0])

    def save_setup(self, name: str, doc: dict[str, Any]) -> None:
        """Keep switches or faults with the data, so that the next process finds them."""
        with self.transaction():
            self.db.execute("INSERT OR REPLACE INTO setup VALUES (?, ?)", (name, dump_json(doc)))

    def load_setup(self, name: str) -> dict[str, Any]:
        """What was kept under the name; empty for nothing."""
        return self.fetch_document("SELECT doc FROM setup WHERE name = ?", name) or {}

    def fetch_document(self, sql: str, *values: object) -> dict[str, Any] | None:
        """The JSON in the first column of the first row, or None."""
        row = self.db.execute(sql, values).fetchone()
        return None if row is None else json.loads(row[0])

    def fetch_documents(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """The JSON in the first column of every row."""
        return [json.loads(row[0]) for row in self.db.execute(sql, values)]

    def fetch_count(self, sql: str, *values: object) -> int:
        """The number in the first column of the first row."""
        return int(self.db.execute(sql, values).fetchone()[0])

    def clear(self) -> None:
        """Empty the site."""
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above
        self.db.execute("DELETE FROM undo")
        if self.blob_dir is not None:
            for blob in self.blob_dir.iterdir():
                blob.unlink()

    def put_blob(self, ident: str, data: bytes) -> None:
        """Keep the bytes of a file: in the data directory, or in memory without one."""
        if self.blob_dir is None:
            self.db.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (ident, data))
        else:
            part = self.blob_dir / f"{ident}.part"
            with part.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(self.blob_dir / ident)

    def get_blob(self, ident: str) -> bytes | None:
        """The bytes of a file, or None; `ident` is an id that was made here."""
        if self.blob_dir is None:
            row = self.db.execute("SELECT data FROM blobs WHERE id = ?", (ident,)).fetchone()
            return None if row is None else bytes(row[0])
        path = self.blob_dir / ident
        return path.read_bytes() if path.is_file() else None

    def delete_blob(self, ident: str) -> None:
        """Forget the bytes of a file once the transaction under way is on disk."""
        self.db.execute("DELETE FROM blobs WHERE id = ?", (ident,))
        if self.blob_dir is not None:
            self._blobs_to_delete.append(self.blob_dir / ident)

    def _delete_blobs(self) -> None:
        while self._blobs_to_delete:
            self._blobs_to_delete.pop().unlink(missing_ok=True)

    def close(self) -> None:
        """Close the database."""
        self.db.close()


def dump_json(doc: dict[str, Any]) -> str:
    """A document as it is stored."""
    return json.dumps(doc, separators=(",", ":"))
