"""Print how long reports are, and how long they take: `python -m benchmarks.report_sizes`.

One row for each size, one column for each format: characters, and milliseconds in parentheses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from galleryctl.report.render import ReportFormat, render
from galleryctl.report.results import Subject
from tests.support.report_plans import ALL_ACTIONS, BIG, SIZES, plan_of

CASES: Mapping[str, Callable[[], Subject]] = {
    **{f"{count:,} changes of all kinds": partial(plan_of, count, *ALL_ACTIONS) for count in SIZES},
    **{name: make for name, make in BIG.items() if name != "10,000 changes of all kinds"},
}


def main() -> None:
    width = max(map(len, CASES))
    print(f"{'':<{width}}" + "".join(f"{format_.value:>20}" for format_ in ReportFormat))
    for name, make in CASES.items():
        subject = make()
        row = ""
        for format_ in ReportFormat:
            started = time.perf_counter()
            length = len(render(subject, format_))
            row += f"{f'{length:,} ({(time.perf_counter() - started) * 1000:,.0f})':>20}"
        print(f"{name:<{width}}{row}")


if __name__ == "__main__":
    main()
