"""A journal whose lines are encrypted one by one, in any storage."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from galleryctl.model import json_document as doc
from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.state.encryption import Encryption, is_encrypted
from galleryctl.state.journal_file import JournalLog, JournalStore, invalid_journal_error


class EncryptedJournal:
    """A JournalStore on another one. With a passphrase every line is encrypted; without, encrypted lines are rejected.

    The former passphrase can be used for reading.
    """

    def __init__(self, store: JournalStore, encryption: Encryption) -> None:
        self._store = store
        self._encryption = encryption

    @property
    def location(self) -> str:
        """The location of the underlying store."""
        return self._store.location

    def read(self) -> tuple[bytes, ...]:
        """Return the decrypted lines. Raise StateError if one cannot be decrypted or is from another journal."""
        lines = self._store.read()
        envelopes = [_parse_envelope(line) for line in lines]
        id_ = _journal_id(envelopes[0]) if envelopes else ""
        return tuple(
            self._decrypt_line(line, envelope, id_, number)
            for number, (line, envelope) in enumerate(zip(lines, envelopes, strict=True))
        )

    def start(self, first: bytes) -> JournalLog:
        """Start a new journal with the line `first`; it replaces the stored one."""
        id_ = uuid.uuid4().hex
        log = self._store.start(self._encryption.encrypt(first, _associated_data(id_, 0)))
        return _EncryptedLog(log, self._encryption, id_)

    def clear(self) -> None:
        """Remove the journal."""
        self._store.clear()

    def _decrypt_line(self, line: bytes, envelope: Json, id_: str, number: int) -> bytes:
        if envelope is not None:
            return self._encryption.decrypt(envelope, _associated_data(id_, number), where=self.location)
        if id_:
            raise invalid_journal_error(self.location, f"its first line is encrypted, line {number + 1} is not")
        if not self._encryption.accepts_plaintext:
            raise StateError(
                "this journal is not encrypted, but the workspace has a passphrase",
                where=self.location,
                why="anyone with write access may have put it there",
                do="if a run was killed before the passphrase was set, apply once without it; otherwise delete this",
            )
        return line


class _EncryptedLog:
    def __init__(self, log: JournalLog, encryption: Encryption, id_: str) -> None:
        self._log = log
        self._encryption = encryption
        self._id = id_
        self._lines = 1

    def append(self, line: bytes) -> None:
        self._log.append(self._encryption.encrypt(line, _associated_data(self._id, self._lines)))
        self._lines += 1

    async def flush(self) -> None:
        await self._log.flush()

    def close(self) -> None:
        self._log.close()


def _parse_envelope(line: bytes) -> Json:
    """Return the envelope on a line, None for any other line, whose errors the journal's reader reports."""
    try:
        document = doc.parse_json(line)
    except ValueError:
        return None
    return document if is_encrypted(document) else None


def _journal_id(envelope: Json) -> str:
    """Return the journal id in a line's associated data, "" if there is none; decryption authenticates it."""
    associated_data = envelope.get("about") if isinstance(envelope, Mapping) else None
    return str(associated_data.get("journal", "")) if isinstance(associated_data, Mapping) else ""


def _associated_data(id_: str, number: int) -> dict[str, str | int]:
    """Return the journal and number of a line, so that none can be left out, moved, or taken from another run."""
    return {"kind": "journal", "journal": id_, "line": number}
