"""Notices of a plan in groups, so that 98 items with the same remark are one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from galleryctl.model.address import Address
from galleryctl.plan.changes import Notice
from galleryctl.report.formatting import escape_control, list_addresses

_MIN_GROUP = 4
"""Fewer notices are shown one by one."""
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9a-f-]{8,}\b|\d+")
"""The parts of a message that differ between resources: quoted names, ids and numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    """One line of the notes, escaped: the subject is an address, or a number of resources."""

    subject: str
    message: str


def note_lines(notices: Sequence[Notice], *, verbose: bool = False) -> tuple[NoteLine, ...]:
    """Return a line for each notice, or for each group of notices that say the same; `verbose` groups none.

    Messages that differ only in names, ids and numbers are one group, shown by the first of them.
    """
    groups: dict[tuple[str, bool], list[Notice]] = {}
    for notice in notices:
        key = (_VALUES.sub("…", notice.message), notice.address is None)
        groups.setdefault(key, []).append(notice)
    return tuple(_lines(groups.values(), verbose=verbose))


def _lines(groups: Iterable[list[Notice]], *, verbose: bool) -> Iterator[NoteLine]:
    for group in groups:
        addresses = [notice.address for notice in group if notice.address is not None]
        if verbose or len(group) < _MIN_GROUP or not addresses:
            yield from map(_single_line, group)
            continue
        message = escape_control(group[0].message)
        is_same = len({notice.message for notice in group}) == 1
        example = "" if is_same else f"for example {addresses[0]}: "
        rest = list_addresses(addresses if is_same else addresses[1:])
        listed = f" ({rest})" if is_same else f" (also {rest})"
        yield NoteLine(subject=f"{len(group):,} {_noun(addresses)}", message=f"{example}{message}{listed}")


def _single_line(notice: Notice) -> NoteLine:
    return NoteLine(subject=str(notice.address or "the workspace"), message=escape_control(notice.message))


def _noun(addresses: Iterable[Address]) -> str:
    kinds = {address.item is None for address in addresses}
    return "resources" if len(kinds) > 1 else "galleries" if True in kinds else "items"
