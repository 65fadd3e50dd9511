"""Content sealed with a passphrase: scrypt makes the key, AES-GCM hides the content and shows whether it was changed.

An envelope is a JSON object: `sealed`, its version; `about`, which is readable and is sealed along; `salt`, `nonce` and
`content` in base64. Version 1 fixes every parameter, so that an envelope cannot ask for weaker or costlier ones.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret

_ENVELOPE_VERSION = 1
_KEY_BYTES = 32
SALT_BYTES = 16
_NONCE_BYTES = 12
"""What NIST SP 800-38D recommends for GCM."""
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 3
"""32 MiB; one of the equal choices in OWASP's advice on storing passwords."""
ENVELOPE_PREFIX = b'{"sealed":'
"""How each envelope begins."""

AssociatedData = Mapping[str, str | int]

_ENVELOPE_ERRORS = (KeyError, TypeError, ValueError, OverflowError)
"""What an envelope raises that is none."""


class Encryption:
    """Seals with the passphrase; opens what was sealed with it, or with the former one.

    Without a passphrase nothing is sealed. With one, what is not sealed is refused: whoever can write there could have
    put it in its place; unless `readable` says that it is ours, of the time before the passphrase. What is sealed with
    the former passphrase alone is outdated: it is to be stored anew, as the passphrase says.
    """

    def __init__(
        self,
        passphrase: Secret | None = None,
        *,
        former_passphrase: Secret | None = None,
        accept_plaintext: bool = False,
    ) -> None:
        """Raises StateError when the library for it is not installed."""
        self._current_keys = None if passphrase is None else _PassphraseKeys(passphrase)
        self._former_keys = None if former_passphrase is None else _PassphraseKeys(former_passphrase)
        self._accept_plaintext = accept_plaintext

    @property
    def is_enabled(self) -> bool:
        """Whether there is a passphrase to seal with."""
        return self._current_keys is not None

    @property
    def accepts_plaintext(self) -> bool:
        """Whether what is not sealed is believed."""
        return self._accept_plaintext or not self.is_enabled

    @property
    def has_former_passphrase(self) -> bool:
        """Whether there is a former passphrase."""
        return self._former_keys is not None

    def encrypt(self, content: bytes, associated_data: AssociatedData) -> bytes:
        """The envelope on one line, without a newline; without a passphrase the content as it is."""
        return content if self._current_keys is None else self._current_keys.encrypt(content, associated_data)

    def decrypt(self, document: Mapping[str, Any], associated_data: AssociatedData, *, where: object) -> bytes:
        """What was sealed. Raises StateError when it cannot be opened, or when it is not about what `about` says."""
        if not (self._current_keys or self._former_keys):
            raise _missing_passphrase_error(where)
        version = document.get("sealed")
        if not _is_supported_version(version):
            raise StateError(
                f"this is sealed in a way that this galleryctl does not know (version {version!r}, not {_ENVELOPE_VERSION})",
                where=where,
                do="upgrade galleryctl; this one leaves it alone",
            )
        try:
            envelope = _Envelope.parse(document)
            _check_associated_data(envelope.associated_data, associated_data)
            opened = (keys.decrypt(envelope) for keys in (self._current_keys, self._former_keys) if keys)
            content = next((content for content in opened if content is not None), None)
        except _ENVELOPE_ERRORS as error:
            raise _decryption_error(where, f"the envelope is damaged: {error}") from error
        if content is None:
            raise _decryption_error(where, f"{self._failure_reason()}, or it was changed")
        return content

    def decrypt_outdated(self, document: Mapping[str, Any]) -> tuple[bytes, AssociatedData] | None:
        """What an envelope that only the former passphrase opens holds, and what it is about; None for any other."""
        if self._former_keys is None or not _is_supported_version(document.get("sealed")):
            return None
        try:
            envelope = _Envelope.parse(document)
            if self._current_keys is not None and self._current_keys.decrypt(envelope) is not None:
                return None
            content = self._former_keys.decrypt(envelope)
        except _ENVELOPE_ERRORS:
            return None
        return None if content is None else (content, envelope.associated_data)

    def _failure_reason(self) -> str:
        match self._current_keys, self._former_keys:
            case _, None:
                return "the passphrase is another than it was sealed with"
            case None, _:
                return "the former passphrase is another than it was sealed with, and there is no passphrase"
            case _:
                return "the passphrase and the former passphrase are others than it was sealed with"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    associated_data: AssociatedData
    salt: bytes
    nonce: bytes
    content: bytes

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Self:
        """Raises one of _DAMAGE when it is none."""
        salt, nonce, content = (_decode_base64(document[name]) for name in ("salt", "nonce", "content"))
        return cls(associated_data=dict(document["about"]), salt=salt, nonce=nonce, content=content)


class _PassphraseKeys:
    """The keys of one passphrase. Making one takes a while by design, so they are remembered."""

    def __init__(self, passphrase: Secret) -> None:
        with _require_cryptography():
            from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra, and slow to import
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        self._passphrase = passphrase
        self._ciphers: dict[bytes, AESGCM] = {}
        self._salt = b""
        self._aead, self._invalid_tag = AESGCM, InvalidTag

    def encrypt(self, content: bytes, associated_data: AssociatedData) -> bytes:
        """The envelope on one line, without a newline."""
        # One salt for all that a run seals: that of what it has opened, or a new one.
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
        """What was sealed, None when not with this passphrase. Raises one of _DAMAGE."""
        key = self._cipher(envelope.salt)
        try:
            opened: bytes = key.decrypt(
                envelope.nonce, envelope.content, _encode_associated_data(envelope.associated_data)
            )
        except self._invalid_tag:
            return None
        self._salt = self._salt or envelope.salt
        return opened

    def _cipher(self, salt: bytes) -> Any:
        if salt not in self._ciphers:
            self._ciphers[salt] = self._aead(derive_key(self._passphrase, salt))
        return self._ciphers[salt]


NO_ENCRYPTION = Encryption()
"""For state without a passphrase."""


def derive_key(passphrase: Secret, salt: bytes) -> bytes:
    """A key of KEY_BYTES, which takes a while by design. Raises StateError when the library for it is not installed."""
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
            "a passphrase in state needs the library `cryptography`, which is not installed",
            why=str(error),
            do="pip install 'galleryctl[encryption]'",
        ) from error


def is_encrypted(document: object) -> bool:
    """Whether this is an envelope, of whichever version."""
    return isinstance(document, Mapping) and "sealed" in document


def _missing_passphrase_error(where: object) -> StateError:
    """The error of who meets an envelope without a passphrase."""
    return StateError(
        "this is sealed with a passphrase",
        where=where,
        do="give it in galleryctl.yaml: state: {location: …, passphrase: ${NAME}}",
    )


def _is_supported_version(version: object) -> bool:
    return version == _ENVELOPE_VERSION and not isinstance(version, bool)


def _check_associated_data(actual: AssociatedData, expected: AssociatedData) -> None:
    """What is sealed about one thing must not be taken for another: a line of a journal for the one before it."""
    if {name: actual.get(name) for name in expected} != dict(expected):
        raise ValueError(f"it is about {actual}")


def _decryption_error(where: object, why: str) -> StateError:
    return StateError(
        "this cannot be opened",
        where=where,
        why=why,
        do="give the passphrase that it was sealed with, as passphrase or former_passphrase; or put a former version "
        "back: galleryctl state restore SERIAL; or move it aside and make state anew: galleryctl state rebuild",
    )


def _encode_associated_data(associated_data: AssociatedData) -> bytes:
    return json.dumps(["galleryctl", _ENVELOPE_VERSION, dict(associated_data)], sort_keys=True).encode()


def _encode_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decode_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
