"""Mistakes in one value of a YAML text: quotes, brackets, and characters that have a meaning in YAML.

The functions look only at texts that a parser has rejected. Lines and columns count from 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from galleryctl.manifest.yaml.spaces import SMART_QUOTES, SPACES, space_advice

_PROPERTIES = re.compile(r"(?:(?:&[^\s,\[\]{}]+|![^\s,\[\]{}]*)(?:[ \t]+|\Z))*")
_BLOCK_HEADER = re.compile(r"[|>](?:[+-]?[1-9]?|[1-9][+-])[ \t]*(?:[ \t]#.*)?\Z")
_ALIAS = re.compile(r"\*[0-9A-Za-z_-]+[ \t]*(?:[ \t]#.*)?\Z")
_ALIAS_IN_FLOW = re.compile(r"\*[0-9A-Za-z_-]+[ \t]*(?:[,:\]}]|[ \t]#|\Z)")
_RESERVED = re.compile(r"[@`%,\]}*&|>!]|[-?:](?=[ \t]|\Z)")
_RESERVED_IN_FLOW = "@`%|>"
_REST = re.compile(r"[ \t]*(?:[ \t]#.*|)\Z")
"""The rest of a line without content."""
_COMMENT = re.compile(r"[ \t]#")
_COLON = re.compile(r":(?=[ \t]|\Z)")
_INSIDE = {'"': re.compile(r'(?:[^"\\]|\\.?)*'), "'": re.compile(r"(?:[^']|'')*")}
_BACKSLASH = re.compile(r'(?<!\\)(?:\\\\)*(\\)(?!["\\])')
_INVALID_ESCAPE = re.compile(
    r"""\\(?![0abtnvfre "/\\N_LP\t]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\Z)|\\\\"""
)
_FLOW_PIECE = re.compile(
    r"[ \t]+|(?P<sign>[\[\]{},]|:(?=[ \t,\[\]{}]|\Z))|(?P<comment>(?<![^ \t])#.*)|(?P<text>(?:[^\s\[\]{},:]|:(?![\s,\[\]{}]|\Z))+)"
)
_NEW_ENTRY = re.compile(r"(?P<indent> *)(?:- |-\Z|[\w.-]+:(?:[ \t]|\Z))")
_CLOSING = {"[": "]", "{": "}"}


class Mistake(NamedTuple):
    """A place in the text, and what to write instead."""

    line: int
    column: int
    message: str


class ValueKind(StrEnum):
    """The form of a value, as far as the lines below it depend on it."""

    EMPTY = "empty"
    PLAIN = "plain"
    BLOCK = "block"
    CLOSED = "closed"


class Value(NamedTuple):
    """A value, the index of its last line, and the mistake in it, if any."""

    kind: ValueKind
    end: int
    mistake: Mistake | None = None


def scan_value(lines: Sequence[str], line: int, column: int, indent: int) -> Value:  # noqa: PLR0911 - one return a form
    """Return the value that begins at this place; `indent` is that of the key or the dash before it."""
    text = lines[line]
    column = _PROPERTIES.match(text, column).end()  # type: ignore[union-attr]  # it matches nothing, too
    rest = text[column:]
    if not rest.strip() or rest.startswith("#"):
        return Value(ValueKind.EMPTY, line)
    if _BLOCK_HEADER.match(rest):
        return _block(lines, line, indent)
    if _ALIAS.match(rest):
        return Value(ValueKind.CLOSED, line)
    if _RESERVED.match(rest):
        return Value(ValueKind.CLOSED, line, Mistake(line, column, f"quote the text: it begins with {rest[0]!r}"))
    if rest[0] in _INSIDE:
        return _quoted(lines, line, column)
    if rest[0] in _CLOSING:
        return _Flow(lines, line, column, indent).read()
    return Value(ValueKind.PLAIN, line, colon_mistake(text, line, column))


def colon_mistake(text: str, line: int, start: int) -> Mistake | None:
    """Return the mistake of unquoted text that contains a colon with a space after it."""
    comment = _COMMENT.search(text, start)
    text = text[: comment.start()] if comment else text
    found = _COLON.search(text, start)
    if found is None:
        return None
    quote = next((each for each in text[start:] if each in SMART_QUOTES), "")
    if quote:
        message = f"""quote the text with " or ': {quote} does not quote, and the text contains ': '"""
    elif text[found.end() :].strip():
        message = "quote the text: it contains ': '"
    else:
        message = "quote the text: it ends with ':'"
    return Mistake(line, found.start(), message)


def _block(lines: Sequence[str], line: int, indent: int) -> Value:
    """Skip the lines of a block; each is indented at least like its first."""
    first, end = None, line
    for index in range(line + 1, len(lines)):
        text = lines[index]
        own = len(text) - len(text.lstrip(" "))
        if not text.strip():
            continue
        if own <= indent or (first is not None and own < first and text.lstrip().startswith("#")):
            break
        first = own if first is None else first
        if own < first:
            message = f"indent this line by {first} spaces, like the first line of the text"
            return Value(ValueKind.BLOCK, index, Mistake(index, own, message))
        end = index
    return Value(ValueKind.EMPTY if end == line else ValueKind.BLOCK, end)


def _quoted(lines: Sequence[str], line: int, column: int) -> Value:
    """Read a quoted text; it may have several lines."""
    quote = lines[line][column]
    if mistake := _escape_mistake(lines[line], line, column):
        return Value(ValueKind.CLOSED, line, mistake)
    end, stop = _closing_quote(lines, line, column)
    if end < len(lines) and _REST.match(lines[end], stop + 1):
        return Value(ValueKind.CLOSED, end)
    if end > line:  # not closed, or the quote that closes it opens another text
        message = f"the quote that opens here is not closed: add {quote} at the end of the text"
        return Value(ValueKind.CLOSED, end, Mistake(line, column, message))
    return Value(ValueKind.CLOSED, line, Mistake(line, stop, _text_after_quote(quote, lines[line], stop)))


def _closing_quote(lines: Sequence[str], line: int, column: int) -> tuple[int, int]:
    """Return the line and the column of the quote that closes that at a place; the line after the last if none does."""
    quote, start = lines[line][column], column + 1
    for index in range(line, len(lines)):
        stop = _INSIDE[quote].match(lines[index], start).end()  # type: ignore[union-attr]  # it matches nothing, too
        if stop < len(lines[index]):
            return index, stop
        start = 0
    return len(lines), 0


def _text_after_quote(quote: str, text: str, stop: int) -> str:
    before, after = text[stop - 1], text[stop + 1]
    if quote == "'" and before.isalnum() and after.isalnum():
        return "an apostrophe ends a text in single quotes: write it twice (''), or use double quotes"
    if quote in text[stop + 1 :]:
        instead = '\\"' if quote == '"' else "''"
        other = "single" if quote == '"' else "double"
        return f"this quote ends the text: write {instead} inside it, or put {other} quotes around it"
    return f"the text ends at this quote: put {quote} at the end of the whole text"


def _escape_mistake(text: str, line: int, column: int) -> Mistake | None:
    """Return the first backslash in double quotes on this line, if YAML does not know one of them."""
    start, stop = column + 1, _INSIDE['"'].match(text, column + 1).end()  # type: ignore[union-attr]  # as above
    invalid = any(len(found[0]) == 1 for found in _INVALID_ESCAPE.finditer(text, start, stop))
    if text[column] != '"' or not invalid:
        return None
    found = _BACKSLASH.search(text, start, stop)
    place = found.start(1) if found else start
    return Mistake(line, place, r"a backslash begins a special character in double quotes: use single quotes, or \\")


class _Flow:
    """Reads a value in brackets, which may have several lines."""

    def __init__(self, lines: Sequence[str], line: int, column: int, indent: int) -> None:
        self._lines, self._line, self._column, self._indent = lines, line, column, indent
        self._open: list[tuple[str, int, int]] = []
        self._colon = False
        """True after the colon of an entry."""
        self._words = 0
        """The words since the last comma, colon or bracket."""
        self._complete = False
        """True after a quoted text or a closing bracket."""

    def read(self) -> Value:
        """Return the value; it ends where the first bracket is closed."""
        line, column = self._line, self._column
        while line < len(self._lines):
            text = self._lines[line]
            if column >= len(text):
                line, column = line + 1, 0
                if line < len(self._lines) and self._is_beyond(self._lines[line]):
                    break
                continue
            if text[column] in _INSIDE and not self._words:
                mistake = self._take_text(line, column, is_quoted=True)
                line, column = _closing_quote(self._lines, line, column)
                column += 1
            else:
                piece = _FLOW_PIECE.match(text, column)
                mistake = self._take(piece, line) if piece else None
                column = piece.end() if piece else column + 1
            if mistake is None and not self._open:
                mistake = self._after(line, column)
            if mistake is not None or not self._open:
                return Value(ValueKind.CLOSED, line, mistake)
        return Value(ValueKind.CLOSED, line, self._unclosed())

    def _is_beyond(self, text: str) -> bool:
        """Return True if a line cannot belong to the brackets: it begins an entry or a key outside of them."""
        entry = _NEW_ENTRY.match(text)
        return entry is not None and (len(entry["indent"]) <= self._indent or "- " in entry[0])

    def _take(self, piece: re.Match[str], line: int) -> Mistake | None:
        """Count a piece of the text; return the mistake that it shows."""
        if piece["text"]:
            return self._take_text(line, piece.start(), is_quoted=False)
        match piece["sign"]:
            case "[" | "{" as bracket:
                if self._complete:
                    return Mistake(line, piece.start(), "add a comma before this bracket")
                self._open.append((bracket, line, piece.start()))
                self._begin_entry()
            case "]" | "}" as bracket:
                if bracket != _CLOSING[self._open[-1][0]]:
                    return self._unclosed()
                self._open.pop()
                self._begin_entry()
                self._complete = True
            case ",":
                self._begin_entry()
            case ":":
                return self._take_colon(line, piece.start())
        return None

    def _take_text(self, line: int, column: int, *, is_quoted: bool) -> Mistake | None:
        first = self._lines[line][column]
        is_alias = first != "*" or _ALIAS_IN_FLOW.match(self._lines[line], column)
        if not self._words and (first in _RESERVED_IN_FLOW or not is_alias):
            return Mistake(line, column, f"quote the text: it begins with {first!r}")
        if self._complete and first == ":":  # as in {"a":1}
            self._colon, self._words, self._complete = True, 1, False
            return None
        if self._complete:
            advice = "" if is_quoted else ", or quote the whole text"
            return Mistake(line, column, f"add a comma before this text{advice}")
        self._complete = is_quoted
        self._words += not is_quoted
        return None

    def _begin_entry(self) -> None:
        self._colon, self._words, self._complete = False, 0, False

    def _take_colon(self, line: int, column: int) -> Mistake | None:
        if self._colon and self._open[-1][0] == "{":
            message = "quote the text: it contains ': '"
            if self._words > 1:
                word = self._lines[line][:column].split()[-1]
                message += f"; or add a comma before {word!r}, if it is a key"
            return Mistake(line, column, message)
        self._colon, self._words, self._complete = True, 0, False
        return None

    def _after(self, line: int, column: int) -> Mistake | None:
        """Return the mistake in what follows the last bracket."""
        rest = self._lines[line][column:]
        if _REST.match(rest) or rest.startswith(":"):
            return None
        stripped = rest.lstrip(" \t")
        place = column + len(rest) - len(stripped)
        if stripped[0] in SPACES:
            return Mistake(line, place, space_advice(stripped[0]))
        if stripped[0] in "]}":
            return Mistake(line, place, f"remove this {stripped[0]!r}: no bracket is open here")
        opening = self._lines[self._line][self._column]
        return Mistake(self._line, self._column, f"quote the text: it begins with {opening!r}")

    def _unclosed(self) -> Mistake:
        bracket, line, column = self._open[-1]
        return Mistake(
            line, column, f"the bracket {bracket!r} that opens here is not closed: add {_CLOSING[bracket]!r}"
        )
