"""Composer of YAML nodes. It loops over parser events, as PyYAML's own composer recurses, in C past any limit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.mistakes import NO_SPACE_AFTER_DASH
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.remarks import RemarkFinder
from galleryctl.manifest.yaml.scalars import CORE_TAGS, STRING_TAGS, resolve_scalar
from galleryctl.manifest.yaml.spaces import OTHER_SPACES, SPACES, edge_space, space_advice
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json
from galleryctl.model.position import SourcePosition

_MAX_NODES = 300_000
"""Limit of one file, aliases expanded, a mapping or list counted twice: 10,000 items of 12 fields, read in 1 s."""
_MAX_DEPTH = 64
TOO_DEEP_MESSAGE = f"nested more than {_MAX_DEPTH} levels deep"
MAX_PROBLEMS_PER_FILE = 1000
_MERGE_KEY = "<<"
_SURROGATE = re.compile("[\ud800-\udfff]")


class ParseAborted(Exception):  # noqa: N818 - never leaves parse_yaml
    """The rest of the file cannot be read."""


def source_position(file: str, mark: Any) -> SourcePosition:
    """Return the position of a parser's mark; the start of the file if there is none."""
    return SourcePosition(file, 1, 1) if mark is None else SourcePosition(file, mark.line + 1, mark.column + 1)


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A mapping or sequence being read."""

    line: int
    column: int
    anchor: str | None
    mapping: bool
    count_before: int
    height: int = 0
    key: str | None = None
    key_at: tuple[int, int] = (0, 0)
    merging: bool = False
    merges: list[YamlNode] = field(default_factory=list)
    items: list[YamlNode] = field(default_factory=list)
    parts: dict[str, YamlNode] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)


class _Anchored(NamedTuple):
    node: YamlNode
    nodes: int
    height: int


class Composer:
    """Composes the nodes of one file."""

    def __init__(self, file: str, remarks: RemarkFinder) -> None:
        self.file = file
        self._remarks = remarks
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.stack: list[_Frame] = []
        self.node_count = 0
        self.root: YamlNode | None = None

    def compose(self, loader: Any) -> YamlNode | None:
        """Return the document's root value. Raises ParseAborted or YAMLError if the rest cannot be read."""
        documents = 0
        while True:
            event = loader.get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._add_scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._start_collection(event, mapping=kind is yaml.MappingStartEvent)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._end_collection()
            elif kind is yaml.AliasEvent:
                self._expand_alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._abort(
                        event, "only one YAML document per file is allowed; remove this line, or split the file"
                    )
            elif kind is yaml.StreamEndEvent:
                return self.root

    def _add_problem(self, event: Any, message: str) -> None:
        self._add_problem_at(source_position(self.file, event.start_mark), message)

    def _add_problem_at(self, at: SourcePosition, message: str) -> None:
        self.problems.append(Problem(at, message))
        if len(self.problems) >= MAX_PROBLEMS_PER_FILE:
            self.problems.append(Problem(at, "too many problems; the rest of the file was skipped"))
            raise ParseAborted

    def _abort(self, event: Any, message: str) -> None:
        self._add_problem(event, message)
        raise ParseAborted

    def _check_limits(self, event: Any, count: int, height: int) -> None:
        """Count a value; abort if the document becomes too large or too deep."""
        self.node_count += count
        if self.node_count > _MAX_NODES:
            self._abort(event, f"more than {_MAX_NODES:,} keys and values, with aliases expanded")
        if len(self.stack) + height > _MAX_DEPTH:
            self._abort(event, TOO_DEEP_MESSAGE)

    def _add_scalar(self, event: Any) -> None:
        self._check_limits(event, 1, 0)
        text, tag, mark = event.value, event.tag, event.start_mark
        if not text.isascii() and (surrogate := _SURROGATE.search(text)):
            # from an escape such as "\ud800", which only PyYAML's Python parser lets through
            self._abort(event, f"the character U+{ord(surrogate[0]):04X} is not allowed in YAML")
        line, column = mark.line + 1, mark.column + 1
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.mapping and frame.key is None:
            if tag is not None and tag not in CORE_TAGS and tag != "!":
                self._add_problem(event, f"the tag {_short_tag(tag)} is not allowed")
            self._start_key(frame, event, variables.unmask(text), line, column)
            return
        if tag is None and event.style:
            node = YamlNode(text, line, column)
        else:
            node = self._resolve_scalar(event, text, tag, line, column)
            if not event.style:
                self._remarks.inspect(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(node, 1, 0)
        self._attach(node)

    def _resolve_scalar(self, event: Any, text: str, tag: str | None, line: int, column: int) -> YamlNode:
        if tag in STRING_TAGS:
            return YamlNode(text, line, column)
        if tag is not None and tag not in CORE_TAGS:
            self._add_problem(event, f"the tag {_short_tag(tag)} is not allowed; quote a text that begins with !")
            return YamlNode(text, line, column)
        try:
            value = resolve_scalar(text)
        except ValueError as error:
            self._add_problem(event, str(error))
            value = text
        if tag is not None and isinstance(value, str):
            self._add_problem(event, f"the tag {_short_tag(tag)} does not fit this value")
        return YamlNode(value, line, column, raw=None if isinstance(value, str) else text)

    def _start_key(self, frame: _Frame, event: Any, key: str, line: int, column: int) -> None:
        merge = key == _MERGE_KEY and not event.style
        if not merge and key in frame.keys:
            first_line, first_column = frame.keys[key]
            self._add_problem(event, f"duplicate key {key[:80]!r}, first defined at {first_line}:{first_column}")
        elif not merge and not key and not event.style:
            self._add_problem(event, "a key is missing before the colon")
        elif not event.style:
            self._check_plain_key(event, key, line, column)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(YamlNode(key, line, column), 1, 0)
        frame.key, frame.key_at, frame.merging = key, (line, column), merge

    def _check_plain_key(self, event: Any, key: str, line: int, column: int) -> None:
        """Add a problem for a key that begins like a list item, or has a space of another kind at its edge."""
        if key[:1] == "-" and key[1:2] in SPACES:
            self._add_problem_at(SourcePosition(self.file, line, column + 1), space_advice(key[1]))
        elif key[:1] == "-":
            self._add_problem(event, NO_SPACE_AFTER_DASH)
        elif not key.isascii() and (space := edge_space(key)):
            self._add_problem(event, f"{space_advice(space)} beside the key {key.strip(OTHER_SPACES)[:80]!r}")

    def _start_collection(self, event: Any, *, mapping: bool) -> None:
        self._check_limits(event, 2, 1)
        tag = event.tag
        if tag is not None and tag not in ("!", f"tag:yaml.org,2002:{'map' if mapping else 'seq'}"):
            self._add_problem(event, f"the tag {_short_tag(tag)} is not allowed")
        if self.stack and self.stack[-1].mapping and self.stack[-1].key is None:
            self._abort(event, "a key must be a string; quote it if it contains { or [")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        line, column, count_before = event.start_mark.line + 1, event.start_mark.column + 1, self.node_count - 2
        frame = _Frame(line=line, column=column, anchor=event.anchor, mapping=mapping, count_before=count_before)
        self.stack.append(frame)

    def _end_collection(self) -> None:
        frame = self.stack.pop()
        if frame.mapping:
            for merged in frame.merges:
                self._merge_mapping(frame, merged)
            plain: Json = {key: part.value for key, part in frame.parts.items()}
            node = YamlNode(plain, frame.line, frame.column, parts=frame.parts, keys=frame.keys)
        else:
            items = tuple(frame.items)
            node = YamlNode([item.value for item in items], frame.line, frame.column, items=items)
        height = frame.height + 1
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchored(node, self.node_count - frame.count_before, height)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height)
        self._attach(node)

    def _expand_alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            self._abort(
                event,
                f"undefined alias *{event.anchor}: no anchor &{event.anchor} precedes it; quote a text that begins with *",
            )
        found = self.anchors[event.anchor]
        self._remarks.use_anchor(event.anchor)
        if found is None:
            self._abort(event, f"the alias *{event.anchor} refers to a value that contains it")
            return
        self._check_limits(event, found.nodes, found.height)
        frame = self.stack[-1]
        frame.height = max(frame.height, found.height)
        if frame.mapping and frame.key is None:
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if not isinstance(found.node.value, str):
                self._abort(event, "a key must be a string")
            self._start_key(frame, event, str(found.node.value), line, column)
            return
        self._attach(found.node)

    def _attach(self, node: YamlNode) -> None:
        """Add a finished value to the collection being read."""
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if not frame.mapping:
            frame.items.append(node)
            return
        key, frame.key = frame.key or "", None
        if frame.merging:
            frame.merges.append(node)
        elif key not in frame.parts:
            frame.parts[key] = node
            frame.keys[key] = frame.key_at

    def _merge_mapping(self, frame: _Frame, merged: YamlNode) -> None:
        """Add the keys of a `<<` value that the mapping does not define itself."""
        for source in merged.items if merged.items is not None else (merged,):
            if source.parts is None:
                at = SourcePosition(self.file, merged.line, merged.column)
                self._add_problem_at(at, "<< must be a mapping or a list of mappings")
            for key, part in (source.parts or {}).items():
                if key not in frame.parts:
                    frame.parts[key] = part
                    frame.keys[key] = (source.keys or {}).get(key, (source.line, source.column))


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:80]
