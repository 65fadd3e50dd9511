"""The live items that no entry of a manifest means: ours from before, or never ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, UnmanagedPolicy
from galleryctl.model.live import LiveItem
from galleryctl.plan.changes import Change, MatchedBy, Notice
from galleryctl.plan.matching.match import ItemMatch
from galleryctl.plan.resources import delete_item_change, live_title

NO_LONGER_DECLARED = "no manifest names it any more"
_DEPOSED_REASON = "its replacement is made, it was still to be deleted"
_UNMANAGED_REASON = "no manifest names it, and the gallery says unmanaged: delete"
_INVALID_KEY_CHARACTER = re.compile(r"[^A-Za-z0-9._-]")


def delete_orphaned(
    live_items: Sequence[LiveItem], matches: Mapping[Address, ItemMatch], state: Bindings
) -> Iterator[Change]:
    """Deletes of what state knows and no entry means; `bindings` are those of the gallery."""
    used = {pair.live.id for pair in matches.values()}
    owners = {id_: address for address, id_ in state.ids.items()}
    for item in live_items:
        if item.id in used:
            continue
        if address := state.deposed.get(item.id):
            yield delete_item_change(address, item, matched_by=MatchedBy.JOURNAL, reason=_DEPOSED_REASON)
        elif address := owners.get(item.id):
            yield delete_item_change(address, item, matched_by=MatchedBy.STATE, reason=NO_LONGER_DECLARED)


def unmanaged_items(
    live_items: Sequence[LiveItem], matches: Mapping[Address, ItemMatch], state: Bindings
) -> list[LiveItem]:
    """The items that were never ours; `bindings` are those of the gallery."""
    known = {pair.live.id for pair in matches.values()} | set(state.ids.values()) | state.deposed.keys()
    return [item for item in live_items if item.id not in known]


def prune_unmanaged(desired: DesiredGallery, items: Sequence[LiveItem]) -> Iterator[Change]:
    """Deletes of the strangers, where the manifest asks for that."""
    if desired.unmanaged is UnmanagedPolicy.DELETE:
        for item in items:
            yield delete_item_change(
                unmanaged_address(desired.address, item), item, matched_by=MatchedBy.NONE, reason=_UNMANAGED_REASON
            )


def report_unmanaged(desired: DesiredGallery, items: Sequence[LiveItem]) -> Iterator[Notice]:
    """What there is to say of the strangers, where the manifest asks for that."""
    if desired.unmanaged is UnmanagedPolicy.REPORT:
        for item in items:
            message = f"no manifest names this {item.kind}: {live_title(item) or 'untitled'} (id {item.id})"
            yield Notice(address=desired.address, message=message)


def unmanaged_address(gallery: Address, item: LiveItem) -> Address:
    """What a plan calls an item that was never ours: by its id, in the form of a key."""
    return Address(gallery.gallery, _INVALID_KEY_CHARACTER.sub("-", f"unmanaged.{item.id}")[:100])
