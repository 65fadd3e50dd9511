"""Changes single values in the text of a YAML file; every other character stays, comments included.

- {key: cake, title: Torte}  # by Ada    →    - {key: cake, title: Cake}  # by Ada
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from galleryctl.manifest.write.entries import is_inline
from galleryctl.manifest.write.item_lines import KEEPS_BLANK_LINES
from galleryctl.manifest.write.list_edits import list_edit
from galleryctl.manifest.yaml.dump import dump_round_trip, inline_text, is_block_text, to_yaml_value
from galleryctl.manifest.yaml.ends import value_ends
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.fields import Json

_LINE_BREAK_IN_LINE = re.compile("[\r\x85\u2028\u2029]")
_ALIAS = re.compile(r"[ ]*(\*[^\s,\[\]{}]+)")
_ANCHOR = re.compile(r"&\S+\s+")
_FLOW_START = re.compile(r"(?:[&!]\S*\s+)*[\[{]")
_COMMENT = re.compile(r"[ \t]+(#.*)")


class NotEditableError(Exception):
    """A value has no text of its own, as one that a merge key (`<<`) adds."""


class TextEdits:
    """The edits of a text; positions are those of its nodes. Every method raises NotEditableError."""

    def __init__(self, text: str) -> None:
        if _LINE_BREAK_IN_LINE.search(text):
            raise NotEditableError
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._ends = value_ends(text)
        self._edits: list[tuple[int, int, str]] = []
        self._dropped: set[tuple[int, int, str]] = set()

    def result(self) -> str:
        """Return the text with all edits."""
        parts: list[str] = []
        done = 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[:2]):
            if start < done:
                raise NotEditableError
            parts += [self._text[done:start], new]
            done = end
        return "".join((*parts, self._text[done:]))

    def set(self, node: YamlNode, key: str, value: Json, order: Sequence[str], *, inline: bool = False) -> None:
        """Set the value of a key of a mapping; a new key gets its place by `order`, `inline` writes it on one line.

        What stays of a mapping or a list keeps its spelling.
        """
        if not self._has_own(node, key):
            self._insert(node, key, value, order, inline=inline)
        elif not self._set_parts(node, key, value):
            self._replace(node, key, value, inline=inline)

    def _set_parts(self, node: YamlNode, key: str, value: Json) -> bool:
        """Set the parts of a value that differ; return False if it has to be written as a whole."""
        former = (node.parts or {})[key]
        if not value or _ALIAS.match(self._text, self._key_end(node, key)):
            return False
        if former.items is not None:
            edit = list_edit(self._text, self._starts, self._ends, former, value)
            self._edits += [edit] if edit else []
            return edit is not None
        if former.parts is None or not isinstance(value, Mapping):
            return False
        before = [*self._edits], {*self._dropped}
        try:
            self._set_members(former, former.parts, value)
        except NotEditableError:
            self._edits, self._dropped = before
            return False
        return True

    def _set_members(self, node: YamlNode, parts: Mapping[str, YamlNode], value: Mapping[str, Json]) -> None:
        for name in [name for name in parts if name not in value]:
            self.drop(node, name)
        for name, part in value.items():
            if name not in parts or parts[name].value != part:
                self.set(node, name, part, (*parts, name), inline=self._is_flow(node))

    def rename(self, node: YamlNode, key: str, new: str) -> None:
        """Give a key another name."""
        if not self._has_own(node, key):
            raise NotEditableError
        self._edits.append((self._key_start(node, key), self._key_end(node, key), f"{new}:"))

    def drop(self, node: YamlNode, key: str) -> None:
        """Remove a key with its value; the comment beside it gets a line of its own."""
        keys = [name for name in node.keys or {} if self._has_own(node, name)]
        if key not in keys:
            raise NotEditableError
        self._dropped.add((node.line, node.column, key))
        index, start, end = keys.index(key), self._key_start(node, key), self._value_span(node, key)[1]
        if not self._is_flow(node) and index:
            line_start, line_end = self._text.rfind("\n", 0, start) + 1, self._line_end(end)
            comment = _COMMENT.match(self._text, end)
            remark = f"{' ' * (node.column - 1)}{comment[1]}\n" if comment else ""
            self._edits.append((line_start, min(line_end + 1, len(self._text)), remark))
        elif index:
            self._edits.append((self._value_span(node, keys[index - 1])[1], end, ""))
        elif len(keys) > 1 and "#" not in self._text[end : self._key_start(node, keys[1])]:
            self._edits.append((start, self._key_start(node, keys[1]), ""))
        else:
            raise NotEditableError

    def _replace(self, node: YamlNode, key: str, value: Json, *, inline: bool) -> None:
        start, end, was_inline = self._value_span(node, key)
        key_end, quote = self._key_end(node, key), self._text[start : start + 1]
        is_text = is_block_text(value) and not _COMMENT.match(self._text, end)
        if not inline and not self._is_flow(node) and (is_text or (not was_inline and value and _is_collection(value))):
            self._edits.append((self._key_start(node, key), end, _member(key, value, node.column - 1)))
            return
        text = inline_text(value, quote if was_inline and quote in "\"'" else "")
        if was_inline and start < end:
            self._edits.append((start, end, text))
        else:
            self._edits.append((key_end, end, f" {text}"))

    def _insert(self, node: YamlNode, key: str, value: Json, order: Sequence[str], *, inline: bool) -> None:
        own = [name for name in node.keys or {} if self._has_own(node, name) and not self._is_dropped(node, name)]
        lower = [name for name in own if name in order and order.index(name) < order.index(key)]
        indent = node.column - 1
        if self._is_flow(node):
            text = f"{key}: {inline_text(value)}"
            if lower:
                end = self._value_span(node, lower[-1])[1]
                self._edits.append((end, end, f", {text}"))
            else:
                start = self._key_start(node, own[0]) if own else self._text.index("{", self._offset(node)) + 1
                self._edits.append((start, start, f"{text}, " if own else text))
            return
        text = f"{key}: {inline_text(value)}" if inline else _member(key, value, indent)
        if lower:
            end = self._line_end(self._value_span(node, lower[-1])[1])
            self._edits.append((end, end, f"\n{' ' * indent}{text}"))
        elif own:
            start = self._key_start(node, own[0])
            self._edits.append((start, start, f"{text}\n{' ' * indent}"))
        else:
            raise NotEditableError

    def _is_dropped(self, node: YamlNode, key: str) -> bool:
        return (node.line, node.column, key) in self._dropped

    def _offset(self, node: YamlNode) -> int:
        return self._starts[node.line - 1] + node.column - 1

    def _line_end(self, offset: int) -> int:
        end = self._text.find("\n", offset)
        return len(self._text) if end < 0 else end

    def _is_flow(self, node: YamlNode) -> bool:
        return _FLOW_START.match(self._text, self._offset(node)) is not None

    def _has_own(self, node: YamlNode, key: str) -> bool:
        """Return True if the key is written in this mapping, and not added by a merge key."""
        if key not in (node.keys or {}):
            return False
        start = self._key_start(node, key)
        if self._is_flow(node):
            return self._offset(node) <= start < self._ends[self._offset(node)]
        return start >= self._offset(node) and node.keys is not None and node.keys[key][1] == node.column

    def _key_start(self, node: YamlNode, key: str) -> int:
        line, column = (node.keys or {})[key]
        return self._starts[line - 1] + column - 1

    def _key_end(self, node: YamlNode, key: str) -> int:
        """Return the offset behind the colon of a key."""
        found = re.compile(rf"([\"']?){re.escape(key)}\1[ ]*:").match(self._text, self._key_start(node, key))
        if found is None:
            raise NotEditableError
        return found.end()

    def _value_span(self, node: YamlNode, key: str) -> tuple[int, int, bool]:
        """Return the offsets of a value, and True if it is written on its own, not as a block."""
        key_end, value = self._key_end(node, key), (node.parts or {})[key]
        if alias := _ALIAS.match(self._text, key_end):
            return (*alias.span(1), True)
        start = self._offset(value)
        end = self._ends.get(start, start)
        is_scalar = value.parts is None and value.items is None
        if start < key_end or self._text[key_end:start].strip(" \n"):
            if value.value is None and end <= key_end:
                return key_end, key_end, True
            if is_scalar:
                raise NotEditableError
        is_flow = self._is_flow(value)
        if anchor := _ANCHOR.match(self._text, start):
            start = anchor.end()  # the anchor stays, as others may refer to it
        character = self._text[start : start + 1]
        if is_flow if not is_scalar else character not in "|>!":
            return start, end, True
        if character == "!":
            raise NotEditableError
        return start, self._block_end(node, key, value), False

    def _block_end(self, node: YamlNode, key: str, value: YamlNode) -> int:
        """Return the offset behind the last line of a block value."""
        line = node.keys[key][0] if node.keys else 0
        indent, last, is_text = node.column - 1, line - 1, value.parts is None and value.items is None
        keeps_blank_lines = is_text and KEEPS_BLANK_LINES.search(self._lines[line - 1])
        for index in range(line, len(self._lines)):
            content = self._lines[index].lstrip(" ")
            if not content:
                last = index if keeps_blank_lines else last
                continue
            depth = len(self._lines[index]) - len(content)
            is_comment = content.startswith("#") and not is_text
            is_entry = value.items is not None and depth == indent and content.startswith("-")
            if depth <= indent and not is_comment and not is_entry:
                break
            last = last if is_comment else index
        return self._starts[last] + len(self._lines[last])


def entry_lines(members: Mapping[str, Json], indent: int) -> list[str]:
    """Return the lines of a new entry whose dash is indented by `indent` spaces."""
    text = "\n".join(
        f"{key}: {inline_text(value)}" if is_inline(key) else _member(key, value, 0) for key, value in members.items()
    )
    first, *rest = text.split("\n")
    return [f"{' ' * indent}- {first}", *(line and f"{' ' * (indent + 2)}{line}" for line in rest)]


def _is_collection(value: Json) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _member(key: str, value: Json, indent: int) -> str:
    """Return a key and its value, in the style of manifests; lines after the first are indented."""
    if is_block_text(value) or (value and _is_collection(value)):
        lines = dump_round_trip(to_yaml_value({key: value}), key).removesuffix("\n").split("\n")
        return "\n".join([lines[0], *(line and " " * indent + line for line in lines[1:])])
    return f"{key}: {inline_text(value)}"
