"""YAML text as plain values, with the place of every key and value.

The nodes are built from the parser's events, in a loop: a composer recurses, in C even past the interpreter's limit.
Aliases count as what they expand to. `${NAME}` is masked before parsing (see `variables`), one character for one, so
that it may stand bare in `{…}` and columns stay right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from galleryctl.manifest import variables
from galleryctl.manifest.scalars import CORE_TAGS, STRING_TAGS, resolve
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json
from galleryctl.model.position import SourcePosition

MAX_BYTES = 10_000_000
MAX_NODES = 300_000
"""Keys and values of one file, aliases expanded, a mapping or list as two: 10,000 items of a dozen fields."""
MAX_DEPTH = 64
MAX_PROBLEMS = 1000
"""Of one file; more are not read by anybody."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML allows in a stream, less the two characters of the mask.
_FORBIDDEN = re.compile(
    f"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{variables.OPEN}{variables.CLOSE}]"
)
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_MERGE = "<<"


class Node(NamedTuple):
    """A value and where it stands; line and column from 1."""

    value: Json
    line: int
    column: int
    parts: Mapping[str, Node] | None = None
    """The values of a mapping."""
    items: tuple[Node, ...] | None = None
    """The elements of a sequence."""
    keys: Mapping[str, tuple[int, int]] | None = None
    """Where each key of a mapping stands."""
    raw: str | None = None
    """How a scalar that is no text was written."""
    hidden: bool = False
    """The value came from the environment: never show it."""

    def part(self, name: str) -> Node | None:
        """The value under a key; None when it is not there, or this is no mapping."""
        return None if self.parts is None else self.parts.get(name)

    def any_hidden(self) -> bool:
        """Whether anything in it came from the environment."""
        children = (*(self.parts or {}).values(), *(self.items or ()))
        return self.hidden or any(child.any_hidden() for child in children)


class Document(NamedTuple):
    """A file as it was read; `root` is None when it cannot be read at all."""

    file: str
    root: Node | None
    problems: tuple[Problem, ...]

    def at(self, node: Node) -> SourcePosition:
        """The place of a value of this file."""
        return SourcePosition(self.file, node.line, node.column)

    def at_key(self, node: Node, key: str) -> SourcePosition:
        """The place of a key of a mapping of this file; the mapping's when it is not there."""
        line, column = (node.keys or {}).get(key, (node.line, node.column))
        return SourcePosition(self.file, line, column)


class _Stop(Exception):  # noqa: N818 - never leaves this module
    """Nothing after this can be read."""


def parse(data: bytes, file: str) -> Document:
    """The one YAML document in `data`; everything that is wrong with it is in `problems`. Never raises."""
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        return Document(file, None, (Problem(SourcePosition(file, 1, 1), message),))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        problem = _at_end_of(before, file, f"the byte 0x{data[error.start]:02x} is not valid UTF-8")
        return Document(file, None, (problem,))
    return parse_text(text, file)


def parse_text(text: str, file: str) -> Document:
    """The one YAML document in `text`, as `parse`."""
    text = text.removeprefix("\ufeff")
    if wrong := _FORBIDDEN.search(text):
        problem = _at_end_of(
            text[: wrong.start()], file, f"the character U+{ord(wrong[0]):04X} must not stand in YAML"
        )
        return Document(file, None, (problem,))
    builder = _Builder(file)
    loader = _LOADER(variables.mask(text))
    try:
        root = builder.document(loader)
    except yaml.MarkedYAMLError as error:
        root = None
        mark = error.problem_mark or error.context_mark
        builder.problems.append(Problem(_position(file, mark), _wording(error, text, mark)))
    except yaml.YAMLError as error:
        root = None
        builder.problems.append(Problem(SourcePosition(file, 1, 1), f"this is not valid YAML: {error}"))
    except _Stop:
        root = None
    finally:
        loader.dispose()
    return Document(file, root, tuple(builder.problems))


def _at_end_of(before: str, file: str, message: str) -> Problem:
    lines = _BREAK.split(before)
    return Problem(SourcePosition(file, len(lines), len(lines[-1]) + 1), message)


def _position(file: str, mark: Any) -> SourcePosition:
    return (
        SourcePosition(file, 1, 1) if mark is None else SourcePosition(file, mark.line + 1, mark.column + 1)
    )


def _wording(error: yaml.MarkedYAMLError, text: str, mark: Any) -> str:
    lines = _BREAK.split(text) if mark is not None else []
    character = (
        lines[mark.line][mark.column : mark.column + 1] if mark is not None and mark.line < len(lines) else ""
    )
    if character == "\t":
        return "a tab stands where YAML wants spaces"
    if character in ("@", "`", "%"):
        return f"a text that begins with {character} has to be quoted"
    context = f" ({error.context})" if error.context else ""
    return f"this is not valid YAML: {error.problem or 'unexpected end'}{context}"


class _Frame:
    """A mapping or sequence that is being read."""

    __slots__ = (
        "anchor", "column", "count_before", "height", "items", "key", "key_at", "keys", "line", "mapping", "merges",
        "merging", "parts",
    )  # fmt: skip

    def __init__(self, event: Any, count_before: int, *, mapping: bool) -> None:
        self.line = event.start_mark.line + 1
        self.column = event.start_mark.column + 1
        self.anchor: str | None = event.anchor
        self.mapping = mapping
        self.count_before = count_before
        self.height = 0
        self.key: str | None = None
        self.key_at = (0, 0)
        self.merging = False
        self.merges: list[Node] = []
        self.items: list[Node] = []
        self.parts: dict[str, Node] = {}
        self.keys: dict[str, tuple[int, int]] = {}


class _Anchored(NamedTuple):
    node: Node
    nodes: int
    height: int


class _Builder:
    """Builds the nodes of one file from the parser's events."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.stack: list[_Frame] = []
        self.count = 0
        self.root: Node | None = None

    def document(self, loader: Any) -> Node | None:
        documents = 0
        while True:
            event = loader.get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self.scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self.start(event, mapping=kind is yaml.MappingStartEvent)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.end()
            elif kind is yaml.AliasEvent:
                self.alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.stop(event, "a second document; one file is one document")
            elif kind is yaml.StreamEndEvent:
                return self.root

    def problem(self, event: Any, message: str) -> None:
        self.say(_position(self.file, event.start_mark), message)

    def say(self, at: SourcePosition, message: str) -> None:
        self.problems.append(Problem(at, message))
        if len(self.problems) >= MAX_PROBLEMS:
            self.problems.append(Problem(at, "too many problems; the rest of the file is not read"))
            raise _Stop

    def stop(self, event: Any, message: str) -> None:
        self.problem(event, message)
        raise _Stop

    def counted(self, event: Any, count: int, height: int) -> None:
        """Account for a value; what would grow too large or too deep ends the reading."""
        self.count += count
        if self.count > MAX_NODES:
            self.stop(event, f"more than {MAX_NODES:,} keys and values, with aliases expanded")
        if len(self.stack) + height > MAX_DEPTH:
            self.stop(event, f"nested more than {MAX_DEPTH} deep")

    def scalar(self, event: Any) -> None:
        self.counted(event, 1, 0)
        text, tag, mark = event.value, event.tag, event.start_mark
        line, column = mark.line + 1, mark.column + 1
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.mapping and frame.key is None:
            if tag is not None and tag not in CORE_TAGS and tag != "!":
                self.problem(event, f"the tag {_short(tag)} is not allowed")
            self.new_key(frame, event, variables.unmask(text), line, column)
            return
        if tag is None and event.style:
            node = Node(text, line, column)
        else:
            node = self.typed(event, text, tag, line, column)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(node, 1, 0)
        self.add(node)

    def typed(self, event: Any, text: str, tag: str | None, line: int, column: int) -> Node:
        """A plain or tagged scalar."""
        if tag in STRING_TAGS:
            return Node(text, line, column)
        if tag is not None and tag not in CORE_TAGS:
            self.problem(event, f"the tag {_short(tag)} is not allowed")
            return Node(text, line, column)
        try:
            value = resolve(text)
        except ValueError as error:
            self.problem(event, str(error))
            value = text
        if tag is not None and isinstance(value, str):
            self.problem(event, f"the tag {_short(tag)} does not fit this value")
        return Node(value, line, column, raw=None if isinstance(value, str) else text)

    def new_key(self, frame: _Frame, event: Any, key: str, line: int, column: int) -> None:
        merge = key == _MERGE and not event.style
        if not merge and key in frame.keys:
            first_line, first_column = frame.keys[key]
            self.problem(event, f"the key {key[:80]!r} stands twice, first at {first_line}:{first_column}")
        elif not merge and not key and not event.style:
            self.problem(event, "a key is missing before the colon")
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(Node(key, line, column), 1, 0)
        frame.key, frame.key_at, frame.merging = key, (line, column), merge

    def start(self, event: Any, *, mapping: bool) -> None:
        self.counted(event, 2, 1)
        tag = event.tag
        if tag is not None and tag not in ("!", f"tag:yaml.org,2002:{'map' if mapping else 'seq'}"):
            self.problem(event, f"the tag {_short(tag)} is not allowed")
        if self.stack and self.stack[-1].mapping and self.stack[-1].key is None:
            self.stop(event, "a key must be a text; quote it if it contains { or [")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Frame(event, self.count - 2, mapping=mapping))

    def end(self) -> None:
        frame = self.stack.pop()
        if frame.mapping:
            for merged in frame.merges:
                self.merge(frame, merged)
            plain: Json = {key: part.value for key, part in frame.parts.items()}
            node = Node(plain, frame.line, frame.column, parts=frame.parts, keys=frame.keys)
        else:
            items = tuple(frame.items)
            node = Node([item.value for item in items], frame.line, frame.column, items=items)
        height = frame.height + 1
        if frame.anchor is not None:
            self.anchors[frame.anchor] = _Anchored(node, self.count - frame.count_before, height)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height)
        self.add(node)

    def alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            self.stop(event, f"no anchor &{event.anchor} stands before this alias")
        found = self.anchors[event.anchor]
        if found is None:
            self.stop(event, f"the alias *{event.anchor} stands inside of what it repeats")
            return
        self.counted(event, found.nodes, found.height)
        frame = self.stack[-1]
        frame.height = max(frame.height, found.height)
        if frame.mapping and frame.key is None:
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if not isinstance(found.node.value, str):
                self.stop(event, "a key must be a text")
            self.new_key(frame, event, str(found.node.value), line, column)
            return
        self.add(found.node)

    def add(self, node: Node) -> None:
        """Put a finished value where it belongs."""
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

    def merge(self, frame: _Frame, merged: Node) -> None:
        """Fill in the keys of `<<` that do not stand in the mapping itself."""
        for source in merged.items if merged.items is not None else (merged,):
            if source.parts is None:
                at = SourcePosition(self.file, merged.line, merged.column)
                self.say(at, "<< merges a mapping, or a list of mappings")
                continue
            for key, part in source.parts.items():
                if key not in frame.parts:
                    frame.parts[key] = part
                    frame.keys[key] = (source.keys or {}).get(key, (source.line, source.column))


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:80]
