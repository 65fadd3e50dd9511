"""Recognize items of ours under a new key: the old key is gone from the manifest, and the content is the same.

    state {a: 1}, the manifest declares b with the content of 1     b is 1, as with `moved: [{from: a, to: b}]`

The content is compared with what was sent, and with what the site shows. Without a record of what was sent, a text may
be one that the site stores in another form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename, splitext

from galleryctl.model.address import Address, key_from_text
from galleryctl.model.desired import DesiredItem
from galleryctl.model.last_applied import NEVER_APPLIED, value_digest
from galleryctl.model.live import LiveItem
from galleryctl.model.media import LocalFile, MediaFile
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.identity.evidence import Evidence, desired_evidence, live_evidence, loose_text, media_digest
from galleryctl.plan.identity.items import KnownItems
from galleryctl.plan.identity.pairing import pair_by_evidence


def find_renamed(known: KnownItems, files: Mapping[str, MediaFile]) -> Mapping[Address, LiveItem]:
    """Return the live item of each unmatched entry that has a new key; `files` are descriptors by id.

    A protected item is recognized only if its old key was made from the name of the file that the entry shows.
    """
    declared = {item.address for item in known.desired.items}
    owners = {id_: address for address, id_ in known.state.ids.items() if address.item and address not in declared}
    orphans = [item for item in known.unclaimed if item.id in owners] if owners else []
    undecided = {refusal.address for refusal in known.refusals} | known.gone_adopted.keys()
    entries = [item for item in known.unmatched if item.address not in undecided]
    if not orphans or not entries:
        return {}

    def evidence_of_live(item: LiveItem) -> Iterator[Evidence]:
        yield from live_evidence(item, files)
        path = "html" if item.media is None else MEDIA_PATH
        if base := known.state.records.get(owners[item.id], NEVER_APPLIED).fields.get(path):
            yield ("sent", base.sent)
        else:
            yield from loose_text(item)

    def evidence_of_desired(item: DesiredItem) -> Iterator[Evidence]:
        yield from desired_evidence(item, known.state.media)
        sent = value_digest(item.fields.get("html")) if item.media is None else media_digest(item.media)
        yield ("sent", sent)
        yield from loose_text(item)

    by_key = {owners[item.id]: item for item in orphans}
    found: dict[Address, LiveItem] = {}
    for item in entries:
        live = by_key.get(_address_by_file_name(item))
        if live is None or live.kind is not item.kind:
            continue
        if not set(evidence_of_live(live)).isdisjoint(evidence_of_desired(item)):
            found[item.address] = live
            del by_key[owners[live.id]]
    rest = [item for item in orphans if owners[item.id] in by_key and owners[item.id] not in known.state.protected]
    others = [item for item in entries if item.address not in found]
    return {**found, **pair_by_evidence(others, rest, evidence_of_desired, evidence_of_live)}


def _address_by_file_name(item: DesiredItem) -> Address:
    """Return the address that the entry has without a key of its own; its own address if it shows no local file."""
    if not isinstance(item.media, LocalFile):
        return item.address
    return Address(item.address.gallery, key_from_text(splitext(basename(item.media.path))[0]))
