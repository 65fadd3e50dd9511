"""State, journals and a signed plan as an earlier galleryctl wrote them are read, and written, as they were then."""

from __future__ import annotations

import json
import shutil

import pytest

from galleryctl.http import httpx
from tests.support.cli_harness import Doc
from tests.support.frozen_site import ENCRYPTED, FROZEN, PASSPHRASE, WORKSPACE, Frozen, normalised, read

TITLES = ["The first dance", "Cake", "Welcome", "Words", "The film", "The song", "Bye"]
"""What the site shows once the manifest `after` is applied."""
JOURNAL = ".galleryctl/journal-main.jsonl"


def records(name: str) -> list[Doc]:
    """The whole lines of a frozen journal."""
    return [json.loads(line) for line in (FROZEN / name).read_bytes().splitlines()[:-1]]


RECORDS = records("journal-cut.jsonl")
STEPS: dict[str, list[Doc]] = read("site.json")["steps"]
"""What each step of that journal did to the site."""
KINDS = {record["intent"]["kind"]: number for number, record in enumerate(RECORDS, 1) if "begin" in record}
"""How many lines a journal has that ends where a step of that kind is begun."""


def state_listed(frozen: Frozen) -> Doc:
    ran = frozen.run("state", "list", "--format", "json")
    assert ran.code == 0, ran.out
    listed: Doc = json.loads(ran.out)
    return listed


def assert_applied(frozen: Frozen) -> Doc:
    """The site is what the manifest `after` says, with nothing twice; the items as state knows them."""
    assert frozen.titles() == TITLES
    assert sorted(file["displayName"] for file in frozen.files()) == ["cake.jpg", "dance.jpg"]
    known: Doc = state_listed(frozen)["galleries"]["weddings"]["items"]
    assert {item["id"] for item in known.values()} == {item["id"] for item in frozen.items()}
    frozen.assert_no_changes()
    return known


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_state_of_format_1_is_read_and_plans_nothing(frozen: Frozen, *, encrypted: bool) -> None:
    frozen.restore(encrypted=encrypted)
    assert state_listed(frozen) == read("state-format-1.json")
    frozen.assert_no_changes()


def test_a_deposed_item_of_a_state_of_format_1_is_deleted(frozen: Frozen) -> None:
    frozen.restore()
    frozen.change(*read("site.json")["deposed"])
    shutil.copy(FROZEN / "state-format-1-deposed.json", frozen.root / ".galleryctl/state.json")
    assert state_listed(frozen) == read("state-format-1-deposed.json")
    (planned,) = json.loads(frozen.run("plan", "--format", "json").out)["changes"]
    assert (planned["action"], {planned["id"]: planned["address"]}) == (
        "delete",
        state_listed(frozen)["deposed"],
    )
    frozen.apply()
    assert state_listed(frozen)["deposed"] == {}
    assert planned["id"] not in {item["id"] for item in frozen.items()}


def test_a_state_is_written_in_format_1(frozen: Frozen) -> None:
    """A change and its opposite leave the same file but for the serial, to the byte."""
    frozen.restore()
    assert frozen.run("state", "mv", "weddings/old", "weddings/new").code == 0
    assert frozen.run("state", "mv", "weddings/new", "weddings/old").code == 0
    before = (FROZEN / "state-format-1.json").read_text(encoding="utf-8")
    serial = read("state-format-1.json")["serial"]
    written = (frozen.root / ".galleryctl/state.json").read_text(encoding="utf-8")
    assert written == before.replace(f'"serial": {serial}', f'"serial": {serial + 2}')


def test_an_encrypted_state_opens_with_its_passphrase_only(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen.restore(encrypted=True)
    path = frozen.root / ".galleryctl/state.json"
    before = path.read_bytes()
    frozen.write("galleryctl.yaml", WORKSPACE)
    assert frozen.run("plan").code == 1
    frozen.write("galleryctl.yaml", ENCRYPTED)
    monkeypatch.setenv("PASSPHRASE", "another")
    assert frozen.run("plan").code == 1
    assert path.read_bytes() == before
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)
    assert frozen.run("state", "mv", "weddings/old", "weddings/new").code == 0
    old, new = json.loads(before), json.loads(path.read_bytes())
    assert list(new) == list(old)
    assert new["about"] == {**old["about"], "serial": old["about"]["serial"] + 1}


def cut(frozen: Frozen, name: str, lines: int, *, done: bool) -> None:
    """Put the journal there as a run left it that was killed after so many lines, in the middle of the next one.

    Each step that it had begun is done on the site; unless `done` the last one of them is not, if its end is not told.
    """
    frozen.restore("after", encrypted="encrypted" in name)
    content = (FROZEN / name).read_bytes().splitlines(keepends=True)
    torn = content[lines]
    torn = torn[: len(torn) // 2] if torn.endswith(b"\n") else torn
    (frozen.root / JOURNAL).write_bytes(b"".join([*content[:lines], torn]))
    begun = [record["begin"] for record in RECORDS[:lines] if "begin" in record]
    if not done:
        assert RECORDS[lines - 1]["begin"] == begun.pop()
    frozen.change(*(change for step in begun for change in STEPS[step]))


def assert_taken_up(frozen: Frozen, lines: int, *, done: bool = True) -> None:
    """The next apply finishes the run, and state has the very ids of what that run had made."""
    frozen.apply()
    known = assert_applied(frozen)
    begun = [record["begin"] for record in RECORDS[: lines if done else lines - 1] if "begin" in record]
    made = {step.partition("/")[2]: STEPS[step] for step in begun if step.startswith("create")}
    assert {key: known[key]["id"] for key in made} == {key: edit["set"]["id"] for key, (edit,) in made.items()}
    assert not (frozen.root / JOURNAL).exists()


@pytest.mark.parametrize("lines", range(1, len(RECORDS) + 1))
def test_a_journal_that_was_cut_is_taken_up(frozen: Frozen, lines: int) -> None:
    cut(frozen, "journal-cut.jsonl", lines, done=True)
    assert_taken_up(frozen, lines)


@pytest.mark.parametrize("lines", KINDS.values(), ids=KINDS.keys())
def test_a_step_that_was_journalled_and_not_done_is_done(frozen: Frozen, lines: int) -> None:
    cut(frozen, "journal-cut.jsonl", lines, done=False)
    assert_taken_up(frozen, lines, done=False)


@pytest.mark.parametrize("lines", [7, len(RECORDS)])
def test_an_encrypted_journal_that_was_cut_is_taken_up(frozen: Frozen, lines: int) -> None:
    cut(frozen, "journal-cut-encrypted.jsonl", lines, done=True)
    assert_taken_up(frozen, lines)


@pytest.mark.parametrize("change_", ["a line left out", "two lines swapped", "another passphrase"])
def test_an_encrypted_journal_that_was_changed_is_refused(
    frozen: Frozen, monkeypatch: pytest.MonkeyPatch, change_: str
) -> None:
    cut(frozen, "journal-cut-encrypted.jsonl", 5, done=True)
    path = frozen.root / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    if change_ == "a line left out":
        del lines[2]
    elif change_ == "two lines swapped":
        lines[2:4] = lines[3], lines[2]
    else:
        monkeypatch.setenv("PASSPHRASE", "another")
    path.write_bytes(b"".join(lines))
    titles = frozen.titles()
    assert frozen.run("apply", "--auto-approve").code == 1
    assert frozen.titles() == titles


def journalled(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> list[Doc]:
    """The records in the journal as it stood at the last request of an apply."""
    seen = [b""]
    send = httpx.ASGITransport.handle_async_request

    async def watched(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        path = frozen.root / JOURNAL
        seen[0] = path.read_bytes() if path.exists() else seen[0]
        return await send(transport, request)

    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", watched)
    frozen.apply()
    return [json.loads(line) for line in seen[0].splitlines()]


def test_a_journal_is_written_as_it_was(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen.restore("after")
    known = (FROZEN / "state-format-1.json").read_text(encoding="utf-8")
    written = [normalised(record, frozen.root, known) for record in journalled(frozen, monkeypatch)]
    assert written == [normalised(record, frozen.root, known) for record in RECORDS]


def test_an_encrypted_journal_is_written_as_it_was(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen.restore("after", encrypted=True)
    first, *lines = journalled(frozen, monkeypatch)
    before = records("journal-cut-encrypted.jsonl")
    assert len(lines) == len(before) - 1
    for number, line in enumerate([first, *lines]):
        assert list(line) == list(before[number])
        assert line["about"] == {**before[number]["about"], "journal": first["about"]["journal"]}


def save_plan(frozen: Frozen, text: str) -> None:
    frozen.restore("after", encrypted=True)
    frozen.write("plan.json", text)


def signed_plan() -> str:
    return (FROZEN / "plan-signed.json").read_text(encoding="utf-8")


def test_a_signed_plan_is_applied(frozen: Frozen) -> None:
    save_plan(frozen, signed_plan())
    assert frozen.run("show", "plan.json", "--format", "json").out == signed_plan()
    ran = frozen.run("apply", "plan.json")
    assert ran.code == 0, ran.out + ran.err
    assert_applied(frozen)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"Cake"', '"Fake"'), ('"signature": "', '"signature": "0'), ('"action": "', '"action":  "')],
)
def test_a_signed_plan_counts_as_it_was_written_only(frozen: Frozen, old: str, new: str) -> None:
    """One byte of a value or of the signature is another; white space means nothing."""
    text = signed_plan().replace(old, new, 1)
    if '"0' in new:
        end = text.rindex('"')
        text = text[: end - 1] + text[end:]
    assert text != signed_plan()
    save_plan(frozen, text)
    before = frozen.titles()
    accepted = old == '"action": "'
    assert frozen.run("apply", "plan.json").code == (0 if accepted else 1)
    assert frozen.titles() == (TITLES if accepted else before)


def test_a_signed_plan_needs_its_passphrase(frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    save_plan(frozen, signed_plan())
    shutil.rmtree(frozen.root / ".galleryctl")
    monkeypatch.setenv("PASSPHRASE", "another")
    assert frozen.run("apply", "plan.json").code == 1
    assert frozen.galleries() == []


def test_a_plan_is_written_and_signed_as_it_was(frozen: Frozen) -> None:
    frozen.restore("after", encrypted=True)
    assert frozen.run("plan", "--out", "plan.json").code == 0
    written: Doc = json.loads((frozen.root / "plan.json").read_text(encoding="utf-8"))
    before: Doc = json.loads(signed_plan())
    assert len(written["signature"]) == len(before["signature"])
    assert list(written) == list(before)
    root, known = frozen.root, signed_plan()
    assert normalised(written, root, known) == normalised(before, root, known)
