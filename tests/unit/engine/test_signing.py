"""A signature is bound to its plan and passphrase, and its key is not an encryption key."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from galleryctl.engine.signing import check_signature, sign_plan
from galleryctl.model.errors import Refused
from galleryctl.model.secret import Secret
from galleryctl.plan.changes import Plan
from galleryctl.state import encryption
from galleryctl.state.encryption import derive_key

PASSPHRASE, OTHER = Secret("planted"), Secret("other")
PLAN = Plan(site_id="site-1", changes=(), unchanged=0, lineage="lineage-1", serial=3)


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)


def refused(plan: Plan, passphrase: Secret, former: Secret | None = None) -> bool:
    try:
        check_signature(plan, passphrase, former)
    except Refused:
        return True
    return False


def test_a_signature_is_of_its_plan_and_its_passphrase() -> None:
    signed = sign_plan(PLAN, PASSPHRASE)
    assert replace(signed, signature="") == PLAN
    assert re.fullmatch("[0-9a-f]{32}:[0-9a-f]{64}", signed.signature)
    assert not refused(signed, PASSPHRASE)
    assert not refused(signed, OTHER, former=PASSPHRASE)
    assert refused(signed, OTHER)
    assert refused(replace(signed, serial=4), PASSPHRASE)
    for at in (0, 31, 33, 96):
        digit = "0" if signed.signature[at] != "0" else "1"
        forged = replace(signed, signature=signed.signature[:at] + digit + signed.signature[at + 1 :])
        assert refused(forged, PASSPHRASE, former=OTHER)


def test_without_a_passphrase_nothing_is_signed_or_checked() -> None:
    assert sign_plan(PLAN, None) is PLAN
    assert refused(PLAN, PASSPHRASE, former=OTHER)
    check_signature(PLAN, None, None)
    check_signature(sign_plan(PLAN, PASSPHRASE), None, OTHER)


def test_two_signatures_of_a_plan_differ_and_no_key_encrypts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []

    def noted(passphrase: Secret, salt: bytes) -> bytes:
        made.append(salt)
        return derive_key(passphrase, salt)

    monkeypatch.setattr("galleryctl.engine.signing.derive_key", noted)
    first, second = sign_plan(PLAN, PASSPHRASE), sign_plan(PLAN, PASSPHRASE)
    assert first.signature != second.signature
    assert len(set(made)) == 2
    assert all(len(salt) > encryption.SALT_BYTES for salt in made)
