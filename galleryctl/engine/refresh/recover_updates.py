"""Recover the updates of an interrupted run whose answers were lost: compare what was sent with what the site shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.answers import recovered_bases
from galleryctl.plan.ordering.floats import stored_format
from galleryctl.state.journal_records import Intent


def recover_updates(bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """Return `bindings` with the last applied values of the resources that a pending intent updated."""
    live: dict[str, LiveGallery | LiveItem] = {}
    for gallery in galleries:
        live[gallery.id] = gallery
        live.update((item.id, item) for item in gallery.items or ())
    records = dict(bindings.records)
    for intent in pending:
        for address in {*intent.fields, *intent.sort_orders} if intent.kind == "update" else ():
            resource = live.get(bindings.ids.get(address, ""))
            if resource is not None and resource.id in intent.ids:
                records[address] = _updated(address, intent, records.get(address, NEVER_APPLIED), resource)
    return replace(bindings, records=records)


def _updated(address: Address, intent: Intent, record: LastApplied, live: LiveGallery | LiveItem) -> LastApplied:
    """Return the record after an update whose answer was lost; an item at the sort order that was sent was moved by us."""
    moved_to = intent.sort_orders.get(address)
    if moved_to is not None and stored_format(moved_to, live.sort_order) is not None:
        record = replace(record, sort_order=live.sort_order)
    sent = intent.fields.get(address, {})
    return replace(record, fields=recovered_bases(record.fields, sent, live.fields)) if sent else record
