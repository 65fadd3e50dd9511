"""Parses the fields of a manifest entry into canonical values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.fields import FIELDS, FIELDS_BY_KIND, Field, Json, canonical
from galleryctl.model.media import Kind
from galleryctl.model.position import SourcePosition


class FieldValues(NamedTuple):
    """Field values of an entry, and their positions."""

    fields: dict[str, Json]
    positions: dict[str, SourcePosition]

    def with_fallback(self, base: FieldValues) -> FieldValues:
        """Return these fields, plus those of `base` that are not set here."""
        return FieldValues({**base.fields, **self.fields}, {**base.positions, **self.positions})

    def without(self, ignored: Iterable[str]) -> FieldValues:
        """Return these fields without the ignored ones."""
        dropped = frozenset(ignored)
        return FieldValues(
            {name: value for name, value in self.fields.items() if name not in dropped},
            {name: at for name, at in self.positions.items() if name not in dropped},
        )


NO_FIELDS = FieldValues({}, {})


def parse_fields(entry: YamlNode | None, kind: Kind, document: YamlDocument) -> FieldValues:
    """Return the entry's fields that apply to `kind`; fields of other kinds are left out."""
    values = FieldValues({}, {})
    if entry is None or not entry.parts:
        return values
    for field in FIELDS_BY_KIND[kind]:
        node = entry.parts.get(field.key)
        if node is not None and field.is_part:
            node = _part(node, field)
        if node is not None:
            values.fields[field.name] = canonical(field.name, normalize_structure(node.value))
            values.positions[field.name] = document.at(node)
    return values


def _part(node: YamlNode, field: Field) -> YamlNode | None:
    """Return the part of a mapping: `link: null` sets both parts to null, `link: URL` sets the URL only."""
    if node.parts is not None:
        return node.parts.get(field.name.partition(".")[2])
    return node if node.value is None or (isinstance(node.value, str) and field.name == "link.url") else None


def normalize_structure(value: Json) -> Json:
    """Return a value with lists as tuples, mappings without nulls, and None for an empty mapping."""
    if isinstance(value, Mapping):
        return {name: _freeze(part) for name, part in value.items() if part is not None} or None
    return _freeze(value)


def _freeze(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _freeze(part) for name, part in value.items()}
    if isinstance(value, list):
        return tuple(map(_freeze, value))
    return value


def ignored_fields(entry: YamlNode | None) -> frozenset[str]:
    """Return the fields listed in `ignore`; `link` expands to link.url and link.text."""
    node = entry.part("ignore") if entry else None
    names = {item.value for item in (node.items or ()) if isinstance(item.value, str)} if node else set()
    parts = {field.name: field.key for field in FIELDS if field.is_part and field.key in names}
    return frozenset((names - set(parts.values())) | parts.keys())


def get_bool(entry: YamlNode | None, name: str) -> bool | None:
    """Return the entry's boolean under a key, else None."""
    node = entry.part(name) if entry else None
    return node.value if node is not None and isinstance(node.value, bool) else None


def get_string(entry: YamlNode | None, name: str) -> str | None:
    """Return the entry's string under a key, else None."""
    node = entry.part(name) if entry else None
    return node.value if node is not None and isinstance(node.value, str) else None
