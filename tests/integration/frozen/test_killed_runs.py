"""A run is killed after each line of its journal: the next apply completes it, with the items that it had created."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.cli_harness import Doc
from tests.support.frozen_site import Frozen, read
from tests.support.killed_run import JOURNAL, KilledRun, watch_apply

LINES = 18
"""The lines of the journal: its header, the listed ids of the gallery, and two for each of eight steps."""
BEGINNINGS = [2, 4, 7, 9, 11, 13, 15, 17]
"""The numbers of the lines that begin a step: upload, update, replace, move, create (3), delete."""
LISTING = 6

Record = Callable[..., KilledRun]


@pytest.fixture(scope="session")
def recorded() -> dict[tuple[bool, bool], KilledRun]:
    """The runs that a test already recorded: encrypted, and with a state of format 1."""
    return {}


@pytest.fixture
def killed(
    frozen: Frozen, recorded: dict[tuple[bool, bool], KilledRun], tmp_path_factory: pytest.TempPathFactory
) -> Record:
    """Return a function that prepares the workspace of a run that was killed, and returns that run."""

    def prepare(line_count: int, *, sent: bool = True, encrypted: bool = False, format_1: bool = False) -> KilledRun:
        if (encrypted, format_1) not in recorded:
            folder = tmp_path_factory.mktemp("recorded")
            other = Frozen(folder / "workspace", frozen.capture, frozen.site)
            other.restore(encrypted=encrypted)
            if not format_1:
                other.apply()
            other.want("after")
            recorded[encrypted, format_1] = watch_apply(other, folder / "copies")
        run = recorded[encrypted, format_1]
        frozen.restore("after", encrypted=encrypted)
        run.leave(frozen.root, line_count, sent=sent)
        return run

    return prepare


def assert_completed(frozen: Frozen) -> None:
    """Check that the next apply completes the run, that no item it had created is created again, and none is lost."""
    former = {item["id"] for item in read("state-format-1.json")["galleries"]["weddings"]["items"].values()}
    created = {item["title"]: item["id"] for item in frozen.items() if item["id"] not in former}
    frozen.apply()
    frozen.assert_applied()
    now = {item["title"]: item["id"] for item in frozen.items()}
    assert {title: now[title] for title in created} == created
    assert not (frozen.root / JOURNAL).exists()


def test_the_journal_has_a_line_before_and_after_each_step(killed: Record) -> None:
    records: list[Doc] = [json.loads(line) for line in killed(LINES).lines]
    assert len(records) == LINES
    assert [number for number, record in enumerate(records, 1) if "begin" in record] == BEGINNINGS
    assert [number for number, record in enumerate(records, 1) if "listed" in record] == [LISTING]
    assert [records[number]["done"] for number in BEGINNINGS] == [records[n - 1]["begin"] for n in BEGINNINGS]


@pytest.mark.parametrize("line_count", range(1, LINES + 1))
def test_a_killed_run_is_completed(frozen: Frozen, killed: Record, line_count: int) -> None:
    killed(line_count)
    assert_completed(frozen)


@pytest.mark.parametrize("line_count", BEGINNINGS)
def test_a_step_that_was_begun_and_not_sent_is_done(frozen: Frozen, killed: Record, line_count: int) -> None:
    killed(line_count, sent=False)
    assert_completed(frozen)


@pytest.mark.parametrize("line_count", [LISTING, 7, 15, LINES])
def test_a_killed_run_that_upgrades_the_state_is_completed(frozen: Frozen, killed: Record, line_count: int) -> None:
    killed(line_count, format_1=True)
    assert_completed(frozen)


@pytest.mark.parametrize("line_count", [LISTING, 7, 15, LINES])
def test_a_killed_run_with_encryption_is_completed(frozen: Frozen, killed: Record, line_count: int) -> None:
    killed(line_count, encrypted=True)
    assert_completed(frozen)


@pytest.mark.parametrize("change", ["a line left out", "two lines swapped", "another passphrase"])
def test_an_encrypted_journal_that_was_changed_is_rejected(
    frozen: Frozen, killed: Record, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    killed(7, encrypted=True)
    path = frozen.root / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "a line left out":
        del lines[2]
    elif change == "two lines swapped":
        lines[2:4] = lines[3], lines[2]
    else:
        monkeypatch.setenv("STATE_PASSPHRASE", "another")
    path.write_bytes(b"".join(lines))
    items = frozen.items()
    assert frozen.run("apply", "--auto-approve").code == 1
    assert frozen.items() == items
    assert path.read_bytes() == b"".join(lines)
