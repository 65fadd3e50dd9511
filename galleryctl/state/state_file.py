"""State as a JSON document; `schemas/state.schema.json` describes it.

Keys are sorted and every binding has its own lines, so that two versions have a readable diff.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from galleryctl.model import json_document as doc
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import LastApplied, SortOrderFormat
from galleryctl.model.last_applied_codec import LAST_APPLIED_READERS, encode_last_applied

_FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The state of one site, as earlier runs recorded it.

    `lineage` identifies the history of a state, "" until it is first written; `serial` counts its versions.
    """

    site_id: str
    bindings: Bindings = field(default_factory=Bindings)
    lineage: str = ""
    serial: int = 0
    api_host: str = ""
    """The host of the API that serves the site, "" for the vendor's."""

    @classmethod
    def new(cls, site_id: str) -> State:
        """Return the empty state of a site. It is always equal, so a plan made from it stays valid."""
        return cls(site_id=site_id)

    def next_version(self, bindings: Bindings) -> State:
        """Return the next version, with `bindings`; the first one starts a lineage."""
        lineage = self.lineage or str(uuid.uuid4())
        return replace(self, bindings=bindings.with_current_releases(), lineage=lineage, serial=self.serial + 1)


def encode_state(state: State) -> dict[str, Any]:
    """Return `state` as a JSON object with its keys in a fixed order; `decode_state` is the inverse."""
    bindings = state.bindings
    galleries: dict[str, dict[str, Any]] = {}
    for address in sorted(bindings.ids.keys() | bindings.protected):
        gallery = galleries.setdefault(address.gallery, _entry(bindings, address.parent) | {"items": {}})
        if address.item is None:
            if format_ := bindings.sort_order_formats.get(address):
                gallery["sort_order_format"] = format_.value
        else:
            gallery["items"][address.item] = _entry(bindings, address)
    return {
        "version": _FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "site_id": state.site_id,
        **({"api_host": state.api_host} if state.api_host else {}),
        "galleries": galleries,
        "media": dict(sorted(bindings.media.items())),
        "deposed": {id_: str(bindings.deposed[id_]) for id_ in sorted(bindings.deposed)},
        "released": {str(address): bindings.released[address] for address in sorted(bindings.released)},
        "approvals": sorted(bindings.approvals),
    }


def _entry(bindings: Bindings, address: Address) -> dict[str, Any]:
    members: dict[str, Any] = {"id": bindings.ids.get(address)}
    if address in bindings.protected:
        members["protect"] = True
    if record := bindings.records.get(address):
        members |= encode_last_applied(record)
    return members


class CorruptStateError(StateError):
    """Stored content that is not a valid state; `galleryctl state rebuild` replaces it."""


def decode_state(document: Json, *, where: object = None, do: str = "") -> State:
    """Return the state in `document`.

    Raises CorruptStateError with the invalid member and the advice `do`, by default a rebuild; StateError for a newer
    version.
    """
    try:
        return _read_document(document)
    except ValueError as error:
        if isinstance(error, doc.UnsupportedVersionError) and error.version > _FORMAT_VERSION:
            why = f"unsupported state version {error.version}, written by a newer galleryctl; this one reads {_FORMAT_VERSION}"
            raise StateError(why, where=where, do="upgrade galleryctl; this version changes nothing") from None
        raise CorruptStateError(
            "this is not a galleryctl state",
            where=where,
            why=str(error),
            do=do or "rebuild it from the site: " + command_line("state", "rebuild"),
        ) from error


class _Entry(NamedTuple):
    """A gallery or an item in the document."""

    id: str | None
    protect: bool = False
    record: LastApplied | None = None
    items: Mapping[str, _Entry] = MappingProxyType({})
    sort_order_format: SortOrderFormat | None = None


def _build_state(
    *,
    site_id: str,
    lineage: str,
    serial: int,
    galleries: Mapping[str, _Entry],
    media: dict[str, str],
    deposed: dict[str, Address],
    released: Mapping[Address, str | None] = MappingProxyType({}),
    approvals: tuple[str, ...] = (),
    api_host: str = "",
) -> State:
    entries = {Address(key): gallery for key, gallery in galleries.items()} | {
        Address(key, item_key): item for key, gallery in galleries.items() for item_key, item in gallery.items.items()
    }
    bindings = Bindings(
        ids={address: entry.id for address, entry in entries.items() if entry.id is not None},
        media=media,
        protected=frozenset(address for address, entry in entries.items() if entry.protect),
        deposed=deposed,
        records={address: entry.record for address, entry in entries.items() if entry.record is not None},
        released=dict(released),
        sort_order_formats={
            Address(key): gallery.sort_order_format
            for key, gallery in galleries.items()
            if gallery.sort_order_format is not None
        },
        approvals=frozenset(approvals),
    )
    return State(site_id=site_id, lineage=lineage, serial=serial, bindings=bindings, api_host=api_host)


def _build_entry(
    *,
    id: str | None,  # noqa: A002 - the member's name
    protect: bool = False,
    items: Mapping[str, _Entry] = MappingProxyType({}),
    sort_order_format: SortOrderFormat | None = None,
    **record: Any,
) -> _Entry:
    return _Entry(
        id=id,
        protect=protect,
        record=LastApplied(**record) if record else None,
        items=items,
        sort_order_format=sort_order_format,
    )


_read_id = doc.optional(doc.utf8_string)
_read_item = doc.record(_build_entry, {"protect": doc.boolean, **LAST_APPLIED_READERS}, id=_read_id)
_read_gallery = doc.record(
    _build_entry,
    {
        "protect": doc.boolean,
        "sort_order_format": doc.one_of(SortOrderFormat),
        **LAST_APPLIED_READERS,
    },
    id=_read_id,
    items=doc.mapping(doc.key, _read_item),
)
_read_item_1 = doc.record(_Entry, id=_read_id, protect=doc.boolean)
_read_gallery_1 = doc.record(_Entry, id=_read_id, protect=doc.boolean, items=doc.mapping(doc.key, _read_item_1))
_HEADER: Mapping[str, doc.Reader[Any]] = {"lineage": doc.utf8_string, "serial": doc.integer, "site_id": doc.utf8_string}
_TABLES: Mapping[str, doc.Reader[Any]] = {
    "media": doc.mapping(doc.utf8_string, doc.utf8_string),
    "deposed": doc.mapping(doc.utf8_string, doc.address),
}
_read_document = doc.versioned(
    "version",
    {
        1: doc.record(_build_state, galleries=doc.mapping(doc.key, _read_gallery_1), **_HEADER, **_TABLES),
        _FORMAT_VERSION: doc.record(
            _build_state,
            {"api_host": doc.utf8_string},
            galleries=doc.mapping(doc.key, _read_gallery),
            released=doc.mapping(doc.address, _read_id),
            approvals=doc.array(doc.utf8_string),
            **_HEADER,
            **_TABLES,
        ),
    },
)
"""Format 1 has no last applied values; the next write of the state upgrades it."""
