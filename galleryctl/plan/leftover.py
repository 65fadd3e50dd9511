"""The live items that no entry of a manifest means: ours from before, or never ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, UnmanagedPolicy
from galleryctl.model.live import LiveItem
from galleryctl.plan.changes import Basis, Change, Notice
from galleryctl.plan.match import ItemPair
from galleryctl.plan.resources import delete_item, live_title

NO_LONGER_NAMED = "no manifest names it any more"
_DEPOSED = "its replacement is made, it was still to be deleted"
_UNWANTED = "no manifest names it, and the gallery says unmanaged: delete"
_NO_KEY = re.compile(r"[^A-Za-z0-9._-]")


def ours(shown: Sequence[LiveItem], pairs: Mapping[Address, ItemPair], bindings: Bindings) -> Iterator[Change]:
    """Deletes of what state knows and no entry means; `bindings` are those of the gallery."""
    used = {pair.live.id for pair in pairs.values()}
    owners = {id_: address for address, id_ in bindings.ids.items()}
    for item in shown:
        if item.id in used:
            continue
        if address := bindings.deposed.get(item.id):
            yield delete_item(address, item, basis=Basis.JOURNAL, reason=_DEPOSED)
        elif address := owners.get(item.id):
            yield delete_item(address, item, basis=Basis.STATE, reason=NO_LONGER_NAMED)


def strangers(shown: Sequence[LiveItem], pairs: Mapping[Address, ItemPair], bindings: Bindings) -> list[LiveItem]:
    """The items that were never ours; `bindings` are those of the gallery."""
    known = {pair.live.id for pair in pairs.values()} | set(bindings.ids.values()) | bindings.deposed.keys()
    return [item for item in shown if item.id not in known]


def unwanted(wanted: DesiredGallery, items: Sequence[LiveItem]) -> Iterator[Change]:
    """Deletes of the strangers, where the manifest asks for that."""
    if wanted.unmanaged is UnmanagedPolicy.DELETE:
        for item in items:
            yield delete_item(stranger_address(wanted.address, item), item, basis=Basis.NONE, reason=_UNWANTED)


def reported(wanted: DesiredGallery, items: Sequence[LiveItem]) -> Iterator[Notice]:
    """What there is to say of the strangers, where the manifest asks for that."""
    if wanted.unmanaged is UnmanagedPolicy.REPORT:
        for item in items:
            message = f"no manifest names this {item.kind}: {live_title(item) or 'untitled'} (id {item.id})"
            yield Notice(address=wanted.address, message=message)


def stranger_address(gallery: Address, item: LiveItem) -> Address:
    """What a plan calls an item that was never ours: by its id, in the form of a key."""
    return Address(gallery.gallery, _NO_KEY.sub("-", f"unmanaged.{item.id}")[:100])
