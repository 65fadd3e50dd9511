"""Saved plans, signed with the passphrase of the state: nobody else can make one that is applied."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.model.errors import Refused
from galleryctl.model.secret import Secret
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import plan_digest
from galleryctl.state.signing import sign_text, verify_signature


def sign_plan(plan: Plan, passphrase: Secret | None) -> Plan:
    """The plan with its signature; without a passphrase as it is."""
    return plan if passphrase is None else replace(plan, signature=sign_text(plan_digest(plan), passphrase))


def check_signature(plan: Plan, passphrase: Secret | None, former_passphrase: Secret | None) -> None:
    """Raise Refused unless a plan that was saved is signed with the passphrase, or the former one.

    Without a passphrase there is nothing to check with: who could forge a plan could leave the signature out, too.
    """
    if passphrase is None:
        return
    if not plan.signature:
        raise Refused(
            "this plan is not signed, and the state has a passphrase; nothing was applied",
            why="whoever can write the file can change what it does",
            do=_PLAN_AGAIN_ADVICE,
        )
    text = plan_digest(plan)
    if not any(verify_signature(text, plan.signature, known) for known in (passphrase, former_passphrase) if known):
        raise Refused(
            "this plan is not signed with the passphrase of the state; nothing was applied",
            why="it was changed after it was written, or made where the passphrase is another",
            do=_PLAN_AGAIN_ADVICE,
        )


_PLAN_AGAIN_ADVICE = "make it where the passphrase of this workspace is set: galleryctl plan --out FILE"
