"""Recover the updates of an interrupted run whose answers were lost: compare what was sent with what the site shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import NEVER_APPLIED
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.answers import recovered_bases
from galleryctl.state.journal_records import Intent


def recover_updates(bindings: Bindings, pending: Iterable[Intent], galleries: Iterable[LiveGallery]) -> Bindings:
    """Return `bindings` with the last applied values of the resources that a pending intent updated."""
    live: dict[str, LiveGallery | LiveItem] = {}
    for gallery in galleries:
        live[gallery.id] = gallery
        live.update((item.id, item) for item in gallery.items or ())
    records = dict(bindings.records)
    for intent in pending:
        for address, sent in intent.fields.items() if intent.kind == "update" else ():
            resource = live.get(bindings.ids.get(address, ""))
            if resource is not None and resource.id in intent.ids:
                record = records.get(address, NEVER_APPLIED)
                records[address] = replace(record, fields=recovered_bases(record.fields, sent, resource.fields))
    return replace(bindings, records=records)
