"""Signatures with a passphrase: `SALT:HMAC`, both in hex."""

from __future__ import annotations

import hashlib
import hmac
import os

from galleryctl.model.secret import Secret
from galleryctl.state.encryption import SALT_BYTES, derive_key

_SALT_PREFIX = b"signature of a galleryctl plan, 1:"
"""Prefix of the salt of a signing key, which is longer than that of an encryption key: no key serves both purposes."""


def sign_text(text: str, passphrase: Secret) -> str:
    """Return a signature of `text`, with a new salt each time."""
    salt = os.urandom(SALT_BYTES)
    return f"{salt.hex()}:{_hmac(text, passphrase, salt)}"


def verify_signature(text: str, signature: str, passphrase: Secret) -> bool:
    """Return True if `signature`, which must have the right format, is of this text and passphrase."""
    salt, _, code = signature.partition(":")
    return hmac.compare_digest(code, _hmac(text, passphrase, bytes.fromhex(salt)))


def _hmac(text: str, passphrase: Secret, salt: bytes) -> str:
    return hmac.new(derive_key(passphrase, _SALT_PREFIX + salt), text.encode(), hashlib.sha256).hexdigest()
