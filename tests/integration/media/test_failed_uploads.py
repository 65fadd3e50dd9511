"""An upload that fails costs its own item: everything else is done, and the next run tries only what failed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from galleryctl.engine.apply.run import ApplyResult
from galleryctl.engine.site import PlanResult
from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredItem, UnmanagedPolicy
from galleryctl.model.media import Kind, LocalFile, RemoteFile
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.report.outcomes import report_summary
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery, make_item, text_item
from tests.support.upload_wire import UploadWire, watch_uploads

DONE, FAILED, SKIPPED = OutcomeStatus.DONE, OutcomeStatus.FAILED, OutcomeStatus.SKIPPED


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    yield made
    made.close()


@pytest.fixture
def wire() -> Iterator[UploadWire]:
    with watch_uploads() as watched:
        yield watched


def photos(world: EngineHarness, keys: str, shade: int = 0) -> list[DesiredItem]:
    return [world.photo_item(key, shade + number) for number, key in enumerate(keys)]


def statuses(result: ApplyResult) -> Mapping[str, OutcomeStatus]:
    return {str(outcome.address): outcome.status for outcome in result.report.outcomes}


def reason(result: ApplyResult, address: str) -> str:
    return next(outcome.reason for outcome in result.report.outcomes if str(outcome.address) == address)


def left(result: ApplyResult) -> Mapping[str, OutcomeStatus]:
    return {address: status for address, status in statuses(result).items() if status is not DONE}


@pytest.mark.parametrize("status", [400, 403, 413, 415])
def test_a_new_gallery_is_created_without_the_refused_photo(
    world: EngineHarness, wire: UploadWire, status: int
) -> None:
    desired = make_desired(*photos(world, "abcdef"))
    wire.refused = {"c.jpg": status}
    applied = world.apply(desired)
    assert left(applied) == {"weddings/c": FAILED}
    assert str(status) in reason(applied, "weddings/c")
    assert "upload photos/c.jpg failed" in reason(applied, "weddings/c")
    assert "6 of 7 done, 1 failed, 0 skipped" in report_summary(applied.report)
    assert applied.report.exit_code == 3
    assert world.titles() == list("abdef")

    wire.clear()
    again = world.apply(desired)
    assert statuses(again) == {"weddings/c": FAILED}
    assert wire.requests["POST upload-url"] == 1
    assert (again.report.exit_code, world.titles()) == (1, list("abdef"))

    wire.refused = {}
    assert statuses(world.apply(desired)) == {"weddings/c": DONE}
    assert world.titles() == list("abcdef")
    assert world.plan(desired).changes == ()


@pytest.mark.parametrize("bad", ["a", "f", "ab", "bce", "abcde"])
def test_each_item_lands_at_its_place_later(world: EngineHarness, wire: UploadWire, bad: str) -> None:
    desired = make_desired(*photos(world, "abcdef"))
    wire.refused = {f"{key}.jpg": 413 for key in bad}
    world.apply(desired)
    assert world.titles() == [key for key in "abcdef" if key not in bad]
    wire.refused = {}
    world.apply(desired)
    assert world.titles() == list("abcdef")


def test_a_gallery_is_not_created_if_no_upload_succeeds(world: EngineHarness, wire: UploadWire) -> None:
    desired = make_desired(*photos(world, "abc"))
    wire.refused = {f"{key}.jpg": 413 for key in "abc"}
    applied = world.apply(desired)
    assert statuses(applied) == {
        "weddings": SKIPPED,
        "weddings/a": FAILED,
        "weddings/b": FAILED,
        "weddings/c": FAILED,
    }
    assert "the uploads of all its items failed" in reason(applied, "weddings")
    assert applied.report.exit_code == 1
    assert world.galleries() == []
    wire.refused = {}
    assert world.apply(desired).report.exit_code == 0
    assert world.titles() == list("abc")


def test_a_text_is_reason_enough_for_a_gallery(world: EngineHarness, wire: UploadWire) -> None:
    wire.refused = {"a.jpg": 413}
    applied = world.apply(make_desired(*photos(world, "a"), text_item("t")))
    assert left(applied) == {"weddings/a": FAILED}
    assert world.titles() == ["t"]


def test_entries_that_show_one_bad_photo_fail_together(world: EngineHarness, wire: UploadWire) -> None:
    (photo,) = photos(world, "a")
    twin = replace(photo, address=Address("weddings", "twin"))
    wire.refused = {"a.jpg": 415}
    applied = world.apply(make_desired(photo, twin, text_item("t")))
    assert left(applied) == {"weddings/a": FAILED, "weddings/twin": FAILED}


def test_a_photo_deleted_after_the_plan_fails_alone(world: EngineHarness) -> None:
    desired = make_desired(*photos(world, "abc"))
    world.after_plan = lambda _: (world.root / "photos/b.jpg").unlink(missing_ok=True)
    applied = world.apply(desired)
    assert left(applied) == {"weddings/b": FAILED}
    assert "photos/b.jpg does not exist" in reason(applied, "weddings/b")
    assert world.titles() == ["a", "c"]


@pytest.mark.parametrize("change", [b"", b"more", b"\xff\xd8\xff\xe0 other"], ids=["shrinks", "grows", "changes"])
def test_a_photo_changed_after_the_plan_fails_alone(world: EngineHarness, change: bytes) -> None:
    desired = make_desired(*photos(world, "abc"))
    path = world.root / "photos/b.jpg"
    data = path.read_bytes()
    changed = {b"": data[:-5], b"more": data + b"more"}.get(change, change)

    def write(_: PlanResult) -> None:
        path.write_bytes(changed)

    world.after_plan = write
    applied = world.apply(desired)
    assert left(applied) == {"weddings/b": FAILED}
    assert "photos/b.jpg: the file changed since the plan was made" in reason(applied, "weddings/b")
    assert len(world.files()) == 2


def test_a_photo_that_cannot_be_processed_fails_alone_and_leaves_no_journal(world: EngineHarness) -> None:
    good = photos(world, "ab")
    data = b"\xff\xd8\xff\xe0 not a picture"
    (world.root / "photos/bad.jpg").write_bytes(data)
    bad = world.photo_item("bad", 9)
    (world.root / "photos/bad.jpg").write_bytes(data)
    assert isinstance(bad.media, LocalFile)
    media = replace(bad.media, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    applied = world.apply(make_desired(*good, replace(bad, media=media)))
    assert left(applied) == {"weddings/bad": FAILED}
    assert "Wix could not process bad.jpg" in reason(applied, "weddings/bad")
    assert world.titles() == ["a", "b"]
    assert not (world.root / "journal.jsonl").exists()


def test_an_import_that_fails_costs_its_item(world: EngineHarness) -> None:
    missing = make_item("far", Kind.IMAGE, RemoteFile(url="https://example.com/no.jpg"), {"title": "far"})
    applied = world.apply(make_desired(*photos(world, "ab"), missing))
    assert left(applied) == {"weddings/far": FAILED}
    assert "import https://example.com/no.jpg failed" in reason(applied, "weddings/far")
    assert world.titles() == ["a", "b"]


def test_a_network_that_fails_for_one_photo_costs_its_item(world: EngineHarness, wire: UploadWire) -> None:
    desired = make_desired(*photos(world, "abcd"))
    wire.refused = {"b.jpg": 503}
    applied = world.apply(desired)
    assert left(applied) == {"weddings/b": FAILED}
    assert world.titles() == ["a", "c", "d"]
    wire.refused = {}
    assert statuses(world.apply(desired)) == {"weddings/b": DONE}
    assert world.titles() == list("abcd")


def test_an_item_whose_new_photo_is_refused_keeps_its_photo_and_its_texts_wait(
    world: EngineHarness, wire: UploadWire
) -> None:
    world.apply(make_desired(*photos(world, "ab")))
    before = world.items()
    changed = make_desired(world.photo_item("a", 50, description="new"), world.photo_item("b", 51))
    wire.refused = {"a.jpg": 413}
    applied = world.apply(changed)
    assert left(applied) == {"weddings/a": FAILED}
    assert world.items()[0] == before[0]
    assert world.items()[1]["image"] != before[1]["image"]
    wire.refused = {}
    assert statuses(world.apply(changed)) == {"weddings/a": DONE}


def test_a_replacement_that_is_refused_leaves_the_old_item(world: EngineHarness, wire: UploadWire) -> None:
    world.apply(make_desired(text_item("a"), text_item("b"), text_item("c")))
    wire.refused = {"a.jpg": 413}
    desired = make_desired(*photos(world, "a"), text_item("b"))
    applied = world.apply(desired)
    assert statuses(applied) == {"weddings/a": FAILED, "weddings/c": DONE}
    assert [item["type"] for item in world.items()] == ["TEXT", "TEXT"]
    assert world.titles() == ["a", "b"]


def test_a_photo_that_moves_is_not_deleted_where_it_was_if_it_is_refused(
    world: EngineHarness, wire: UploadWire
) -> None:
    new = make_gallery(text_item("o"), gallery="other", name="Other")
    world.apply(make_desired(*photos(world, "abc"), others=[new]))
    moved = world.photo_item("a", 60)
    wire.refused = {"a.jpg": 413}
    for others in (
        [make_gallery(text_item("o"), moved, gallery="other", name="Other")],
        [new, make_gallery(text_item("n"), moved, gallery="new", name="New")],
    ):
        applied = world.apply(make_desired(*photos(world, "b", shade=1), others=others))
        found = statuses(applied)
        assert found["weddings/a"] is SKIPPED
        assert found.get("weddings/c", DONE) is DONE
        assert world.titles() == ["a", "b"]


def test_deletes_wait_if_uploads_fail_for_another_reason(world: EngineHarness, wire: UploadWire) -> None:
    world.apply(make_desired(*photos(world, "abc")))
    wire.refused = {"d.jpg": 507}
    applied = world.apply(make_desired(*photos(world, "ab"), world.photo_item("d", 60)))
    assert statuses(applied) == {"weddings/d": FAILED, "weddings/c": SKIPPED}
    assert world.titles() == ["a", "b", "c"]


def test_unmanaged_items_are_still_deleted(world: EngineHarness, wire: UploadWire) -> None:
    world.apply(make_desired(*photos(world, "ab")))
    world.edit({"gallery": world.galleries()[0]["id"], "item": None, "set": {"type": "TEXT", "text": {"html": "x"}}})
    wire.refused = {"c.jpg": 413}
    desired = make_desired(*photos(world, "abc"), unmanaged=UnmanagedPolicy.DELETE)
    assert left(world.apply(desired)) == {"weddings/c": FAILED}
    assert len(world.items()) == 2
