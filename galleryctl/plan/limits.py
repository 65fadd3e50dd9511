"""The limits for deletes and clears, of a workspace and of each gallery, and approvals that lift them for one plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from galleryctl.model.address import Address
from galleryctl.model.desired import Approval
from galleryctl.plan.changes import Action, Notice, Plan, Refusal
from galleryctl.plan.file.review import review_digest

_FEW_ITEMS = 5
"""So many items of one gallery may be deleted, and so many items of a workspace be cleared, whatever their percentage."""
_TOLERANCE = 1e-9
"""Allows percentages that exceed the limit only by rounding."""
_DIGEST_LENGTH = 16
"""Digits of a review digest in an approval: enough to identify a plan, few enough to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The managed addresses, those that a plan deletes or replaces, and those of which it clears values."""

    managed: Collection[Address]
    removed: Collection[Address]
    cleared: Collection[Address]


def limits_exceeded(losses: Losses, limit: float) -> Iterator[Refusal]:
    """Reject a plan that deletes, replaces or clears too much; `limit` is in percent of the managed resources.

    An item with cleared values counts like a deleted one. Clears alone are rejected only for more than five items.
    """
    lost = {*losses.removed, *losses.cleared}
    if losses.removed or len(losses.cleared) > _FEW_ITEMS:
        verb = _verb(losses)
        managed = len(losses.managed)
        if _exceeds(len(lost), managed, limit):
            yield _refusal(None, len(lost), managed, limit, verb)
            return
    yield from _galleries_exceeded(losses, limit)


def _galleries_exceeded(losses: Losses, limit: float) -> Iterator[Refusal]:
    """Reject the deletes of more than five items of a gallery, or of all its items, if they exceed the percentage."""
    managed = Counter(address.gallery for address in losses.managed if address.item is not None)
    removed = Counter(address.gallery for address in losses.removed if address.item is not None)
    for gallery, count in sorted(removed.items()):
        total = managed[gallery]
        if (count > _FEW_ITEMS or count == total) and _exceeds(count, total, limit):
            yield _refusal(Address(gallery), count, total, limit, "deleted or replaced")


def _exceeds(count: int, total: int, limit: float) -> bool:
    # Not `>`: a limit of NaN allows nothing.
    return not 100 * count / total <= limit + _TOLERANCE


def _refusal(address: Address | None, count: int, total: int, limit: float, verb: str) -> Refusal:
    percent = 100 * count / total
    what = "item" if address else "resource"
    return Refusal(
        address=address,
        why=f"{count} of {total} managed {what if total == 1 else what + 's'} would be {verb}: {percent:.3g} %, "
        f"but max_delete_percent is {limit:g}",
        allow=f"--max-delete-percent {ceil(percent - _TOLERANCE)}",
    )


def _verb(losses: Losses) -> str:
    verbs = ("deleted or replaced",) * bool(losses.removed) + ("cleared of values",) * bool(losses.cleared)
    return " or ".join(verbs)


def apply_approvals(
    plan: Plan, refusals: tuple[Refusal, ...], approvals: Sequence[Approval], used: Collection[str]
) -> Plan:
    """Return the plan with the refusals that an approval could lift, unless one does, and with used approvals noted.

    An approval lifts them if its digest is that of the plan and its number of deletes is right, and if no apply has used
    it: `used` are the review digests of earlier applies.
    """
    notices = [*plan.notices, *_used_approvals(approvals, used)]
    if not refusals:
        return replace(plan, notices=tuple(notices))
    digest = review_digest(plan)
    deletes = sum(change.action in (Action.DELETE, Action.REPLACE) for change in plan.changes)
    found = [each for each in approvals if digest.startswith(each.digest) and each.deletes == deletes]
    if found and digest not in used:
        notices.append(Notice(address=None, message=f"approved at {found[0].at}: {found[0].reason}"))
        return replace(plan, notices=tuple(notices), approval=digest)
    if digest in used:
        return replace(plan, notices=tuple(notices), refusals=(*plan.refusals, *refusals))
    *first, last = refusals
    last = replace(last, allow=f"{last.allow}; {_approval_advice(digest, deletes)}")
    return replace(plan, notices=tuple(notices), refusals=(*plan.refusals, *first, last))


def _used_approvals(approvals: Iterable[Approval], used: Collection[str]) -> Iterator[Notice]:
    """Yield a notice for each approval that was used, and can be removed."""
    for approval in approvals:
        if any(digest.startswith(approval.digest) for digest in used):
            message = f"{approval.at}: the approval {approval.digest[:_DIGEST_LENGTH]} was used: remove it"
            yield Notice(address=None, message=message)


def _approval_advice(digest: str, deletes: int) -> str:
    """Return the approval of a plan, ready to paste into galleryctl.yaml."""
    entry = f'{{digest: "{digest[:_DIGEST_LENGTH]}", deletes: {deletes}, reason: "why this is intended"}}'
    return f"or, to approve exactly this plan once, add to galleryctl.yaml: approvals: [{entry}]"
