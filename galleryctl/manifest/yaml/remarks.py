"""Finds unquoted texts that YAML reads otherwise than their author may expect, such as `No. #1`, which is "No."."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from galleryctl.manifest.yaml import variables
from galleryctl.manifest.yaml.nodes import Remark
from galleryctl.manifest.yaml.spaces import SMART_QUOTES, edge_space, space_advice

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile(r"(?:[ \t]*,)?[ \t]+(?P<hash>#)")
_BESIDE_TEXT = re.compile(r"[^\s,#][ \t,]*[ \t]#")
"""Finds a comment that has something else in its line."""


def split_lines(text: str) -> Sequence[str]:
    """Return the lines of a YAML text, as a parser counts them."""
    return _LINE_BREAK.split(text)


class RemarkFinder:
    """Collects the remarks on the unquoted values of one text."""

    def __init__(self, text: str) -> None:
        lines = split_lines(text) if _BESIDE_TEXT.search(text) else ()
        self._lines = {number: line for number, line in enumerate(lines) if "#" in line}
        self._anchored: dict[str, tuple[tuple[int, int], Remark]] = {}
        self._found: dict[tuple[int, int], Remark] = {}

    def inspect(self, event: Any) -> None:
        """Add the remark on an unquoted value, if there is one; `event` is that of the parser."""
        if event.end_mark.line in self._lines or event.tag or event.anchor or not event.value.isascii():
            self._inspect(event)

    def use_anchor(self, name: str) -> None:
        """Note that an alias refers to an anchor: it is not a part of a text."""
        self._anchored.pop(name, None)

    def found(self) -> Mapping[tuple[int, int], Remark]:
        """Return the remarks by line and column of the values."""
        return {**dict(self._anchored.values()), **self._found}

    def _inspect(self, event: Any) -> None:
        value, start, end = variables.unmask(event.value), event.start_mark, event.end_mark
        at, line, column = (start.line + 1, start.column + 1), start.line + 1, start.column + 1
        if comment := _COMMENT.match(self._lines.get(end.line, ""), end.column):
            why = "# begins a comment; quote the text, or move the comment to a line of its own"
            self._found[at] = Remark(end.line + 1, comment.start("hash") + 1, value, why)
        elif event.tag == "!":
            self._found[at] = Remark(line, column, value, "! is not a part of it; quote the text")
        elif value[:1] in SMART_QUOTES and value[-1:] in SMART_QUOTES and value:
            why = f'{value[0]} and {value[-1]} are a part of it; put " around it, inside or in place of them'
            self._found[at] = Remark(line, column, value, why)
        elif space := edge_space(value):
            self._found[at] = Remark(line, column, value, f"{space_advice(space)} at its edge, or quote the text")
        elif event.anchor:
            why = f"&{event.anchor} names an anchor, which nothing refers to; quote the text"
            self._anchored[event.anchor] = at, Remark(line, column, value, why)
