"""A plan as all formats show it: its galleries, a line a change, a detail a field; as a plan or as drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.fields import FIELDS
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.report.wording import clean, media, things, value


class Look(StrEnum):
    """What a change looks like; a move is an update of nothing but the place."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    MOVE = "move"


SYMBOLS = {Look.CREATE: "+", Look.UPDATE: "~", Look.REPLACE: "-/+", Look.DELETE: "-", Look.MOVE: ">"}
DRIFTED = {
    Look.CREATE: "missing on the site",
    Look.UPDATE: "changed on the site",
    Look.REPLACE: "another kind on the site",
    Look.DELETE: "only on the site",
    Look.MOVE: "moved on the site",
}
"""What an apply would undo, told as what happened."""
_TAG_PATHS = tuple(f"{field.name}." for field in FIELDS if field.type == "tags")
"""How the path of a single tag begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One field, before and after; None on a side that has nothing to show. All are clean and short."""

    label: str
    before: str | None
    after: str | None
    one_of_many: bool = False
    """Whether a member of a set came or went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One change: `label` is its key in the gallery, `told` what happens in words."""

    look: Look
    address: Address
    label: str
    kind: str
    name: str
    told: str
    reason: str
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One gallery's changes."""

    address: Address
    name: str
    lines: tuple[Line, ...]

    def count(self, *looks: Look) -> int:
        """How many lines look like one of these."""
        return sum(line.look in looks for line in self.lines)


def groups(plan: Plan, *, drift: bool, limit: int) -> tuple[Group, ...]:
    """The plan's changes by gallery, values in about `limit` characters; as drift, the site's value comes last."""
    changes: dict[Address, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(change.address.parent, []).append(change)
    return tuple(
        Group(
            address=address,
            name=next((clean(change.name) for change in members if change.address == address), ""),
            lines=tuple(_line(change, drift=drift, limit=limit) for change in members),
        )
        for address, members in changes.items()
    )


def summary(plan: Plan, *, drift: bool) -> str:
    """The last line of a plan or a drift, for people."""
    if plan.is_empty:
        same = things(plan.unchanged, "resource")
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


def _line(change: Change, *, drift: bool, limit: int) -> Line:
    look = _look(change)
    details = tuple(_details(change, look, limit))
    if drift:
        # What the manifest wants is what was there before; of what is missing there are no values to show.
        details = () if look in (Look.CREATE, Look.REPLACE) else tuple(map(_turned, details))
    return Line(
        look=look,
        address=change.address,
        label=change.address.item or "the gallery",
        kind="" if change.kind is None else change.kind.value,
        name=clean(change.name),
        told=_told(change, look, drift=drift),
        reason="" if drift and look is Look.REPLACE else clean(change.reason),
        details=details,
    )


def _look(change: Change) -> Look:
    match change.action:
        case Action.CREATE:
            return Look.CREATE
        case Action.REPLACE:
            return Look.REPLACE
        case Action.DELETE:
            return Look.DELETE
        case _:
            only_moved = change.position is not None and not change.fields and change.media is None
            return Look.MOVE if only_moved else Look.UPDATE


def _told(change: Change, look: Look, *, drift: bool) -> str:
    told = DRIFTED[look] if drift else look.value
    if look is not Look.MOVE or change.position is None:
        return told
    wanted, found = change.position[::-1]
    before, after = (wanted, found) if drift else (found, wanted)
    return f"{told} {before} → {after}"


def _details(change: Change, look: Look, limit: int) -> Iterator[Detail]:
    if change.media is not None:
        before = None if change.media_before is None else clean(change.media_before)
        yield Detail(label="media", before=before, after=media(change.media))
    made = look in (Look.CREATE, Look.REPLACE)
    for part in change.fields:
        single = made or (part.path.startswith(_TAG_PATHS) and None in (part.before, part.after))
        yield Detail(
            label=part.path.partition(".")[0] if single and not made else clean(part.path),
            before=None if single and part.before is None else value(part.before, limit),
            after=None if single and part.after is None else value(part.after, limit),
            one_of_many=single and not made,
        )
    if change.position is not None and look is not Look.MOVE:
        found, wanted = change.position
        yield Detail(label="place", before=str(found) if found and not made else None, after=str(wanted))


def _turned(detail: Detail) -> Detail:
    return replace(detail, before=detail.after, after=detail.before)
