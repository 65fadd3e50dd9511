"""State as a JSON document; `schemas/state.schema.json` describes it.

Keys are sorted and every binding has its own lines, so that a state kept in git has readable diffs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError

_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The state of one site, as earlier runs recorded it.

    `lineage` identifies the history of a state, "" until it is first written; `serial` counts its versions.
    """

    site_id: str
    bindings: Bindings = field(default_factory=Bindings)
    lineage: str = ""
    serial: int = 0

    @classmethod
    def new(cls, site_id: str) -> State:
        """Return the empty state of a site. It is always equal, so a plan made from it stays valid."""
        return cls(site_id=site_id)

    def next_version(self, bindings: Bindings) -> State:
        """Return the next version, with `bindings`; the first one starts a lineage."""
        lineage = self.lineage or str(uuid.uuid4())
        return replace(self, bindings=bindings, lineage=lineage, serial=self.serial + 1)


def encode_state(state: State) -> dict[str, Any]:
    """Return `state` as a JSON object with its keys in a fixed order; `decode_state` is the inverse."""
    bindings = state.bindings
    galleries: dict[str, dict[str, Any]] = {}
    for address in sorted(bindings.ids.keys() | bindings.protected):
        gallery = galleries.setdefault(address.gallery, _entry(bindings, address.parent) | {"items": {}})
        if address.item is not None:
            gallery["items"][address.item] = _entry(bindings, address)
    return {
        "version": _FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "site_id": state.site_id,
        "galleries": galleries,
        "media": dict(sorted(bindings.media.items())),
        "deposed": {id_: str(bindings.deposed[id_]) for id_ in sorted(bindings.deposed)},
    }


def _entry(bindings: Bindings, address: Address) -> dict[str, Any]:
    return {"id": bindings.ids.get(address), "protect": address in bindings.protected}


class CorruptStateError(StateError):
    """Stored content that is not a valid state; `galleryctl state rebuild` replaces it."""


def decode_state(document: object, *, where: object = None, do: str = "") -> State:
    """Return the state in `document`.

    Raises CorruptStateError with the invalid member and the advice `do`, by default a rebuild; StateError for a newer
    version.
    """
    try:
        return _parse_state(document)
    except _NewerVersionError as error:
        raise StateError(str(error), where=where, do="upgrade galleryctl; this version changes nothing") from None
    except ValueError as error:
        raise CorruptStateError(
            "this is not a galleryctl state",
            where=where,
            why=str(error),
            do=do or "rebuild it from the site: galleryctl state rebuild",
        ) from error


class _NewerVersionError(ValueError):
    """The document has a version that only a later galleryctl reads."""


def _parse_state(document: object) -> State:
    version = document.get("version") if isinstance(document, Mapping) else None
    if isinstance(version, int) and version > _FORMAT_VERSION:
        raise _NewerVersionError(
            f"unsupported state version {version}, written by a newer galleryctl; this one reads {_FORMAT_VERSION}"
        )
    part = _require_members(document, "", ("version", "lineage", "serial", "site_id", "galleries", "media", "deposed"))
    if version != _FORMAT_VERSION or isinstance(version, bool):
        raise ValueError(f"version is {version!r}, not {_FORMAT_VERSION}")
    ids: dict[Address, str] = {}
    protected: set[Address] = set()
    for address, path, entry in _iter_entries(part["galleries"]):
        if entry["id"] is not None:
            ids[address] = _require_string(entry["id"], f"{path}.id")
        if _require_boolean(entry["protect"], f"{path}.protect"):
            protected.add(address)
    return State(
        site_id=_require_string(part["site_id"], "site_id"),
        lineage=_require_string(part["lineage"], "lineage"),
        serial=_require_integer(part["serial"], "serial"),
        bindings=Bindings(
            ids=ids,
            media={k: _require_string(v, f"media.{k}") for k, v in _require_object(part["media"], "media").items()},
            protected=frozenset(protected),
            deposed={
                k: Address.parse(_require_string(v, f"deposed.{k}"))
                for k, v in _require_object(part["deposed"], "deposed").items()
            },
        ),
    )


def _iter_entries(galleries: object) -> Iterable[tuple[Address, str, Mapping[str, object]]]:
    """Yield the address, document path and members of each gallery and item."""
    for key, value in _require_object(galleries, "galleries").items():
        path = f"galleries.{key}"
        gallery = _require_members(value, path, ("id", "protect", "items"))
        yield Address.parse(key), path, gallery
        for item_key, item_value in _require_object(gallery["items"], f"{path}.items").items():
            item_path = f"{path}.items.{item_key}"
            item = _require_members(item_value, item_path, ("id", "protect"))
            yield Address.parse(f"{key}/{item_key}"), item_path, item


def _require_members(value: object, path: str, names: tuple[str, ...]) -> Mapping[str, object]:
    """Return `value` if it is an object with exactly the members `names`."""
    members = _require_object(value, path)
    missing = [name for name in names if name not in members]
    unknown = [name for name in members if name not in names]
    if missing or unknown:
        problem = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(unknown)}"
        raise ValueError(f"{path or 'the document'}: {problem}")
    return members


def _require_object(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{path or 'the document'} is not an object")  # noqa: TRY004 - reported as StateError
    return value


def _require_string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{path} is not a string")  # noqa: TRY004 - reported as StateError
    return value


def _require_integer(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{path} is not a non-negative integer")
    return value


def _require_boolean(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{path} is not true or false")  # noqa: TRY004 - reported as StateError
    return value
