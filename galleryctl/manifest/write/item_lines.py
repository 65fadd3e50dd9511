"""The lines of a manifest's `items`, split into entries, so that comments move with their entry.

items:
  # the bride             above a
  - key: a  # paid        a
    # tags: [x]           a: indented more than the dash

  - key: b                b, with the blank line above it
# the end                 after the list: stays there
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from galleryctl.manifest.yaml.nodes import YamlNode

_KEY_LINE = re.compile(r"""(?:items|'items'|"items")[ ]*:(?:[ ]*\[[ ]*\])?(?P<remark>[ ]*(?:[ ]#.*)?)\Z""")

KEEPS_BLANK_LINES = re.compile(r"[|>]\d?\+\d?[ ]*(?:#.*)?$", re.MULTILINE)
"""The header of a text to which the blank lines below it belong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLines:
    """The lines of an entry, and the blank lines and comments above it."""

    above: tuple[str, ...] = ()
    lines: tuple[str, ...]

    @property
    def blank(self) -> tuple[str, ...]:
        """Return the blank lines above its comments."""
        return tuple(takewhile(lambda line: not line.strip(), self.above))

    def with_blank(self, lines: Sequence[str]) -> EntryLines:
        """Return the entry with other blank lines above its comments."""
        return replace(self, above=(*lines, *self.above[len(self.blank) :]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLines:
    """The lines of a manifest: `head` above the key `items`, `remark` beside it, and `below` after the list."""

    indent: int
    head: tuple[str, ...]
    remark: str
    entries: tuple[EntryLines, ...]
    below: tuple[str, ...]
    tail: tuple[str, ...]

    def arranged(self, order: Sequence[int | EntryLines]) -> ItemLines:
        """Return the list with these entries: the index of a former one, or a new one.

        Blank lines go with the entry below them, except those above the first, which stay first. A new entry gets a
        blank line above it if all former ones have.
        """
        first = self.entries[0] if self.entries else None
        rest = self.entries[1:]
        separator = ("",) if rest and all(entry.blank for entry in rest) else ()
        entries = [self.entries[e] if isinstance(e, int) else e.with_blank(separator) for e in order]
        if first and entries and entries[0] is not first:
            freed, entries[0] = entries[0].blank, entries[0].with_blank(first.blank)
            entries = [entry.with_blank(freed) if entry is first else entry for entry in entries]
        elif not first and entries:
            entries[0] = entries[0].with_blank(())
        return replace(self, entries=tuple(entries))

    def text(self) -> str:
        """Return the text of the manifest."""
        lines = [*self.head, f"items:{self.remark}" if self.entries else f"items: []{self.remark}"]
        for entry in self.entries:
            lines += [*entry.above, *entry.lines]
        text = "\n".join([*lines, *self.below, *self.tail])
        return text if text.endswith("\n") else f"{text}\n"


def split_items(text: str, root: YamlNode) -> ItemLines | None:
    """Return the lines of the manifest; None if its entries have no lines of their own, as in `[{…}, {…}]`."""
    items, keys, lines = root.part("items"), root.keys or {}, text.split("\n")
    if items is None or items.items is None or "items" not in keys:
        return None
    start, indent = keys["items"][0], items.column - 1 if items.items else keys["items"][1] + 1
    key_line = _KEY_LINE.match(lines[start - 1])
    if key_line is None:
        return None
    stop = min((line - 1 for line, _ in keys.values() if line > start), default=len(lines))
    dashes = _dashes(lines, items.items, start, indent)
    if len(dashes) != len(items.items):
        return None
    entries: list[EntryLines] = []
    end = start
    for dash, bound in zip(dashes, [*dashes, stop][1:], strict=True):
        above = tuple(lines[end:dash])
        end = 1 + max(n for n in range(dash, bound) if n == dash or _indentation(lines[n]) > indent)
        while KEEPS_BLANK_LINES.search("\n".join(lines[dash:end])) and end < bound and not lines[end].strip():
            end += 1
        entries.append(EntryLines(above=above, lines=tuple(lines[dash:end])))
    below = tuple(takewhile(_is_empty_or_comment, lines[end:stop]))
    if not all(_is_empty_or_comment(line) for entry in entries for line in entry.above):
        return None
    tail = tuple(lines[end + len(below) :])
    return ItemLines(
        indent=indent,
        head=tuple(lines[: start - 1]),
        remark=key_line["remark"].rstrip(),
        entries=tuple(entries),
        below=below,
        tail=tail,
    )


def _dashes(lines: Sequence[str], nodes: Iterable[YamlNode], start: int, indent: int) -> list[int]:
    """Return the index of the line with the dash of each entry, up to the first that has none."""
    dash = re.compile(" " * indent + r"-(?:\s|\Z)")
    found: list[int] = []
    for node in nodes:
        index = min(node.line, len(lines)) - 1
        while index >= start and not dash.match(lines[index]):
            index -= 1
        if index < start:
            break
        found.append(index)
        start = index + 1
    return found


def _is_empty_or_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _indentation(line: str) -> int:
    """Return the number of spaces before the text; 0 for a blank line."""
    return len(line) - len(line.lstrip()) if line.strip() else 0
