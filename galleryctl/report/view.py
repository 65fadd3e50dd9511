"""A plan as all formats show it: its galleries, a line a change, a detail a field; as a plan or as drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.fields import FIELDS
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.report.formatting import escape_control, format_media, format_value, pluralize


class DisplayAction(StrEnum):
    """What a change looks like; a move is an update of nothing but the place."""

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
    DisplayAction.REPLACE: "another kind on the site",
    DisplayAction.DELETE: "only on the site",
    DisplayAction.MOVE: "moved on the site",
}
"""What an apply would undo, told as what happened."""
_TAG_PATHS = tuple(f"{field.name}." for field in FIELDS if field.type == "tags")
"""How the path of a single tag begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDetail:
    """One field, before and after; None on a side that has nothing to show. All are clean and short."""

    label: str
    before: str | None
    after: str | None
    is_set_member: bool = False
    """Whether a member of a set came or went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One change: `label` is its key in the gallery, `told` what happens in words."""

    action: DisplayAction
    address: Address
    label: str
    kind: str
    name: str
    summary: str
    reason: str
    details: tuple[FieldDetail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryChanges:
    """One gallery's changes."""

    address: Address
    name: str
    lines: tuple[ChangeLine, ...]

    def count(self, *actions: DisplayAction) -> int:
        """How many lines look like one of these."""
        return sum(line.action in actions for line in self.lines)


def group_changes(plan: Plan, *, drift: bool, limit: int) -> tuple[GalleryChanges, ...]:
    """The plan's changes by gallery, values in about `limit` characters; as drift, the site's value comes last."""
    changes: dict[Address, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(change.address.parent, []).append(change)
    return tuple(
        GalleryChanges(
            address=address,
            name=next((escape_control(change.name) for change in members if change.address == address), ""),
            lines=tuple(_change_line(change, drift=drift, limit=limit) for change in members),
        )
        for address, members in changes.items()
    )


def plan_summary(plan: Plan, *, drift: bool) -> str:
    """The last line of a plan or a drift, for people."""
    if plan.is_empty:
        same = pluralize(plan.unchanged, "resource")
        if drift:
            return f"No drift. The site is what the manifests say ({same})."
        return f"No changes. The site matches the manifests ({same})."
    create, update, replace, delete = (
        f"{plan.count(action):,}" for action in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
    )
    if drift:
        return (
            f"Drift: {create} missing, {update} changed, {replace} of another kind, {delete} only on the site "
            f"({plan.unchanged:,} as written)."
        )
    return (
        f"Plan: {create} to create, {update} to update, {replace} to replace, {delete} to delete "
        f"({plan.unchanged:,} unchanged)."
    )


def _change_line(change: Change, *, drift: bool, limit: int) -> ChangeLine:
    look = _display_action(change)
    details = tuple(_field_details(change, look, limit))
    if drift:
        # What the manifest wants is what was there before; of what is missing there are no values to show.
        details = () if look in (DisplayAction.CREATE, DisplayAction.REPLACE) else tuple(map(_reversed, details))
    return ChangeLine(
        action=look,
        address=change.address,
        label=change.address.item or "the gallery",
        kind="" if change.kind is None else change.kind.value,
        name=escape_control(change.name),
        summary=_describe_change(change, look, drift=drift),
        reason="" if drift and look is DisplayAction.REPLACE else escape_control(change.reason),
        details=details,
    )


def _display_action(change: Change) -> DisplayAction:
    match change.action:
        case Action.CREATE:
            return DisplayAction.CREATE
        case Action.REPLACE:
            return DisplayAction.REPLACE
        case Action.DELETE:
            return DisplayAction.DELETE
        case _:
            only_moved = change.position is not None and not change.fields and change.media is None
            return DisplayAction.MOVE if only_moved else DisplayAction.UPDATE


def _describe_change(change: Change, action: DisplayAction, *, drift: bool) -> str:
    told = DRIFT_LABELS[action] if drift else action.value
    if action is not DisplayAction.MOVE or change.position is None:
        return told
    wanted, found = change.position[::-1]
    before, after = (wanted, found) if drift else (found, wanted)
    return f"{told} {before} → {after}"


def _field_details(change: Change, action: DisplayAction, limit: int) -> Iterator[FieldDetail]:
    if change.media is not None:
        before = None if change.media_before is None else escape_control(change.media_before)
        yield FieldDetail(label="media", before=before, after=format_media(change.media))
    made = action in (DisplayAction.CREATE, DisplayAction.REPLACE)
    for part in change.fields:
        single = made or (part.path.startswith(_TAG_PATHS) and None in (part.before, part.after))
        yield FieldDetail(
            label=part.path.partition(".")[0] if single and not made else escape_control(part.path),
            before=None if single and part.before is None else format_value(part.before, limit),
            after=None if single and part.after is None else format_value(part.after, limit),
            is_set_member=single and not made,
        )
    if change.position is not None and action is not DisplayAction.MOVE:
        found, wanted = change.position
        yield FieldDetail(label="place", before=str(found) if found and not made else None, after=str(wanted))


def _reversed(detail: FieldDetail) -> FieldDetail:
    return replace(detail, before=detail.after, after=detail.before)
