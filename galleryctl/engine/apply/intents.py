"""The intents that the journal records before a step, so that a later run can find out if the step took effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from galleryctl.engine.apply.payloads import live_id, new_item, planned_sort_order
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.model.address import Address
from galleryctl.model.last_applied import SentValue
from galleryctl.model.live import LiveItem
from galleryctl.model.media import MediaFile, WixFile
from galleryctl.plan import steps
from galleryctl.plan.answers import sent_values
from galleryctl.plan.changes import Change
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.leaves import all_leaves
from galleryctl.state.journal_records import Intent, SentItem
from galleryctl.wix.items import NewItem


def intent_of(step: steps.Step, state: WorkingState, unconfirmed: Mapping[Address, UnconfirmedCreate]) -> Intent:
    """Return the intent of `step`; the caller sets its `started_at`.

    An earlier run may have sent the creates in `unconfirmed`: their intents keep the sort order that was sent then.
    Raises StaleError if a new item shows a file that no longer exists.
    """
    match step.action:
        case steps.Upload(source=source):
            return Intent(kind="upload", source=source.source)
        case steps.CreateGallery(change=change, items=items):
            return Intent(
                kind="create-gallery",
                sort_orders={
                    change.address: _sort_order_sent(change, unconfirmed),
                    **{item.address: planned_sort_order(item) for item in items},
                },
                items={item.address: sent_item(item, state) for item in items},
                fields={each.address: _created_values(each) for each in (change, *items)},
                listed=state.listed_ids(None),
            )
        case steps.CreateItem(change=change):
            return Intent(
                kind="create-item",
                gallery_id=state.gallery_id(change.address),
                sort_orders={change.address: _sort_order_sent(change, unconfirmed)},
                items={change.address: sent_item(change, state)},
                fields={change.address: _created_values(change)},
                listed=state.listed_ids(change.address.parent),
            )
        case steps.UpdateGallery(change=change) | steps.UpdateItem(change=change):
            return _update_intent(change, state)
        case steps.DeleteItems(changes=changes):
            return Intent(kind="delete", ids=tuple(map(live_id, changes)))
        case steps.DeleteGallery(change=change):
            return Intent(kind="delete", ids=(live_id(change),))
        case _:
            assert_never(step.action)


def sent_item(change: Change, state: WorkingState) -> SentItem:
    """Return what the created item will show. Raises StaleError if its file no longer exists."""
    new = new_item(change, state)
    shown = WixFile(id=new.file.id) if isinstance(new.file, MediaFile) else new.file
    return SentItem(kind=new.kind, media="" if shown is None else media_digest(shown))


def _created_values(change: Change) -> Mapping[str, SentValue]:
    named = (path for path in change.named if path != MEDIA_PATH)
    values = sent_values(named, (), change.write, {})
    if MEDIA_PATH in change.named:
        values[MEDIA_PATH] = SentValue(sent=media_digest(change.media), before=media_digest(None))
    return values


def _update_intent(change: Change, state: WorkingState) -> Intent:
    id_ = live_id(change)
    before = state.galleries[id_] if change.address.item is None else state.items[id_]
    named = (path for path in change.named if path != MEDIA_PATH)  # the next plan recognizes the file without it
    sent = sent_values(named, change.cleared, change.write, before.fields)
    return Intent(
        kind="update",
        ids=(id_,),
        sort_orders={} if change.sort_order is None else {change.address: change.sort_order},
        fields={change.address: sent} if sent else {},
    )


def completion_intent(address: Address, item: LiveItem, new: NewItem) -> Intent:
    """Return the intent of the update that brings `item`, which a create made, to the values in `new`."""
    return Intent(
        kind="update",
        ids=(item.id,),
        sort_orders={address: new.sort_order},
        fields={address: sent_values(all_leaves(new.fields), (), new.fields, item.fields)},
    )


def _sort_order_sent(change: Change, unconfirmed: Mapping[Address, UnconfirmedCreate]) -> float:
    create = unconfirmed.get(change.address)
    return create.sort_order if create else planned_sort_order(change)
