"""The emulated site in SQLite: one connection, one writer, and an undo log for stale reads."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from galleryctl.model.errors import GalleryctlError

DATABASE_FILE = "emulator.sqlite3"
_BUSY_TIMEOUT = 30.0  # seconds to wait for the write of another process

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
CREATE TABLE IF NOT EXISTS uploads (token TEXT PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS chunks (
  token TEXT NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (token, start));
CREATE TABLE IF NOT EXISTS sources (url TEXT PRIMARY KEY, status INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (url TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS setup (name TEXT PRIMARY KEY, doc TEXT NOT NULL);
"""

# The undo log is in the memory of the connection, not in the file; see https://www.sqlite.org/undoredo.html.
_UNDO_TABLE = "CREATE TEMP TABLE undo (seq INTEGER PRIMARY KEY, write_no INTEGER NOT NULL, sql TEXT NOT NULL)"
_VERSIONED_TABLES = {
    "galleries": ("seq", "id", "sort_order", "doc"),
    "items": ("seq", "gallery", "id", "sort_order", "doc"),
}
_TABLES = re.findall("TABLE IF NOT EXISTS ([a-z]+)", _SCHEMA)


class SiteStore:
    """The database, `write_no` (the number of writes so far) and the directory with the bytes of the files."""

    def __init__(self, data_dir: Path | None) -> None:
        self.blob_dir = None if data_dir is None else data_dir / "media"
        try:
            if self.blob_dir is not None:
                self.blob_dir.mkdir(parents=True, exist_ok=True)
                self.blob_dir.chmod(0o700)
            path = ":memory:" if data_dir is None else str(_private_file(data_dir / DATABASE_FILE))
            self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_BUSY_TIMEOUT)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")  # an acknowledged write survives a power failure
            self.db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as cause:
            raise GalleryctlError(
                "the emulator's database cannot be opened",
                where=data_dir,
                why=str(cause),
                do="check its permissions, the free disk space, and that no other emulator uses it",
            ) from cause
        self.write_no = 0
        self._blobs_to_delete: list[Path] = []  # after the commit
        self.db.create_function("current_write", 0, lambda: self.write_no)
        self._create_undo_log()

    def _create_undo_log(self) -> None:
        self.db.execute(_UNDO_TABLE)
        log = "INSERT INTO undo (write_no, sql) VALUES (current_write(), "
        for table, columns in _VERSIONED_TABLES.items():
            values = " || ',' || ".join(f"quote(OLD.{column})" for column in columns)
            # SQLite quotes the values; the names are constants.
            replace = f"'INSERT OR REPLACE INTO {table} ({','.join(columns)}) VALUES (' || {values} || ')'"  # noqa: S608
            delete = f"'DELETE FROM {table} WHERE seq=' || NEW.seq"  # noqa: S608
            for event, undo in (("INSERT", delete), ("UPDATE", replace), ("DELETE", replace)):
                self.db.execute(
                    f"CREATE TEMP TRIGGER undo_{table}_{event} AFTER {event} ON main.{table} BEGIN {log}{undo}); END"
                )

    @contextmanager
    def transaction(self, undo_depth: int = 0) -> Iterator[None]:
        """Run the block in a transaction; the undo log keeps the last `undo_depth` of them, 0 leaves this one out."""
        self.db.execute("BEGIN IMMEDIATE")
        before = self.write_no
        try:
            if undo_depth:
                self.write_no += 1
                self.db.execute("DELETE FROM undo WHERE write_no <= ?", (self.write_no - undo_depth,))
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # false if a full disk has ended it
                self.db.execute("ROLLBACK")
            self.write_no = before
            self._blobs_to_delete.clear()
            raise
        self._delete_blobs()

    @contextmanager
    def rewind(self, writes: int) -> Iterator[None]:
        """Show the galleries and items as they were `writes` writes ago while the block runs, for reading only."""
        since = self.write_no - writes
        steps = self.db.execute("SELECT sql FROM undo WHERE write_no > ? ORDER BY seq DESC", (since,)).fetchall()
        self.db.execute("BEGIN IMMEDIATE")  # a read that turns into a write cannot wait for a lock
        try:
            for (sql,) in steps:
                self.db.execute(sql)
            yield
        finally:
            self.db.execute("ROLLBACK")

    def next_sequence(self, entity: str) -> int:
        """Return the next `entityEventSequence` of an entity; the first is 1."""
        row = self.db.execute(
            "INSERT INTO sequences VALUES (?, 1) ON CONFLICT (entity) DO UPDATE SET value = value + 1 RETURNING value",
            (entity,),
        ).fetchone()
        return int(row[0])

    def save_setup(self, name: str, doc: dict[str, Any]) -> None:
        """Store the switches or the faults with the data, for the next process."""
        with self.transaction():
            self.db.execute("INSERT OR REPLACE INTO setup VALUES (?, ?)", (name, dump_json(doc)))

    def load_setup(self, name: str) -> dict[str, Any]:
        """Return the document stored under the name, or an empty one."""
        return self.fetch_document("SELECT doc FROM setup WHERE name = ?", name) or {}

    def fetch_document(self, sql: str, *values: object) -> dict[str, Any] | None:
        """Return the JSON in the first column of the first row, or None."""
        row = self.db.execute(sql, values).fetchone()
        return None if row is None else json.loads(row[0])

    def fetch_documents(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return the JSON in the first column of every row."""
        return [json.loads(row[0]) for row in self.db.execute(sql, values)]

    def fetch_count(self, sql: str, *values: object) -> int:
        """Return the number in the first column of the first row."""
        return int(self.db.execute(sql, values).fetchone()[0])

    def clear(self) -> None:
        """Delete all data but the credentials."""
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of the schema
        self.db.execute("DELETE FROM undo")
        if self.blob_dir is not None:
            for blob in self.blob_dir.iterdir():
                blob.unlink()

    def put_blob(self, ident: str, data: bytes) -> None:
        """Store the bytes of a file: in the data directory, or in memory without one."""
        if self.blob_dir is None:
            self.db.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (ident, data))
        else:
            part = self.blob_dir / f"{ident}.part"
            with open(part, "wb", opener=_open_private) as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(self.blob_dir / ident)

    def get_blob(self, ident: str) -> bytes | None:
        """Return the bytes of a file, or None; `ident` must be a generated id, because it becomes a path."""
        if self.blob_dir is None:
            row = self.db.execute("SELECT data FROM blobs WHERE id = ?", (ident,)).fetchone()
            return None if row is None else bytes(row[0])
        path = self.blob_dir / ident
        return path.read_bytes() if path.is_file() else None

    def delete_blob(self, ident: str) -> None:
        """Delete the bytes of a file; those on disk are deleted after the commit."""
        self.db.execute("DELETE FROM blobs WHERE id = ?", (ident,))
        if self.blob_dir is not None:
            self._blobs_to_delete.append(self.blob_dir / ident)

    def _delete_blobs(self) -> None:
        while self._blobs_to_delete:
            self._blobs_to_delete.pop().unlink(missing_ok=True)

    def close(self) -> None:
        """Close the database."""
        self.db.close()


def _private_file(path: Path) -> Path:
    """Create the file if it is missing, readable by its owner only; SQLite gives the files beside it the same mode."""
    descriptor = _open_private(str(path), os.O_RDWR | os.O_CREAT)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    return path


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def dump_json(doc: dict[str, Any]) -> str:
    """Encode a document for the database."""
    return json.dumps(doc, separators=(",", ":"))
