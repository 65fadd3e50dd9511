"""A journal whose lines are sealed one by one, wherever it lies."""

from __future__ import annotations

import json
from collections.abc import Mapping

from galleryctl.state.journal_file import JournalLog, JournalPlace
from galleryctl.state.seal import Cipher, is_sealed


class SealedJournal:
    """A JournalPlace on another one. With a passphrase every line is sealed; without, sealed lines are refused.

    A journal that was begun before there was a passphrase, or with the former one, is read, too.
    """

    def __init__(self, place: JournalPlace, cipher: Cipher) -> None:
        self._place = place
        self._cipher = cipher

    @property
    def location(self) -> str:
        """The place of the journal below."""
        return self._place.location

    def read(self) -> tuple[bytes, ...]:
        """The lines, opened. Raises StateError when one cannot be."""
        return tuple(self._opened(line, number) for number, line in enumerate(self._place.read()))

    def start(self, first: bytes) -> JournalLog:
        """A new journal that begins with the line `first`; it replaces the one that lies there."""
        return _SealedLog(self._place.start(self._cipher.seal(first, _about(0))), self._cipher)

    def clear(self) -> None:
        """Remove the journal."""
        self._place.clear()

    def _opened(self, line: bytes, number: int) -> bytes:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return line  # the journal's reader says what is wrong with it
        if not is_sealed(document):
            return line
        envelope: Mapping[str, object] = document
        return self._cipher.open(envelope, _about(number), where=self.location)


class _SealedLog:
    def __init__(self, log: JournalLog, cipher: Cipher) -> None:
        self._log = log
        self._cipher = cipher
        self._lines = 1

    def append(self, line: bytes) -> None:
        self._log.append(self._cipher.seal(line, _about(self._lines)))
        self._lines += 1

    async def write(self) -> None:
        await self._log.write()

    def close(self) -> None:
        self._log.close()


def _about(number: int) -> dict[str, str | int]:
    """Each line knows its number, so that none can be left out or moved."""
    return {"kind": "journal", "line": number}
