"""Confirmation prompts: only `yes` confirms, any other answer changes nothing and says so."""

from __future__ import annotations

import io
import os
import pty
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import pytest

from galleryctl.state.backend import LockInfo
from galleryctl.state.file_backend import FileStateBackend
from tests.support.cli_harness import CliHarness, CommandResult

HEAD = "bind: {name: Weddings, create: true}\nname: Weddings\nprotect: false\n"
HOLDER = LockInfo(run="r1", who="ana@elsewhere", pid=1, since="2026-11-24T10:00:00+00:00", operation="apply")
END_OF_INPUT = "\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A command that asks for confirmation: its question, and its output after a refusal and after the change."""

    command: tuple[str, ...]
    asks: str
    leaves: str
    does: str
    lasting: Callable[[CliHarness], object]
    """Return what the command would change."""


def backend(studio: CliHarness) -> FileStateBackend:
    return FileStateBackend(studio.root / ".galleryctl/state.json")


def site(studio: CliHarness) -> object:
    return [(gallery["name"], studio.titles(gallery["name"])) for gallery in studio.galleries()]


def files(studio: CliHarness) -> object:
    return sorted(file["displayName"] for file in studio.files())


APPLY = Question(
    command=("apply",),
    asks="Do you want to perform these actions?",
    leaves="Nothing was applied.",
    does="1 updated",
    lasting=site,
)
DESTROY = Question(
    command=("destroy",),
    asks="Do you want to perform these actions?",
    leaves="Nothing was applied.",
    does="1 deleted",
    lasting=site,
)
BIN = Question(
    command=("media", "gc"),
    asks="Do you want to move 1 file to the trash bin?",
    leaves="Nothing was deleted.",
    does="Moved 1 file to the trash bin.",
    lasting=files,
)
GONE = Question(
    command=("media", "gc", "--permanent"),
    asks="Do you want to permanently delete 1 file?",
    leaves="Nothing was deleted.",
    does="Permanently deleted 1 file.",
    lasting=files,
)
REBUILD = Question(
    command=("state", "rebuild"),
    asks="Do you want to write this state?",
    leaves="Nothing was written.",
    does="2 resources",
    lasting=lambda studio: (studio.root / ".galleryctl/state.json").read_bytes(),
)
UNLOCK = Question(
    command=("state", "unlock"),
    asks="Force-unlock: are you sure run r1 has ended?",
    leaves="Lock kept.",
    does="Released the lock of run r1.",
    lasting=lambda studio: backend(studio).lock_holder(),
)
QUESTIONS = (APPLY, DESTROY, BIN, GONE, REBUILD, UNLOCK)
EVERY = pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: " ".join(each.command))


class Keyboard:
    """The keyboard of the terminal with the prompt."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def type(self, text: str) -> None:
        """Answer the next question."""
        os.write(self.descriptor, text.encode())


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield Keyboard(ours)
    os.close(ours)


@pytest.fixture
def asked(wedding: CliHarness) -> CliHarness:
    """A workspace in which every command has something to do: a title to change, a file that is left over."""
    wedding.write_gallery(["{image: photos/rings.jpg, title: Rings}", "{image: photos/cake.jpg}"], head=HEAD)
    wedding.apply()
    wedding.write_gallery(["{image: photos/rings.jpg, title: Rings}"], head=HEAD)
    wedding.apply("--max-delete-percent", "100")
    wedding.write_gallery(["{image: photos/rings.jpg, title: The rings}"], head=HEAD)
    return wedding


def answer(studio: CliHarness, question: Question) -> tuple[CommandResult, bool]:
    """Return the result and whether anything changed; for `state unlock`, another machine holds the lock."""
    with backend(studio).lock(HOLDER) if question is UNLOCK else nullcontext():
        before = question.lasting(studio)
        ran = studio.run(*question.command)
        return ran, question.lasting(studio) != before


@EVERY
def test_yes_does_it(asked: CliHarness, keyboard: Keyboard, question: Question) -> None:
    keyboard.type("yes\n")
    ran, changed = answer(asked, question)
    assert f"{question.asks} Only 'yes' is accepted: " in ran.err
    assert (ran.code, changed) == (0, True), ran.out + ran.err
    assert question.does in ran.out
    assert question.leaves not in ran.err


@EVERY
def test_anything_else_does_nothing_and_says_so(asked: CliHarness, keyboard: Keyboard, question: Question) -> None:
    for said in ("no", "y", "YES", "yes please", ""):
        keyboard.type(f"{said}\n")
        ran, changed = answer(asked, question)
        assert (ran.code, changed) == (1, False), (said, ran)
        assert question.asks in ran.err
        assert ran.err.endswith(f"{question.leaves}\n")
        assert question.does not in ran.out
        assert ran.out == "" or ran.out.endswith("\n"), "a question is no part of the result"


def test_the_end_of_input_is_no_yes(asked: CliHarness, keyboard: Keyboard) -> None:
    for question in QUESTIONS:
        keyboard.type(END_OF_INPUT)
        ran, changed = answer(asked, question)
        assert (ran.code, changed) == (130, False), (question, ran)
        assert question.asks in ran.err
        assert ran.err.endswith("\nInterrupted; no further action was taken.\n")
        assert question.does not in ran.out


def test_where_there_is_no_terminal_nobody_is_asked(asked: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    for question in QUESTIONS:
        monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
        ran, changed = answer(asked, question)
        assert (ran.code, changed) == (1, False), (question, ran)
        assert "cannot ask for confirmation: standard input is not a terminal" in ran.err
        assert question.asks not in ran.err


def test_an_apply_shows_its_plan_its_steps_and_who_holds_the_lock(asked: CliHarness) -> None:
    with backend(asked).lock(HOLDER):
        waited = asked.run("apply", "--auto-approve", "--lock-timeout", "0.1")
    assert waited.code == 1
    assert "the state is locked by" in waited.err
    assert "Waiting" not in waited.err, "a short wait is not worth a line"
    ran = asked.run("-v", "apply", "--auto-approve")
    assert ran.out.startswith("galleryctl will perform these actions on site ")
    assert "1 step\n" in ran.err
