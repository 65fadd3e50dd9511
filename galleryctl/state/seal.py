"""Content sealed with a passphrase: scrypt makes the key, AES-GCM hides the content and shows whether it was changed.

An envelope is a JSON object: `sealed`, its version; `about`, which is readable and is sealed along; `salt`, `nonce` and
`content` in base64. Version 1 fixes every parameter, so that an envelope cannot ask for weaker or costlier ones.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from galleryctl.model.errors import StateError
from galleryctl.model.secret import Secret

VERSION = 1
KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
"""What NIST SP 800-38D recommends for GCM."""
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 3
"""32 MiB; one of the equal choices in OWASP's advice on storing passwords."""
SEALED_START = b'{"sealed":'
"""How each envelope begins."""

About = Mapping[str, str | int]


class Cipher:
    """Seals and opens with one passphrase. Making a key takes a while by design, so the keys made are remembered."""

    def __init__(self, passphrase: Secret) -> None:
        """Raises StateError when the library for it is not installed."""
        try:
            from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra, and slow to import
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415
        except ImportError as error:
            raise StateError(
                "state.passphrase needs the library `cryptography`, which is not installed",
                why=str(error),
                do="pip install 'galleryctl[encryption]'",
            ) from error
        self._passphrase = passphrase
        self._keys: dict[bytes, AESGCM] = {}
        self._aead, self._scrypt, self._invalid = AESGCM, Scrypt, InvalidTag

    def seal(self, content: bytes, about: About) -> bytes:
        """The envelope on one line, without a newline."""
        # One salt for all that a run seals: what it has opened was sealed with this passphrase, too.
        salt = next(iter(self._keys), None) or os.urandom(SALT_BYTES)
        nonce = os.urandom(NONCE_BYTES)
        envelope = {
            "sealed": VERSION,
            "about": dict(about),
            "salt": _text(salt),
            "nonce": _text(nonce),
            "content": _text(self._key(salt).encrypt(nonce, content, _associated(about))),
        }
        return json.dumps(envelope, separators=(",", ":")).encode()

    def open(self, envelope: Mapping[str, Any], about: About, *, where: object) -> bytes:
        """What was sealed. Raises StateError when it cannot be opened, or when it is not about what `about` says."""
        version = envelope.get("sealed")
        if version != VERSION or isinstance(version, bool):
            raise StateError(
                f"this is sealed in a way that this galleryctl does not know (version {version!r}, not {VERSION})",
                where=where,
                do="upgrade galleryctl; this one leaves it alone",
            )
        try:
            found = dict(envelope["about"])
            salt, nonce, content = (_bytes(envelope[name]) for name in ("salt", "nonce", "content"))
            _check(found, about)
            known = salt in self._keys
            opened: bytes = self._key(salt).decrypt(nonce, content, _associated(found))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _cannot_open(where, f"the envelope is damaged: {error}") from error
        except self._invalid:
            if not known:
                del self._keys[salt]
            raise _cannot_open(
                where, "the passphrase is another than it was sealed with, or it was changed"
            ) from None
        return opened

    def _key(self, salt: bytes) -> Any:
        if salt not in self._keys:
            scrypt = self._scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
            self._keys[salt] = self._aead(scrypt.derive(self._passphrase.reveal().encode()))
        return self._keys[salt]


def is_sealed(document: object) -> bool:
    """Whether this is an envelope, of whichever version."""
    return isinstance(document, Mapping) and "sealed" in document


def no_passphrase(where: object) -> StateError:
    """The error of who meets an envelope without a passphrase."""
    return StateError(
        "this is sealed with a passphrase",
        where=where,
        do="give it in galleryctl.yaml: state: {location: …, passphrase: ${NAME}}",
    )


def _check(found: About, about: About) -> None:
    """What is sealed about one thing must not be taken for another: a line of a journal for the one before it."""
    if {name: found.get(name) for name in about} != dict(about):
        raise ValueError(f"it is about {found}")


def _cannot_open(where: object, why: str) -> StateError:
    return StateError(
        "this cannot be opened",
        where=where,
        why=why,
        do="give the passphrase that it was sealed with; or put a former version back: galleryctl state restore SERIAL; "
        "or move it aside and make state anew: galleryctl state rebuild",
    )


def _associated(about: About) -> bytes:
    return json.dumps(["galleryctl", VERSION, dict(about)], sort_keys=True).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
