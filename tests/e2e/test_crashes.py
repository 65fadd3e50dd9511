"""An apply of more than 200 steps, killed by SIGKILL: one more apply reaches what was wanted, nothing twice, nothing lost.

The emulator holds the n-th request before or after it is carried out, the process that sent it is killed, and what was
in flight ends. A sample of these points is in the suite; all of them, and 500 random moments, run with `-m slow`. Each
group of kills has a site with its own draw of the switches for rewriting. A person answers the questions of plans; their
number is printed (`-rP` shows it).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.support.killed_apply import Crashes, before_the_apply

PARTS = 10
"""The slow campaigns come in parts, so that they can run beside each other."""
MOMENTS = 500
STEPS = 200
SITES = ("sample 0", "sample 1", "sample 14")
"""The sites of the sample: the seeds of their switches, chosen so that they differ in most."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Crashes]]:
    """Return the sites of the sample by number, each started when it is first used."""
    with ExitStack() as stack:

        @cache
        def start(number: int) -> Crashes:
            folder = tmp_path_factory.mktemp("small")
            return stack.enter_context(before_the_apply(folder, scale=1, seed=SITES[number]))

        yield lambda number: start(number % len(SITES))


def print_counts(crashes: Crashes) -> None:
    print(f"{crashes.kills} kills, {crashes.answers} answers, on a site with {crashes.switches}")  # noqa: T201 - for -rP


def kill_at_random(crashes: Crashes, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    crashes.kill_after(dice.uniform(0, crashes.seconds))


@pytest.mark.parametrize("eighth", range(8))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_a_request_one_more_apply_reaches_the_goal(
    small: Callable[[int], Crashes], when: str, eighth: int
) -> None:
    crashes = small(eighth)
    crashes.kill_at(when, 1 + eighth * (crashes.requests - 1) // 7)


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_some_moment_one_more_apply_reaches_the_goal(small: Callable[[int], Crashes], seed: int) -> None:
    kill_at_random(small(seed), seed)


@pytest.mark.slow
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_every_request_of_a_long_run(tmp_path: Path, when: str, part: int) -> None:
    with before_the_apply(tmp_path, scale=6, seed=f"{when} {part}") as crashes:
        assert crashes.steps >= STEPS
        for nth in range(1 + part, crashes.requests + 1, PARTS):
            crashes.kill_at(when, nth)
        print_counts(crashes)


@pytest.mark.slow
@pytest.mark.timeout(14400)
@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_many_moments_of_a_long_run(tmp_path: Path, part: int) -> None:
    with before_the_apply(tmp_path, scale=6, seed=f"moments {part}") as crashes:
        for seed in range(part, MOMENTS, PARTS):
            kill_at_random(crashes, seed)
        print_counts(crashes)
