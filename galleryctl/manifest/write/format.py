"""The canonical format of manifests: two spaces, ordered keys, comments kept, values unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from galleryctl.manifest.files.atomic_write import with_line_ends_of, with_unix_line_ends
from galleryctl.manifest.write.blocks import block_end, block_starts, is_block
from galleryctl.manifest.write.comments import count_comments
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import FIELDS, Json
from galleryctl.model.media import Kind
from galleryctl.model.position import SourcePosition

GALLERY_KEY_ORDER = (
    "gallery", "bind", "name", "protect", "unmanaged", "ignore", "privacy", "defaults", "adopt", "foreign", "removed",
    "moved", "items",
)  # fmt: skip
ITEM_KEY_ORDER = (
    "key", *Kind, "from", "except", "where", "order", "captions",
    *dict.fromkeys(field.key for field in FIELDS if field.kinds and not field.is_source),
    "publish", "protect", "ignore",
)  # fmt: skip
_WORKSPACE_KEY_ORDER = (
    "galleryctl", "backend", "sites", "galleries", "state", "limits", "item_order", "profile", "media", "privacy",
    "removed", "moved", "approvals",
)  # fmt: skip

_Rank = Callable[[str], Any]
"""Returns the value by which a key is sorted."""

_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")
_MAX_PASSES = 8
"""ruamel keeps the columns of comments, which can shift again if the text before them becomes shorter."""


def format_text(text: str, file: str) -> str:
    """Return a manifest or galleryctl.yaml in canonical format, with its line ends.

    Raises InvalidInput for YAML that cannot be read.
    """
    before, text = text, with_unix_line_ends(text)
    result = _format_once(text, file)
    for _ in range(_MAX_PASSES):
        text, result = result, _format_once(result, file)
        if result == text:
            break
    return with_line_ends_of(result, before)


def _format_once(text: str, file: str) -> str:
    before = parse_yaml_text(text, file)
    if before.problems or before.root is None:
        problems = before.problems or (Problem(SourcePosition(file, 1, 1), "the file is empty"),)
        raise InvalidInput(problems)
    if before.root.parts is None:
        message = "the file must be a mapping of keys to values"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))
    text = _sort_adopt(text, before.root, file)
    tree = load_round_trip(_BLANK_LINES.sub("", text.removeprefix("\ufeff")), file)
    _sort_flow_mappings(tree)
    plain = _strip_whitespace(dump_round_trip(tree, file))
    _check_unchanged(before.root.value, plain, file)
    if count_comments(plain) < count_comments(text):
        message = "formatting would lose a comment; move it to a line above a key"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))
    ordered = _sort_keys(plain, file)
    return ordered if _load_value(ordered, file) == before.root.value else plain


def _load_value(text: str, file: str) -> Json:
    document = parse_yaml_text(text, file)
    return document.root.value if document.root is not None and not document.problems else None


def _check_unchanged(expected: Json, text: str, file: str) -> None:
    if _load_value(text, file) != expected:
        message = "formatting would change the meaning of the file; simplify it"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))


def _strip_whitespace(text: str) -> str:
    """Strip trailing whitespace of comments and empty lines, and end the file with one line break."""
    lines = [line.rstrip() if not line.strip() or line.lstrip().startswith("#") else line for line in text.split("\n")]
    return "\n".join(lines).rstrip("\n") + "\n"


def _sort_flow_mappings(tree: Any) -> None:
    """Sort the keys of items and of `adopt` written as `{…}`, which cannot contain comments."""
    top = tree if isinstance(tree, dict) else {}
    entries, adopt = top.get("items"), top.get("adopt")
    for entry in entries if isinstance(entries, list) else ():
        _sort_flow_mapping(entry, _item_rank)
    for mapping in (*adopt.values(), adopt) if isinstance(adopt, dict) else ():
        _sort_flow_mapping(mapping, str)


def _sort_flow_mapping(mapping: Any, rank: _Rank) -> None:
    if hasattr(mapping, "merge") and mapping.fa.flow_style() and not mapping.merge:
        for key in sorted(mapping, key=lambda key: rank(str(key))):
            mapping.move_to_end(key)


def _item_rank(key: str) -> int:
    return _index(key, ITEM_KEY_ORDER)


def _gallery_rank(key: str) -> int:
    return _index(key, GALLERY_KEY_ORDER)


def _workspace_rank(key: str) -> int:
    return _index(key, _WORKSPACE_KEY_ORDER)


def _index(key: str, order: Sequence[str]) -> int:
    return order.index(key) if key in order else len(order)


def _sort_keys(text: str, file: str) -> str:
    """Return the text with the lines of block mappings sorted by key; a comment above a key moves with it."""
    root = parse_yaml_text(text, file).root
    if root is None or root.keys is None:
        return text
    lines = text.split("\n")
    items = root.part("items")
    for item in (items.items or ()) if items is not None else ():
        _sort_lines(lines, item, _item_rank)
    _sort_lines(lines, root, _workspace_rank if root.part("galleryctl") else _gallery_rank)
    return "\n".join(lines)


def _sort_adopt(text: str, root: YamlNode, file: str) -> str:
    """Return the text with the lines of `adopt` sorted by key, before comments lose their indentation."""
    adopt = root.part("adopt")
    if adopt is None or not adopt.keys or not root.keys:
        return text
    lines = text.split("\n")
    for site, mapping in (adopt.parts or {}).items():
        _sort_lines(lines, mapping, str, above=adopt.keys[site])
    _sort_lines(lines, adopt, str, above=root.keys["adopt"])
    ordered = "\n".join(lines)
    return ordered if ordered == text or _load_value(ordered, file) == root.value else text


def _sort_lines(lines: list[str], node: YamlNode, rank: _Rank, *, above: tuple[int, int] | None = None) -> None:
    """Sort the lines of a block mapping by key, in place.

    The first line keeps its dash: ["  - quality: 90", "    key: x"] becomes ["  - key: x", "    quality: 90"]. A comment
    above the first key belongs to the mapping and stays first, unless `above`, the position of the mapping's own key,
    says that it is below that key:

        adopt:                      adopt:
          # the dance        →        a: 2
          b: 1                        # the dance
          a: 2                        b: 1
    """
    if not node.keys or not is_block(node, lines):
        return
    starts, end = block_starts(lines, node, above=above), block_end(lines, node)
    ranks = list(map(rank, node.keys))
    if ranks == sorted(ranks):
        return
    head, indent = lines[starts[0]][: node.column - 1], " " * (node.column - 1)
    blocks = [lines[start:stop] for start, stop in zip(starts, [*starts[1:], end], strict=True)]
    blocks[0][0] = indent + blocks[0][0][len(indent) :]
    ordered = [line for _, block in sorted(zip(ranks, blocks, strict=True), key=lambda pair: pair[0]) for line in block]
    first = next(index for index, line in enumerate(ordered) if line.strip() and not re.match(r"\s*#", line))
    ordered[first] = head + ordered[first][len(indent) :]
    lines[starts[0] : end] = ordered
