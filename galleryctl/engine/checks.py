"""The checks of a plan before it is applied: guards, conflicts, and the digest that was reviewed."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.model.command import command_line, join_advice
from galleryctl.model.errors import Refused
from galleryctl.model.fields import MEDIA_FIELD, manifest_name
from galleryctl.plan.changes import Action, Cause, Change, Plan
from galleryctl.plan.file.review import review_digest

_MAX_ADDRESSES = 10
"""The number of addresses that a command names; for more, it names their galleries."""


def check_guards(plan: Plan) -> None:
    """Raise Refused if a safety check rejected the plan, listing each reason and the option that allows it."""
    if plan.refusals:
        raise Refused(
            "a safety check rejected the plan; nothing was applied",
            why="\n  ".join(f"{r.address}: {r.why}" if r.address else r.why for r in plan.refusals),
            do=join_advice("\n  ", dict.fromkeys(r.allow for r in plan.refusals)),
        )


def check_conflicts(plan: Plan) -> None:
    """Raise Refused if the plan overwrites what people changed on the site while the manifest changed it, too."""
    if plan.conflicts:
        listed = (f"{change.address}: {', '.join(_conflicts(change))}" for change in plan.conflicts)
        addresses = [str(change.address) for change in plan.conflicts]
        if len(addresses) > _MAX_ADDRESSES:
            addresses = [*dict.fromkeys(change.address.gallery for change in plan.conflicts)]
        raise Refused(
            "people on the site and the manifests changed the same values; nothing was applied",
            why="\n  ".join(listed),
            do="to keep the manifests' values, review the plan and apply it saved (plan --out FILE, apply FILE), with "
            "--expect-digest, or with --overwrite-conflicts\n  to keep the site's values: "
            + command_line("drift", "--accept", *addresses),
        )


def _conflicts(change: Change) -> Iterator[str]:
    """Yield the names of the values that both have changed."""
    if change.action is Action.REPLACE:
        yield "its kind"
    yield from (manifest_name(part.path, change.kind) for part in change.fields if part.cause is Cause.CONFLICT)
    if change.media is not None and change.media_cause is Cause.CONFLICT:
        yield manifest_name(MEDIA_FIELD, change.kind)
    if change.position is not None and change.position_cause is Cause.CONFLICT:
        yield "position"


def check_review_digest(plan: Plan, expected: str) -> None:
    """Raise Refused if the review digest of the plan does not start with `expected`."""
    found = review_digest(plan)
    if not found.startswith(expected):
        raise Refused(
            "the plan is not the one that was reviewed; nothing was applied",
            why=f"its review digest is {found[:16]}, not {expected[:16]}",
            do="review the new plan: " + command_line("plan"),
        )
