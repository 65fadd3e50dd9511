"""The last applied values of a resource that a create made whose answer was lost."""

from __future__ import annotations

from collections.abc import Sequence

from galleryctl.engine.refresh.lookup import item_media_digest
from galleryctl.model.address import Address
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, SentValue, value_digest
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.answers import recovered_bases
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.leaves import value_at
from galleryctl.plan.ordering.floats import stored_format
from galleryctl.state.journal_records import Intent


def recovered_record(
    address: Address, tries: Sequence[Intent], live: LiveItem | LiveGallery, origin: Origin
) -> LastApplied:
    """Return the last applied values of a found resource: a value that one of the tries sent is the answer to it.

    Without the fields of all tries, a value that only an earlier one sent would stay on the site for ever:

        first try description "a", second try none; the site shows "a"    ours, and cleared by the next plan
    """
    sent: dict[str, SentValue] = {}
    for intent in tries:
        for path, value in intent.fields.get(address, {}).items():
            earlier = sent.get(path)
            if earlier is None or earlier.sent != value_digest(value_at(live.fields, path)):
                sent[path] = value
    source = sent.pop(MEDIA_PATH, None)
    bases = dict(recovered_bases({}, sent, live.fields))
    if not isinstance(live, LiveItem):
        return LastApplied(origin=origin, fields=bases)
    if source is not None:
        bases[MEDIA_PATH] = _media_base(address, tries, item_media_digest(live), source)
    orders = [intent.sort_orders[address] for intent in tries if address in intent.sort_orders]
    is_moved = bool(orders) and all(stored_format(order, live.sort_order) is None for order in orders)
    return LastApplied(origin=origin, fields=bases, sort_order=orders[-1] if is_moved else live.sort_order)


def _media_base(address: Address, tries: Sequence[Intent], shown: str, last: SentValue) -> FieldBase:
    """Return the base of the media: the source of the try whose file the item shows, or doubt if it is another file."""
    for intent in reversed(tries):
        source = intent.fields.get(address, {}).get(MEDIA_PATH)
        if source is not None and address in intent.items and intent.items[address].media == shown:
            return FieldBase(sent=source.sent, answered=shown, wrote=True)
    return FieldBase(sent=last.sent, answered=last.before, doubt=True)
