"""Recognize items of ours under a new key: the old key is gone from the manifest, and the content is the same.

    state {a: 1}, the manifest declares b with the content of 1     b is 1, as with `moved: [{from: a, to: b}]`

The content is compared with what was sent, and with what the site shows. Without a record of what was sent, a text may
be one that the site stores in another form. The content of an item that is held is known only if a pointer of git has its
digest. Otherwise it is recognized by its old key alone, if the name of its file makes that key by another rule.

    state {IMG_1: 1}, photos a/IMG_1.jpg and b/IMG_1.jpg, which is held     by content a-IMG_1 is 1, otherwise b-IMG_1 is
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename
from urllib.parse import unquote, urlsplit

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.file_keys import other_keys_of_file
from galleryctl.model.last_applied import NEVER_APPLIED, value_digest
from galleryctl.model.live import LiveItem
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.identity.evidence import (
    Evidence,
    desired_evidence,
    former_media_digests,
    live_evidence,
    loose_text,
    media_digest,
)
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
        if item.held is not None:
            yield ("sent", value_digest(item.held.source))
            return
        sent = value_digest(item.fields.get("html")) if item.media is None else media_digest(item.media)
        yield from (("sent", digest) for digest in (sent, *former_media_digests(item.media)))
        yield from loose_text(item)

    by_key = {owners[item.id]: item for item in orphans}
    found: dict[Address, LiveItem] = {}
    known_content = [item for item in entries if item.held is None or item.held.source]
    for item in known_content:
        for address in _other_addresses(item):
            live = by_key.get(address)
            if live is None or live.kind is not item.kind:
                continue
            if not set(evidence_of_live(live)).isdisjoint(evidence_of_desired(item)):
                found[item.address] = by_key.pop(address)
                break
    rest = [item for item in orphans if owners[item.id] in by_key and owners[item.id] not in known.state.protected]
    others = [item for item in known_content if item.address not in found]
    found |= pair_by_evidence(others, rest, evidence_of_desired, evidence_of_live)
    used = {item.id for item in found.values()}
    left = {address: item for address, item in by_key.items() if item.id not in used}
    held = [item for item in entries if item.held is not None and item.address not in found]
    return {**found, **_held_by_key(held, left)}


def _held_by_key(held: list[DesiredItem], orphans: Mapping[Address, LiveItem]) -> Mapping[Address, LiveItem]:
    """Return the live item of each held entry whose file has made its key by another rule."""
    left = dict(orphans)
    found: dict[Address, LiveItem] = {}
    for item in held:
        address = next((a for a in _other_addresses(item) if a in left and left[a].kind is item.kind), None)
        if address is not None:
            found[item.address] = left.pop(address)
    return found


def _other_addresses(item: DesiredItem) -> Iterator[Address]:
    """Yield the addresses that the name of the item's file gives it by any rule."""
    return (Address(item.address.gallery, key) for key in other_keys_of_file(_file_of(item)))


def _file_of(item: DesiredItem) -> str:
    """Return the path of the item's file in the workspace, or the name of a file elsewhere; "" for other media."""
    match item.media:
        case LocalFile(path=path):
            return path
        case WixFile(id=id_, filename=name):
            return basename(name or id_)
        case RemoteFile(url=url):
            return basename(unquote(urlsplit(url).path).rstrip("/"))
        case _:
            return item.held.path if item.held else ""
