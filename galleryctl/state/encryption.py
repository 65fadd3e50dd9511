"""Encryption as a layer around a state backend, which does not know of it.

scrypt derives the key from the passphrase; AES-GCM encrypts and authenticates each content and each journal line. An
envelope is a JSON object: `sealed`, its version; `about`, the associated data, readable and authenticated; `salt`,
`nonce` and `content` in base64. Version 1 fixes every parameter, so an envelope cannot select weaker or costlier ones.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from galleryctl.model import json_document as doc
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret
from galleryctl.state.backend import StateBackend
from galleryctl.state.history import record_name
from galleryctl.state.journal_file import JournalLog, JournalStore, invalid_journal_error
from galleryctl.state.serialize import deserialize_state
from galleryctl.state.state_file import CorruptStateError
from galleryctl.state.versions import is_archived

SALT_BYTES = 16
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 3
"""32 MiB; one of the equivalent settings in OWASP's advice on storing passwords."""
_ENVELOPE_START = re.compile(rb'\s*\{\s*"sealed"')
_KEY_HINT = (
    "set the passphrase that it was encrypted with, as passphrase or former_passphrase: state: {passphrase: ${NAME}}"
)
_KEY_ADVICE = {
    "record": f"{_KEY_HINT}; without it, delete the record: this run cannot be undone",
    "": f"{_KEY_HINT}; or restore a previous version: "
    + command_line("state", "restore", "SERIAL")
    + "; or move it aside and run: "
    + command_line("state", "rebuild"),
}
"""By kind, "" for the others."""
_PLAINTEXT_ADVICE = {
    "state": "if it is yours, from before the passphrase was set: remove former_passphrase, if set, and run "
    + command_line("state", "reseal")
    + "; otherwise choose another version: "
    + command_line("state", "restore", "SERIAL")
    + "; or run: "
    + command_line("state", "rebuild"),
    "journal": "if a run was killed before the passphrase was set, apply once without it; otherwise delete this",
    "record": "if it is yours, from before the passphrase was set: run "
    + command_line("state", "reseal")
    + "; otherwise delete it",
}

_About = Mapping[str, str | int]
_Name = TypeVar("_Name", str, int)


@dataclass
class Encryption:
    """Encryption with the passphrase, and decryption with it or with the former one.

    Without a passphrase nothing is encrypted. With one, plaintext is rejected, because anyone with write access could
    have put it there; `accept_plaintext` accepts it, for state from before the passphrase was set.
    """

    passphrase: Secret | None = None
    _: KW_ONLY
    former_passphrase: Secret | None = None
    accept_plaintext: bool = False

    def __post_init__(self) -> None:
        self._cipher = cache(_make_cipher)  # deriving a key is slow by design
        self._salt = os.urandom(SALT_BYTES)

    def encrypt(self, content: bytes, about: _About) -> bytes:
        """Return the envelope on one line; without a passphrase the content unchanged."""
        if self.passphrase is None:
            return content
        nonce = os.urandom(12)  # the length that NIST SP 800-38D recommends for GCM
        encrypted = self._cipher(self.passphrase, self._salt)[0].encrypt(nonce, content, _authenticated(about))
        parts = {"salt": self._salt, "nonce": nonce, "content": encrypted}
        encoded = {name: b64encode(part).decode() for name, part in parts.items()}
        return json.dumps({"sealed": 1, "about": dict(about), **encoded}, separators=(",", ":")).encode()

    def decrypt(self, stored: bytes, kind: str, where: object) -> tuple[bytes, _About | None]:
        """Return the plaintext and, if it was encrypted, its associated data of that `kind`. Raise StateError."""
        if _ENVELOPE_START.match(stored):
            try:
                return self._open(kind, **_read_envelope(doc.parse_json(stored)))
            except ValueError as error:
                error_type = CorruptStateError if isinstance(error, json.JSONDecodeError) else StateError
                advice = _KEY_ADVICE.get(kind, _KEY_ADVICE[""])
                raise error_type("this cannot be decrypted", where=where, why=str(error), do=advice) from error
        if self.accept_plaintext or self.passphrase is None:
            return stored, None
        what = f"this {kind} is not encrypted, but the workspace has a passphrase"
        why = "anyone with write access may have put it there"
        raise CorruptStateError(what, where=where, why=why, do=_PLAINTEXT_ADVICE[kind])

    def _open(self, kind: str, about: _About, salt: bytes, nonce: bytes, content: bytes) -> tuple[bytes, _About]:
        if about.get("kind") != kind:
            raise ValueError(f"it is not a {kind}, but a {about.get('kind')}")
        passphrases = [each for each in (self.passphrase, self.former_passphrase) if each]
        for passphrase in passphrases:
            cipher, invalid_tag = self._cipher(passphrase, salt)
            with suppress(invalid_tag):
                return cipher.decrypt(nonce, content, _authenticated(about)), about
        failure = "it was encrypted with another passphrase, or it was modified"
        raise ValueError(failure if passphrases else "no passphrase is set")


class EncryptedBackend(StateBackend):
    """A StateBackend that stores everything encrypted in another one. Every method raises as `Encryption.decrypt`."""

    def __init__(self, backend: StateBackend, encryption: Encryption) -> None:
        stores = backend.version_store, backend.max_versions, backend.history_store
        super().__init__(backend.location, backend.state_lock, *stores)
        self._backend = backend
        self._encryption = encryption

    def load(self, *, for_update: bool = False) -> bytes | None:
        """Return the plaintext of the state."""
        stored = self._backend.load(for_update=for_update)
        return None if stored is None else self._encryption.decrypt(stored, "state", self.location)[0]

    def load_version(self, name: str) -> bytes:
        """Return the plaintext of a version."""
        stored = self._backend.load_version(name)
        return self._encryption.decrypt(stored, "state", self.version_store.location(name))[0]

    def replace(self, content: bytes, archive_as: str | None) -> None:
        """Replace the state, and encrypt versions and records again if some may be encrypted otherwise."""
        self._backend.replace(self._encrypt(content), archive_as)
        if not (self._encryption.accept_plaintext or self._encryption.former_passphrase):
            return
        for name in filter(is_archived, self.version_store.names()):
            if version := _if_readable(self.load_version, name):
                self.version_store.put(name, self._encrypt(version))
        for number in self.run_numbers():
            if record := _if_readable(self.load_record, number):
                self.store_record(number, record)

    def load_record(self, number: int) -> bytes:
        """Return the plaintext of the record of a run."""
        where = self.history_store.location(record_name(number))
        content, about = self._encryption.decrypt(self._backend.load_record(number), "record", where)
        if about is not None and about.get("run") != number:
            why = f"it is that of run {about.get('run')}: somebody copied or renamed it"
            raise StateError(f"this is not the record of run {number}", where=where, why=why, do="delete it")
        return content

    def store_record(self, number: int, content: bytes) -> None:
        """Store the record of a run, bound to its number."""
        self._backend.store_record(number, self._encryption.encrypt(content, {"kind": "record", "run": number}))

    def journal(self, local: Path) -> JournalStore:
        """Return the journal of the underlying backend, with encrypted lines."""
        return _EncryptedJournal(self._backend.journal(local), self._encryption)

    def _encrypt(self, content: bytes) -> bytes:
        about: dict[str, str | int] = {"kind": "state"}
        with suppress(StateError):  # an unreadable one that was replaced is encrypted, too
            state = deserialize_state(content, where=None)
            about |= {"site_id": state.site_id, "lineage": state.lineage, "serial": state.serial}
        stored = self._encryption.encrypt(content, about)
        return stored if stored.endswith(b"\n") else stored + b"\n"


def _if_readable(load: Callable[[_Name], bytes], name: _Name) -> bytes:
    """Return a content, b"" if it cannot be read: it stays as it is, and `state reseal` reports it."""
    with suppress(StateError):
        return load(name)
    return b""


class _EncryptedJournal:
    """A JournalStore on another one. A line is bound to its journal and number: none can be moved or left out."""

    def __init__(self, store: JournalStore, encryption: Encryption) -> None:
        self._store = store
        self._encryption = encryption
        self.location = store.location

    def read(self) -> tuple[bytes, ...]:
        lines = [self._encryption.decrypt(line, "journal", self.location) for line in self._store.read()]
        for number, (_, about) in enumerate(lines):
            if about != (lines[0][1] and {**lines[0][1], "line": number}):
                raise invalid_journal_error(self.location, f"line {number + 1} was not written there")
        return tuple(line for line, _ in lines)

    def start(self, first: bytes) -> JournalLog:
        id_, numbers = uuid.uuid4().hex, itertools.count()

        def encrypt(line: bytes) -> bytes:
            return self._encryption.encrypt(line, {"kind": "journal", "journal": id_, "line": next(numbers)})

        return _EncryptedLog(self._store.start(encrypt(first)), encrypt)

    def clear(self) -> None:
        self._store.clear()


@dataclass(frozen=True, slots=True)
class _EncryptedLog:
    log: JournalLog
    encrypt: Callable[[bytes], bytes]

    def append(self, line: bytes) -> None:
        self.log.append(self.encrypt(line))

    async def flush(self) -> None:
        await self.log.flush()

    def close(self) -> None:
        self.log.close()


def derive_key(passphrase: Secret, salt: bytes) -> bytes:
    """Return a key of 32 bytes; this is slow by design."""
    password, limit = passphrase.reveal().encode(), 2**26
    return hashlib.scrypt(password, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=limit, dklen=32)


def _make_cipher(passphrase: Secret, salt: bytes) -> tuple[Any, type[Exception]]:
    """Return the cipher, and the error that it raises for what it did not encrypt."""
    try:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra, and slow to import
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    except ImportError as error:
        what = "state encryption needs the library `cryptography`, which is not installed"
        raise StateError(
            what, why=str(error), do="in the checkout of galleryctl: python -m pip install '.[encryption]'"
        ) from error
    return AESGCM(derive_key(passphrase, salt)), InvalidTag


def _authenticated(about: _About) -> bytes:
    return json.dumps(["galleryctl", 1, dict(about)], sort_keys=True).encode()


_read_about, _read_bytes = doc.mapping(doc.string, doc.json_value), doc.base64_bytes
_read_parts = doc.record(dict[str, Any], about=_read_about, salt=_read_bytes, nonce=_read_bytes, content=_read_bytes)
_read_envelope = doc.versioned("sealed", {1: _read_parts})
