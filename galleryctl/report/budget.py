"""Texts under a limit: what is dangerous gets its space first, and what does not fit is counted.

Blocks "deletes" (dangerous, 900 characters) and "creates" (5,000 characters) under a limit of 2,000:
all deletes, then as many creates as fit into 1,100 characters, and how many there are in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

_REMARK_LENGTH = 200
"""Characters for the line that counts what is not listed, without its link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBlock:
    """A part of a text: a heading, entries and a closing.

    `full` are the entries with all details, `short` the same by name only. `names` are the same as a group and a name
    in it, () if there are no groups: names of one group share a line. `order` is the place in the text. Blocks with the
    same order and title are one.
    """

    order: tuple[int, int]
    title: str
    full: tuple[str, ...]
    short: tuple[str, ...]
    names: tuple[tuple[str, str], ...] = ()
    heading: str = ""
    """Text before the number of entries; "" for a block without heading and number."""
    after: str = "\n\n"
    """Text after that number."""
    closing: str = ""
    margin: str = ""
    """The start of each line, which the entries have already."""
    is_dangerous: bool = False
    limit: int | None = None
    """The most characters that it may have, if not all that are left."""

    @property
    def frame(self) -> int:
        """The number of characters besides the entries."""
        return len(self.heading) + len(self.after) + len(self.closing) + 2 * len(self.margin) + _REMARK_LENGTH

    def joined(self, other: ReportBlock) -> ReportBlock:
        """Return the block with the entries of another one as well."""
        names = self.names + other.names
        return replace(self, full=self.full + other.full, short=self.short + other.short, names=names)


def fit_blocks(blocks: Sequence[ReportBlock], limit: int, link: str) -> list[str]:
    """Return the texts of the blocks, together in at most `limit` characters as far as their frames fit.

    The dangerous ones share what there is, the others what these leave: small ones are complete, the rest have equal
    shares. `link` is where everything is listed, "" if that is unknown.
    """
    left = limit - sum(block.frame + len(link) for block in blocks)
    texts: dict[int, str] = {}
    for dangerous in (True, False):
        numbers = [number for number, block in enumerate(blocks) if block.is_dangerous is dangerous]
        shares = _share(max(left, 0), [_need(blocks[number]) for number in numbers])
        for number, share in zip(numbers, shares, strict=True):
            entries, listed = _fit(blocks[number], share)
            left -= _length(entries)
            texts[number] = _assemble(blocks[number], entries, listed, link)
    return [texts[number] for number in range(len(blocks))]


def _need(block: ReportBlock) -> int:
    need = _length(block.full)
    return need if block.limit is None else min(need, block.limit)


def _share(total: int, needs: Sequence[int]) -> list[int]:
    """Divide `total`: needs below an equal share are met, and the others share what is left of it."""
    shares = [0] * len(needs)
    waiting = sorted(range(len(needs)), key=lambda number: needs[number])
    while waiting:
        number = waiting.pop(0)
        shares[number] = min(needs[number], total // (len(waiting) + 1))
        total -= shares[number]
    return shares


def _fit(block: ReportBlock, limit: int) -> tuple[list[str], int]:
    """Return the entries that fit, and their number: as many in full as possible while all are named, else names."""
    if _length(block.full) <= limit:
        return list(block.full), len(block.full)
    left = limit - _length(block.short)
    if left < 0:
        return _first_names(block.names, limit) if block.names else _first(block.short, limit)
    entries = list(block.short)
    for number, (full, short) in enumerate(zip(block.full, block.short, strict=True)):
        left -= len(full) - len(short)
        if left < 0:
            break
        entries[number] = full
    return entries, len(entries)


def _first(entries: Sequence[str], limit: int) -> tuple[list[str], int]:
    shown: list[str] = []
    for entry in entries:
        limit -= len(entry) + 1
        if limit < 0:
            break
        shown.append(entry)
    return shown, len(shown)


def _first_names(names: Sequence[tuple[str, str]], limit: int) -> tuple[list[str], int]:
    """Return a line for each group, with the names that fit, and the number of names."""
    lines: list[list[str]] = []
    former = None
    for listed, (group, name) in enumerate(names):
        limit -= len(name) + 2 + (len(group) + 5 if group != former else 0)  # with what is added below
        if limit < 0:
            return _joined_names(lines), listed
        if group != former:
            lines.append([group])
            former = group
        lines[-1].append(name)
    return _joined_names(lines), len(names)


def _joined_names(lines: Sequence[Sequence[str]]) -> list[str]:
    return [f"- {line[0]}: {', '.join(line[1:])}" for line in lines]


def _assemble(block: ReportBlock, entries: Sequence[str], listed: int, link: str) -> str:
    total = len(block.full)
    heading = f"{block.heading} ({total:,}){block.after}" if block.heading else block.after.lstrip("\n")
    return heading + _remark(block, listed, link) + "\n".join(entries) + block.closing


def _remark(block: ReportBlock, listed: int, link: str) -> str:
    """Return the paragraph that counts what is not listed, "" if everything is."""
    total = len(block.full)
    if listed == total:
        return ""
    count = f"{listed:,} of {total:,} are listed here" if listed else f"None of {total:,} is listed here"
    rest = f"[the full report]({link}) has all" if link else "the report as text, HTML or JSON has all"
    return f"{block.margin}{count}; {rest}.\n{block.margin.rstrip()}\n"


def _length(entries: Sequence[str]) -> int:
    return sum(map(len, entries)) + len(entries)
