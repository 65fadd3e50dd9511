"""State as a JSON document; `schemas/state.schema.json` describes it.

Keys are sorted and every binding has lines of its own, so that a state kept in git shows in a diff what changed.
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
    """What earlier runs learnt about one site, and which version of that knowledge this is.

    `lineage` names the history that a state belongs to, "" until it is first written; `serial` counts its versions.
    """

    site_id: str
    bindings: Bindings = field(default_factory=Bindings)
    lineage: str = ""
    serial: int = 0

    @classmethod
    def new(cls, site_id: str) -> State:
        """The state of a site that nothing is known about. Always the same, so that a plan made from it stays valid."""
        return cls(site_id=site_id)

    def next_version(self, bindings: Bindings) -> State:
        """The next version, which knows `bindings`; the first one begins a lineage."""
        lineage = self.lineage or str(uuid.uuid4())
        return replace(self, bindings=bindings, lineage=lineage, serial=self.serial + 1)


def encode_state(state: State) -> dict[str, Any]:
    """`state` as JSON, its keys in a fixed order; `decode` is the inverse."""
    bindings = state.bindings
    known = sorted(bindings.ids.keys() | bindings.protected, key=lambda a: (a.gallery, a.item or ""))
    galleries: dict[str, dict[str, Any]] = {}
    for address in known:
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
    """What was read is no state; `galleryctl state rebuild` replaces it. A state out of reach is not that."""


def decode_state(document: object, *, where: object = None, do: str = "") -> State:
    """The state that `document` holds.

    Raises BrokenStateError for anything else, StateError for one of a newer version, naming `where`, the member that is
    wrong, and what to do: `do`, or a rebuild.
    """
    try:
        return _parse_state(document)
    except _NewerVersionError as error:
        raise StateError(str(error), where=where, do="upgrade galleryctl; this one leaves the state alone") from None
    except ValueError as error:
        raise CorruptStateError(
            "this is no galleryctl state",
            where=where,
            why=str(error),
            do=do or "make it anew from the site: galleryctl state rebuild",
        ) from error


class _NewerVersionError(ValueError):
    """The document is of a version that only a later galleryctl knows."""


def _parse_state(document: object) -> State:
    version = document.get("version") if isinstance(document, Mapping) else None
    if isinstance(version, int) and version > _FORMAT_VERSION:
        raise _NewerVersionError(
            f"the state has version {version}, written by a newer galleryctl; this one reads {_FORMAT_VERSION}"
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
    """Each gallery and item: its address, its path in the document, its members."""
    for key, value in _require_object(galleries, "galleries").items():
        path = f"galleries.{key}"
        gallery = _require_members(value, path, ("id", "protect", "items"))
        yield Address.parse(key), path, gallery
        for item_key, item_value in _require_object(gallery["items"], f"{path}.items").items():
            item_path = f"{path}.items.{item_key}"
            yield (
                Address.parse(f"{key}/{item_key}"),
                item_path,
                _require_members(item_value, item_path, ("id", "protect")),
            )


def _require_members(value: object, path: str, names: tuple[str, ...]) -> Mapping[str, object]:
    """An object with exactly the members `names`."""
    found = _require_object(value, path)
    missing = [name for name in names if name not in found]
    unknown = [name for name in found if name not in names]
    if missing or unknown:
        problem = f"{', '.join(missing)} missing" if missing else f"{', '.join(unknown)} not known"
        raise ValueError(f"{path or 'the document'}: {problem}")
    return found


def _require_object(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{path or 'the document'} is no object")  # noqa: TRY004 - told as StateError
    return value


def _require_string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{path} is no string")  # noqa: TRY004 - told as StateError
    return value


def _require_integer(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{path} is no whole number from 0")
    return value


def _require_boolean(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{path} is neither true nor false")  # noqa: TRY004 - told as StateError
    return value
