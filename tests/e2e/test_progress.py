"""What is told while an apply runs: a bar on a terminal, lines with -v, nothing else, and never on standard output."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.e2e_harness import ServedWorkspace


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal: `path` is what a process opens."""

    path: Path
    descriptor: int

    def text(self) -> str:
        """What was written to it; it must not be more than a terminal's buffer."""
        return os.read(self.descriptor, 100_000).decode()


@pytest.fixture
def screen() -> Iterator[Screen]:
    ours, theirs = pty.openpty()
    yield Screen(Path(os.ttyname(theirs)), ours)
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def begun(served: ServedWorkspace) -> ServedWorkspace:
    served.write_gallery(["{key: a, title: A, text: a}", "{key: b, title: B, text: b}"])
    return served


def test_a_terminal_shows_a_bar_and_standard_output_the_report_alone(begun: ServedWorkspace, screen: Screen) -> None:
    begun.hold(method="POST")
    command = begun.start("apply", "--auto-approve", "--format", "json", stderr=screen.path)
    begun.wait_for_held()
    begun.release()
    assert command.wait() == 0
    shown = screen.text()
    assert "create weddings" in shown
    assert "\x1b[" in shown
    report = json.loads(command.out)
    assert [outcome["status"] for outcome in report["outcomes"]] == ["done"] * 3


def test_without_a_terminal_nothing_is_told(begun: ServedWorkspace) -> None:
    command = begun.run("apply", "--auto-approve", "--format", "json")
    assert command.wait() == 0
    # on a busy machine, a response may take longer than three seconds
    assert [line for line in command.err.splitlines() if not line.startswith("Waiting for the response")] == []
    assert json.loads(command.out)["requests"]


def test_with_v_each_step_is_a_line_without_colours(begun: ServedWorkspace, screen: Screen) -> None:
    command = begun.start("apply", "--auto-approve", "-v", stderr=screen.path)
    assert command.wait() == 0
    lines = screen.text().split("\r\n")
    assert lines[:2] == ["1 step", "done: create weddings"]


def test_with_q_a_terminal_shows_nothing(begun: ServedWorkspace, screen: Screen) -> None:
    command = begun.start("apply", "--auto-approve", "-q", stderr=screen.path)
    assert command.wait() == 0
    os.set_blocking(screen.descriptor, False)
    with pytest.raises(BlockingIOError):
        screen.text()


def test_a_saved_plan_reports_as_json_too(begun: ServedWorkspace) -> None:
    plan = begun.root / "plan.json"
    assert begun.run("plan", "--out", str(plan)).wait() == 0
    command = begun.run("apply", str(plan), "--format", "json")
    assert command.wait() == 0
    assert len(json.loads(command.out)["outcomes"]) == 3
    assert begun.titles() == ["A", "B"]
