"""Measure the command's start-up against importing click alone: `python benchmarks/startup.py [ROUNDS]`.

The runs are interleaved, so that load on the machine affects both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

START = "import sys; from galleryctl.cli.main import run; sys.exit(run(sys.argv[1:]))"
COMMANDS: dict[str, Sequence[str]] = {
    "import click": (sys.executable, "-c", "import click"),
    "galleryctl --version": (sys.executable, "-c", START, "--version"),
    "galleryctl --help": (sys.executable, "-c", START, "--help"),
    "galleryctl plan --help": (sys.executable, "-c", START, "plan", "--help"),
}


def run_ms(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(run_ms(command))
    baseline = statistics.median(times["import click"])
    print(f"medians of {rounds} interleaved rounds")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:24} {median:7.1f} ms  {median / baseline:5.2f} x `import click`")


if __name__ == "__main__":
    main()
