"""Records of earlier events: their ids, and the last sequence number of each entity; both survive a restart."""

from __future__ import annotations

import sqlite3

from galleryctl.events.event import Event

DEDUPE_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS sequences (subject TEXT PRIMARY KEY, last INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sequences_at ON sequences (at);
"""


def is_duplicate(db: sqlite3.Connection, event: Event, now: float) -> bool:
    """Record the event's id and return True if it was there before. Call it in a transaction."""
    return not db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (event.id, now)).rowcount


def is_stale(db: sqlite3.Connection, event: Event, now: float) -> bool:
    """Return True if a later event of the same entity was recorded, else record this one. Call it in a transaction."""
    if event.sequence is None:
        return False
    last = db.execute("SELECT last FROM sequences WHERE subject = ?", (event.subject,)).fetchone()
    if last is not None and event.sequence < last[0]:
        return True
    db.execute("INSERT OR REPLACE INTO sequences VALUES (?, ?, ?)", (event.subject, event.sequence, now))
    return False


def expire(db: sqlite3.Connection, before: float) -> None:
    """Delete records from before that time, in epoch seconds."""
    db.execute("DELETE FROM seen WHERE at < ?", (before,))
    db.execute("DELETE FROM sequences WHERE at < ?", (before,))
