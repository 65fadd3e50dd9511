"""The limits for deletes and clears, of a workspace and of each gallery, and approvals that lift them for one plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from galleryctl.model.address import Address
from galleryctl.model.desired import Approval
from galleryctl.plan.changes import Notice, Plan, Refusal
from galleryctl.plan.file.review import review_digest

_FEW_ITEMS = 5
"""So many items of one gallery may be deleted, and so many items of a workspace be cleared, whatever their percentage."""
_TOLERANCE = 1e-9
"""Allows percentages that exceed the limit only by rounding."""
_DIGEST_LENGTH = 16
"""Digits of a review digest in an approval: enough to identify a plan, few enough to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """The addresses that a plan deletes or replaces, and those of which it clears values.

    `managed` are the addresses of resources on the site; those that are gone from it, or whose management ends, do not
    count.
    """

    managed: Collection[Address]
    removed: Collection[Address]
    cleared: Collection[Address]


def limits_exceeded(losses: Losses, limit: float) -> Iterator[Refusal]:
    """Reject a plan that deletes, replaces or clears too much; `limit` is in percent of the managed resources.

    An item with cleared values counts like a deleted one. Clears alone are rejected only for more than five items. All
    exceeded limits are reported, each with a percentage that allows all of them.
    """
    exceeded = [loss for loss in _limited_losses(losses) if loss.exceeds(limit)]
    allowed = ceil(max((loss.percent for loss in exceeded), default=0) - _TOLERANCE)
    for loss in exceeded:
        what = "resource" if loss.scope is None else "item"
        yield Refusal(
            address=loss.scope,
            why=f"{loss.lost} of {loss.managed} managed {what if loss.managed == 1 else what + 's'} would be {loss.verb}: "
            f"{loss.percent:.3g} %, but max_delete_percent is {limit:g}",
            allow=f"--max-delete-percent {allowed}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loss:
    """The number of resources that a workspace (scope None) or a gallery loses."""

    scope: Address | None
    lost: int
    managed: int
    verb: str

    @property
    def percent(self) -> float:
        return 100 * self.lost / self.managed

    def exceeds(self, limit: float) -> bool:
        # Not `>`: a limit of NaN allows nothing.
        return not self.percent <= limit + _TOLERANCE


def _limited_losses(losses: Losses) -> Iterator[_Loss]:
    """Yield the losses that the percentage limits: of the workspace, and of galleries more than five items or all."""
    if losses.removed or len(losses.cleared) > _FEW_ITEMS:
        lost = {*losses.removed, *losses.cleared}
        yield _Loss(scope=None, lost=len(lost), managed=len(losses.managed), verb=_verb(losses))
    managed = Counter(address.gallery for address in losses.managed if address.item is not None)
    removed = Counter(address.gallery for address in losses.removed if address.item is not None)
    for gallery, count in sorted(removed.items()):
        if count > _FEW_ITEMS or count == managed[gallery]:
            yield _Loss(scope=Address(gallery), lost=count, managed=managed[gallery], verb="deleted or replaced")


def _verb(losses: Losses) -> str:
    verbs = ("deleted or replaced",) * bool(losses.removed) + ("cleared of values",) * bool(losses.cleared)
    return " or ".join(verbs)


def apply_approvals(
    plan: Plan, refusals: tuple[Refusal, ...], approvals: Sequence[Approval], used: Collection[str]
) -> Plan:
    """Return the plan with the refusals that an approval could lift, unless one does, and with used approvals noted.

    An approval lifts them if its digest is that of the plan and its number of deletes is right, and if no apply has used
    it: `used` are the review digests of earlier applies. If none lifts them, notices say why.
    """
    notices = [*plan.notices, *_used_approvals(approvals, used)]
    if not refusals:
        return replace(plan, notices=tuple(notices))
    digest = review_digest(plan)
    deletes = plan.deletes
    found = [each for each in approvals if digest.startswith(each.digest) and each.deletes == deletes]
    if found and digest not in used:
        notices.append(Notice(address=None, message=f"approved at {found[0].at}: {found[0].reason}"))
        return replace(plan, notices=tuple(notices), approval=digest)
    if digest in used:
        return replace(plan, notices=tuple(notices), refusals=(*plan.refusals, *refusals))
    notices += _unfit_approvals(approvals, used, digest, deletes)
    *first, last = refusals
    last = replace(last, allow=f"{last.allow}; {_approval_advice(digest, deletes)}")
    return replace(plan, notices=tuple(notices), refusals=(*plan.refusals, *first, last))


def _used_approvals(approvals: Iterable[Approval], used: Collection[str]) -> Iterator[Notice]:
    """Yield a notice for each approval that was used, and can be removed."""
    for approval in approvals:
        if any(digest.startswith(approval.digest) for digest in used):
            message = f"{approval.at}: the approval {approval.digest[:_DIGEST_LENGTH]} was used: remove it"
            yield Notice(address=None, message=message)


def _unfit_approvals(
    approvals: Iterable[Approval], used: Collection[str], digest: str, deletes: int
) -> Iterator[Notice]:
    """Yield a notice for each unused approval, saying why it does not allow the plan."""
    for approval in approvals:
        if any(each.startswith(approval.digest) for each in used):
            continue
        if digest.startswith(approval.digest):
            why = f"has deletes: {approval.deletes}, but this plan has {deletes}"
        else:
            why = (
                f"is for another plan: its digest is {approval.digest[:_DIGEST_LENGTH]}, not {digest[:_DIGEST_LENGTH]}"
            )
        yield Notice(address=None, message=f"{approval.at}: the approval {why}")


def _approval_advice(digest: str, deletes: int) -> str:
    """Return the approval of a plan, ready to paste into galleryctl.yaml."""
    entry = f'{{digest: "{digest[:_DIGEST_LENGTH]}", deletes: {deletes}, reason: "why this is intended"}}'
    return f"or, to approve exactly this plan once, add to galleryctl.yaml: approvals: [{entry}]"
