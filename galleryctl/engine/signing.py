"""Sign saved plans with the passphrase of the state, so that a forged plan is not applied."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.model.errors import Refused
from galleryctl.model.secret import Secret
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import plan_digest
from galleryctl.state.signing import sign_text, verify_signature

_PLAN_AGAIN_ADVICE = "create it where the passphrase of this workspace is set: galleryctl plan --out FILE"


def sign_plan(plan: Plan, passphrase: Secret | None) -> Plan:
    """Return the plan with its signature; without a passphrase, the unchanged plan."""
    return plan if passphrase is None else replace(plan, signature=sign_text(plan_digest(plan), passphrase))


def check_signature(plan: Plan, passphrase: Secret | None, former_passphrase: Secret | None) -> None:
    """Raise Refused unless a saved plan is signed with the passphrase or the former one.

    Without a passphrase there is no check: a forged plan could simply omit the signature.
    """
    if passphrase is None:
        return
    if not plan.signature:
        raise Refused(
            "the plan is not signed, but the state has a passphrase; nothing was applied",
            why="anyone who can write the file could have changed it",
            do=_PLAN_AGAIN_ADVICE,
        )
    text = plan_digest(plan)
    if not any(verify_signature(text, plan.signature, each) for each in (passphrase, former_passphrase) if each):
        raise Refused(
            "the plan is not signed with the passphrase of the state; nothing was applied",
            why="it was changed after it was created, or created with another passphrase",
            do=_PLAN_AGAIN_ADVICE,
        )
