"""The former versions of a state: kept when a new one is written, the oldest let go, a way back from each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from galleryctl.model.errors import StateError
from galleryctl.state.content import read_content, sealed_content
from galleryctl.state.document import State
from galleryctl.state.seal import Cipher

DAMAGED = "damaged.json"
"""The name of what could not be read when it was replaced; only the last one is kept."""

_NAME = re.compile(
    r"(?P<kept>[0-9]{8}T[0-9]{6}Z)-(?P<serial>[0-9]{8,})-(?P<lineage>[0-9a-f]{8})(?P<sealed>\.sealed)?\.json"
)
_KEPT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A former version: its serial, where it lies, and since when, which is when the next one was written."""

    serial: int
    location: str
    since: datetime


class Shelf(Protocol):
    """Named contents beside a state. Every method raises StateError when the place cannot be reached."""

    def names(self) -> Iterable[str]:
        """All the names."""

    def get(self, name: str) -> bytes:
        """The content of that name."""

    def put(self, name: str, content: bytes) -> None:
        """Keep `content` under that name, whatever was there."""

    def remove(self, names: Iterable[str]) -> None:
        """Let those go."""

    def location(self, name: str) -> str:
        """The place of that name, as people write it."""


class Versions:
    """The `number` newest of the former versions, on a shelf."""

    def __init__(self, shelf: Shelf, *, number: int, cipher: Cipher | None) -> None:
        self._shelf = shelf
        self._number = number
        self._cipher = cipher

    def keep(self, content: bytes, former: State | None) -> None:
        """Put what is about to be replaced on the shelf, and let go of what is too old.

        `former` is what it was read as, None when it cannot be read. With a passphrase, what was kept without one is
        sealed, too.
        """
        kept = self._kept()
        if former is None:
            self._shelf.put(DAMAGED, sealed_content(content, self._cipher))
        elif not any(_is(former, match) for match in kept):
            name = f"{datetime.now(UTC):{_KEPT}}-{former.serial:08}-{_short(former.lineage)}.json"
            kept = [self._put(name, content), *kept]
        if self._cipher is not None:
            kept = [match if match["sealed"] else self._seal(match[0]) for match in kept]
        self._shelf.remove([match[0] for match in sorted(kept, key=_age, reverse=True)[self._number :]])

    def all(self) -> tuple[Version, ...]:
        """What is on the shelf, the newest first."""
        return tuple(
            Version(
                serial=int(match["serial"]),
                location=self._shelf.location(match[0]),
                since=datetime.strptime(match["kept"], _KEPT).replace(tzinfo=UTC),
            )
            for match in self._kept()
        )

    def read(self, serial: int) -> State:
        """The newest version with that serial. Raises StateError when there is none, or when it cannot be read."""
        kept = self._kept()
        for match in kept:
            if int(match["serial"]) == serial:
                name = match[0]
                do = "choose another one of: galleryctl state versions"
                return read_content(
                    self._shelf.get(name), self._cipher, where=self._shelf.location(name), do=do
                )
        serials = ", ".join(str(int(match["serial"])) for match in kept)
        raise StateError(
            f"version {serial} of the state is not kept",
            why=f"these are: {serials}" if serials else "none is",
            do="choose one of: galleryctl state versions" if serials else "",
        )

    def _kept(self) -> list[re.Match[str]]:
        """The names on the shelf, the newest first."""
        found = [match for name in self._shelf.names() if (match := _NAME.fullmatch(name))]
        return sorted(found, key=_age, reverse=True)

    def _put(self, name: str, content: bytes) -> re.Match[str]:
        """The name that it got, which says whether it is sealed."""
        stored = sealed_content(content, self._cipher)
        if self._cipher is not None:
            name = name.removesuffix(".json") + ".sealed.json"
        self._shelf.put(name, stored)
        match = _NAME.fullmatch(name)
        if match is None:
            raise AssertionError(f"{name} is no name of a version")
        return match

    def _seal(self, name: str) -> re.Match[str]:
        match = self._put(name, self._shelf.get(name))
        self._shelf.remove([name])
        return match


def _is(state: State, match: re.Match[str]) -> bool:
    return (int(match["serial"]), match["lineage"]) == (state.serial, _short(state.lineage))


def _age(match: re.Match[str]) -> tuple[str, int]:
    return match["kept"], int(match["serial"])


def _short(lineage: str) -> str:
    """Enough of a lineage to tell two apart that a place has seen; a lineage may hold any characters."""
    return hashlib.sha256(lineage.encode()).hexdigest()[:8]
