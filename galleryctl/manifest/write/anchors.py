"""Write the values of aliases out, where an edit would part an alias from its anchor or change both.

- {key: cake, title: &t Cake, text: <p>1</p>}        - {key: cake, title: Cake, text: <p>1</p>}
- {key: tart, title: *t, text: <p>2</p>}  # by Ada →  - {key: tart, title: Cake, text: <p>2</p>}  # by Ada
- <<: *base                                           - title: Cake
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.dump import inline_key, inline_source

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_KEY = "<<"
_PLAIN_ANYWHERE = re.compile(r"[^,\[\]{}#\n]+\Z")
"""A plain text that is the same value between brackets."""


def anchor_names(text: str) -> Sequence[str]:
    """Return the names of the anchors of a YAML text, each once. `text` must be valid."""
    return tuple(dict.fromkeys(value.anchor for value in _all_values(_read(text)) if value.anchor))


def without_anchors(text: str, names: Collection[str]) -> str:
    """Return the text without these anchors, and with their values in place of their aliases; comments stay.

    `text` must be valid YAML.
    """
    masked, root = variables.mask(text), _read(text)
    edits = [*_edits(masked, root, frozenset(names))] if root else []
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(edits):
        parts += [masked[done:start], new]
        done = end
    return variables.unmask("".join((*parts, masked[done:])))


@dataclass(slots=True, kw_only=True)
class _Value:
    """A value with its offsets; `target` is that of an alias."""

    start: int
    end: int
    anchor: str = ""
    scalar: str | None = None
    style: str = ""
    is_flow: bool = False
    members: list[tuple[_Value, _Value]] | None = None
    elements: list[_Value] | None = None
    target: _Value | None = None
    alias: str = ""
    children: list[_Value] = field(default_factory=list)
    """Of a collection, all keys and values."""


def _read(text: str) -> _Value | None:
    loader, root = _LOADER(variables.mask(text)), None
    anchors: dict[str, _Value] = {}
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.NodeEvent):
                root = _read_value(loader, event, anchors)
    finally:
        loader.dispose()
    return root


def _read_value(loader: Any, event: Any, anchors: dict[str, _Value]) -> _Value:
    value, name = _Value(start=event.start_mark.index, end=event.end_mark.index), str(event.anchor or "")
    if isinstance(event, yaml.AliasEvent):
        value.alias, value.target = name, anchors[name]
        return value
    value.anchor = name
    if value.anchor:
        anchors[value.anchor] = value
    if isinstance(event, yaml.ScalarEvent):
        value.scalar, value.style = event.value, event.style or ""
        return value
    value.is_flow = bool(event.flow_style)
    while True:
        following: Any = loader.get_event()
        value.end = following.end_mark.index
        if isinstance(following, yaml.CollectionEndEvent):
            break
        value.children.append(_read_value(loader, following, anchors))
    if isinstance(event, yaml.MappingStartEvent):
        value.members = list(zip(value.children[::2], value.children[1::2], strict=True))
    else:
        value.elements = value.children
    return value


def _all_values(value: _Value | None) -> Iterator[_Value]:
    if value:
        yield value
        for child in value.children:
            yield from _all_values(child)


def _edits(text: str, value: _Value, names: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the offsets and new texts that write out the aliases in a value."""
    if value.anchor in names:
        found = re.compile(rf"&{re.escape(value.anchor)}(?:[ ]+(?=\S)|(?=\s))").search(text, value.start)
        if found:
            blank = 1 if text[found.end()] == "\n" and text[found.start() - 1] == " " else 0
            yield found.start() - blank, found.end(), ""
    if value.target is not None:
        if value.alias in names:
            yield value.start, value.end, _text(text, value.target)
        return
    for key, part in value.members or ():
        if _is_merge(key) and not names.isdisjoint(_merged_names(part)):
            yield key.start, part.end, _merged_text(text, value, key, part)
        else:
            yield from _edits(text, key, names)
            yield from _edits(text, part, names)
    for element in value.elements or ():
        yield from _edits(text, element, names)


def _is_merge(key: _Value) -> bool:
    return key.scalar == _MERGE_KEY and not key.style


def _merged_names(part: _Value) -> Iterator[str]:
    for each in part.elements or (part,):
        yield each.alias


def _merged_text(text: str, mapping: _Value, merge: _Value, part: _Value) -> str:
    """Return the members that a merge key adds to a mapping, as they are written in its place.

    Without any, it is an empty text, which is not valid in every place.
    """
    own = {key.scalar for key, _ in mapping.members or () if not _is_merge(key)}
    added = {key: value for key, value in _merged_members(text, part).items() if key not in own}
    indent = merge.start - (text.rfind("\n", 0, merge.start) + 1)
    separator = ", " if mapping.is_flow else "\n" + " " * indent
    return separator.join(f"{inline_key(key)}: {value}" for key, value in added.items())


def _merged_members(text: str, part: _Value) -> Mapping[str, str]:
    members: dict[str, str] = {}
    for each in part.elements or (part,):
        members = {**_member_texts(text, each.target or each), **members}
    return members


def _member_texts(text: str, mapping: _Value) -> Mapping[str, str]:
    """Return key → text of a mapping, with the members that it merges."""
    own = {key.scalar or "": _text(text, value) for key, value in mapping.members or () if not _is_merge(key)}
    merged: dict[str, str] = {}
    for key, value in mapping.members or ():
        if _is_merge(key):
            merged = {**_merged_members(text, value), **merged}
    return {**own, **{key: value for key, value in merged.items() if key not in own}}


def _text(text: str, value: _Value) -> str:
    """Return a value on one line, without its anchor: a scalar as it is spelled if it has one line."""
    if value.target is not None:
        return _text(text, value.target)
    if value.members is not None:
        return "{" + ", ".join(f"{inline_key(k)}: {v}" for k, v in _member_texts(text, value).items()) + "}"
    if value.elements is not None:
        return "[" + ", ".join(_text(text, each) for each in value.elements) + "]"
    source = text[value.start : value.end]
    source = re.sub(r"^&\S+\s*", "", source) if value.anchor else source
    is_quoted = value.style in ("'", '"') and "\n" not in source
    if source.startswith("!") or is_quoted or (not value.style and (_PLAIN_ANYWHERE.match(source) or not source)):
        return source or "null"
    return inline_source(variables.unmask(value.scalar or ""))
