"""When a line about a wait is printed, and what it says; the clock is a number."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import FIRST_LINE, NEXT_LINE, WaitLines, print_waits
from galleryctl.model.waiting import Waiting, WaitKind, unobserved

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(slots=True)
class Terminal:
    """A terminal at 12:00:00, whose clock the test advances."""

    now: float = 0.0
    lines: list[tuple[float, str]] = field(default_factory=list)
    waits: WaitLines = field(init=False)

    def __post_init__(self) -> None:
        self.waits = WaitLines(lambda: self.now)

    def advance(self, seconds: float, step: float = 0.25) -> None:
        """Let seconds pass; a thread looks at every step."""
        for _ in range(round(seconds / step)):
            self.now += step
            self.lines += [(self.now, line) for line in self.waits.due(NOON + timedelta(seconds=self.now))]

    @property
    def times(self) -> list[float]:
        """When lines were printed."""
        return [time for time, _ in self.lines]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def pause(seconds: float, before: float = 0.0) -> Waiting:
    return Waiting(kind=WaitKind.QUOTA, what="the quota", seconds=seconds, before=before)


def response(number: int = 1) -> Waiting:
    return Waiting(kind=WaitKind.RESPONSE, what=f"response {number}", seconds=30, at_most=True)


def test_a_line_after_three_seconds_and_then_every_thirty(terminal: Terminal) -> None:
    with terminal.waits.observe(pause(70)):
        terminal.advance(70)
    terminal.advance(100)
    line = "Waiting for the quota, until 12:01:10."
    assert terminal.lines == [(3.0, line), (33.0, line), (63.0, line)]


def test_a_short_wait_is_silent(terminal: Terminal) -> None:
    for _ in range(20):
        with terminal.waits.observe(pause(2.75)):
            terminal.advance(2.75)
    assert terminal.lines == []


def test_short_waits_for_the_same_thing_count_together(terminal: Terminal) -> None:
    for number in range(4):
        with terminal.waits.observe(pause(1, before=number)):
            terminal.advance(1)
    assert terminal.times == [3.0]


def test_the_line_says_at_most_or_since(terminal: Terminal) -> None:
    with ExitStack() as stack:
        stack.enter_context(terminal.waits.observe(response()))
        stack.enter_context(terminal.waits.observe(Waiting(kind=WaitKind.STEPS, what="the steps in progress")))
        terminal.advance(33)
    assert [line for _, line in terminal.lines] == [
        "Waiting for response 1, until 12:00:30 at most.",
        "Waiting for the steps in progress, since 12:00:00.",
        "Waiting for response 1, since 12:00:00.",
        "Waiting for the steps in progress, since 12:00:00.",
    ]


def test_an_end_on_another_day_has_its_date(terminal: Terminal) -> None:
    with terminal.waits.observe(pause(86_400)):
        terminal.advance(3)
    assert terminal.lines == [(3.0, "Waiting for the quota, until 2026-11-25 12:00:00.")]


def test_many_waits_of_one_kind_are_one_line_about_the_longest(terminal: Terminal) -> None:
    with ExitStack() as stack:
        for number in range(1, 9):
            stack.enter_context(terminal.waits.observe(response(number)))
            terminal.advance(0.25)
        terminal.advance(2)
    assert terminal.lines == [(3.0, "Waiting for response 1, until 12:00:30 at most.")]
    with ExitStack() as stack:
        for number in range(1, 9):
            stack.enter_context(terminal.waits.observe(response(number)))
        terminal.advance(30)
    assert terminal.lines[1:] == [(33.0, "Waiting for response 1 (and 7 more), until 12:00:34 at most.")]


def test_one_wait_after_another_has_a_line_every_thirty_seconds(terminal: Terminal) -> None:
    for _ in range(20):
        with terminal.waits.observe(response()):
            terminal.advance(6)
    assert terminal.times == [3.0, 33.0, 63.0, 93.0]


def test_a_long_pause_after_a_short_one_has_its_own_line_at_once(terminal: Terminal) -> None:
    with terminal.waits.observe(pause(4)):
        terminal.advance(4)
    with terminal.waits.observe(pause(60)):
        terminal.advance(60)
    assert terminal.times == [3.0, 7.0, 37.0]


planned_waits = st.builds(
    lambda kind, begin, length, seconds, at_most: (
        begin / 4,
        (begin + length) / 4,
        Waiting(kind=kind, what=kind.value, seconds=seconds, at_most=at_most),
    ),
    st.sampled_from([WaitKind.QUOTA, WaitKind.RESPONSE]),
    st.integers(0, 400),
    st.integers(1, 200),
    st.sampled_from([None, 5.0, 50.0, 900.0]),
    st.booleans(),
)
"""Waits that begin within 100 seconds and take up to 50, with when they begin and end."""


@given(st.lists(planned_waits, max_size=12))
def test_while_a_wait_is_long_a_line_about_its_kind_is_recent(planned: list[tuple[float, float, Waiting]]) -> None:
    terminal = Terminal()
    open_waits = {index: ExitStack() for index in range(len(planned))}
    for moment in range(600):
        terminal.now = moment / 4
        for index, (begin, end, waiting) in enumerate(planned):
            if end == terminal.now:
                open_waits[index].close()
            if begin == terminal.now:
                open_waits[index].enter_context(terminal.waits.observe(waiting))
        terminal.lines += [(terminal.now, line) for line in terminal.waits.due(NOON)]
        for begin, end, waiting in planned:
            if begin + FIRST_LINE <= terminal.now < end:
                about = [time for time, line in terminal.lines if line.startswith(f"Waiting for {waiting.kind}")]
                assert terminal.now - about[-1] < NEXT_LINE


def test_the_thread_looks_when_a_line_may_be_due(terminal: Terminal) -> None:
    assert terminal.waits.seconds_to_next() is None
    with terminal.waits.observe(pause(70)):
        assert terminal.waits.seconds_to_next() == FIRST_LINE
        terminal.advance(2)
        assert terminal.waits.seconds_to_next() == 1.0
        terminal.advance(1)
        assert terminal.waits.seconds_to_next() == FIRST_LINE  # another wait may begin
        with terminal.waits.observe(response()):
            assert terminal.waits.seconds_to_next() == FIRST_LINE
    assert terminal.waits.seconds_to_next() is None


def test_with_q_nothing_is_observed() -> None:
    assert print_waits(CliSettings(quiet=True)) is unobserved
    assert print_waits(CliSettings()) is not unobserved
