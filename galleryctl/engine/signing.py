"""Sign saved plans with the passphrase of the state, so that a forged plan is not applied: `SALT:HMAC`, both in hex."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import replace

from galleryctl.model.command import command_line
from galleryctl.model.errors import Refused
from galleryctl.model.secret import Secret
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import plan_digest
from galleryctl.state.encryption import SALT_BYTES, derive_key

_SALT_PREFIX = b"signature of a galleryctl plan, 1:"
"""Prefix of the salt of a signing key, which is longer than that of an encryption key: no key serves both purposes."""


def sign_plan(plan: Plan, passphrase: Secret | None, salt: bytes = b"") -> Plan:
    """Return the plan with its signature, with a new salt by default; without a passphrase, the unchanged plan."""
    if passphrase is None:
        return plan
    salt = salt or os.urandom(SALT_BYTES)
    key = derive_key(passphrase, _SALT_PREFIX + salt)
    code = hmac.new(key, plan_digest(plan).encode(), hashlib.sha256).hexdigest()
    return replace(plan, signature=f"{salt.hex()}:{code}")


def check_signature(plan: Plan, passphrase: Secret | None, former_passphrase: Secret | None) -> None:
    """Raise Refused unless a plan is signed with one of them; without a passphrase, a forger would omit the signature."""
    salt = bytes.fromhex(plan.signature.partition(":")[0])
    signed = [sign_plan(plan, each, salt) for each in (passphrase, former_passphrase) if each and salt]
    if passphrase and not any(hmac.compare_digest(plan.signature, each.signature) for each in signed):
        raise Refused(
            "the plan is not signed with the passphrase of the state; nothing was applied",
            why="it was not signed, or it was changed after it was created, or created with another passphrase",
            do="create it where the passphrase of this workspace is set: " + command_line("plan", "--out", "FILE"),
        )
