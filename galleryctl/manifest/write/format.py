"""The one format of manifests: two spaces, keys in one order, comments kept, the meaning unchanged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import FIELDS, Json
from galleryctl.model.media import Kind
from galleryctl.model.position import SourcePosition

GALLERY_KEY_ORDER = ("gallery", "bind", "name", "protect", "unmanaged", "ignore", "defaults", "moved", "items")
ITEM_KEY_ORDER = (
    "key", *Kind, "from", "order", "captions",
    *dict.fromkeys(field.key for field in FIELDS if field.kinds and not field.is_source),
    "protect", "ignore",
)  # fmt: skip
_WORKSPACE_KEY_ORDER = (
    "galleryctl", "backend", "sites", "galleries", "state", "limits", "item_order", "media", "moved",
)  # fmt: skip

_BLANK_LINES = re.compile(r"\A(?:[ \t]*\r?\n)+")
_MAX_PASSES = 8
"""ruamel keeps the columns of comments, which can shift once more when the text before them has become shorter."""


def format_text(text: str, file: str) -> str:
    """The manifest or galleryctl.yaml in the one format. Raises InvalidInput when it is no YAML that we read."""
    result = _format_once(text, file)
    for _ in range(_MAX_PASSES):
        text, result = result, _format_once(result, file)
        if result == text:
            break
    return result


def _format_once(text: str, file: str) -> str:
    before = parse_yaml_text(text, file)
    if before.problems or before.root is None:
        problems = before.problems or (Problem(SourcePosition(file, 1, 1), "the file is empty"),)
        raise InvalidInput(problems)
    if before.root.parts is None:
        message = "the file is a mapping of keys to values, and this is not"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))
    tree = load_round_trip(_BLANK_LINES.sub("", text.removeprefix("\ufeff")), file)
    orders = _key_orders(before.root)
    _sort_flow_mappings(tree, orders)
    plain = _strip_whitespace(dump_round_trip(tree, file))
    _check_unchanged(before.root.value, plain, file)
    if _count_comment_lines(plain) < _count_comment_lines(text):
        message = "formatting would lose a comment; move it to a line above a key"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))
    ordered = _sort_keys(plain, file, orders)
    return ordered if _load_value(ordered, file) == before.root.value else plain


_KeyOrders = tuple[Sequence[str], Sequence[str]]
"""The order of the keys at the top, and of those of an item."""


def _key_orders(root: YamlNode) -> _KeyOrders:
    return (_WORKSPACE_KEY_ORDER if root.part("galleryctl") else GALLERY_KEY_ORDER, ITEM_KEY_ORDER)


def _load_value(text: str, file: str) -> Json:
    document = parse_yaml_text(text, file)
    return document.root.value if document.root is not None and not document.problems else None


def _check_unchanged(expected: Json, text: str, file: str) -> None:
    if _load_value(text, file) != expected:
        message = "formatting would change what the file means; write it more simply"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))


def _count_comment_lines(text: str) -> int:
    """How many lines are comments, or look like one inside of a text."""
    return sum(line.lstrip().startswith("#") for line in text.splitlines())


def _strip_whitespace(text: str) -> str:
    """No blanks at the ends of lines that are comments or empty, one line end at the end of the file."""
    lines = [line.rstrip() if not line.strip() or line.lstrip().startswith("#") else line for line in text.split("\n")]
    return "\n".join(lines).rstrip("\n") + "\n"


def _sort_flow_mappings(tree: Any, orders: _KeyOrders) -> None:
    """Put the keys of items that are written as `{…}` in order; they have no comments of their own."""
    entries: Any = tree.get("items") if isinstance(tree, dict) else None
    found: list[Any] = entries if isinstance(entries, list) else []
    for entry in found:
        if hasattr(entry, "merge") and entry.fa.flow_style() and not entry.merge:
            for key in sorted(entry, key=lambda key: _rank(str(key), orders[1])):
                entry.move_to_end(key)


def _rank(key: str, order: Sequence[str]) -> int:
    return order.index(key) if key in order else len(order)


def _sort_keys(text: str, file: str, orders: _KeyOrders) -> str:
    """The normal text with the lines of each key in the order of keys; a comment above a key goes with it."""
    root = parse_yaml_text(text, file).root
    if root is None or root.keys is None:
        return text
    lines = text.split("\n")
    items = root.part("items")
    for item in (items.items or ()) if items is not None else ():
        if item.keys and _is_block(item, lines):
            _sort_lines(lines, item, _end_line(lines, item), orders[1])
    if _is_block(root, lines):
        _sort_lines(lines, root, _end_line(lines, root), orders[0])
    return "\n".join(lines)


def _is_block(node: YamlNode, lines: Sequence[str]) -> bool:
    """Whether each key begins a line of its own; not so in `{…}`, nor with keys that were merged in."""
    places = list((node.keys or {}).values())
    return all(
        column == node.column and not lines[line - 1][: column - 1].strip(" -") and node.line <= line
        for line, column in places
    ) and places == sorted(set(places))


def _end_line(lines: Sequence[str], node: YamlNode) -> int:
    """The line (from 0) after the mapping's last; blank lines and comments at its end belong to what follows."""
    indent = node.column - 1
    end = node.line
    while end < len(lines) and (not lines[end].strip() or _indentation(lines[end]) >= indent):
        end += 1
    while end > node.line and (
        not lines[end - 1].strip()
        or (lines[end - 1].lstrip().startswith("#") and _indentation(lines[end - 1]) <= indent)
    ):
        end -= 1
    return end


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _sort_lines(lines: list[str], node: YamlNode, end: int, order: Sequence[str]) -> None:
    """Put the lines of the mapping's keys in order, in place."""
    indent = " " * (node.column - 1)
    keys = node.keys or {}
    starts: list[int] = []
    for line, _ in keys.values():
        start = line - 1
        while starts and start - 1 > starts[-1] and lines[start - 1].startswith(indent + "#"):
            start -= 1
        starts.append(start)
    if not starts:
        return
    head = lines[starts[0]][: node.column - 1]
    blocks = [lines[start:stop] for start, stop in zip(starts, [*starts[1:], end], strict=True)]
    ranks = [_rank(key, order) for key in keys]
    if ranks == sorted(ranks):
        return
    blocks[0][0] = indent + blocks[0][0][len(indent) :]
    ordered = [line for _, block in sorted(zip(ranks, blocks, strict=True), key=lambda pair: pair[0]) for line in block]
    first = next(place for place, line in enumerate(ordered) if line.strip() and not re.match(r"\s*#", line))
    ordered[first] = head + ordered[first][len(indent) :]
    lines[starts[0] : end] = ordered
