"""A run is killed, and so is the run that recovers from it: the third reaches the result of a single run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.transport import Attempt
from tests.integration.faults.test_one_fault import after, before, settled_site
from tests.support.engine_harness import Crash, EngineHarness

REQUESTS = 14
"""Requests of the run that is killed first; the second makes no more."""


def nth(number: int, phase: str) -> Callable[[Attempt], None]:
    """Ends the process before or after the request with that number."""
    numbers = count(1)

    def watch(exchange: Attempt) -> None:
        if exchange.phase == phase and next(numbers) == number:
            raise Crash

    return watch


def killed_at(folder: Path, kills: list[tuple[int, str]]) -> tuple[object, int]:
    """Return the site and the number of files after the kills and an undisturbed apply; the next plan is empty."""
    folder.mkdir()
    world = EngineHarness(folder)
    try:
        world.apply(before(world))
        desired = after(world)
        for number, phase in kills:
            world.on_attempt = nth(number, phase)
            try:
                world.apply(desired)
            except Crash:
                pass
            finally:
                world.on_attempt = lambda _exchange: None
        assert world.apply(desired).report.exit_code == 0
        assert world.plan(desired).is_empty
        assert len(world.galleries()) == 2
        state = FileStateBackend(folder / "state.json").read()
        assert state is not None
        assert state.bindings.deposed == {}
        return settled_site(world), len(world.files())
    finally:
        world.close()


@pytest.mark.parametrize("second", ["before", "after"])
@pytest.mark.parametrize("first", ["before", "after"])
def test_after_two_kills_the_next_run_completes_the_work(tmp_path: Path, first: str, second: str) -> None:
    expected = killed_at(tmp_path / "clean", [])
    for number in range(3, REQUESTS + 1, 2):
        again = 2 + 5 * number % (REQUESTS - 2)
        kills = [(number, first), (again, second)]
        assert killed_at(tmp_path / f"{number}", kills) == expected, kills
