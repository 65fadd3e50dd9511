"""The previous versions of a state: archived when a new one is written, the lowest serials expired, restorable."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.state.serialize import deserialize_state
from galleryctl.state.state_file import State

DAMAGED = "damaged.json"
"""The name of an unreadable state that was replaced; only the last one is kept."""

VERSION_ADVICE = "choose another version: " + command_line("state", "versions")

_NAME = re.compile(r"(?P<time>[0-9]{8}T[0-9]{6}Z)-(?P<serial>[0-9]{8,})-(?P<lineage>[0-9a-f]{8})(\.sealed)?\.json")
"""The name of a version; earlier ones that are encrypted end with `.sealed.json`."""
_TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A previous version: its serial, its path or URL, and when the next version replaced it."""

    serial: int
    location: str
    replaced_at: datetime


class NamedContents(Protocol):
    """Storage of named contents beside a state. Every method raises StateError when it cannot be reached."""

    def names(self) -> Iterable[str]:
        """Return all names, including those of other programs' files."""
        ...

    def get(self, name: str) -> bytes:
        """Return the content with that name."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Store `content` under that name; replace what is there."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove the contents with these names."""

    def location(self, name: str) -> str:
        """Return the path or URL of that name."""
        ...


class VersionArchive:
    """The `limit` newest previous versions, in a store.

    Newest means the highest serial: clocks of machines differ, and one that is fast must not expire what others wrote.
    """

    def __init__(self, store: NamedContents, *, limit: int) -> None:
        self._store = store
        self._limit = limit

    def make_room(self, previous: State) -> tuple[str | None, list[str]]:
        """Return the name for a state that is about to be replaced, and the names that are then beyond the limit.

        The name is None if that version is the last that was stored: the write after it failed. Others may have the same
        serial, if an older state was put back:

            stored 7, 8    state 8    nothing to store: writing 9 failed before
            stored 7, 8    state 7    store 7: an old copy replaced 8 or 9, and the next 8 is another one
        """
        kept = _parse_names(self._store.names())
        name = None
        if not (kept and _is_version_of(previous, max(kept, key=_time_key))):
            time = f"{datetime.now(UTC):{_TIMESTAMP_FORMAT}}"
            name = f"{time}-{previous.serial:08}-{_lineage_hash(previous.lineage)}.json"
            kept = _parse_names([name, *(match[0] for match in kept)])
        return name, [match[0] for match in kept[self._limit :]]

    def newest_first(self) -> tuple[Version, ...]:
        """Return the stored versions, newest first."""
        return tuple(map(self._version, _parse_names(self._store.names())))

    def read(self, serial: int, load: Callable[[str], bytes]) -> State:
        """Return the version with that serial, whose content `load` returns by name.

        Raises StateError if there is none, if several that differ have that serial, or if it cannot be read.
        """
        kept = _parse_names(self._store.names())
        found = [match for match in kept if int(match["serial"]) == serial]
        states = [self._read(match, load) for match in found]
        if any(state != states[0] for state in states):
            raise StateError(
                f"{len(found)} stored versions have serial {serial}",
                why=", ".join(self._store.location(match[0]) for match in found),
                do="move those that you do not want out of there; this says until when each was used: "
                + command_line("state", "versions"),
            )
        if states:
            return states[0]
        serials = ", ".join(str(int(match["serial"])) for match in kept)
        raise StateError(
            f"no stored version {serial}",
            why=f"stored versions: {serials}" if serials else "no versions are stored",
            do="list the versions: " + command_line("state", "versions") if serials else "",
        )

    def read_each(self, load: Callable[[str], bytes]) -> Iterator[tuple[Version, State | None]]:
        """Yield each version and its state, None if it cannot be read; newest first."""
        for match in _parse_names(self._store.names()):
            state = None
            with suppress(StateError):
                state = self._read(match, load)
            yield self._version(match), state

    def _read(self, match: re.Match[str], load: Callable[[str], bytes]) -> State:
        where = self._store.location(match[0])
        state = deserialize_state(load(match[0]), where=where, do=VERSION_ADVICE)
        if not _is_version_of(state, match):
            raise StateError(
                "this version's content does not match its name",
                where=where,
                why=f"it has serial {state.serial} of lineage {state.lineage}",
                do=VERSION_ADVICE,
            )
        return state

    def _version(self, match: re.Match[str]) -> Version:
        location = self._store.location(match[0])
        return Version(serial=int(match["serial"]), location=location, replaced_at=_replaced_at(match))


def is_archived(name: str) -> bool:
    """Return True if this is the name of a previous version or of an unreadable state."""
    return name == DAMAGED or _NAME.fullmatch(name) is not None


def missing_content_error(location: str) -> StateError:
    """Return the error of a version or a record that was listed but has since been removed."""
    return StateError("this no longer exists", where=location, do="run the same command again")


def _parse_names(names: Iterable[str]) -> list[re.Match[str]]:
    """Return the names of versions, newest first; other names are ignored."""
    matches = [match for name in names if (match := _NAME.fullmatch(name)) and _has_valid_time(match)]
    return sorted(matches, key=_serial_key, reverse=True)


def _has_valid_time(match: re.Match[str]) -> bool:
    with suppress(ValueError):
        return bool(_replaced_at(match))
    return False


def _replaced_at(match: re.Match[str]) -> datetime:
    return datetime.strptime(match["time"], _TIMESTAMP_FORMAT).replace(tzinfo=UTC)


def _is_version_of(state: State, match: re.Match[str]) -> bool:
    return (int(match["serial"]), match["lineage"]) == (state.serial, _lineage_hash(state.lineage))


def _serial_key(match: re.Match[str]) -> tuple[int, str]:
    return int(match["serial"]), match["time"]


def _time_key(match: re.Match[str]) -> tuple[str, int]:
    return match["time"], int(match["serial"])


def _lineage_hash(lineage: str) -> str:
    """Return a short hash that distinguishes lineages in one store; a lineage may contain any characters."""
    return hashlib.sha256(lineage.encode()).hexdigest()[:8]
