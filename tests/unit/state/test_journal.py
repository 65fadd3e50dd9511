"""The journal of a run killed at any byte replays a prefix of what the run did."""

from __future__ import annotations

import asyncio
import errno
import json
import math
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.model.media import Kind
from galleryctl.state.journal import Journal, apply_result, merge_results, read_journal, replay
from galleryctl.state.journal_file import FileJournal
from galleryctl.state.journal_records import Intent, SentItem, StepResult
from galleryctl.state.state_file import State

GALLERY, ITEM, OTHER = (Address.parse(text) for text in ("weddings", "weddings/film", "weddings/words"))
CREATE = Intent(kind="create-item", gallery_id="g-1", sort_orders={ITEM: 0.1})

KEYS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,5}", fullmatch=True)
ADDRESSES = st.builds(Address, KEYS, st.none() | KEYS)
INTENTS = st.builds(
    Intent,
    kind=st.sampled_from(["upload", "create-gallery", "create-item", "update", "delete"]),
    source=st.text(max_size=8),
    gallery_id=st.none() | st.text(max_size=8),
    sort_orders=st.dictionaries(ADDRESSES, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    items=st.dictionaries(
        ADDRESSES, st.builds(SentItem, kind=st.sampled_from(Kind), media=st.text(max_size=8)), max_size=3
    ),
    ids=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    started_at=st.floats(0, 1e10),
)
RESULTS = st.builds(
    StepResult,
    ids=st.dictionaries(ADDRESSES, st.uuids().map(str), max_size=3),
    media=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    removed=st.lists(st.uuids().map(str), max_size=3).map(tuple),
    sort_order_formats=st.dictionaries(ADDRESSES, st.sampled_from(SortOrderFormat), max_size=2),
)
ENDS = st.one_of(RESULTS, st.sampled_from(["failed", "unknown", "killed"]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inner/journal.jsonl"


def write(path: Path, state: State, steps: list[tuple[Intent, StepResult | str]]) -> None:
    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        for i, (intent, end) in enumerate(steps):
            asyncio.run(journal.begin(str(i), intent))
            if isinstance(end, StepResult):
                journal.done(str(i), end)
            elif end != "killed":
                journal.failed(str(i), "the API said no", unconfirmed=end == "unknown")


@given(st.lists(st.tuples(INTENTS, ENDS), max_size=5), st.data())
def test_a_journal_cut_at_any_byte_is_read_up_to_there(
    steps: list[tuple[Intent, StepResult | str]], data: st.DataObject
) -> None:
    state = State(site_id="site-1", lineage="lineage-1", serial=3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        write(path, state, steps)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        told = read_journal(FileJournal(path), state)

    records = max(whole[:cut].count(b"\n") - 1, 0)
    expected_done, expected_pending = [], []
    for i, (intent, end) in enumerate(steps):
        written = 1 if end == "killed" else 2
        if records >= written and isinstance(end, StepResult):
            expected_done.append(end)
        elif records >= 1 and (records < written or end in ("killed", "unknown")):
            expected_pending.append((str(i), intent))
        records = max(records - written, 0)
    assert told.result == merge_results(expected_done)
    assert told.pending == tuple(expected_pending)


def test_no_journal_tells_nothing(path: Path, state: State) -> None:
    assert replay(state.bindings, read_journal(FileJournal(path), state)) == state.bindings


def test_what_was_done_is_learnt_and_what_was_begun_is_pending(path: Path, state: State) -> None:
    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("upload 1", Intent(kind="upload", source="sha256:cd")))
        journal.done("upload 1", StepResult(media={"sha256:cd": "f-2"}))
        asyncio.run(journal.begin("create film", CREATE))
        asyncio.run(
            journal.begin("create words", Intent(kind="create-item", gallery_id="g-1", sort_orders={OTHER: 0.2}))
        )
        journal.done("create words", StepResult(ids={OTHER: "i-3"}))
    told = read_journal(FileJournal(path), state)
    assert told.run == "run-1"
    assert told.pending == (("create film", CREATE),)
    learnt = replay(state.bindings, told)
    assert learnt.ids == {**state.bindings.ids, OTHER: "i-3"}
    assert learnt.media == {"sha256:ab": "f-1", "sha256:cd": "f-2"}


def test_the_listed_ids_are_written_once_for_all_creates_of_a_gallery(path: Path, state: State) -> None:
    listed = tuple(f"i-{n}" for n in range(9))
    creates = [replace(CREATE, listed=listed, sort_orders={Address("weddings", f"k{n}"): n + 0.5}) for n in range(4)]
    other = replace(CREATE, gallery_id="g-2", listed=("i-0",))
    update = Intent(kind="update", ids=("i-1",))
    intents = [*creates[:2], other, update, *creates[2:], replace(other, listed=())]
    write(path, state, [(intent, "killed") for intent in intents])
    assert [intent for _, intent in read_journal(FileJournal(path), state).pending] == intents
    assert path.read_bytes().count(b"i-8") == 1


def test_the_next_journal_carries_what_stays_pending(path: Path, state: State) -> None:
    intents = [replace(CREATE, listed=("i-1", "i-2")), replace(CREATE, listed=("i-1", "i-2", "i-3"))]
    write(path, state, [(CREATE, StepResult(ids={ITEM: "i-9"}))])
    carried = [(f"earlier {n}", intent) for n, intent in enumerate(intents)]
    with Journal.open(FileJournal(path), run="run-2", state=state, carried=carried) as journal:
        asyncio.run(journal.begin("again", intents[1]))
    replayed = read_journal(FileJournal(path), state)
    assert replayed.result == StepResult()
    assert replayed.pending == (*carried, ("again", intents[1]))
    assert path.read_bytes().count(b"\n") == 2


def test_a_journal_that_cannot_be_started_leaves_the_former_one(
    path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, state, [(CREATE, "killed")])

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StateError, match="the journal cannot be created"):
        Journal.open(FileJournal(path), run="run-2", state=state)
    assert read_journal(FileJournal(path), state).pending == (("0", CREATE),)


def test_a_failure_ends_a_step_unless_its_outcome_is_unknown(path: Path, state: State) -> None:
    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", CREATE))
        journal.failed("a", "quality 20 is below 30")
        asyncio.run(journal.begin("b", CREATE))
        journal.failed("b", "the answer was lost", unconfirmed=True)
    assert read_journal(FileJournal(path), state).pending == (("b", CREATE),)


def test_each_record_is_on_the_disk_when_its_method_returns(
    path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(path.read_bytes())

    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        monkeypatch.setattr(os, "fsync", spy)
        asyncio.run(journal.begin("a", CREATE))
        journal.done("a", StepResult(ids={ITEM: "i-9"}))
    assert [content.count(b"\n") for content in synced] == [2, 3]


def test_the_state_written_after_it_knows_what_is_done_but_not_what_is_pending(path: Path, state: State) -> None:
    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", CREATE))
        journal.done("a", StepResult(ids={ITEM: "i-9"}))
        asyncio.run(journal.begin("b", CREATE))
    told = read_journal(FileJournal(path), state.next_version(Bindings()))
    assert told.result == StepResult()
    assert told.pending == (("b", CREATE),)


def test_the_first_run_of_a_site_can_be_killed_before_any_state_was_written(path: Path) -> None:
    with Journal.open(FileJournal(path), run="run-1", state=State.new("s")) as journal:
        journal.done("a", StepResult(ids={ITEM: "i-9"}))
    assert replay(Bindings(), read_journal(FileJournal(path), State.new("s"))).ids == {ITEM: "i-9"}
    first = State.new("s").next_version(Bindings())
    assert read_journal(FileJournal(path), first).result == StepResult()


def test_a_lost_state_still_learns_from_the_journal(path: Path, state: State) -> None:
    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        journal.done("a", StepResult(ids={ITEM: "i-9"}))
    assert read_journal(FileJournal(path), State.new(state.site_id)).result.ids == {ITEM: "i-9"}


def test_a_new_journal_replaces_the_old_and_clear_removes_it(path: Path, state: State) -> None:
    for run in ("run-1", "run-2"):
        with Journal.open(FileJournal(path), run=run, state=state) as journal:
            asyncio.run(journal.begin(run, CREATE))
    assert [step for step, _ in read_journal(FileJournal(path), state).pending] == ["run-2"]
    FileJournal(path).clear()
    FileJournal(path).clear()
    assert not path.exists()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (State(site_id="site-2", lineage="lineage-1"), "this journal belongs to site site-1, not to site-2"),
        (State(site_id="site-1", lineage="lineage-2"), "this journal belongs to another state"),
    ],
)
def test_a_journal_of_another_state_is_refused(path: Path, state: State, other: State, told: str) -> None:
    Journal.open(FileJournal(path), run="run-1", state=state).close()
    with pytest.raises(StateError) as caught:
        read_journal(FileJournal(path), other)
    assert f"{path}: {told}" in str(caught.value)
    assert "move it aside" in caught.value.do


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000 + b"\n",
        b"[]\n",
        b"{}\n",
        b"\x00\x00\n",
        b'{"journal":9}\n',
        b'{"journal":1,"site_id":"site-1"}\n',
        b'{"journal":1,"run":"r","site_id":"site-1","lineage":"","serial":1,"serial":2,"started":""}\n',
        b"\n",
    ],
)
def test_what_is_no_journal_is_refused(tmp_path: Path, state: State, content: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(content)
    with pytest.raises(StateError) as caught:
        read_journal(FileJournal(path), state)
    assert str(path) in str(caught.value)


WRONG = (
    {"done": "x", "result": {"ids": {"weddings/film": 5}, "media": {}, "removed": []}},
    {"done": "x", "result": {"ids": {}, "media": {"a": 7}, "removed": []}},
    {"done": "x", "result": {"ids": {}, "media": [["a", "b"]], "removed": []}},
    {"done": "x", "result": {"ids": {}, "media": {}, "removed": [["a"]]}},
    {"done": "x", "result": {"ids": {}, "media": {}, "removed": []}, "more": 1},
    {"failed": "x", "reason": "", "unknown": 0},
    {"begun": "x"},
    {"begin": "x", "intent": {"ids": [[]]}},
    {"begin": "x", "intent": {"source": []}},
    {"begin": "x", "intent": {"gallery_id": {}}},
    {"begin": "x", "intent": {"at": math.nan}},
    {"begin": "x", "intent": {"at": 10**400}},
    {"begin": "x", "intent": {"sort_orders": {"weddings/film": math.inf}}},
    {"begin": ["x"], "intent": {}},
    {"begin": "x", "intent": {"items": {"weddings/film": ["poster", ""]}}},
    {"begin": "x", "intent": {"items": {"weddings/film": "video"}}},
    {"gallery": 5, "listed": []},
    {"gallery": None, "listed": [7]},
)


@pytest.mark.parametrize("record", WRONG, ids=str)
def test_a_record_of_wrong_values_is_refused(path: Path, state: State, record: dict[str, Any]) -> None:
    with Journal.open(FileJournal(path), run="r1", state=state):
        pass
    intent: dict[str, Any] = {"kind": "update", "source": "", "gallery_id": None, "sort_orders": {}, "ids": [], "at": 0}  # fmt: skip
    if "intent" in record:
        record = {**record, "intent": {**intent, **record["intent"]}}
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")
    with pytest.raises(StateError, match="this is not a galleryctl journal, or it was modified") as caught:
        read_journal(FileJournal(path), state)
    assert caught.value.why.startswith("line 2: ")


def test_damage_in_the_middle_is_no_torn_end(path: Path, state: State) -> None:
    write(path, state, [(CREATE, StepResult(ids={ITEM: "i-9"}))])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:9] + b"\n" + lines[2])
    with pytest.raises(StateError, match="or it was modified"):
        read_journal(FileJournal(path), state)


def test_a_full_disk_stops_the_journal_and_leaves_it_readable(
    path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ = os.write

    def half(descriptor: int, content: bytes) -> int:
        if len(content) > 20:
            return write_(descriptor, content[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with Journal.open(FileJournal(path), run="run-1", state=state) as journal:
        asyncio.run(journal.begin("a", CREATE))
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", half)
            with pytest.raises(StateError, match="the journal cannot be written: the disk is full"):
                asyncio.run(journal.begin("b", CREATE))
        with pytest.raises(StateError, match="an earlier write to the journal failed"):
            asyncio.run(journal.begin("c", CREATE))
    assert [step for step, _ in read_journal(FileJournal(path), state).pending] == ["a"]


def test_a_journal_that_cannot_be_made_is_told(tmp_path: Path, state: State) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StateError, match="the journal cannot be created"):
        Journal.open(FileJournal(tmp_path / "file" / "journal.jsonl"), run="run-1", state=state)


def test_a_replaced_item_is_deposed_until_it_is_removed() -> None:
    before = Bindings(ids={GALLERY: "g-1", ITEM: "old"}, protected=frozenset({ITEM}))
    made = apply_result(before, StepResult(ids={ITEM: "new"}))
    assert (made.ids[ITEM], made.deposed) == ("new", {"old": ITEM})
    removed = apply_result(made, StepResult(removed=("old",)))
    assert removed == Bindings(ids={GALLERY: "g-1", ITEM: "new"}, protected=frozenset({ITEM}))


def test_what_is_removed_is_forgotten_and_unprotected() -> None:
    before = Bindings(ids={GALLERY: "g-1", ITEM: "i-1", OTHER: "i-2"}, protected=frozenset({ITEM, OTHER}))
    after = apply_result(before, StepResult(removed=("i-1", "a stranger")))
    assert after == Bindings(ids={GALLERY: "g-1", OTHER: "i-2"}, protected=frozenset({OTHER}))


def test_with_a_gallery_goes_all_that_lay_in_it() -> None:
    before = Bindings(
        ids={GALLERY: "g-1", ITEM: "i-1"},
        media={"sha256:ab": "f-1"},
        protected=frozenset({GALLERY}),
        deposed={"i-0": ITEM},
    )
    assert apply_result(before, StepResult(removed=("g-1",))) == Bindings(media={"sha256:ab": "f-1"})


def test_a_gallery_made_again_deposes_nothing() -> None:
    before = Bindings(ids={GALLERY: "vanished", ITEM: "vanished too"})
    after = apply_result(before, StepResult(ids={GALLERY: "g-2", ITEM: "i-2"}))
    assert after == Bindings(ids={GALLERY: "g-2", ITEM: "i-2"})


@given(st.lists(RESULTS, max_size=4))
def test_learning_twice_is_learning_once(results: list[StepResult]) -> None:
    once = apply_result(Bindings(), merge_results(results))
    assert apply_result(once, merge_results(results)) == once


class Slow:
    """A JournalLog whose flushes wait for the test."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.writes: list[int] = []
        self.end = asyncio.Semaphore(0)

    def append(self, line: bytes) -> None:
        self.waiting.append(line)

    async def flush(self) -> None:
        lines, self.waiting = self.waiting, []
        await self.end.acquire()
        self.writes.append(len(lines))

    def close(self) -> None:
        """Do nothing."""


def test_steps_that_begin_while_a_write_is_under_way_share_the_next_one() -> None:
    log = Slow()
    begun: list[str] = []

    async def begin(journal: Journal, step: str) -> None:
        await journal.begin(step, CREATE)
        begun.append(step)

    async def steps() -> None:
        journal = Journal(log)
        under_way = [asyncio.ensure_future(begin(journal, str(number))) for number in range(10)]
        await _others()
        assert begun == []
        log.end.release()
        await _others()
        assert begun == ["0"]
        log.end.release()
        await asyncio.gather(*under_way)

    asyncio.run(steps())
    assert begun == [str(number) for number in range(10)]
    assert log.writes == [1, 9]


async def _others() -> None:
    """Run all tasks that can proceed."""
    for _ in range(50):
        await asyncio.sleep(0)
