"""Ctrl-C, SIGTERM and SIGHUP, to real processes: the first lets what is in flight finish, the second stops at once."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from tests.support.e2e_harness import CREATE_ITEM_REQUESTS, ServedWorkspace, text_items
from tests.support.processes import TIMEOUT

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal: `path` is what a process opens, `descriptor` the keyboard."""

    path: str
    descriptor: int


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    yield Terminal(os.ttyname(theirs), ours)
    os.close(ours)
    os.close(theirs)


@pytest.fixture
def begun(served: ServedWorkspace) -> ServedWorkspace:
    """One item is there, and twenty more are to be made."""
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(21))
    return served


def next_run_finishes(served: ServedWorkspace) -> None:
    served.apply()
    served.assert_applied([f"T{n:02}" for n in range(21)])


@SIGNALS
def test_one_interrupt_finishes_what_is_in_flight_and_reports(begun: ServedWorkspace, number: int) -> None:
    begun.hold("after", **CREATE_ITEM_REQUESTS, nth=5, times=4)
    command = begun.start("apply", "--auto-approve", "--format", "json")
    begun.wait_for_held(4)
    command.send(number)
    command.wait_for_stderr("Stopping")
    begun.release()
    assert command.wait() == 130
    report = json.loads(command.out)
    assert report["interrupted"] is True
    statuses = [outcome["status"] for outcome in report["outcomes"]]
    assert statuses.count("done") == 8
    assert statuses.count("skipped") == 12
    assert len(begun.titles()) == 1 + 8
    assert not list((begun.root / ".galleryctl").glob("journal*"))
    next_run_finishes(begun)


@SIGNALS
def test_two_interrupts_stop_at_once_and_the_next_run_continues(begun: ServedWorkspace, number: int) -> None:
    begun.hold("after", **CREATE_ITEM_REQUESTS, nth=5, times=4)
    command = begun.start("apply", "--auto-approve")
    begun.wait_for_held(4)
    command.send(number)
    command.wait_for_stderr("Stopping")
    command.send(number)
    assert command.wait() == 130
    assert "the next apply recovers the unfinished steps from the journal" in command.err
    assert "Traceback" not in command.err
    begun.release(drop=True)
    assert len(begun.titles()) == 1 + 8
    begun.age_journal()
    next_run_finishes(begun)


def test_a_killed_run_is_in_the_history_with_all_that_it_was_about_to_do(begun: ServedWorkspace) -> None:
    begun.hold("after", **CREATE_ITEM_REQUESTS, nth=5, times=4)
    command = begun.start("apply", "--auto-approve")
    begun.wait_for_held(4)
    command.kill()
    command.wait()
    begun.release(drop=True)
    shown = begun.run("history", "2", "--format", "json")
    assert shown.wait() == 0
    record = json.loads(shown.out)
    assert (record["result"], record["counts"]["create"]) == ("unknown", 20)
    assert {change["status"] for change in record["changes"]} == {"unknown"}
    begun.age_journal()
    next_run_finishes(begun)
    listed = begun.run("history", "--format", "json")
    assert listed.wait() == 0
    assert [run["result"] for run in json.loads(listed.out)["runs"]] == ["applied", "unknown", "applied"]


@SIGNALS
def test_while_planning_nothing_is_done(begun: ServedWorkspace, number: int) -> None:
    begun.hold(method="GET")
    command = begun.start("apply", "--auto-approve")
    begun.wait_for_held()
    command.send(number)
    assert command.wait() == 130
    assert command.out == ""
    assert "interrupted" in command.err.lower()
    assert "Traceback" not in command.err
    begun.release(drop=True)
    assert begun.titles() == ["T00"]


@SIGNALS
def test_at_the_question_nothing_is_done(begun: ServedWorkspace, terminal: Terminal, number: int) -> None:
    command = begun.start("apply", stdin=terminal.path)
    command.wait_for_question()
    command.send(number)
    assert command.wait() == 130
    assert "Only 'yes' is accepted" in command.err
    assert "Traceback" not in command.err
    assert begun.titles() == ["T00"]


@SIGNALS
def test_while_it_waits_for_the_lock_nothing_is_done(begun: ServedWorkspace, number: int) -> None:
    begun.hold(method="GET")
    first = begun.start("apply", "--auto-approve")
    begun.wait_for_held()
    second = begun.start("apply", "--auto-approve", "--lock-timeout", "60")
    second.wait_for_stderr("Waiting for the state lock")
    second.send(number)
    assert second.wait() == 130
    assert "Traceback" not in second.err
    begun.release()
    assert first.wait() == 0


def test_what_somebody_does_while_the_question_stands_is_seen(served: ServedWorkspace, terminal: Terminal) -> None:
    served.write_gallery(text_items(1))
    served.apply()
    served.write_gallery(text_items(1, prefix="New "))
    command = served.start("apply", stdin=terminal.path)
    command.wait_for_question()
    (gallery,) = served.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"]
    (item,) = served.call_api("GET", f"/progallery/v2/galleries/{gallery['id']}/items")["items"]
    edit = {"gallery": gallery["id"], "item": item["id"], "set": {"title": "Somebody's"}}
    served.call_control("edit", {"edits": [edit]})
    os.write(terminal.descriptor, b"yes\n")
    assert command.wait() == 1
    assert 'weddings/t00: title "T00" → "Somebody\'s" (changed on the site)' in command.err
    assert served.titles() == ["Somebody's"]


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve"])
@SIGNALS
def test_a_store_that_does_not_answer_is_left_at_once(
    served: ServedWorkspace, monkeypatch: pytest.MonkeyPatch, number: int, command: str
) -> None:
    served.write_gallery(text_items(1))
    with closing(socket.create_server(("127.0.0.1", 0))) as store:
        store.settimeout(TIMEOUT)
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{store.getsockname()[1]}")
        for name in ("AWS_ALLOW_HTTP", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
            monkeypatch.setenv(name, "true")
        text = (served.root / "galleryctl.yaml").read_text(encoding="utf-8")
        served.write("galleryctl.yaml", f"{text}state: s3://bucket/state.json\n")
        started = served.start(*command.split())
        connection, _ = store.accept()
        started.send(number)
        assert started.wait() == 130
        connection.close()
    assert started.err.splitlines()[-1] == "Interrupted; no further action was taken."
