"""Find the comments of a YAML text: writers that may lose or misplace one reject the file instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text

_COMMENT = re.compile(r"(?:^|\s)(#.*)$")
_START = re.compile(r"(?:^|(?<=\s))#", re.MULTILINE)


def count_comments(text: str) -> int:
    """Return the number of comments, and of what looks like one inside a string."""
    return len(_START.findall(text))


def comments_of_entry(lines: Sequence[str], file: str) -> Iterator[str]:
    """Yield the comments in the lines of an entry of `items`."""
    yield from _comments(("items:", *lines), range(1, len(lines) + 1), file)


def has_comment_in_items(text: str, root: YamlNode, file: str) -> bool:
    """Return True if a comment is inside the list `items`, or below it if the list is not written as `[…]`."""
    items, keys, lines = root.part("items"), root.keys or {}, [line.removesuffix("\r") for line in text.split("\n")]
    if items is None or "items" not in keys:
        return False
    first = keys["items"][0]
    stop = min((line - 1 for line, _ in keys.values() if line > first), default=len(lines))
    if _is_flow(items, lines):
        while stop > first and (not lines[stop - 1].strip() or lines[stop - 1].lstrip().startswith("#")):
            stop -= 1
        stop -= 1  # a comment in the line of its end is beside the list
    # A comment beside the key stays there.
    start = first if lines[first - 1].partition("#")[0].rstrip().endswith(":") else first - 1
    return any(True for _ in _comments(lines, range(start, stop), file))


def _is_flow(items: YamlNode, lines: Sequence[str]) -> bool:
    return lines[items.line - 1][items.column - 1 : items.column] == "["


def _comments(lines: Sequence[str], indexes: range, file: str) -> Iterator[str]:
    """Yield the comments in these lines: a `#` starts one if the values are the same without it."""
    before = parse_yaml_text("\n".join(lines), file).root
    for index in indexes:
        if found := _COMMENT.search(lines[index]):
            rest = (*lines[:index], lines[index][: found.start(1)], *lines[index + 1 :])
            without = parse_yaml_text("\n".join(rest), file).root
            if without is not None and before is not None and without.value == before.value:
                yield found[1]
