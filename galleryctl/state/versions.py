"""The former versions of a state: kept when a new one is written, the oldest let go, a way back from each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from galleryctl.model.errors import StateError
from galleryctl.state.encryption import ENVELOPE_PREFIX, Encryption
from galleryctl.state.serialize import deserialize_state, reencrypt
from galleryctl.state.state_file import State

DAMAGED = "damaged.json"
"""The name of what could not be read when it was replaced; only the last one is kept."""

_NAME = re.compile(
    r"(?P<kept>[0-9]{8}T[0-9]{6}Z)-(?P<serial>[0-9]{8,})-(?P<lineage>[0-9a-f]{8})(?P<sealed>\.sealed)?\.json"
)
_TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A former version: its serial, where it lies, and since when, which is when the next one was written."""

    serial: int
    location: str
    replaced_at: datetime


class VersionStore(Protocol):
    """Named contents beside a state. Every method raises StateError when the place cannot be reached."""

    def names(self) -> Iterable[str]:
        """All the names."""
        ...

    def get(self, name: str) -> bytes:
        """The content of that name."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Keep `content` under that name, whatever was there."""

    def remove(self, names: Iterable[str]) -> None:
        """Let those go."""

    def location(self, name: str) -> str:
        """The place of that name, as people write it."""
        ...


class VersionArchive:
    """The `number` newest of the former versions, on a shelf."""

    def __init__(self, store: VersionStore, *, limit: int, encryption: Encryption) -> None:
        self._store = store
        self._limit = limit
        self._encryption = encryption

    def archive(self, content: bytes, previous: State | None) -> None:
        """Put what is about to be replaced on the shelf, and let go of what is too old.

        `former` is what it was read as, None when it cannot be read. What is kept is stored anew where that was done
        without the passphrase and is believed all the same, or with the former one.
        """
        names = set(self._store.names())
        kept = [self._reencrypt(match) for match in _parse_names(names)]
        if previous is None:
            self._store.put(DAMAGED, reencrypt(content, self._encryption))
        elif DAMAGED in names and (now := self._reencrypted_content(DAMAGED)) is not None:
            self._store.put(DAMAGED, now)
        if previous is not None and not any(_is_version_of(previous, match) for match in kept):
            name = f"{datetime.now(UTC):{_TIMESTAMP_FORMAT}}-{previous.serial:08}-{_lineage_hash(previous.lineage)}"
            kept.append(self._put(name, reencrypt(content, self._encryption)))
        self._store.remove([match[0] for match in sorted(kept, key=_age_key, reverse=True)[self._limit :]])

    def newest_first(self) -> tuple[Version, ...]:
        """What is on the shelf, the newest first."""
        return tuple(
            Version(
                serial=int(match["serial"]),
                location=self._store.location(match[0]),
                replaced_at=_parse_timestamp(match["kept"]),
            )
            for match in self._stored_names()
        )

    def read(self, serial: int) -> State:
        """The newest version with that serial. Raises StateError when there is none, or when it cannot be read."""
        kept = self._stored_names()
        for match in kept:
            if int(match["serial"]) == serial:
                name = match[0]
                where, do = self._store.location(name), "choose another one of: galleryctl state versions"
                state = deserialize_state(self._store.get(name), self._encryption, where=where, do=do)
                if not _is_version_of(state, match):
                    raise StateError(
                        "this is not the version that its name says",
                        where=where,
                        why=f"it has serial {state.serial} of lineage {state.lineage}",
                        do=do,
                    )
                return state
        serials = ", ".join(str(int(match["serial"])) for match in kept)
        raise StateError(
            f"version {serial} of the state is not kept",
            why=f"these are: {serials}" if serials else "none is",
            do="choose one of: galleryctl state versions" if serials else "",
        )

    def _stored_names(self) -> list[re.Match[str]]:
        """The names of versions on the shelf, the newest first."""
        return _parse_names(self._store.names())

    def _put(self, name: str, stored: bytes) -> re.Match[str]:
        """The whole name that it got, which says whether it is sealed."""
        name += ".sealed.json" if stored.startswith(ENVELOPE_PREFIX) else ".json"
        self._store.put(name, stored)
        match = _NAME.fullmatch(name)
        if match is None:
            raise AssertionError(f"{name} is no name of a version")
        return match

    def _reencrypt(self, match: re.Match[str]) -> re.Match[str]:
        """The name of that version once it is stored as it is to be stored now."""
        if not (
            self._encryption.has_former_passphrase
            if match["sealed"]
            else self._encryption.is_enabled and self._encryption.accepts_plaintext
        ):
            return match
        now = self._reencrypted_content(match[0])
        if now is None:
            return match
        put = self._put("-".join(match.group("kept", "serial", "lineage")), now)
        if put[0] != match[0]:
            self._store.remove([match[0]])
        return put

    def _reencrypted_content(self, name: str) -> bytes | None:
        """What is to be stored under that name now, None when it is there."""
        before = self._store.get(name)
        now = reencrypt(before, self._encryption)
        return None if now == before else now


def missing_version_error(location: str) -> StateError:
    """The error of a version that was listed, and is not there."""
    return StateError("the version is gone", where=location, do="see galleryctl state versions")


def _parse_names(names: Iterable[str]) -> list[re.Match[str]]:
    found = [match for name in names if (match := _NAME.fullmatch(name)) and _is_timestamp(match["kept"])]
    return sorted(found, key=_age_key, reverse=True)


def _is_timestamp(timestamp: str) -> bool:
    """Whether digits are a time, which those of a name that is not ours need not be."""
    try:
        _parse_timestamp(timestamp)
    except ValueError:
        return False
    return True


def _parse_timestamp(timestamp: str) -> datetime:
    return datetime.strptime(timestamp, _TIMESTAMP_FORMAT).replace(tzinfo=UTC)


def _is_version_of(state: State, match: re.Match[str]) -> bool:
    return (int(match["serial"]), match["lineage"]) == (state.serial, _lineage_hash(state.lineage))


def _age_key(match: re.Match[str]) -> tuple[str, int]:
    return match["kept"], int(match["serial"])


def _lineage_hash(lineage: str) -> str:
    """Enough of a lineage to tell two apart that a place has seen; a lineage may hold any characters."""
    return hashlib.sha256(lineage.encode()).hexdigest()[:8]
