"""The drift in a plan that galleryctl.tolerated.yaml can tolerate, as entries for the file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.fields import Json, manifest_name
from galleryctl.model.last_applied import NEVER_APPLIED, value_digest
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.tolerated import ITEM_FIELD, POSITION_FIELD, missing_digest, position_digest
from galleryctl.plan.changes import Action, Cause, Change, Notice, Plan
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.leaves import shows_leaf, value_at
from galleryctl.plan.ordering.display import in_display_order
from galleryctl.plan.tolerate import was_moved

_MAX_TEXT = 80
"""The longest text, in characters, that an entry has as it is; a longer one is shortened and has a digest."""
_NO_BASE = "the state has no last applied value of it; apply once first"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteValue:
    """A value of the site that differs from the last applied one; `value` is what a reviewer reads."""

    address: Address
    field: str
    value: Json
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TolerableDrift:
    """The drift in a plan: the values that can be tolerated, and the differences that cannot, with the reasons."""

    values: tuple[SiteValue, ...] = ()
    others: tuple[Notice, ...] = ()


@dataclass(slots=True)
class _Found:
    values: list[SiteValue] = field(default_factory=list)
    others: list[Notice] = field(default_factory=list)

    def reject(self, address: Address, name: str, why: str) -> None:
        self.others.append(Notice(address=address, message=f"{name} cannot be tolerated: {why}"))


def tolerable_drift(plan: Plan, snapshot: SiteSnapshot, bindings: Bindings) -> TolerableDrift:
    """Return the drift in a plan of the whole site or of its targets.

    `snapshot` is the site that the plan was made from, and `bindings` the state under the addresses of the plan, without
    its findings.
    """
    found = _Found()
    live: dict[str, LiveGallery | LiveItem] = {gallery.id: gallery for gallery in snapshot.galleries}
    live.update({item.id: item for gallery in snapshot.galleries for item in gallery.items or ()})
    missing_galleries = {c.address for c in plan.changes if c.action is Action.CREATE and c.address.item is None}
    for change in plan.drift:
        if change.address.item is not None and change.address.parent in missing_galleries:
            continue
        if change.action is Action.UPDATE and change.id in live:
            _add_values(found, change, live[change.id], bindings)
        elif change.action is Action.CREATE and change.address.item is not None and change.address in bindings.ids:
            digest = missing_digest(bindings.ids[change.address])
            found.values.append(SiteValue(address=change.address, field=ITEM_FIELD, value="missing", digest=digest))
        else:
            found.reject(change.address, "this difference", _why_not(change))
    for gallery in {change.address.parent: None for change in plan.drift if _is_moved(change)}:
        _add_positions(found, gallery, plan, snapshot, bindings)
    return TolerableDrift(values=tuple(found.values), others=tuple(found.others))


def _why_not(change: Change) -> str:
    if change.action is Action.DELETE:
        return "people added the item, and its gallery has unmanaged: delete; list its id under foreign:"
    if change.action is Action.REPLACE:
        return "the manifest changes the kind of the item; apply it, or accept the drift"
    return "the gallery is missing on the site; delete its manifest, or create it again (apply --allow-recreate)"


def _add_values(found: _Found, change: Change, live: LiveGallery | LiveItem, bindings: Bindings) -> None:
    """Add the fields and the media of a changed resource."""
    bases = bindings.records.get(change.address, NEVER_APPLIED).fields
    causes = {path: {part.cause for part in change.fields if shows_leaf(part.path, path)} for path in change.named}
    if change.media is not None:
        causes[MEDIA_PATH] = {change.media_cause}
    for path, of_path in causes.items():
        name = manifest_name(path, change.kind)
        if not any(cause.is_drift for cause in of_path):
            continue
        if of_path != {Cause.DRIFT}:
            why = (
                "the manifest has changed as well; accept it, or apply the manifest"
                if Cause.CONFLICT in of_path
                else "the answer to the last write was lost; apply to continue"
            )
            found.reject(change.address, name, why)
        elif path not in bases:
            found.reject(change.address, name, _NO_BASE)
        else:
            value = change.media_before if path == MEDIA_PATH else value_at(live.fields, path)
            shown = _readable(value)
            found.values.append(SiteValue(address=change.address, field=name, value=shown, digest=value_digest(value)))
    for part in change.fields:
        if part.cause is Cause.CONFLICT and not any(shows_leaf(part.path, path) for path in change.named):
            found.reject(
                change.address,
                manifest_name(part.path, change.kind),
                "the manifest no longer names it, and an apply clears it",
            )


def _is_moved(change: Change) -> bool:
    return change.position is not None and change.action is Action.UPDATE and change.position_cause.is_drift


def _add_positions(found: _Found, gallery: Address, plan: Plan, snapshot: SiteSnapshot, bindings: Bindings) -> None:
    """Add the items of a gallery that were moved.

    A plan moves as few items as possible, which need not be those that were moved on the site: after A, B became B, A
    it may move B, although the sort order of A is the one that changed. Then all items with another sort order are added.
    """
    planned = {change.address for change in plan.drift if change.address.parent == gallery and _is_moved(change)}
    live = next((each for each in snapshot.galleries if each.id == bindings.ids.get(gallery)), None)
    keys = {id_: address for address, id_ in {**bindings.ids, **plan.ids}.items() if address.parent == gallery}
    items = in_display_order(live.items or () if live else (), plan.item_order)
    ours = [(keys[item.id], item) for item in items if item.id in keys]
    moved = {address for address, item in ours if was_moved(bindings.records.get(address), item)}
    if not moved:
        for address in sorted(planned):
            found.reject(address, POSITION_FIELD, _NO_BASE)
        return
    chosen = planned if planned.issubset(moved) else moved
    before = ""
    for address, item in ours:
        if address in chosen:
            place = f"after {before}" if before else "first"
            digest = position_digest(item.sort_order)
            found.values.append(SiteValue(address=address, field=POSITION_FIELD, value=place, digest=digest))
        before = address.item or ""


def _readable(value: Json) -> Json:
    """Return the value for a reviewer: itself if it is short, else the start of its text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    is_list = isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=dict)
    can_be_written = text.encode(errors="replace").decode() == text
    if len(text) <= _MAX_TEXT and can_be_written and (is_list or isinstance(value, str)):
        return value
    shown = text.encode(errors="replace").decode()
    return shown if len(shown) <= _MAX_TEXT else f"{shown[: _MAX_TEXT - 1]}…"
