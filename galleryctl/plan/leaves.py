r"""The leaves of structured values, each with a path: a base in state, and a line in a plan, for each.

    focal_point: {x: 0.5, y: 0.2}     →   focal_point.x 0.5, focal_point.y 0.2
    exif: {lens: {mm: 50}}            →   exif.lens.mm 50
    focal_point: null                 →   focal_point null: the structure as a whole
    tags, title, link.url             →   one leaf each, with the name of the field

A dot within a member's name is written as `\.` in a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.fields import FIELD_BY_NAME, Json, canonical

_DOT = re.compile(r"(?<!\\)\.")


def leaves_of(name: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield the path and the value of each leaf of a field; an empty structure has none."""
    if isinstance(value, Mapping):
        for member, part in value.items():
            yield from leaves_of(f"{name}.{member.replace('.', chr(92) + '.')}", part)
    else:
        yield name, value


def all_leaves(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the leaves of all fields: path → value."""
    leaves: dict[str, Json] = {}
    for name, value in fields.items():
        if type(value) is str or type(value) is tuple:  # the most frequent ones
            leaves[name] = value
        else:
            leaves.update(leaves_of(name, value))
    return leaves


def field_of(path: str) -> str:
    """Return the name of the field that a path leads into: `link.url` is a field, `focal_point.x` is a leaf of one."""
    return path if path in FIELD_BY_NAME else _DOT.split(path, maxsplit=1)[0]


def value_at(fields: Mapping[str, Json], path: str) -> Json:
    """Return the canonical value at a path, None if there is none; a structure without any value is None."""
    name = field_of(path)
    value = fields.get(name)
    if type(value) is str and path == name:
        return value  # the most frequent case
    value = canonical(name, value)
    if path != name:
        for member in _DOT.split(path[len(name) + 1 :]):
            value = value.get(member.replace("\\.", ".")) if isinstance(value, Mapping) else None
    return None if isinstance(value, Mapping) and _has_no_value(value) else value


def without_leaf(value: Json, path: str) -> Json:
    """Return a structure with the leaf at `path`, relative to it, set to null; None if nothing else has a value."""
    return with_leaf(value, path, None)


def with_leaf(value: Json, path: str, leaf: Json) -> Json:
    """Return a structure with another leaf at `path`, relative to it; None if nothing has a value."""
    head, *rest = _DOT.split(path, maxsplit=1)
    member = head.replace("\\.", ".")
    if not isinstance(value, Mapping):
        return value
    part = with_leaf(value.get(member), rest[0], leaf) if rest else leaf
    changed = {**value, member: part}
    return None if _has_no_value(changed) else changed


def with_leaves(name: str, value: Json, leaves: Mapping[str, Json]) -> Json:
    """Return the value of a structure with other leaves, by their paths; None if nothing has a value."""
    # Those with a value first: a structure in which nothing has a value in between would be None.
    for path in sorted(leaves, key=lambda path: (leaves[path] is None, path)):
        value = with_leaf(value, path[len(name) + 1 :], leaves[path])
    return value


def without_path(fields: Mapping[str, Json], path: str) -> dict[str, Json]:
    """Return the fields without the leaf at `path`; a structure that has no other leaf is left out."""
    name = field_of(path)
    others = {other: value for other, value in fields.items() if other != name}
    if path == name or name not in fields:
        return others
    rest = _without_member(fields[name], _DOT.split(path[len(name) + 1 :]))
    return {other: rest if other == name else value for other, value in fields.items()} if rest else others


def _without_member(value: Json, members: Sequence[str]) -> Json:
    if not isinstance(value, Mapping):
        return value
    head, *rest = members
    part = _without_member(value.get(head.replace("\\.", ".")), rest) if rest else None
    kept = {name: each for name, each in value.items() if name != head.replace("\\.", ".")}
    return {**kept, head.replace("\\.", "."): part} if part else kept


def shows_leaf(shown: str, path: str) -> bool:
    """Return True if a path that a plan displays, such as `tags.sea`, is the leaf at `path` or a part of it."""
    leaf = path.replace("\\.", ".")
    return shown == leaf or shown.startswith(f"{leaf}.")


def _has_no_value(value: Json) -> bool:
    return value is None or (isinstance(value, Mapping) and all(map(_has_no_value, value.values())))
