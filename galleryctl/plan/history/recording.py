"""Make the record of a run from its plan and from what the site showed before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.fields import MEDIA_FIELD, Fields, is_empty
from galleryctl.model.last_applied import NEVER_APPLIED, value_digest
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import WixFile
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.history.record import DESTROY, FormerResource, RecordedChange, RecordedOrder
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.leaves import value_at
from galleryctl.plan.ordering.display import display_rank, in_display_order


def recorded_changes(plan: Plan, snapshot: SiteSnapshot, bindings: Bindings) -> tuple[RecordedChange, ...]:
    """Return the changes of the plan before they are made; `bindings` are the state with the findings of the plan."""
    before = _Before(snapshot, bindings, plan)
    return tuple(
        RecordedChange(
            change=replace(
                change,
                write={} if change.action is Action.CREATE else change.write,
                named=(),
                cleared=(),
                sort_order=None,
                fingerprint=None,
                deleted_content=None,
            ),
            former=tuple(before.former(change)),
        )
        for change in plan.changes
    )


class _Before:
    """The site before a run."""

    def __init__(self, snapshot: SiteSnapshot, bindings: Bindings, plan: Plan) -> None:
        self._galleries = {gallery.id: gallery for gallery in snapshot.galleries}
        self._items = {item.id: item for gallery in snapshot.galleries for item in gallery.items or ()}
        self._keys = {id_: address.item or address.gallery for address, id_ in bindings.ids.items()}
        # Of the names of a file, `content:` is taken before `sha256:`: a file whose captions changed still has it.
        self._sources = {file_id: source for source, file_id in sorted(bindings.media.items(), reverse=True)}
        self._item_order = plan.item_order
        self._records = bindings.records
        self._addresses = {id_: address for address, id_ in bindings.ids.items()}

    def former(self, change: Change) -> Iterator[FormerResource]:
        """Yield the resource before the change, with the items of a deleted gallery."""
        if change.id is None:
            return
        gallery, item = self._galleries.get(change.id), self._items.get(change.id)
        is_deleted = change.action is Action.DELETE
        if gallery is not None:
            sent = self._sent(gallery) if is_deleted else {}
            yield FormerResource(
                id=gallery.id, key=change.address.gallery, fields=_without_empty(gallery.fields), sent=sent
            )
            if is_deleted:
                for each in in_display_order(gallery.items or (), self._item_order):
                    yield replace(self._former_item(each), sent=self._sent(each))
        elif item is not None:
            former = replace(self._former_item(item), key=change.address.item or "")
            if is_deleted:
                former = replace(former, sent=self._sent(item))
            if change.action is Action.UPDATE and change.media is None:
                former = replace(former, fields=_only(former.fields, {*change.write, "html"}))
            yield former

    def _sent(self, live: LiveGallery | LiveItem) -> Mapping[str, str]:
        """Return path → digest of the value last sent, of what people changed since then."""
        address = self._addresses.get(live.id)
        bases = self._records.get(address, NEVER_APPLIED).fields if address else {}
        media = media_digest(live.media) if isinstance(live, LiveItem) else ""
        return {
            path: base.sent
            for path, base in bases.items()
            if not base.doubt
            and base.answered != (media if path == MEDIA_FIELD else value_digest(value_at(live.fields, path)))
        }

    def _former_item(self, item: LiveItem) -> FormerResource:
        source = self._sources.get(item.media.id, "") if isinstance(item.media, WixFile) else ""
        return FormerResource(
            id=item.id,
            key=self._keys.get(item.id, ""),
            kind=item.kind,
            media=item.media,
            fields=_without_empty(item.fields),
            source=source,
        )


def _without_empty(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if not is_empty(value)}


def _only(fields: Fields, names: Collection[str]) -> Fields:
    return {name: value for name, value in fields.items() if name in names}


def recorded_orders(
    plan: Plan, snapshot: SiteSnapshot, bindings: Bindings, operation: str
) -> Mapping[str, RecordedOrder]:
    """Return the orders before and after the plan of the galleries in which it moves, deletes or replaces items."""
    changes: dict[Address, list[Change]] = {}
    for change in plan.changes:
        if change.address.item is not None or operation == DESTROY:
            changes.setdefault(change.address.parent, []).append(change)
    by_id = {gallery.id: gallery for gallery in snapshot.galleries}
    keys = {id_: address.item for address, id_ in bindings.ids.items() if address.item}
    return {
        gallery.id: RecordedOrder(
            before=tuple(item.id for item in before),
            keys=tuple(keys.get(item.id, "") for item in before),
            after=(
                _applied_order(before, bindings, plan)
                if operation == DESTROY
                else _order_after(gallery, members, keys, plan)
            ),
        )
        for address, members in changes.items()
        if (gallery := by_id.get(bindings.ids.get(address, "")))
        and (before := in_display_order(gallery.items or (), plan.item_order))
        and any(map(_changes_order, members))
    }


def _applied_order(items: Sequence[LiveItem], bindings: Bindings, plan: Plan) -> tuple[str, ...]:
    """Return the keys of the managed items in the order of the last apply."""
    addresses = {id_: address for address, id_ in bindings.ids.items()}
    orders: dict[str, float | None] = {}
    for item in items:
        if (address := addresses.get(item.id)) and address.item:
            applied = bindings.records.get(address, NEVER_APPLIED).sort_order
            orders[address.item] = item.sort_order if applied is None else applied
    return _sorted_keys(orders, plan)


def _changes_order(change: Change) -> bool:
    return change.action in (Action.DELETE, Action.REPLACE) or (
        change.action is Action.UPDATE and change.position is not None
    )


def _order_after(
    gallery: LiveGallery, changes: Sequence[Change], keys: Mapping[str, str], plan: Plan
) -> tuple[str, ...]:
    """Return the keys of the managed items in display order after the changes."""
    gone = {change.id for change in changes if change.action is Action.DELETE}
    live = (item for item in gallery.items or () if item.id in keys and item.id not in gone)
    orders: dict[str, float | None] = {keys[item.id]: item.sort_order for item in live}
    orders |= {c.address.item: c.sort_order for c in changes if c.address.item and c.sort_order is not None}
    return _sorted_keys(orders, plan)


def _sorted_keys(orders: Mapping[str, float | None], plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(orders, key=lambda key: (*display_rank(orders[key], plan.item_order), key)))
