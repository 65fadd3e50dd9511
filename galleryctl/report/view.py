"""A plan as all formats show it: galleries, with a line per change and a detail per field; as plan or as drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from galleryctl.model.address import Address
from galleryctl.model.fields import FIELDS, MEDIA_FIELD, manifest_name
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Action, Cause, Change, MatchedBy, Plan, StateAction, StateChange
from galleryctl.report.formatting import escape_control, format_media, format_value, pluralize


class DisplayAction(StrEnum):
    """Action as displayed; a move is an update of the position only."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    MOVE = "move"


ACTION_SYMBOLS = {
    DisplayAction.CREATE: "+",
    DisplayAction.UPDATE: "~",
    DisplayAction.REPLACE: "-/+",
    DisplayAction.DELETE: "-",
    DisplayAction.MOVE: ">",
}
DRIFT_LABELS = {
    DisplayAction.CREATE: "missing on the site",
    DisplayAction.UPDATE: "changed on the site",
    DisplayAction.REPLACE: "replaced on the site",
    DisplayAction.DELETE: "unmanaged on the site",
    DisplayAction.MOVE: "moved on the site",
}
"""Labels for drift: the change on the site that an apply would undo."""
_STATE_ACTIONS = {
    StateAction.ADOPT: "adopted: ",
    StateAction.MOVE: "moved from ",
    StateAction.PROTECT: "protected",
    StateAction.UNPROTECT: "no longer protected",
    StateAction.RELEASE: "no longer managed: ",
    StateAction.RECORD: "already as declared: ",
}
"""Descriptions of state changes, before their detail."""
NO_POSITIONS: Mapping[Address, SourcePosition] = MappingProxyType({})
_TAG_PATHS = tuple(f"{field.name}." for field in FIELDS if field.type == "tags")
"""Prefixes of the paths of single tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDetail:
    """One field, before and after; None if there is no value to show. All texts are escaped and short."""

    label: str
    before: str | None
    after: str | None
    is_set_member: bool = False
    """True if a member of a set was added or removed."""
    cause: str = ""
    """The cause of the difference, "" if it comes from the manifest."""

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.label}: {'added ' if self.is_set_member else ''}{self.after}"
        return (
            f"{self.label}: {f'{self.before} → {self.after}' if self.after is not None else f'removed {self.before}'}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One change: `label` is the key in the gallery, `summary` the change in words."""

    action: DisplayAction
    address: Address
    label: str
    kind: str
    name: str
    summary: str
    reason: str
    details: tuple[FieldDetail, ...]
    at: SourcePosition | None = None
    """The entry in the manifest, if it is created or updated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryChanges:
    """Changes of one gallery."""

    address: Address
    name: str
    lines: tuple[ChangeLine, ...]


def group_changes(
    changes: Iterable[Change], *, drift: bool, limit: int, positions: Mapping[Address, SourcePosition] = NO_POSITIONS
) -> tuple[GalleryChanges, ...]:
    """Return the changes by gallery, values in at most `limit` characters; for drift, the site's value comes last."""
    galleries: dict[Address, list[Change]] = {}
    for change in changes:
        galleries.setdefault(change.address.parent, []).append(change)
    return tuple(
        GalleryChanges(
            address=address,
            name=next((escape_control(change.name) for change in members if change.address == address), ""),
            lines=tuple(_change_line(change, drift=drift, limit=limit, positions=positions) for change in members),
        )
        for address, members in galleries.items()
    )


def plan_summary(plan: Plan, *, drift: bool) -> str:
    """Return the last line of a plan or a drift, which counts."""
    counted = plan.drift if drift else plan.changes
    created, updated, replaced, deleted = (
        f"{sum(change.action is action for change in counted):,}"
        for action in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
    )
    exceptions = [pluralize(plan.tolerated_differences, "tolerated difference")] if plan.tolerated_differences else []
    exceptions += [pluralize(len(plan.held), "held item")] if plan.held else []
    left_out = f", except {' and '.join(exceptions)}" if exceptions else ""
    if drift:
        if not counted:
            nothing = f"Nothing that the manifests declare has changed on the site{left_out}"
            return f"No drift. {nothing} ({plan.unchanged:,} in sync)."
        return (
            f"Drift: {created} missing, {updated} changed, {replaced} replaced, {deleted} unmanaged "
            f"({plan.unchanged:,} in sync)."
        )
    if plan.is_empty:
        return f"No changes. The site matches the manifests{left_out} ({pluralize(plan.unchanged, 'resource')})."
    items = sum(change.deleted_items for change in plan.changes)
    with_items = f" (with {pluralize(items, 'item')})" if items else ""
    held = f", {len(plan.held):,} held" if plan.held else ""
    in_state = f", {len(plan.state_changes):,} in state only" if plan.state_changes else ""
    return (
        f"Plan: {created} to create, {updated} to update, {replaced} to replace, {deleted} to delete{with_items}{in_state} "
        f"({plan.unchanged:,} unchanged{held})."
    )


def remarks(plan: Plan, *, drift: bool) -> Iterator[str]:
    """Yield what to know besides the changes: how conflicts are applied; for drift, what it leaves out."""
    if not drift:
        if plan.conflicts:
            them = "it" if len(plan.conflicts) == 1 else "them"
            yield (
                f"{pluralize(len(plan.conflicts), 'conflict')}: apply --auto-approve rejects {them} without "
                "--overwrite-conflicts."
            )
        return
    pending = sum(not change.is_drift for change in plan.changes) + len(plan.state_changes)
    if pending:
        them = "it" if pending == 1 else "them"
        yield f"{pending_changes(pending, is_part=bool(plan.targets))}; a plan shows {them}."
    deleted = sum(change.action is Action.DELETE and change.matched_by is MatchedBy.NONE for change in plan.changes)
    if left := plan.unmanaged - deleted:
        yield f"{pluralize(left, 'item')} in managed galleries on the site only, left alone."
    if plan.undeclared:
        yield f"{undeclared_values(plan.undeclared)}, left alone."


def pending_changes(count: int, *, is_part: bool) -> str:
    """Return the statement that the manifests have so many changes; `is_part` if only those of targets are counted."""
    of_targets = " of these addresses" if is_part else ""
    return f"{pluralize(count, 'change')}{of_targets} in the manifests not applied yet"


def undeclared_values(count: int) -> str:
    """Return the statement that so many items have values that no manifest declares."""
    have = "has" if count == 1 else "have"
    return f"{pluralize(count, 'managed item')} {have} values on the site that no manifest declares"


def state_change_lines(plan: Plan) -> tuple[tuple[Address, str], ...]:
    """Return the address and a description of each change of the state alone, escaped.

    A gallery and its items that are forgotten for the same reason are one line.
    """
    forgotten = [change for change in plan.state_changes if change.action is StateAction.FORGET]
    galleries = {change.address: change.detail for change in forgotten if change.address.item is None}
    with_gallery = {c.address for c in forgotten if c.address.item and galleries.get(c.address.parent) == c.detail}
    counts = Counter(address.parent for address in with_gallery)
    return tuple(
        (change.address, _describe_state_change(change, counts[change.address]))
        for change in plan.state_changes
        if change.action is not StateAction.FORGET or change.address not in with_gallery
    )


def _describe_state_change(change: StateChange, items: int) -> str:
    """Describe a change of the state; `items` of a forgotten gallery are forgotten for the same reason."""
    detail = escape_control(change.detail)
    if change.action is not StateAction.FORGET:
        return f"{_STATE_ACTIONS[change.action]}{detail}"
    why, _, rest = detail.partition("; ")
    with_items = f" with {pluralize(items, 'item')}" if items else ""
    return f"no longer in state ({why})" + (f"; {rest}{with_items}" if rest else with_items)


def _change_line(change: Change, *, drift: bool, limit: int, positions: Mapping[Address, SourcePosition]) -> ChangeLine:
    action = _display_action(change)
    details = tuple(_field_details(change, action, limit))
    if drift:
        # The desired value is the one before the drift. A missing or replaced resource has no values to show.
        no_values = action in (DisplayAction.CREATE, DisplayAction.REPLACE)
        details = () if no_values else tuple(map(_as_drift, details))
    return ChangeLine(
        action=action,
        address=change.address,
        label=change.address.item or "the gallery",
        kind="" if change.kind is None else change.kind.value,
        name=escape_control(change.name),
        summary=_describe_change(change, action, drift=drift),
        reason=_reason(change, drift=drift),
        details=details,
        at=positions.get(change.address),
    )


def _reason(change: Change, *, drift: bool) -> str:
    reason = "" if drift and change.action is Action.REPLACE else escape_control(change.reason)
    when = "at" if drift else "changed on the site at"
    changed_at = f"{when} {escape_control(change.changed_at)}" if change.changed_at else ""
    return "; ".join(filter(None, (reason, changed_at)))


def _display_action(change: Change) -> DisplayAction:
    return DisplayAction.MOVE if change.is_move else DisplayAction(change.action.value)


def _describe_change(change: Change, action: DisplayAction, *, drift: bool) -> str:
    label = DRIFT_LABELS[action] if drift else action.value
    if change.deleted_items and not drift:
        return f"{label} with {pluralize(change.deleted_items, 'item')}"
    if action is not DisplayAction.MOVE or change.position is None:
        return label
    live, desired = change.position
    if live == desired:
        # The items around it are others, or another one has its sort order.
        return f"{'order changed on the site' if drift else 'new sort order'}, stays at {live}"
    return f"{label} {desired} → {live}" if drift else f"{label} {live} → {desired}"


def _field_details(change: Change, action: DisplayAction, limit: int) -> Iterator[FieldDetail]:
    if change.media is not None:
        before = None if change.media_before is None else escape_control(change.media_before)
        yield FieldDetail(
            label=manifest_name(MEDIA_FIELD, change.kind),
            before=before,
            after=format_media(change.media),
            cause=_cause_label(change.media_cause),
        )
    is_new = action in (DisplayAction.CREATE, DisplayAction.REPLACE)
    for part in change.fields:
        single = is_new or (part.path.startswith(_TAG_PATHS) and None in (part.before, part.after))
        yield FieldDetail(
            label=part.path.partition(".")[0]
            if single and not is_new
            else escape_control(manifest_name(part.path, change.kind)),
            before=None if single and part.before is None else format_value(part.before, limit),
            after=None if single and part.after is None else format_value(part.after, limit),
            is_set_member=single and not is_new,
            cause=_cause_label(part.cause),
        )
    if change.position is not None and action is not DisplayAction.MOVE:
        live, desired = change.position
        stays = live == desired and not is_new
        yield FieldDetail(
            label="position",
            before=str(live) if live and not is_new and not stays else None,
            after=f"{desired}, with a new sort order" if stays else str(desired),
            cause=_cause_label(change.position_cause),
        )


def _cause_label(cause: Cause) -> str:
    return "" if cause is Cause.MANIFEST else cause.value


def _as_drift(detail: FieldDetail) -> FieldDetail:
    cause = "" if detail.cause == Cause.DRIFT else detail.cause
    return replace(detail, before=detail.after, after=detail.before, cause=cause)
