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

_DAMAGE = (KeyError, TypeError, ValueError, OverflowError)
"""What an envelope raises that is none."""


class Cipher:
    """Seals with the passphrase; opens what was sealed with it, or with the former one.

    Without a passphrase nothing is sealed. With one, what is not sealed is refused: whoever can write there could have
    put it in its place; unless `readable` says that it is ours, of the time before the passphrase. What is sealed with
    the former passphrase alone is outdated: it is to be stored anew, as the passphrase says.
    """

    def __init__(
        self, passphrase: Secret | None = None, *, former: Secret | None = None, readable: bool = False
    ) -> None:
        """Raises StateError when the library for it is not installed."""
        self._current = None if passphrase is None else _Keys(passphrase)
        self._former = None if former is None else _Keys(former)
        self._readable = readable

    @property
    def seals(self) -> bool:
        """Whether there is a passphrase to seal with."""
        return self._current is not None

    @property
    def takes_readable(self) -> bool:
        """Whether what is not sealed is believed."""
        return self._readable or not self.seals

    @property
    def outdates(self) -> bool:
        """Whether there is a former passphrase."""
        return self._former is not None

    def seal(self, content: bytes, about: About) -> bytes:
        """The envelope on one line, without a newline; without a passphrase the content as it is."""
        return content if self._current is None else self._current.seal(content, about)

    def open(self, document: Mapping[str, Any], about: About, *, where: object) -> bytes:
        """What was sealed. Raises StateError when it cannot be opened, or when it is not about what `about` says."""
        if not (self._current or self._former):
            raise _no_passphrase(where)
        version = document.get("sealed")
        if not _is_known(version):
            raise StateError(
                f"this is sealed in a way that this galleryctl does not know (version {version!r}, not {VERSION})",
                where=where,
                do="upgrade galleryctl; this one leaves it alone",
            )
        try:
            envelope = _Envelope.of(document)
            _check(envelope.about, about)
            opened = (keys.open(envelope) for keys in (self._current, self._former) if keys)
            content = next((content for content in opened if content is not None), None)
        except _DAMAGE as error:
            raise _cannot_open(where, f"the envelope is damaged: {error}") from error
        if content is None:
            raise _cannot_open(where, f"{self._tried()}, or it was changed")
        return content

    def outdated(self, document: Mapping[str, Any]) -> tuple[bytes, About] | None:
        """What an envelope that only the former passphrase opens holds, and what it is about; None for any other."""
        if self._former is None or not _is_known(document.get("sealed")):
            return None
        try:
            envelope = _Envelope.of(document)
            if self._current is not None and self._current.open(envelope) is not None:
                return None
            content = self._former.open(envelope)
        except _DAMAGE:
            return None
        return None if content is None else (content, envelope.about)

    def _tried(self) -> str:
        match self._current, self._former:
            case _, None:
                return "the passphrase is another than it was sealed with"
            case None, _:
                return "the former passphrase is another than it was sealed with, and there is no passphrase"
            case _:
                return "the passphrase and the former passphrase are others than it was sealed with"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    about: About
    salt: bytes
    nonce: bytes
    content: bytes

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Raises one of _DAMAGE when it is none."""
        salt, nonce, content = (_bytes(document[name]) for name in ("salt", "nonce", "content"))
        return cls(about=dict(document["about"]), salt=salt, nonce=nonce, content=content)


class _Keys:
    """The keys of one passphrase. Making one takes a while by design, so they are remembered."""

    def __init__(self, passphrase: Secret) -> None:
        with _library():
            from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra, and slow to import
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
        self._passphrase = passphrase
        self._made: dict[bytes, AESGCM] = {}
        self._salt = b""
        self._aead, self._invalid = AESGCM, InvalidTag

    def seal(self, content: bytes, about: About) -> bytes:
        """The envelope on one line, without a newline."""
        # One salt for all that a run seals: that of what it has opened, or a new one.
        self._salt = self._salt or os.urandom(SALT_BYTES)
        nonce = os.urandom(NONCE_BYTES)
        envelope = {
            "sealed": VERSION,
            "about": dict(about),
            "salt": _text(self._salt),
            "nonce": _text(nonce),
            "content": _text(self._key(self._salt).encrypt(nonce, content, _associated(about))),
        }
        return json.dumps(envelope, separators=(",", ":")).encode()

    def open(self, envelope: _Envelope) -> bytes | None:
        """What was sealed, None when not with this passphrase. Raises one of _DAMAGE."""
        key = self._key(envelope.salt)
        try:
            opened: bytes = key.decrypt(envelope.nonce, envelope.content, _associated(envelope.about))
        except self._invalid:
            return None
        self._salt = self._salt or envelope.salt
        return opened

    def _key(self, salt: bytes) -> Any:
        if salt not in self._made:
            self._made[salt] = self._aead(make_key(self._passphrase, salt))
        return self._made[salt]


READABLE = Cipher()
"""For state without a passphrase."""


def make_key(passphrase: Secret, salt: bytes) -> bytes:
    """A key of KEY_BYTES, which takes a while by design. Raises StateError when the library for it is not installed."""
    with _library():
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - an extra, and slow to import
    scrypt = Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
    return scrypt.derive(passphrase.reveal().encode())


@contextmanager
def _library() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise StateError(
            "a passphrase in state needs the library `cryptography`, which is not installed",
            why=str(error),
            do="pip install 'galleryctl[encryption]'",
        ) from error


def is_sealed(document: object) -> bool:
    """Whether this is an envelope, of whichever version."""
    return isinstance(document, Mapping) and "sealed" in document


def _no_passphrase(where: object) -> StateError:
    """The error of who meets an envelope without a passphrase."""
    return StateError(
        "this is sealed with a passphrase",
        where=where,
        do="give it in galleryctl.yaml: state: {location: …, passphrase: ${NAME}}",
    )


def _is_known(version: object) -> bool:
    return version == VERSION and not isinstance(version, bool)


def _check(found: About, about: About) -> None:
    """What is sealed about one thing must not be taken for another: a line of a journal for the one before it."""
    if {name: found.get(name) for name in about} != dict(about):
        raise ValueError(f"it is about {found}")


def _cannot_open(where: object, why: str) -> StateError:
    return StateError(
        "this cannot be opened",
        where=where,
        why=why,
        do="give the passphrase that it was sealed with, as passphrase or former_passphrase; or put a former version "
        "back: galleryctl state restore SERIAL; or move it aside and make state anew: galleryctl state rebuild",
    )


def _associated(about: About) -> bytes:
    return json.dumps(["galleryctl", VERSION, dict(about)], sort_keys=True).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
