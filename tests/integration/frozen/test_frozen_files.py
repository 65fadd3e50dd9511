"""State, journals and a signed plan as an earlier galleryctl wrote them are read, and written, as they were then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.frozen_site import ENCRYPTED, FROZEN, PASSPHRASE, WORKSPACE, change, normalised, read, restore, want
from tests.studio import Doc, Studio

TITLES = ["The first dance", "Cake", "Welcome", "Words", "The film", "The song", "Bye"]
"""What the site shows once the manifest `after` is applied."""
JOURNAL = ".galleryctl/journal-main.jsonl"
RECORDS: list[Doc] = [json.loads(line) for line in (FROZEN / "journal-cut.jsonl").read_bytes().splitlines()[:-1]]


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)


def state_listed(studio: Studio) -> Doc:
    ran = studio.run("state", "list", "--format", "json")
    assert ran.code == 0, ran.out
    listed: Doc = json.loads(ran.out)
    return listed


def assert_applied(studio: Studio) -> None:
    """The site is what the manifest `after` says, with nothing twice, and state knows it."""
    assert studio.titles() == TITLES
    assert sorted(file["displayName"] for file in studio.files()) == ["cake.jpg", "dance.jpg"]
    known = state_listed(studio)["galleries"]["weddings"]["items"]
    assert {item["id"] for item in known.values()} == {item["id"] for item in studio.items()}
    studio.assert_settled()


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_state_of_format_1_is_read_and_plans_nothing(studio: Studio, *, encrypted: bool) -> None:
    restore(studio, encrypted=encrypted)
    assert state_listed(studio) == read("state-format-1.json")
    studio.assert_settled()


def test_a_deposed_item_of_a_state_of_format_1_is_deleted(studio: Studio) -> None:
    restore(studio)
    change(studio, read("site.json")["deposed"])
    shutil.copy(FROZEN / "state-format-1-deposed.json", studio.root / ".galleryctl/state.json")
    assert state_listed(studio) == read("state-format-1-deposed.json")
    (planned,) = json.loads(studio.run("plan", "--format", "json").out)["changes"]
    assert (planned["action"], {planned["id"]: planned["address"]}) == ("delete", state_listed(studio)["deposed"])
    studio.apply()
    assert state_listed(studio)["deposed"] == {}
    assert planned["id"] not in {item["id"] for item in studio.items()}


def test_a_state_is_written_in_format_1(studio: Studio) -> None:
    """A change and its opposite leave the same file but for the serial, to the byte."""
    restore(studio)
    assert studio.run("state", "mv", "weddings/old", "weddings/new").code == 0
    assert studio.run("state", "mv", "weddings/new", "weddings/old").code == 0
    frozen = (FROZEN / "state-format-1.json").read_text(encoding="utf-8")
    serial = read("state-format-1.json")["serial"]
    written = (studio.root / ".galleryctl/state.json").read_text(encoding="utf-8")
    assert written == frozen.replace(f'"serial": {serial}', f'"serial": {serial + 2}')


def test_an_encrypted_state_opens_with_its_passphrase_only(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore(studio, encrypted=True)
    path = studio.root / ".galleryctl/state.json"
    before = path.read_bytes()
    studio.write("galleryctl.yaml", WORKSPACE)
    assert studio.run("plan").code == 1
    studio.write("galleryctl.yaml", ENCRYPTED)
    monkeypatch.setenv("PASSPHRASE", "another")
    assert studio.run("plan").code == 1
    assert path.read_bytes() == before
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)
    assert studio.run("state", "mv", "weddings/old", "weddings/new").code == 0
    frozen, written = json.loads(before), json.loads(path.read_bytes())
    assert list(written) == list(frozen)
    assert written["about"] == {**frozen["about"], "serial": frozen["about"]["serial"] + 1}


def cut(studio: Studio, name: str, lines: int, *, done: bool) -> None:
    """Put the journal there as a run left it that was killed after so many lines, in the middle of the next one.

    Each step that it had begun is done on the site; unless `done` the last one of them is not, if its end is not told.
    """
    restore(studio, "after", encrypted="encrypted" in name)
    content = (FROZEN / name).read_bytes().splitlines(keepends=True)
    torn = content[lines]
    torn = torn[: len(torn) // 2] if torn.endswith(b"\n") else torn
    (studio.root / JOURNAL).write_bytes(b"".join([*content[:lines], torn]))
    begun = [record["begin"] for record in RECORDS[:lines] if "begin" in record]
    if not done:
        assert RECORDS[lines - 1]["begin"] == begun.pop()
    for step in begun:
        change(studio, read("site.json")["steps"][step])


def assert_taken_up(studio: Studio, lines: int, *, done: bool = True) -> None:
    """The next apply finishes the run, and state has the very ids of what that run had made."""
    studio.apply()
    assert_applied(studio)
    known = state_listed(studio)["galleries"]["weddings"]["items"]
    begun = [record["begin"] for record in RECORDS[: lines if done else lines - 1] if "begin" in record]
    steps = read("site.json")["steps"]
    made = {step.partition("/")[2]: steps[step] for step in begun if step.startswith("create")}
    assert {key: known[key]["id"] for key in made} == {key: edit["set"]["id"] for key, (edit,) in made.items()}
    assert not (studio.root / JOURNAL).exists()


@pytest.mark.parametrize("lines", range(1, len(RECORDS) + 1))
def test_a_journal_that_was_cut_is_taken_up(studio: Studio, lines: int) -> None:
    cut(studio, "journal-cut.jsonl", lines, done=True)
    assert_taken_up(studio, lines)


@pytest.mark.parametrize("lines", [n for n, record in enumerate(RECORDS, 1) if "begin" in record])
def test_a_step_that_was_journalled_and_not_done_is_done(studio: Studio, lines: int) -> None:
    cut(studio, "journal-cut.jsonl", lines, done=False)
    assert_taken_up(studio, lines, done=False)


@pytest.mark.parametrize("lines", [7, len(RECORDS)])
def test_an_encrypted_journal_that_was_cut_is_taken_up(studio: Studio, lines: int) -> None:
    cut(studio, "journal-cut-encrypted.jsonl", lines, done=True)
    assert_taken_up(studio, lines)


@pytest.mark.parametrize("change_", ["a line left out", "two lines swapped", "another passphrase"])
def test_an_encrypted_journal_that_was_changed_is_refused(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, change_: str
) -> None:
    cut(studio, "journal-cut-encrypted.jsonl", 5, done=True)
    path = studio.root / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    if change_ == "a line left out":
        del lines[2]
    elif change_ == "two lines swapped":
        lines[2:4] = lines[3], lines[2]
    else:
        monkeypatch.setenv("PASSPHRASE", "another")
    path.write_bytes(b"".join(lines))
    titles = studio.titles()
    assert studio.run("apply", "--auto-approve").code == 1
    assert studio.titles() == titles


def journalled(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> list[Doc]:
    """The records in the journal as it stood at the last request of an apply."""
    seen = [b""]
    send = httpx.ASGITransport.handle_async_request

    async def watched(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        path = studio.root / JOURNAL
        seen[0] = path.read_bytes() if path.exists() else seen[0]
        return await send(transport, request)

    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", watched)
    studio.apply()
    return [json.loads(line) for line in seen[0].splitlines()]


def test_a_journal_is_written_as_it_was(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    restore(studio, "after")
    known = (FROZEN / "state-format-1.json").read_text(encoding="utf-8")
    written = [normalised(record, studio.root, known) for record in journalled(studio, monkeypatch)]
    assert written == [normalised(record, studio.root, known) for record in RECORDS]


def test_an_encrypted_journal_is_written_as_it_was(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    restore(studio, "after", encrypted=True)
    frozen: list[Any] = [json.loads(line) for line in _lines("journal-cut-encrypted.jsonl")]
    written = journalled(studio, monkeypatch)
    assert [list(line) for line in written] == [list(line) for line in frozen]
    ours, theirs = ([{**line["about"], "journal": ""} for line in lines] for lines in (written, frozen))
    assert ours == theirs
    assert len({line["about"]["journal"] for line in written}) == 1


def _lines(name: str) -> list[bytes]:
    return (FROZEN / name).read_bytes().splitlines()[:-1]


def save_plan(studio: Studio, text: str) -> None:
    restore(studio, "after", encrypted=True)
    studio.write("plan.json", text)


def signed_plan() -> str:
    return (FROZEN / "plan-signed.json").read_text(encoding="utf-8")


def test_a_signed_plan_is_applied(studio: Studio) -> None:
    save_plan(studio, signed_plan())
    ran = studio.run("apply", "plan.json")
    assert ran.code == 0, ran.out + ran.err
    assert_applied(studio)


@pytest.mark.parametrize(
    ("old", "new"), [('"Cake"', '"Fake"'), ('"signature": "', '"signature": "0'), ('"action": "', '"action":  "')]
)
def test_a_signed_plan_counts_as_it_was_written_only(studio: Studio, old: str, new: str) -> None:
    """One byte of a value or of the signature is another; white space means nothing."""
    text = signed_plan().replace(old, new, 1)
    if '"0' in new:
        end = text.rindex('"')
        text = text[: end - 1] + text[end:]
    assert text != signed_plan()
    save_plan(studio, text)
    before = studio.titles()
    accepted = old == '"action": "'
    assert studio.run("apply", "plan.json").code == (0 if accepted else 1)
    assert studio.titles() == (TITLES if accepted else before)


def test_a_signed_plan_needs_its_passphrase(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    save_plan(studio, signed_plan())
    shutil.rmtree(studio.root / ".galleryctl")
    monkeypatch.setenv("PASSPHRASE", "another")
    assert studio.run("apply", "plan.json").code == 1
    assert studio.galleries() == []


def test_a_plan_is_written_and_signed_as_it_was(studio: Studio) -> None:
    restore(studio, "after", encrypted=True)
    assert studio.run("plan", "--out", "plan.json").code == 0
    written: Doc = json.loads(Path(studio.root / "plan.json").read_text(encoding="utf-8"))
    frozen = read("plan-signed.json")
    assert len(written["signature"]) == len(frozen["signature"])
    known = json.dumps(frozen)
    assert normalised(written, studio.root, known) == normalised(frozen, studio.root, known)
    want(studio, "before")
    studio.assert_settled()
