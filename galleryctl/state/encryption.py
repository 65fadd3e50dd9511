"""Encryption with a passphrase: scrypt derives the key, AES-GCM encrypts and authenticates the content.

An envelope is a JSON object: `sealed`, its version; `about`, the associated data, readable and authenticated; `salt`,
`nonce` and `content` in base64. Version 1 fixes every parameter, so an envelope cannot select weaker or costlier ones.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from galleryctl.model import json_document as doc
from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.model.secret import Secret

_ENVELOPE_VERSION = 1
_KEY_BYTES = 32
SALT_BYTES = 16
_NONCE_BYTES = 12
"""The length that NIST SP 800-38D recommends for GCM."""
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 3
"""32 MiB; one of the equivalent settings in OWASP's advice on storing passwords."""
ENVELOPE_PREFIX = b'{"sealed":'
"""The first bytes of every envelope."""

AssociatedData = Mapping[str, str | int]


class Encryption:
    """Encryption with the passphrase, and decryption with it or with the former one.

    Without a passphrase nothing is encrypted. With one, plaintext is rejected, because anyone with write access could
    have put it there; `accept_plaintext` accepts it, for state from before the passphrase was set. Content that only
    the former passphrase decrypts is outdated and must be stored again with the current settings.
    """

    def __init__(
        self,
        passphrase: Secret | None = None,
        *,
        former_passphrase: Secret | None = None,
        accept_plaintext: bool = False,
    ) -> None:
        self._current_keys = None if passphrase is None else _PassphraseKeys(passphrase)
        self._former_keys = None if former_passphrase is None else _PassphraseKeys(former_passphrase)
        self._accept_plaintext = accept_plaintext

    @property
    def is_enabled(self) -> bool:
        """True if there is a current passphrase; what is stored is then encrypted."""
        return self._current_keys is not None

    @property
    def accepts_plaintext(self) -> bool:
        """True if content that is not encrypted is trusted."""
        return self._accept_plaintext or not self.is_enabled

    @property
    def has_former_passphrase(self) -> bool:
        """True if there may be outdated content: see `decrypt_outdated`."""
        return self._former_keys is not None

    def encrypt(self, content: bytes, associated_data: AssociatedData) -> bytes:
        """Return the envelope on one line, without a newline; without a passphrase the content unchanged."""
        return content if self._current_keys is None else self._current_keys.encrypt(content, associated_data)

    def decrypt(self, document: Json, associated_data: AssociatedData, *, where: object) -> bytes:
        """Return the plaintext. Raise StateError if it cannot be decrypted or has other associated data."""
        if not (self._current_keys or self._former_keys):
            raise StateError(
                "this is encrypted, and no passphrase is set",
                where=where,
                do="set it in galleryctl.yaml: state: {location: …, passphrase: ${NAME}}",
            )
        try:
            envelope = _read_envelope(document)
            _check_associated_data(envelope.associated_data, associated_data)
            opened = (keys.decrypt(envelope) for keys in (self._current_keys, self._former_keys) if keys)
            content = next((content for content in opened if content is not None), None)
        except doc.UnsupportedVersionError as error:
            raise StateError(
                f"unsupported encryption version {error.version}; this galleryctl reads version {_ENVELOPE_VERSION}",
                where=where,
                do="upgrade galleryctl; this version changes nothing",
            ) from None
        except ValueError as error:
            raise _decryption_error(where, f"invalid envelope: {error}") from error
        if content is None:
            raise _decryption_error(where, f"{self._failure_reason()}, or it was modified")
        return content

    def decrypt_outdated(self, document: Json) -> tuple[bytes, AssociatedData] | None:
        """Return the plaintext and associated data if only the former passphrase decrypts the envelope, else None."""
        if self._former_keys is None:
            return None
        try:
            envelope = _read_envelope(document)
            if self._current_keys is not None and self._current_keys.decrypt(envelope) is not None:
                return None
            content = self._former_keys.decrypt(envelope)
        except ValueError:
            return None
        return None if content is None else (content, envelope.associated_data)

    def _failure_reason(self) -> str:
        match self._current_keys, self._former_keys:
            case _, None:
                return "it was encrypted with another passphrase"
            case None, _:
                return "it was not encrypted with the former passphrase, and no passphrase is set"
            case _:
                return "it was encrypted with neither the passphrase nor the former passphrase"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    associated_data: AssociatedData
    salt: bytes
    nonce: bytes
    content: bytes


def _read_string_or_integer(value: Json) -> str | int:
    return value if isinstance(value, str) else doc.integer(value)


_read_envelope = doc.versioned(
    "sealed",
    {
        _ENVELOPE_VERSION: doc.record(
            lambda about, **members: _Envelope(associated_data=about, **members),
            about=doc.mapping(doc.string, _read_string_or_integer),
            salt=doc.base64_bytes,
            nonce=doc.base64_bytes,
            content=doc.base64_bytes,
        )
    },
)


class _PassphraseKeys:
    """The keys of one passphrase, cached by salt, because deriving one is slow by design."""

    def __init__(self, passphrase: Secret) -> None:
        with _require_cryptography():
            from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra, and slow to import
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        self._passphrase = passphrase
        self._ciphers: dict[bytes, AESGCM] = {}
        self._salt = b""
        self._aead, self._invalid_tag = AESGCM, InvalidTag

    def encrypt(self, content: bytes, associated_data: AssociatedData) -> bytes:
        # A run encrypts with one salt, that of the first envelope it decrypted or a new one: deriving keys is slow.
        self._salt = self._salt or os.urandom(SALT_BYTES)
        nonce = os.urandom(_NONCE_BYTES)
        envelope = {
            "sealed": _ENVELOPE_VERSION,
            "about": dict(associated_data),
            "salt": _encode_base64(self._salt),
            "nonce": _encode_base64(nonce),
            "content": _encode_base64(
                self._cipher(self._salt).encrypt(nonce, content, _encode_associated_data(associated_data))
            ),
        }
        return json.dumps(envelope, separators=(",", ":")).encode()

    def decrypt(self, envelope: _Envelope) -> bytes | None:
        """Return the plaintext, None if another passphrase encrypted it. Raise ValueError if it is invalid."""
        cipher, authenticated = self._cipher(envelope.salt), _encode_associated_data(envelope.associated_data)
        try:
            content: bytes = cipher.decrypt(envelope.nonce, envelope.content, authenticated)
        except self._invalid_tag:
            return None
        self._salt = self._salt or envelope.salt
        return content

    def _cipher(self, salt: bytes) -> Any:
        if salt not in self._ciphers:
            self._ciphers[salt] = self._aead(derive_key(self._passphrase, salt))
        return self._ciphers[salt]


NO_ENCRYPTION = Encryption()
"""The setting for state without a passphrase."""


def derive_key(passphrase: Secret, salt: bytes) -> bytes:
    """Return a key of `_KEY_BYTES`; this is slow by design. Raise StateError if the library is not installed."""
    with _require_cryptography():
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - an extra, and slow to import
    scrypt = Scrypt(salt=salt, length=_KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
    return scrypt.derive(passphrase.reveal().encode())


@contextmanager
def _require_cryptography() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise StateError(
            "state encryption needs the library `cryptography`, which is not installed",
            why=str(error),
            do="pip install 'galleryctl[encryption]'",
        ) from error


def is_encrypted(document: object) -> bool:
    """Return True if this is an envelope of any version."""
    return isinstance(document, Mapping) and "sealed" in document


def _check_associated_data(actual: AssociatedData, expected: AssociatedData) -> None:
    """Reject an envelope that was moved, for instance a journal line in the place of another line."""
    if {name: actual.get(name) for name in expected} != dict(expected):
        raise ValueError(f"it belongs to {actual}")


def _decryption_error(where: object, why: str) -> StateError:
    return StateError(
        "this cannot be decrypted",
        where=where,
        why=why,
        do="set the passphrase that it was encrypted with, as passphrase or former_passphrase; or restore a previous "
        "version: galleryctl state restore SERIAL; or move it aside and rebuild the state: galleryctl state rebuild",
    )


def _encode_associated_data(associated_data: AssociatedData) -> bytes:
    return json.dumps(["galleryctl", _ENVELOPE_VERSION, dict(associated_data)], sort_keys=True).encode()


def _encode_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
