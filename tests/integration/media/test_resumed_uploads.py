"""An upload that was cut off is continued by the next run: exactly the missing bytes are sent."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from galleryctl.model.desired import Desired
from galleryctl.model.media import Kind, LocalFile
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.wix import tus
from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import Crash, EngineHarness, make_desired, make_item, text_item
from tests.support.upload_wire import UploadWire, watch_uploads

CHUNK_BYTES = 4 << 20
SIZE = 11_000_000
"""Sent in three requests."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHarness]:
    monkeypatch.setattr(tus, "CHUNK_BYTES", CHUNK_BYTES)
    made = EngineHarness(tmp_path)
    yield made
    made.close()


@pytest.fixture
def wire() -> Iterator[UploadWire]:
    with watch_uploads() as watched:
        yield watched


def film(world: EngineHarness, *, mark: bytes = b"1", name: str = "film.mp4") -> Desired:
    data = (b"\0\0\0\x20ftypisom" + mark + bytes(range(251)) * (SIZE // 251 + 1))[:SIZE]
    (world.root / name).write_bytes(data)
    file = LocalFile(path=name, sha256=hashlib.sha256(data).hexdigest(), size=SIZE, mime_type="video/mp4")
    return make_desired(make_item("film", Kind.VIDEO, file, {"title": "film"}), text_item("t"))


def cut(world: EngineHarness, desired: Desired, nth: int, phase: str = "before") -> None:
    """Apply, and kill the run before or after its n-th request with bytes."""
    seen = 0

    def watch(exchange: Attempt) -> None:
        nonlocal seen
        if exchange.name.startswith("PATCH /upload") and exchange.phase == phase:
            seen += 1
            if seen == nth:
                raise Crash

    world.on_attempt = watch
    with pytest.raises(BaseException) as raised:
        world.apply(desired)
    assert raised.type is Crash or raised.group_contains(Crash)
    world.on_attempt = lambda _: None


def contents(world: EngineHarness) -> list[str]:
    """Return the digests of the files of the site."""
    blobs = [world.emulator.pipeline.site.store.get_blob(file["id"]) for file in world.files()]
    return [hashlib.sha256(blob).hexdigest() for blob in blobs if blob]


def digest_of(desired: Desired) -> str:
    media = desired.galleries[0].items[0].media
    assert isinstance(media, LocalFile)
    return media.sha256


def journal(world: EngineHarness) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (world.root / "journal.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("nth", "phase", "arrived"), [(1, "before", 0), (2, "before", 1), (2, "after", 2), (3, "before", 2)]
)
def test_the_next_run_sends_the_missing_bytes_only(
    world: EngineHarness, wire: UploadWire, nth: int, phase: str, arrived: int
) -> None:
    desired = film(world)
    cut(world, desired, nth, phase)
    assert wire.bytes_sent == arrived * CHUNK_BYTES
    wire.clear()
    assert world.apply(desired).report.exit_code == 0
    assert wire.bytes_sent == SIZE - arrived * CHUNK_BYTES
    # one look for a file with the label, one question how much arrived
    assert wire.requests == {"POST search": 1, "HEAD upload": 1, "PATCH upload": 3 - arrived}
    assert contents(world) == [digest_of(desired)]
    assert not (world.root / "journal.jsonl").exists()
    assert world.plan(desired).changes == ()


def test_an_upload_that_was_complete_is_found_and_not_sent_again(world: EngineHarness, wire: UploadWire) -> None:
    desired = film(world)
    cut(world, desired, 3, "after")
    wire.clear()
    assert world.apply(desired).report.exit_code == 0
    assert (wire.bytes_sent, wire.requests) == (0, {"POST search": 1})
    assert contents(world) == [digest_of(desired)]


def test_it_survives_several_kills_and_a_renamed_file(world: EngineHarness, wire: UploadWire) -> None:
    cut(world, film(world), 2)
    cut(world, film(world), 2)
    wire.clear()
    renamed = film(world, name="other.mp4")
    assert world.apply(renamed).report.exit_code == 0
    assert wire.bytes_sent == SIZE - 2 * CHUNK_BYTES
    assert contents(world) == [digest_of(renamed)]


def test_a_run_that_does_not_come_to_the_upload_keeps_it(world: EngineHarness, wire: UploadWire) -> None:
    desired = film(world)
    cut(world, desired, 2)
    world.stop.set()
    assert world.apply(desired).report.exit_code == 130
    world.stop = type(world.stop)()
    wire.clear()
    assert world.apply(desired).report.exit_code == 0
    assert wire.bytes_sent == SIZE - CHUNK_BYTES


def test_a_network_that_goes_away_ends_the_run_and_the_next_one_continues(
    world: EngineHarness, wire: UploadWire
) -> None:
    desired = film(world)
    world.faults(script=[{"fault": "drop_before", "path": "/upload/tus/", "nth": 3, "times": 99}])
    failed = world.apply(desired)
    assert {str(o.address): o.status for o in failed.report.outcomes} == {
        "weddings": OutcomeStatus.DONE,
        "weddings/t": OutcomeStatus.DONE,
        "weddings/film": OutcomeStatus.FAILED,
    }
    assert failed.report.exit_code == 3
    world.faults()
    wire.clear()
    assert world.apply(desired).report.exit_code == 0
    assert wire.bytes_sent == SIZE - CHUNK_BYTES
    assert world.titles() == ["film", "t"]


def test_an_upload_that_expired_begins_again(world: EngineHarness, wire: UploadWire) -> None:
    desired = film(world)
    cut(world, desired, 2)
    with world.emulator.pipeline.site.transaction():
        world.emulator.pipeline.site.store.db.execute("DELETE FROM uploads")
    wire.clear()
    assert world.apply(desired).report.exit_code == 0
    assert wire.bytes_sent == SIZE
    assert wire.requests == {
        "POST search": 1,
        "HEAD upload": 2,  # a 403 without a body may be a limit of requests
        "POST upload-url": 1,
        "POST upload": 1,
        "PATCH upload": 3,
    }
    assert contents(world) == [digest_of(desired)]


def test_a_file_with_another_content_is_another_upload(world: EngineHarness, wire: UploadWire) -> None:
    cut(world, film(world), 2)
    wire.clear()
    changed = film(world, mark=b"2")
    assert world.apply(changed).report.exit_code == 0
    assert (wire.bytes_sent, wire.requests["HEAD upload"]) == (SIZE, 0)
    assert contents(world) == [digest_of(changed)]
    assert not (world.root / "journal.jsonl").exists()


def test_a_file_that_changes_between_the_runs_never_mixes(world: EngineHarness, wire: UploadWire) -> None:
    desired = film(world)
    cut(world, desired, 2)
    film(world, mark=b"2")
    failed = world.apply(desired)
    (reason,) = {o.reason for o in failed.report.outcomes if o.status is OutcomeStatus.FAILED}
    assert "film.mp4: the file changed since the plan was made" in reason
    assert contents(world) == []


def test_a_file_that_is_no_longer_wanted_leaves_nothing(world: EngineHarness, wire: UploadWire) -> None:
    cut(world, film(world), 2)
    assert world.apply(make_desired(text_item("t"))).report.exit_code == 0
    assert not (world.root / "journal.jsonl").exists()


def test_the_journal_has_the_address_and_only_its_owner_can_read_it(world: EngineHarness, wire: UploadWire) -> None:
    desired = film(world)
    cut(world, desired, 2)
    (record,) = (each for each in journal(world) if "upload" in each)
    assert record["upload"] == "upload film.mp4"
    assert (record["partial"]["size"], record["partial"]["digest"]) == (SIZE, digest_of(desired))
    assert "/upload/tus/" in record["partial"]["url"]
    (begin,) = (each for each in journal(world) if each.get("begin") == "upload film.mp4")
    assert begin["intent"]["source"] == f"sha256:{digest_of(desired)}"
    assert stat.S_IMODE((world.root / "journal.jsonl").stat().st_mode) == 0o600


def test_no_message_has_the_address(world: EngineHarness, wire: UploadWire) -> None:
    desired = film(world)
    world.faults(script=[{"fault": "error_500", "path": "/upload/tus/", "nth": 3, "times": 99}])
    failed = world.apply(desired)
    reasons = " ".join(outcome.reason for outcome in failed.report.outcomes)
    token = next(iter(wire.names)).rpartition("/")[2]
    assert "failed" in reasons
    assert token not in reasons
