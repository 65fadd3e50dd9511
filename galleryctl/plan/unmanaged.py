"""Live items without a manifest entry: orphaned items, which are in state, and unmanaged ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery, UnmanagedPolicy
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin
from galleryctl.model.live import LiveItem
from galleryctl.plan.changes import Cause, Change, MatchedBy, Notice
from galleryctl.plan.compare import changed_paths
from galleryctl.plan.identity.identify import GalleryItems
from galleryctl.plan.resources import delete_change, item_title

NO_LONGER_DECLARED = "no longer declared in a manifest"
_DEPOSED_REASON = "already replaced, still to be deleted"
_UNMANAGED_REASON = "unmanaged, and its gallery sets unmanaged: delete"
_INVALID_KEY_CHARACTER = re.compile(r"[^A-Za-z0-9._-]")


def delete_orphaned(identified: GalleryItems) -> Iterator[Change]:
    """Yield deletes of the orphaned, the deposed and the superseded items of a gallery."""
    matched = {match.live.id for match in identified.matches.values()}
    addresses = {id_: address for address, id_ in identified.state.ids.items()}
    orphaned: list[tuple[Address, LiveItem, LastApplied]] = []
    for item in identified.items:
        if item.id in matched or item.id in identified.kept:
            continue
        if address := identified.state.deposed.get(item.id):
            yield delete_change(address, item, matched_by=MatchedBy.JOURNAL, reason=_DEPOSED_REASON)
        elif address := identified.superseded.get(item.id):
            adopted = identified.matches[address].live.id
            yield delete_change(address, item, matched_by=MatchedBy.STATE, reason=f"replaced by {adopted}, see adopt:")
        elif address := addresses.get(item.id):
            record = identified.state.records.get(address, NEVER_APPLIED)
            orphaned.append((address, item, record))
    # Adopted items come first: a person made them.
    for address, item, record in sorted(orphaned, key=lambda each: each[2].origin is not Origin.ADOPTED):
        yield delete_change(address, item, matched_by=MatchedBy.STATE, reason=_orphan_reason(item, record))


def _orphan_reason(item: LiveItem, record: LastApplied) -> str:
    adopted = "adopted, and " if record.origin is Origin.ADOPTED else ""
    changed = list(changed_paths(item, record))
    drift = f"; changed on the site since the last apply: {', '.join(changed)}" if changed else ""
    return f"{adopted}{NO_LONGER_DECLARED}{drift}"


def prune_unmanaged(desired: DesiredGallery, identified: GalleryItems) -> Iterator[Change]:
    """Yield deletes of the unmanaged items, if the manifest sets `unmanaged: delete`.

    None is deleted while an item without a known id is held: it may be any of them.
    """
    if desired.unmanaged is UnmanagedPolicy.DELETE and not held_unknown(desired, identified):
        for item in identified.unmanaged:
            if item.id in identified.kept:
                continue
            address = unmanaged_address(desired.address, item)
            yield delete_change(address, item, matched_by=MatchedBy.NONE, reason=_UNMANAGED_REASON, cause=Cause.DRIFT)


def held_unknown(desired: DesiredGallery, identified: GalleryItems) -> list[Address]:
    """Return the held items that neither the state nor the site identifies."""
    return [
        item.address
        for item in desired.items
        if item.held is not None and item.address not in identified.matches and item.address not in identified.state.ids
    ]


def report_unmanaged(desired: DesiredGallery, identified: GalleryItems) -> Iterator[Notice]:
    """Yield notices of the unmanaged items, if the manifest sets `unmanaged: report`, or why they are not deleted."""
    held = held_unknown(desired, identified) if desired.unmanaged is UnmanagedPolicy.DELETE else []
    items = identified.unmanaged
    if held and items:
        message = f"unmanaged: delete deletes nothing while {held[0]} is held: an unmanaged item may be its own"
        yield Notice(address=desired.address, message=message)
    if desired.unmanaged is UnmanagedPolicy.REPORT:
        for item in items:
            message = f"unmanaged {item.kind}: {item_title(item) or 'untitled'} (id {item.id})"
            yield Notice(address=desired.address, message=message)


def unmanaged_address(gallery: Address, item: LiveItem) -> Address:
    """Return the address of an unmanaged item in a plan: its id as a valid key."""
    return Address(gallery.gallery, _INVALID_KEY_CHARACTER.sub("-", f"unmanaged.{item.id}")[:100])
