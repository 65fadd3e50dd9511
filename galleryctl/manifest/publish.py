"""Reads `publish` and the dates of `where`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.publishing import PublishWindow

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(Z|[+-]\d\d:\d\d)?")

AddProblem = Callable[[YamlNode, str], object]


def read_publish_window(node: YamlNode | None, add_problem: AddProblem) -> PublishWindow | None:
    """Return the value of `publish`; None if it is missing or invalid."""
    if node is None or node.parts is None:
        return None
    start, end = (_read_time(node.part(name), add_problem, needs_offset=True) for name in ("from", "until"))
    if start and end and start >= end:
        add_problem(node, "publish ends before it begins: until must be later than from")
        return None
    return PublishWindow(start=start, end=end)


def read_local_period(node: YamlNode, add_problem: AddProblem) -> tuple[datetime | None, datetime | None]:
    """Return the start and the end of a period on the clock of the place, None for no limit."""
    start, end = (_read_time(node.part(name), add_problem, needs_offset=False) for name in ("from", "until"))
    if start and end and start >= end:
        add_problem(node, "captured ends before it begins: until must be later than from")
    return start, end


def _read_time(node: YamlNode | None, add_problem: AddProblem, *, needs_offset: bool) -> datetime | None:
    if node is None or not isinstance(node.value, str):
        return None
    text = node.value
    example = '"2026-12-24T18:00+01:00"' if needs_offset else '"2026-12-24T18:00"'
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC if needs_offset else None)
        if found := _TIME.fullmatch(text):
            if needs_offset and not found[1]:
                add_problem(node, f"the time {text} has no offset from UTC: write for example {example}, or Z for UTC")
                return None
            if not needs_offset and found[1]:
                add_problem(node, f"the time {text} has an offset, but dates of capture are local: write {example}")
                return None
            time = datetime.fromisoformat(text)
            return time.astimezone(UTC) if needs_offset else time
    except (ValueError, OverflowError):
        pass  # 2026-02-30, or beyond the years that a computer knows
    add_problem(node, f'{text!r:.60} is not a date or a time: write for example "2026-12-24" or {example}')
    return None
