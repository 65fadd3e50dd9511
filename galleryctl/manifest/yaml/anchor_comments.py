"""Keeps the comments behind anchors and aliases at their place, which ruamel moves to the next line or drops.

    tags: &all # the tags      ruamel: tags: &all
      - party                                  # the tags
                                         - party

Before ruamel reads a text, the comment behind an anchor becomes a part of the anchor's name, which stays with its value; the comment
behind an alias gets a sign, so that it is put back behind the alias.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

_SIGN = "\ue0f1\ue0f2\ue0f1"
"""Private-use characters that no text has in this order; a text that has them is left as it is."""
_NAME_SIGN, _COMMENT_SIGN, _SPACE_SIGN = f"{_SIGN}\ue0f3", f"{_SIGN}\ue0f4", "\ue0f5"
_CANDIDATE = re.compile(r"[&*][^\s,\[\]{}]+[ \t]+#")
_COMMENT = re.compile(r"([ \t]+)#[^\n]*")
_NAMED = re.compile(rf"(?P<name>[&*][^\s\ue0f1]+){_NAME_SIGN}(?P<comment>[0-9a-f]*)(?P<rest>[^\n]*)")
_MOVED = re.compile(rf"\n[ ]*#{_COMMENT_SIGN}(?P<spaces>{_SPACE_SIGN}*)")
_IN_PLACE = re.compile(rf"#{_COMMENT_SIGN}{_SPACE_SIGN}*")


class _Edit(NamedTuple):
    line: int
    start: int
    end: int
    text: str


def mask_anchor_comments(text: str) -> str:
    """Return the text with the comments behind anchors and aliases marked; it has line ends of one character."""
    if not _CANDIDATE.search(text) or _SIGN in text:
        return text
    lines = text.split("\n")
    try:
        edits = list(_edits(text, lines))
    except yaml.YAMLError:  # the reader of the text reports it
        return text
    for edit in reversed(edits):
        line = lines[edit.line]
        lines[edit.line] = line[: edit.start] + edit.text + line[edit.end :]
    return "\n".join(lines)


def unmask_anchor_comments(text: str) -> str:
    """Return the text with the marked comments at their places."""
    if _SIGN not in text:
        return text
    text = _MOVED.sub(lambda found: " " * len(found["spaces"]) + "#", text)
    text = _IN_PLACE.sub("#", text)
    while (again := _NAMED.sub(_with_comment, text)) != text:  # a line may have several
        text = again
    return text


def _edits(text: str, lines: list[str]) -> Any:
    """Yield the edits that mark the comments, in the order of the text."""
    suffixes: dict[str, str] = {}
    for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if not isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            continue
        at, name = token.end_mark, str(token.value)
        comment = _COMMENT.match(lines[at.line], at.column)
        if isinstance(token, yaml.AnchorToken):
            suffixes[name] = f"{_NAME_SIGN}{comment[0].encode().hex()}" if comment else ""
            if comment:
                yield _Edit(at.line, at.column, len(lines[at.line]), suffixes[name])
            continue
        if suffix := suffixes.get(name):
            yield _Edit(at.line, at.column, at.column, suffix)
        if comment:
            sign = comment.end(1) + 1
            yield _Edit(at.line, sign, sign, _COMMENT_SIGN + _SPACE_SIGN * len(comment[1]))


def _with_comment(found: re.Match[str]) -> str:
    is_anchor = found["name"].startswith("&")
    comment = bytes.fromhex(found["comment"]).decode() if is_anchor else ""
    return f"{found['name']}{found['rest']}{comment}"


def keep_anchors(tree: Any) -> None:
    """Let ruamel write the anchors of mappings and lists also if no alias refers to them."""
    seen: set[int] = set()
    found: list[Any] = [tree]
    while found:
        node = found.pop()
        if not isinstance(node, Mapping | list) or id(node) in seen:
            continue
        seen.add(id(node))  # a node with aliases is there several times
        found += node.values() if isinstance(node, Mapping) else node
        anchored: Any = node
        if (anchor := anchored.yaml_anchor()) and anchor.value:
            anchor.always_dump = True
