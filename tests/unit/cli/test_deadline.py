"""The deadline of a run, by a virtual clock."""

from __future__ import annotations

import asyncio

import click
import pytest
from click.testing import CliRunner

from galleryctl.cli.deadline import Deadline
from galleryctl.cli.options import deadline_option
from galleryctl.engine.stop import Stop
from galleryctl.model.errors import DeadlineExceeded
from tests.support.clock import elapsed, run_virtual


def test_a_run_that_changes_nothing_is_cancelled_at_the_deadline() -> None:
    async def run() -> None:
        with Deadline(10).cancel_run():
            await asyncio.sleep(1000)

    with pytest.raises(DeadlineExceeded, match="not finished within the --deadline of 10 s") as raised:
        run_virtual(run())
    assert raised.value.exit_code == 1


def test_a_cancellation_before_the_deadline_stays_one() -> None:
    async def run() -> None:
        asyncio.get_running_loop().call_later(5, asyncio.current_task().cancel)  # type: ignore[union-attr]
        with Deadline(10).cancel_run():
            await asyncio.sleep(1000)

    with pytest.raises(asyncio.CancelledError):
        run_virtual(run())


@pytest.mark.parametrize("seconds", [None, 10])
def test_what_is_finished_in_time_has_its_result(seconds: float | None) -> None:
    async def run() -> float:
        with Deadline(seconds).cancel_run():
            await asyncio.sleep(9)
        await asyncio.sleep(100)
        return elapsed()

    assert run_virtual(run()) == 109


def test_writes_get_a_minute_to_finish() -> None:
    stop_at: list[float] = []

    async def run(seconds: float) -> bool:
        stop = Stop()
        with Deadline(10).stop_writing(stop, lambda _: stop_at.append(elapsed())):
            await asyncio.sleep(seconds)
        return stop.deadline_passed

    assert run_virtual(run(9)) is False
    assert run_virtual(run(69)) is True
    with pytest.raises(DeadlineExceeded, match="stopped 60 seconds after the --deadline") as raised:
        run_virtual(run(1000))
    assert raised.value.exit_code == 3
    assert stop_at == [10, 10]


def test_an_interrupt_before_the_deadline_counts_as_one() -> None:
    async def run() -> Stop:
        stop = Stop()
        with Deadline(10).stop_writing(stop, lambda _: None):
            stop.set()
            await asyncio.sleep(20)
        return stop

    assert run_virtual(run()).reason == "interrupted before it started"


@click.command()
@deadline_option
def show(deadline: float | None) -> None:
    click.echo(deadline)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("1h0m1s", 3601)]
)
def test_a_duration_has_units(text: str, seconds: float) -> None:
    assert CliRunner().invoke(show, ["--deadline", text]).output == f"{float(seconds)}\n"


@pytest.mark.parametrize(
    "text", ["", "10", "0s", "-5s", "1.5h", "5 m", "m", "30s1m", "nan", "inf", "1e3s", "999h", "٣s"]
)
def test_what_is_not_a_duration_is_an_error(text: str) -> None:
    result = CliRunner().invoke(show, ["--deadline", text])
    assert "is not a duration such as 90s, 10m or 1h30m" in result.output
