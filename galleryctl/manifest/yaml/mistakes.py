"""Finds the mistake in a YAML text that a parser has rejected, and says what to write instead.

A parser reports where it can no longer go on, in its own terms. The mistake is often lines above that place:

    title: "Best day        ← the quote that opens here is not closed
    tags: [party]
    items: []               ← the parser stops at the end of the file
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from galleryctl.manifest.yaml.spaces import COLONS, SPACE_CLASS, space_advice
from galleryctl.manifest.yaml.value_mistakes import Mistake, Value, ValueKind, colon_mistake, scan_value

NO_SPACE_AFTER_DASH = "add a space after this dash"
_NO_COLON = "write ': ' between a key and its value; indent a text that continues a value"

_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |\Z)")
_SPACE = re.compile(rf" *(?:- *)*(?P<space>{SPACE_CLASS})\s*[\w\"'-]+\s*:")
_DASH = re.compile(r"-(?: +|\Z)")
_QUOTED_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ \t]*:(?:[ \t]+|\Z)""")
_COLON = re.compile(r":(?:[ \t]+|\Z)")
_NOT_IN_KEYS = frozenset("[]{},#&*!|>'\"%@`?:-")
"""The characters that an unquoted key does not begin with."""
_WORD = re.compile(r"[\w.-]+\Z")
_NO_SPACE = re.compile(r"[\"']?[A-Za-z_][\w.-]*[\"']?(?P<colon>:)(?!//)\S")
_OTHER_COLON = re.compile(
    rf"[A-Za-z_][\w.-]*(?: *(?P<colon>[{COLONS}])|(?P<space>{SPACE_CLASS}):|:(?P<after>{SPACE_CLASS}))"
)
_EQUALS = re.compile(r"[A-Za-z_][\w.-]* *(?P<equals>=)")


def find_mistake(lines: Sequence[str]) -> Mistake | None:
    """Return the first mistake in these lines, which end where the parser stopped; None if none is known."""
    return _Scanner(lines).find()


@dataclass(slots=True, kw_only=True)
class _Collection:
    """A mapping or a list that is being read."""

    indent: int
    is_list: bool
    line: int
    """The index of its last line with a key or a dash."""
    is_open: bool = True
    """True if the value of its last entry may still begin."""
    name: str = ""
    """Its last key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    """The unquoted text above the current line, which deeper lines continue."""

    line: int
    column: int
    indent: int


class _Key(NamedTuple):
    """A key, and the column of its value."""

    name: str
    end: int


def _match_key(text: str, column: int) -> _Key | None:
    """Return the key at this column, if there is one."""
    if text[column : column + 1] in ("'", '"'):
        quoted = _QUOTED_KEY.match(text, column)
        return _Key(quoted[1][1:-1], quoted.end()) if quoted else None
    found = None if text[column : column + 1] in _NOT_IN_KEYS else _COLON.search(text, column)
    if found is None or "#" in text[column : found.start()]:
        return None
    return _Key(text[column : found.start()].strip(), found.end())


class _Scanner:
    """Reads lines as a parser does, as far as mistakes can be told apart."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._stack: list[_Collection] = []
        self._plain: _Plain | None = None
        self._empty_block = False

    def find(self) -> Mistake | None:
        index = 0
        while index < len(self._lines):
            value = self._read_line(index)
            if value.mistake is not None:
                return value.mistake
            index = value.end + 1
        return None

    def _read_line(self, index: int) -> Value:  # noqa: PLR0911 - one return for each form of a line
        text = self._lines[index]
        column = len(text) - len(text.lstrip(" "))
        nothing = Value(ValueKind.CLOSED, index)
        if not text.strip() or text[column] == "#" or (not self._stack and text[0] == "%"):
            return nothing
        if text.startswith(("---", "...")) and not text[3:4].strip():
            return self._read_marker(index)
        if mistake := self._foreign_text(index):
            return Value(ValueKind.CLOSED, index, mistake)
        if self._plain and column > self._plain.indent:
            return Value(ValueKind.PLAIN, index, self._continued(index, column))
        self._plain = None
        mistake, dashed = None, False
        while mistake is None and (dash := _DASH.match(text, column)):
            mistake = self._add_dash(index, column, dashed=dashed)
            column, dashed = dash.end(), True
        if mistake is not None:
            return Value(ValueKind.CLOSED, index, mistake)
        if dashed and (not text[column:].strip() or text[column] == "#"):
            return nothing
        return self._read_content(index, column, dashed=dashed)

    def _read_marker(self, index: int) -> Value:
        if self._lines[index].startswith("---"):
            return Value(ValueKind.CLOSED, index)
        below = any(line.strip() and not line.startswith(("#", "---", "%")) for line in self._lines[index + 1 :])
        mistake = Mistake(index, 0, "remove this line: '...' ends the document") if below else None
        return Value(ValueKind.CLOSED, index, mistake)

    def _foreign_text(self, index: int) -> Mistake | None:
        """Return the mistake of a line with something that YAML does not have."""
        text = self._lines[index]
        if _CONFLICT.match(text):
            return Mistake(
                index, 0, "resolve this merge conflict: keep one side, and remove the lines with its markers"
            )
        indent = text[: len(text) - len(text.lstrip(" \t-"))]
        tab = indent.find("\t")
        if tab >= 0 and ("-" not in indent[:tab] or _match_key(text, len(indent))):
            return Mistake(index, tab, "tabs are not allowed for indentation; use spaces")
        if found := _SPACE.match(text):
            return Mistake(index, found.start("space"), space_advice(found["space"]))
        return None

    def _continued(self, index: int, column: int) -> Mistake | None:
        """Return the mistake in a line that continues the unquoted text above it."""
        plain, text = self._plain, self._lines[index]
        mistake = colon_mistake(text, index, column)
        if plain is None or mistake is None:
            return None
        if above := _key_mistake(self._lines[plain.line], plain.line, plain.column):
            return above
        if not self._stack:
            return Mistake(plain.line, plain.column, _NO_COLON)
        if dash := _DASH.match(text, column):
            items = next((each for each in reversed(self._stack) if each.is_list), None)
            return self._indented(index, column, items) if items and dash.end() < len(text) else mistake
        if not _WORD.match(text[column : mistake.column].strip()):
            return mistake
        mapping = next((each for each in reversed(self._stack) if not each.is_list), None)
        return self._indented(index, column, mapping) if mapping else mistake

    def _add_dash(self, index: int, column: int, *, dashed: bool) -> Mistake | None:
        """Add an entry to the list at this column, or begin a list."""
        closed = self._close_below(column)
        top = self._stack[-1] if self._stack else None
        if top and top.is_list and top.indent == column:
            top.line, top.is_open = index, True
            return None
        may_begin = top is None or dashed or (top.is_open and not closed)
        if not may_begin:
            lists = [each for each in (*closed, *reversed(self._stack)) if each.is_list]
            return self._indented(index, column, lists[0] if lists else None)
        if top:
            top.is_open = False
        self._stack.append(_Collection(indent=column, is_list=True, line=index))
        return None

    def _add_key(self, index: int, column: int, name: str, *, dashed: bool) -> Mistake | None:
        """Add a key to the mapping at this column, or begin a mapping."""
        closed = self._close_below(column)
        if len(self._stack) > 1 and self._stack[-1].is_list and self._stack[-2].indent == column and not dashed:
            self._stack.pop()  # a list may be indented like the key above it
        top = self._stack[-1] if self._stack else None
        if top and not top.is_list and top.indent == column:
            top.line, top.is_open, top.name = index, True, name
            return None
        if top and top.is_list and top.indent == column and not dashed:
            mapping = next((each for each in closed if not each.is_list), None)
            indent = f"indent {name!r} by {_spaces(mapping.indent)}, like {mapping.name!r}, or " if mapping else ""
            return Mistake(index, column, f"{indent}begin a list item: write '- ' before {name!r}")
        if top and not dashed and (closed or not top.is_open):
            mappings = [each for each in (*closed, *reversed(self._stack)) if not each.is_list]
            return self._indented(index, column, mappings[0] if mappings else None)
        if not top and closed:
            return self._indented(index, column, closed[-1])
        if top:
            top.is_open = False
        self._stack.append(_Collection(indent=column, is_list=False, line=index, name=name))
        return None

    def _close_below(self, column: int) -> list[_Collection]:
        """Remove the collections that are indented more, innermost first, and return them with the nearest first."""
        closed: list[_Collection] = []
        while self._stack and self._stack[-1].indent > column:
            closed.insert(0, self._stack.pop())
        return closed

    def _indented(self, index: int, column: int, like: _Collection | None) -> Mistake:
        """Return the mistake of a line that is indented unlike the collection that it seems to belong to."""
        if like is None:
            return Mistake(index, column, "this line does not belong to the text above it: check its indentation")
        what = "list item" if like.is_list else "key"
        wanted = f"by {_spaces(like.indent)}" if like.indent else "by nothing"
        return Mistake(
            index, column, f"indent this {what} {wanted}, like that in line {like.line + 1} (it has {column})"
        )

    def _read_content(self, index: int, column: int, *, dashed: bool) -> Value:
        """Read a key with its value, or a value alone."""
        text = self._lines[index]
        key = _match_key(text, column)
        if key is None:
            mistake = None if dashed else self._without_key(index, column)
            if mistake is not None:
                return Value(ValueKind.CLOSED, index, mistake)
            return self._read_value(index, column, self._stack[-1].indent if self._stack else -1)
        mistake = self._add_key(index, column, key.name, dashed=dashed)
        if mistake is not None:
            return Value(ValueKind.CLOSED, index, mistake)
        return self._read_value(index, key.end, self._stack[-1].indent)

    def _read_value(self, index: int, column: int, indent: int) -> Value:
        value = scan_value(self._lines, index, column, indent)
        if value.kind is ValueKind.PLAIN:
            self._plain = _Plain(line=index, column=column, indent=indent)
        self._empty_block = value.kind is ValueKind.EMPTY and self._lines[index][column : column + 1] in ("|", ">")
        if self._stack and value.kind is not ValueKind.EMPTY:
            self._stack[-1].is_open = False
        return value

    def _without_key(self, index: int, column: int) -> Mistake | None:  # noqa: PLR0911 - one return for each mistake
        """Return the mistake of a line that has no key where it needs one."""
        text = self._lines[index]
        top = next((each for each in reversed(self._stack) if each.indent <= column), None)
        if mistake := _dash_mistake(text, index, column):
            return mistake
        if top is not None and top.is_open and top.indent < column:
            return None  # the value of the key above
        if mistake := _key_mistake(text, index, column):
            return mistake
        if top is None or text[column] in "[{\"'&!*":
            return None
        if text.startswith("//", column):
            return Mistake(index, column, "write # before a comment, not //")
        if text[column] == ":":
            return Mistake(index, column, "a key is missing before the colon")
        if self._empty_block:
            return Mistake(
                index, column, f"indent this text by at least {_spaces(top.indent + 1)}, more than {top.name!r}"
            )
        return Mistake(index, column, _NO_COLON)


def _spaces(count: int) -> str:
    return f"{count} space{'' if count == 1 else 's'}"


def _dash_mistake(text: str, index: int, column: int) -> Mistake | None:
    if re.match(r"-[^\s-]", text[column:]) and _match_key(text, column + 1):
        return Mistake(index, column, NO_SPACE_AFTER_DASH)
    return None


def _key_mistake(text: str, index: int, column: int) -> Mistake | None:
    """Return the mistake of a key without a colon and a space behind it."""
    if found := _OTHER_COLON.match(text, column):
        if found["colon"]:
            return Mistake(index, found.start("colon"), f"replace {found['colon']!r} with ': '")
        group = "space" if found["space"] else "after"
        return Mistake(index, found.start(group), space_advice(found[group]))
    if found := _NO_SPACE.match(text, column):
        return Mistake(index, found.start("colon"), "add a space after this colon")
    if found := _EQUALS.match(text, column):
        return Mistake(index, found.start("equals"), "write ': ' after the key, not '='")
    return None
