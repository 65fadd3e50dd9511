"""The records of the latest runs, beside a state: numbered 1, 2, 3 …, the oldest removed when a new one is written."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_RUNS = 20
"""The number of runs that are kept."""

_NAME = re.compile(r"(?P<number>[0-9]{8})\.json")


def record_name(number: int) -> str:
    """Return the name under which the record of a run is stored."""
    return f"{number:08}.json"


def run_numbers(names: Iterable[str]) -> list[int]:
    """Return the numbers of the runs among the names, newest first; other names are ignored."""
    return sorted((int(match["number"]) for name in names if (match := _NAME.fullmatch(name))), reverse=True)
