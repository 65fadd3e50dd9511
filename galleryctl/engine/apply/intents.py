"""What the journal records before a step, so that a later run can find out whether it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from galleryctl.engine.apply.payloads import live_id, new_item, planned_sort_order
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.refresh.recover import UnconfirmedCreate, content_markers
from galleryctl.model.address import Address
from galleryctl.plan.changes import Change
from galleryctl.plan.steps import (
    CreateGallery,
    CreateItem,
    DeleteGallery,
    DeleteItems,
    Step,
    UpdateGallery,
    UpdateItem,
    Upload,
)
from galleryctl.state.journal_records import Intent


def intent_of(step: Step, state: WorkingState, unconfirmed: Mapping[Address, UnconfirmedCreate]) -> Intent:
    """Return the intent of `step`; its `at` is left to the caller.

    A create in `lost` was perhaps sent by an earlier run: it is sent with its old sort order again, and the intent has
    that one. Raises StaleError when a new item shows a file that is gone.
    """
    match step.action:
        case Upload(source=source):
            return Intent(kind="upload", source=source.source)
        case CreateGallery(change=change, items=items):
            orders = {item.address: planned_sort_order(item) for item in items}
            sent = _sort_order_sent(change, unconfirmed)
            return Intent(kind="create-gallery", sort_orders={change.address: sent, **orders})
        case CreateItem(change=change):
            new = new_item(change, state)
            return Intent(
                kind="create-item",
                gallery_id=state.gallery_id(change.address),
                sort_orders={change.address: _sort_order_sent(change, unconfirmed)},
                markers={change.address: content_markers(new.kind, new.file, new.fields)},
            )
        case UpdateGallery(change=change) | UpdateItem(change=change):
            return Intent(kind="update", ids=(live_id(change),))
        case DeleteItems(changes=changes):
            return Intent(kind="delete", ids=tuple(map(live_id, changes)))
        case DeleteGallery(change=change):
            return Intent(kind="delete", ids=(live_id(change),))
        case _:
            assert_never(step.action)


def _sort_order_sent(change: Change, unconfirmed: Mapping[Address, UnconfirmedCreate]) -> float:
    create = unconfirmed.get(change.address)
    return create.sort_order if create else planned_sort_order(change)
