"""A journal whose lines are sealed one by one, wherever it lies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from galleryctl.model.errors import StateError
from galleryctl.state.encryption import Encryption, is_encrypted
from galleryctl.state.journal_file import JournalLog, JournalStore, invalid_journal_error


class EncryptedJournal:
    """A JournalPlace on another one. With a passphrase every line is sealed; without, sealed lines are refused.

    A journal that was begun with the former passphrase is read, too.
    """

    def __init__(self, store: JournalStore, encryption: Encryption) -> None:
        self._store = store
        self._encryption = encryption

    @property
    def location(self) -> str:
        """The place of the journal below."""
        return self._store.location

    def read(self) -> tuple[bytes, ...]:
        """The lines, opened. Raises StateError when one cannot be, or is of another journal than the first."""
        lines = self._store.read()
        envelopes = [_parse_envelope(line) for line in lines]
        id_ = _journal_id(envelopes[0]) if envelopes else ""
        return tuple(
            self._decrypt_line(line, envelope, id_, number)
            for number, (line, envelope) in enumerate(zip(lines, envelopes, strict=True))
        )

    def start(self, first: bytes) -> JournalLog:
        """A new journal that begins with the line `first`; it replaces the one that lies there."""
        id_ = uuid.uuid4().hex
        return _EncryptedLog(
            self._store.start(self._encryption.encrypt(first, _associated_data(id_, 0))), self._encryption, id_
        )

    def clear(self) -> None:
        """Remove the journal."""
        self._store.clear()

    def _decrypt_line(self, line: bytes, envelope: Mapping[str, object] | None, id_: str, number: int) -> bytes:
        if envelope is not None:
            return self._encryption.decrypt(envelope, _associated_data(id_, number), where=self.location)
        if id_:
            raise invalid_journal_error(self.location, f"its first line is sealed, line {number + 1} is not")
        if not self._encryption.accepts_plaintext:
            raise StateError(
                "this journal is not sealed, and the workspace has a passphrase",
                where=self.location,
                why="whoever can write there may have put it there",
                do="if a run of yours was killed before there was a passphrase, apply once without it; if not, delete it",
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


def _parse_envelope(line: bytes) -> Mapping[str, object] | None:
    """What a sealed line is; None for any other, of which the journal's reader says what is wrong with it."""
    try:
        document: Mapping[str, object] = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if is_encrypted(document) else None


def _journal_id(envelope: Mapping[str, object] | None) -> str:
    """Which journal a line says that it is of, "" when it does not; the seal tells whether that is so."""
    about = envelope.get("about") if envelope else None
    return str(about.get("journal", "")) if isinstance(about, Mapping) else ""


def _associated_data(id_: str, number: int) -> dict[str, str | int]:
    """Each line knows its journal and its number, so that none can be left out, moved, or taken from another run."""
    return {"kind": "journal", "journal": id_, "line": number}
