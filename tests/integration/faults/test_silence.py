"""The lines that are printed while the engine waits, on a manual clock that a printer follows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import EngineHarness, ManualClock, make_desired, text_item
from tests.support.wait_lines import PrintedWaits

_STEP = 0.5


@dataclass(slots=True)
class PrintingClock(ManualClock):
    """A clock at 0 s that shows every half second to a printer of lines."""

    now: float = 0.0
    printed: PrintedWaits = field(init=False)

    def __post_init__(self) -> None:
        self.printed = PrintedWaits(clock=self.time)

    async def sleep(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + _STEP)
            self.printed.look()
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> PrintingClock:
    return PrintingClock()


@pytest.fixture
def world(tmp_path: Path, clock: PrintingClock) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path, clock=clock, on_wait=clock.printed.observe, workers=1)
    yield made
    made.close()
    assert clock.printed.current == []


def kinds(printed: PrintedWaits) -> list[str]:
    """Return the lines without their ends."""
    return [line.partition(", until")[0] for _, line in printed.lines]


def test_an_item_that_is_missing_in_the_listing(world: EngineHarness, clock: PrintingClock) -> None:
    world.apply(make_desired(text_item("a"), text_item("b")))
    world.edit({"gallery": {}, "item": {"title": "b"}, "delete": True})
    began = clock.now
    world.plan(make_desired(text_item("a"), text_item("b")))
    assert clock.now - began == pytest.approx(5)
    ((second, line),) = clock.printed.lines
    assert second - began == pytest.approx(3, abs=_STEP)
    assert line == "Waiting for resources in state that the site does not show, until 00:00:05 at most."


def test_the_reads_after_an_interrupted_run(world: EngineHarness, clock: PrintingClock) -> None:
    world.apply(make_desired(text_item("a")))

    def interrupt(attempt: Attempt) -> None:
        if attempt.call.startswith("POST") and attempt.phase == "after":
            raise KeyboardInterrupt

    world.on_attempt = interrupt
    with pytest.raises(KeyboardInterrupt):
        world.apply(make_desired(text_item("a"), text_item("b")))
    world.on_attempt = lambda _attempt: None
    clock.printed.lines.clear()
    world.apply(make_desired(text_item("a"), text_item("b")))
    assert kinds(clock.printed) == ["Waiting for reads to show the last writes of the interrupted run"]


def test_a_create_whose_response_is_lost_again_and_again(world: EngineHarness, clock: PrintingClock) -> None:
    world.apply(make_desired(text_item("a")))
    world.faults(script=[{"fault": "drop_before", "method": "POST", "path": "items$", "times": 3}])
    world.apply(make_desired(text_item("a"), text_item("b")))
    assert kinds(clock.printed) == ["Waiting for reads to show what POST /galleries/{id}/items may have created"]


def test_a_long_outage(world: EngineHarness, clock: PrintingClock) -> None:
    world.apply(make_desired(text_item("a")))
    world.faults(rates={"error_503": 1.0}, methods=["PATCH"])
    began = clock.now
    world.apply(make_desired(text_item("a", title="new")))
    seconds = clock.now - began
    times = [began, *(time for time, _ in clock.printed.lines), clock.now]
    assert seconds > 10
    assert all("PATCH" in line and "failed with status 503" in line for _, line in clock.printed.lines)
    assert times[1] - began <= 4
    assert max(after - before for before, after in pairwise(times)) <= 33
