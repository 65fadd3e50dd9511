"""A signature is bound to its text and passphrase, and its key is not an encryption key."""

from __future__ import annotations

import re

import pytest

from galleryctl.model.secret import Secret
from galleryctl.state import encryption
from galleryctl.state.encryption import derive_key
from galleryctl.state.signing import sign_text, verify_signature

PASSPHRASE, OTHER = Secret("planted"), Secret("other")


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)


def test_a_signature_is_of_its_text_and_its_passphrase() -> None:
    signature = sign_text("text", PASSPHRASE)
    assert re.fullmatch("[0-9a-f]{32}:[0-9a-f]{64}", signature)
    assert verify_signature("text", signature, PASSPHRASE)
    assert not verify_signature("texts", signature, PASSPHRASE)
    assert not verify_signature("text", signature, OTHER)
    for at in (0, 31, 33, 96):
        digit = "0" if signature[at] != "0" else "1"
        assert not verify_signature("text", signature[:at] + digit + signature[at + 1 :], PASSPHRASE)


def test_two_signatures_of_a_text_differ_and_no_key_seals_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []

    def noted(passphrase: Secret, salt: bytes) -> bytes:
        made.append(salt)
        return derive_key(passphrase, salt)

    monkeypatch.setattr("galleryctl.state.signing.derive_key", noted)
    first, second = sign_text("text", PASSPHRASE), sign_text("text", PASSPHRASE)
    assert first != second
    assert len(set(made)) == 2
    assert all(len(salt) > encryption.SALT_BYTES for salt in made)
