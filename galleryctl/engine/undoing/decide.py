"""Decide what to undo in one gallery: what its manifest still says as the run sent it.

the run          title A → B, photo x → y, creates new, deletes old
manifest now     title B, photo z
undone           title A, without new, with old
left             the photo: the manifest has another one now
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from galleryctl.engine.rewriting import LeftChange
from galleryctl.engine.undoing.decision import EntryUndo, GalleryUndo, LocatedChange
from galleryctl.engine.undoing.order import same_order, undone_order
from galleryctl.engine.undoing.sent import equals_sent, is_sent_media
from galleryctl.engine.undoing.values import (
    has_value,
    has_value_of_run,
    is_former_media,
    is_same_item,
    shows_former_item,
    shows_former_media,
    was_edited,
    with_edited_leaves,
    with_former_leaves,
)
from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.fields import FIELD_BY_NAME, FIELDS_BY_KIND, Fields, Json, canonical, is_empty
from galleryctl.plan.changes import Action, Change, MatchedBy
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.history.record import DESTROY, FormerResource, RecordedChange, RecordedOrder, RunRecord
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.leaves import field_of


def decide_gallery(
    record: RunRecord,
    changes: Sequence[LocatedChange],
    gallery: DesiredGallery,
    ids: Mapping[str, Address],
    gallery_id: str,
) -> GalleryUndo:
    """Return what to undo in a gallery, and what is left.

    `changes` are those of the run that concern it; `ids` are live id → address in state, under the addresses of the
    manifests.
    """
    decision = _Decision(record, gallery)
    for located in changes:
        decision.add(located)
    return decision.result(changes, ids, gallery_id)


class _Decision:
    def __init__(self, record: RunRecord, gallery: DesiredGallery) -> None:
        self._record, self._gallery = record, gallery
        self._entries = {item.address: item for item in gallery.items}
        self._undone: dict[str, EntryUndo] = {}
        self._removed: set[str] = set()
        self._back: dict[str, FormerResource] = {}
        self._name: Json = None
        self._left: list[LeftChange] = []

    def add(self, located: LocatedChange) -> None:
        """Decide about one change of the run."""
        address, recorded = located.address, located.recorded
        change, entry = recorded.change, self._entries.get(address)
        former = recorded.former[0] if recorded.former else None
        if address.item is None:
            self._add_name(recorded)
        elif change.action is Action.CREATE:
            self._add_created(address, entry, located)
        elif former is None:
            self._leave(address, "no read of the site showed what it was before")
        elif change.action is Action.DELETE:
            self._add_deleted(address, former, change)
        elif entry is None:
            self._leave(address, "no manifest declares it any more")
        elif change.action is Action.REPLACE and shows_former_item(entry, former):
            return
        elif located.by_key and not is_same_item(entry, change, former):
            self._leave(address, "its key is used for another item now")
        elif change.action is Action.REPLACE:
            self._add_replaced(entry, change, former)
        else:
            self._add_update(entry, change, former)

    def _leave(self, address: Address, why: str) -> None:
        self._left.append(LeftChange(address=address, why=why))

    def _add_name(self, recorded: RecordedChange) -> None:
        address, change = self._gallery.address, recorded.change
        is_update = change.action is Action.UPDATE and "name" in change.write
        is_destroyed = change.action is Action.DELETE and self._record.header.operation == DESTROY
        if not recorded.former or not (is_update or is_destroyed):
            return
        former, fields = recorded.former[0], self._gallery.fields
        before = former.fields.get("name", "")
        if has_value(fields, "name", before) or (is_destroyed and "name" not in fields):
            return
        if was_edited(fields, "name", former) if is_destroyed else has_value_of_run(fields, "name", change):
            self._name = before
        else:
            self._leave(address, f"name: {_other_value(self._gallery.fields, 'name')}")

    def _is_as_sent(self, entry: DesiredItem, change: Change) -> bool:
        """Return True if the entry is as the run created the item; else leave it."""
        sent = {part.path: part.after for part in change.fields}
        now = {name: value for name, value in entry.fields.items() if not is_empty(value)}
        same = sent.keys() == now.keys() and all(equals_sent(now[name], sent[name]) for name in now)
        if same and entry.kind is change.kind and is_sent_media(entry.media, change.media):
            return True
        self._leave(entry.address, "its entry was changed since")
        return False

    def _add_created(self, address: Address, entry: DesiredItem | None, located: LocatedChange) -> None:
        if address in self._gallery.removed:
            self._leave(address, "removed: names its key")
        elif entry is None:
            return
        elif located.by_key and (located.is_adopted or address in self._gallery.adopt):
            self._leave(address, "its key is used for another item now")
        elif located.recorded.new_id and not located.is_known:
            self._leave(address, "state does not have the item that the run created: plan and apply, then undo")
        elif self._is_as_sent(entry, located.recorded.change):
            self._removed.add(address.item or "")

    def _add_deleted(self, address: Address, former: FormerResource, change: Change) -> None:
        if change.matched_by is MatchedBy.JOURNAL:
            return  # what an earlier run had replaced
        entry = self._entries.get(address)
        if address in self._gallery.removed:
            self._leave(address, "removed: names its key")
        elif entry is None:
            self._back[address.item or ""] = former
        elif shows_former_item(entry, former):
            return
        elif self._record.header.operation == DESTROY and entry.kind is former.kind:
            self._add_destroyed(entry, former)
        else:
            self._leave(address, "its key is used again, with other values")

    def _add_destroyed(self, entry: DesiredItem, former: FormerResource) -> None:
        """Give an entry, which `destroy` left as it was, the values that only the site had.

        They are those that it does not name, and those that people had changed since the last apply.
        """
        fields: dict[str, Json] = {}
        edited = (field_of(path) for path in former.sent if path != MEDIA_PATH)
        for name in dict.fromkeys((*former.fields, *edited)):
            before, label = canonical(name, former.fields.get(name)), FIELD_BY_NAME[name].key
            if has_value(entry.fields, name, before):
                continue
            if name in entry.ignore:
                self._leave(entry.address, f"{label}: the manifest ignores it")
            elif name not in entry.fields:
                fields[name] = before
            elif was_edited(entry.fields, name, former):
                fields[name] = with_edited_leaves(name, entry.fields[name], former)
            else:
                self._leave(entry.address, f"{label}: the manifest has a change that was not applied")
        media = None
        if not shows_former_media(entry, former):
            if MEDIA_PATH not in entry.ignore and former.sent.get(MEDIA_PATH) == media_digest(entry.media):
                media = former
            else:
                self._leave(entry.address, f"{entry.kind}: the manifest has a change that was not applied")
        if fields or media is not None:
            self._undone[entry.address.item or ""] = EntryUndo(fields=fields, media=media)

    def _add_replaced(self, entry: DesiredItem, change: Change, former: FormerResource) -> None:
        """Give the entry its former kind and media, and the former values where it has those of the run."""
        if entry.kind is not change.kind or not is_sent_media(entry.media, change.media):
            self._leave(entry.address, f"{former.kind}: the manifest has another item now")
            return
        fields: dict[str, Json] = {}
        for name in (each.name for each in FIELDS_BY_KIND[former.kind or entry.kind]):
            before, label = canonical(name, former.fields.get(name)), FIELD_BY_NAME[name].key
            is_sent = name == "html" or has_value_of_run(entry.fields, name, change)
            if has_value(entry.fields, name, before) or (is_sent and name not in entry.ignore):
                fields[name] = before
            elif name in entry.ignore:
                self._leave(entry.address, f"{label}: the manifest ignores it")
            else:
                self._leave(entry.address, f"{label}: {_other_value(entry.fields, name)}")
        self._undone[entry.address.item or ""] = EntryUndo(replaced=former, fields=fields)

    def _add_update(self, entry: DesiredItem, change: Change, former: FormerResource) -> None:
        fields: dict[str, Json] = {}
        for name in dict.fromkeys(field_of(part.path) for part in change.fields):
            before, label = canonical(name, former.fields.get(name)), FIELD_BY_NAME[name].key
            if has_value(entry.fields, name, before):
                continue
            if name in entry.ignore:
                self._leave(entry.address, f"{label}: the manifest ignores it")
            elif has_value_of_run(entry.fields, name, change):
                fields[name] = with_former_leaves(name, entry.fields.get(name), former.fields, change)
            else:
                self._leave(entry.address, f"{label}: {_other_value(entry.fields, name)}")
        media = None
        if change.media is not None and not is_former_media(entry.media, former):
            if MEDIA_PATH not in entry.ignore and is_sent_media(entry.media, change.media):
                media = former
            else:
                self._leave(entry.address, f"{entry.kind}: the manifest has another one now")
        if fields or media is not None:
            self._undone[entry.address.item or ""] = EntryUndo(fields=fields, media=media)

    def result(
        self,
        changes: Iterable[LocatedChange],
        ids: Mapping[str, Address],
        gallery_id: str,
    ) -> GalleryUndo:
        """Return the decision, with the order of the entries."""
        keys = [item.address.item or "" for item in self._gallery.items]
        stay = [key for key in keys if key not in self._removed]
        before, undo_moves = list[str](), False
        if order := self._record.orders.get(gallery_id):
            before = _former_keys(self._gallery.address, order, changes, ids)
            has_moved = not same_order(before, order.after)
            undo_moves = has_moved and same_order(order.after, keys)
            if has_moved and not undo_moves and not same_order(before, stay):
                self._leave(self._gallery.address, "order: the manifest has another one now")
        result = undone_order(stay, before, self._back, undo_moves=undo_moves)
        return GalleryUndo(
            entries=self._undone,
            removed=frozenset(self._removed),
            back=self._back,
            name=self._name,
            order=result,
            has_moves=[key for key in result if key not in self._back] != stay,
            left=tuple(self._left),
        )


def _former_keys(
    gallery: Address, order: RecordedOrder, changes: Iterable[LocatedChange], ids: Mapping[str, Address]
) -> list[str]:
    """Return the keys that the items of the gallery before the run have now, in their order then."""
    now = {each.recorded.change.id: each.address.item for each in changes}
    now |= {id_: address.item for id_, address in ids.items() if address.parent == gallery}
    return [key for id_, then in zip(order.before, order.keys, strict=True) if (key := now.get(id_, then))]


def _other_value(fields: Fields, name: str) -> str:
    return "the manifest has another value now" if name in fields else "the manifest no longer names it"
