"""The previous versions of a state: archived when a new one is written, expired by age, restorable."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from galleryctl.model.errors import StateError
from galleryctl.state.encryption import ENVELOPE_PREFIX, Encryption
from galleryctl.state.serialize import deserialize_state, reencrypt
from galleryctl.state.state_file import State

DAMAGED = "damaged.json"
"""The name of an unreadable state that was replaced; only the last one is kept."""

_NAME = re.compile(
    r"(?P<time>[0-9]{8}T[0-9]{6}Z)-(?P<serial>[0-9]{8,})-(?P<lineage>[0-9a-f]{8})(?P<encrypted>\.sealed)?\.json"
)
_TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A previous version: its serial, its path or URL, and when the next version replaced it."""

    serial: int
    location: str
    replaced_at: datetime


class VersionStore(Protocol):
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
    """The `limit` newest previous versions, in a store."""

    def __init__(self, store: VersionStore, *, limit: int, encryption: Encryption) -> None:
        self._store = store
        self._limit = limit
        self._encryption = encryption

    def archive(self, content: bytes, previous: State | None) -> None:
        """Store `content`, which is about to be replaced, and remove versions beyond the limit.

        `previous` is the state in `content`, None if unreadable. Stored versions whose encryption is outdated are
        stored again: see `reencrypt`.
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
        """Return the stored versions, newest first."""
        return tuple(
            Version(
                serial=int(match["serial"]), location=self._store.location(match[0]), replaced_at=_replaced_at(match)
            )
            for match in _parse_names(self._store.names())
        )

    def read(self, serial: int) -> State:
        """Return the newest version with that serial. Raise StateError if there is none or it cannot be read."""
        kept = _parse_names(self._store.names())
        for match in kept:
            if int(match["serial"]) == serial:
                where, do = self._store.location(match[0]), "choose another version: galleryctl state versions"
                state = deserialize_state(self._store.get(match[0]), self._encryption, where=where, do=do)
                if not _is_version_of(state, match):
                    why = f"it has serial {state.serial} of lineage {state.lineage}"
                    raise StateError("this version's content does not match its name", where=where, why=why, do=do)
                return state
        serials = ", ".join(str(int(match["serial"])) for match in kept)
        raise StateError(
            f"no stored version {serial}",
            why=f"stored versions: {serials}" if serials else "no versions are stored",
            do="list the versions: galleryctl state versions" if serials else "",
        )

    def _put(self, name: str, stored: bytes) -> re.Match[str]:
        """Store content under `name` and its suffix, `.sealed.json` if it is encrypted. Return the parsed full name."""
        name += ".sealed.json" if stored.startswith(ENVELOPE_PREFIX) else ".json"
        self._store.put(name, stored)
        match = _NAME.fullmatch(name)
        if match is None:
            raise AssertionError(f"{name} is not a version name")
        return match

    def _reencrypt(self, match: re.Match[str]) -> re.Match[str]:
        """Store that version again if its encryption is outdated. Return its name, which may be new."""
        if not (
            self._encryption.has_former_passphrase
            if match["encrypted"]
            else self._encryption.is_enabled and self._encryption.accepts_plaintext
        ):
            return match
        now = self._reencrypted_content(match[0])
        if now is None:
            return match
        stored = self._put("-".join(match.group("time", "serial", "lineage")), now)
        if stored[0] != match[0]:
            self._store.remove([match[0]])
        return stored

    def _reencrypted_content(self, name: str) -> bytes | None:
        """Return the content to store under that name, None if it is already up to date."""
        before = self._store.get(name)
        now = reencrypt(before, self._encryption)
        return None if now == before else now


def missing_version_error(location: str) -> StateError:
    """Return the error of a version that was listed but has since been removed."""
    return StateError("the version no longer exists", where=location, do="list the versions: galleryctl state versions")


def _parse_names(names: Iterable[str]) -> list[re.Match[str]]:
    """Return the names of versions, newest first; other names are ignored."""
    matches = [match for name in names if (match := _NAME.fullmatch(name)) and _has_valid_time(match)]
    return sorted(matches, key=_age_key, reverse=True)


def _has_valid_time(match: re.Match[str]) -> bool:
    with suppress(ValueError):
        return bool(_replaced_at(match))
    return False


def _replaced_at(match: re.Match[str]) -> datetime:
    return datetime.strptime(match["time"], _TIMESTAMP_FORMAT).replace(tzinfo=UTC)


def _is_version_of(state: State, match: re.Match[str]) -> bool:
    return (int(match["serial"]), match["lineage"]) == (state.serial, _lineage_hash(state.lineage))


def _age_key(match: re.Match[str]) -> tuple[str, int]:
    return match["time"], int(match["serial"])


def _lineage_hash(lineage: str) -> str:
    """Return a short hash that distinguishes lineages in one store; a lineage may contain any characters."""
    return hashlib.sha256(lineage.encode()).hexdigest()[:8]
