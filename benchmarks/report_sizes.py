"""Print how long reports are, and how long they take: `python -m benchmarks.report_sizes`.

First, one row for each size and one column for each format: characters, and milliseconds in parentheses. Then what a forge
limits: the length of Markdown, its deletes that are named and counted, and the annotations of each level. Ends with 1 if
a limit is exceeded, or a delete is neither named nor counted at the top.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from galleryctl.plan.changes import Action, Plan
from galleryctl.report.markdown import MAX_MARKDOWN
from galleryctl.report.render import ReportFormat, render
from galleryctl.report.results import Subject
from tests.support.report_plans import ALL_ACTIONS, BIG, SIZES, plan_of

CASES: Mapping[str, Callable[[], Subject]] = {
    **{f"{count:,} changes of all kinds": partial(plan_of, count, *ALL_ACTIONS) for count in SIZES},
    **{f"{count:,} deletes": partial(plan_of, count, Action.DELETE) for count in SIZES[:-1]},
    **{name: make for name, make in BIG.items() if name != "10,000 changes of all kinds"},
}
MAX_ANNOTATIONS = 10
"""GitHub shows ten of each level in a step."""
HEAD = 1_000
"""Characters that count as the top of a document."""


def main() -> int:
    width = max(map(len, CASES))
    print_sizes(width)
    print()
    return print_limits(width)


def print_sizes(width: int) -> None:
    print(f"{'':<{width}}" + "".join(f"{format_.value:>20}" for format_ in ReportFormat))
    for name, make in CASES.items():
        subject = make()
        row = ""
        for format_ in ReportFormat:
            started = time.perf_counter()
            length = len(render(subject, format_))
            row += f"{f'{length:,} ({(time.perf_counter() - started) * 1000:,.0f})':>20}"
        print(f"{name:<{width}}{row}")


def print_limits(width: int) -> int:
    """Print a row for each case; return 1 if one of them breaks a limit."""
    columns = ("markdown", "of limit", "deletes", "named", "at the top", "errors", "warnings", "notices", "")
    print(f"{'':<{width}}" + "".join(f"{column:>11}" for column in columns))
    failed = False
    for name, make in CASES.items():
        subject = make()
        text = render(subject, "markdown")
        levels = Counter(re.split("[ :]+", line)[1] for line in render(subject, "github").splitlines())
        deletes = subject.count(Action.DELETE) if isinstance(subject, Plan) else 0
        named = named_deletes(text)
        is_counted = f"{deletes:,} to delete" in text[:HEAD] if deletes else True
        shown = (*(levels[level] for level in ("error", "warning", "notice")),)
        is_good = len(text) <= MAX_MARKDOWN and is_counted and max(shown) <= MAX_ANNOTATIONS
        failed = failed or not is_good
        cells = (
            f"{len(text):,}",
            f"{len(text) / MAX_MARKDOWN:.0%}",
            f"{deletes:,}",
            f"{named:,}",
            "yes" if deletes else "-",
            *shown,
        )
        print(f"{name:<{width}}" + "".join(f"{cell:>11}" for cell in (*cells, "ok" if is_good else "OVER")))
    return 1 if failed else 0


def named_deletes(text: str) -> int:
    """Return how many items are named below the heading of deletes."""
    parts = re.findall(r"^#### Deletes and clears .*?(?=^####|^<details>|\Z)", text, re.MULTILINE | re.DOTALL)
    return len({name for part in parts for name in re.findall(r"photo-\d{5}", part)})


if __name__ == "__main__":
    sys.exit(main())
