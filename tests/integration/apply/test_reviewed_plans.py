"""An apply that nobody reviewed overwrites no conflict, and a saved plan is applied as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from galleryctl.model.errors import StaleError
from tests.support.cli_harness import CliHarness
from tests.support.engine_harness import EngineHarness, jpeg_bytes, make_desired, text_item

WORDS = "{{key: words, text: '<p>Thank you</p>', title: {}}}"


def review_digest(workspace: CliHarness) -> str:
    digest: str = json.loads(workspace.run("plan", "--format", "json").out)["review_digest"]
    return digest


def rename(workspace: CliHarness, title: str) -> None:
    """Give the item another title on the site, as a person does."""
    edit = {"gallery": workspace.galleries()[0]["id"], "item": workspace.items()[0]["id"], "set": {"title": title}}
    workspace.edit(edit)


@pytest.fixture
def conflict(studio: CliHarness) -> CliHarness:
    """Return a workspace in which the manifest and a person have changed the same title."""
    studio.write_gallery([WORDS.format("Words")])
    studio.apply()
    studio.write_gallery([WORDS.format("Ours")])
    rename(studio, "Theirs")
    return studio


def test_an_apply_that_nobody_reviewed_overwrites_no_conflict(conflict: CliHarness) -> None:
    ran = conflict.run("apply", "--auto-approve")
    assert ran.code == 1
    assert "weddings/words: title" in ran.err
    assert "--overwrite-conflicts" in ran.err
    assert "--expect-digest" in ran.err
    assert f"to keep the site's values: {conflict.copyable('drift --accept weddings/words')}" in ran.err
    assert conflict.titles() == ["Theirs"]


def test_values_have_the_names_of_manifests(studio: CliHarness) -> None:
    studio.write_photo("rings.jpg", 1)
    studio.write_gallery(["{image: rings.jpg, key: rings}", "{key: words, text: <p>A</p>}"])
    studio.apply()
    photo = studio.items()[0]["image"]["imageInfo"]
    other = {**photo, "id": f"other{photo['id'][5:]}"}
    studio.edit({"gallery": {"name": "Weddings"}, "item": studio.items()[0]["id"], "set": {"image.imageInfo": other}})
    studio.edit({"gallery": {"name": "Weddings"}, "item": studio.items()[1]["id"], "set": {"text.html": "<p>B</p>"}})
    studio.write_photo("rings.jpg", 2)
    studio.write_gallery(["{image: rings.jpg, key: rings}", "{key: words, text: <p>C</p>}"])
    ran = studio.run("apply", "--auto-approve")
    assert (ran.code, "weddings/rings: image" in ran.err, "weddings/words: text" in ran.err) == (1, True, True), ran.err
    shown = [line.split()[0] for line in studio.run("plan").out.splitlines() if "(conflict)" in line]
    assert shown == ["image:", "text:"]


def test_a_plan_warns_of_the_conflicts_that_an_unreviewed_apply_rejects(conflict: CliHarness) -> None:
    warning = "1 conflict: apply --auto-approve rejects it without --overwrite-conflicts."
    assert warning in conflict.run("plan").out
    assert warning not in conflict.run("drift").out


def test_a_rejected_plan_that_is_saved_is_not_advised(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_gallery([])
    ran = wedding.run("plan", "--out", "plan.json")
    assert ran.code == 1
    assert "Saved the plan to plan.json. A safety check rejected it, so it cannot be applied." in ran.err
    assert "To perform exactly these actions" not in ran.err
    assert wedding.run("apply", "plan.json").code == 1


@pytest.mark.parametrize("review", ["option", "digest", "saved"])
def test_a_reviewed_apply_overwrites_the_conflicts_that_it_shows(conflict: CliHarness, review: str) -> None:
    arguments: Sequence[str] = ("--auto-approve", "--overwrite-conflicts")
    if review == "digest":
        arguments = ("--auto-approve", "--expect-digest", review_digest(conflict)[:12])
    elif review == "saved":
        conflict.run("plan", "--out", "plan.json")
        arguments = ("plan.json",)
    ran = conflict.run("apply", *arguments)
    assert ran.code == 0, ran.err
    assert conflict.titles() == ["Ours"]
    conflict.assert_no_changes()


def test_another_plan_than_the_expected_one_is_not_applied(conflict: CliHarness) -> None:
    digest = review_digest(conflict)
    conflict.write_gallery([WORDS.format("Others")])
    ran = conflict.run("apply", "--auto-approve", "--expect-digest", digest)
    assert ran.code == 1
    assert "not the one that was reviewed" in ran.err
    assert conflict.titles() == ["Theirs"]


def test_a_saved_plan_with_a_changed_file_writes_nothing(wedding: CliHarness) -> None:
    wedding.run("plan", "--out", "plan.json")
    wedding.write_photo("photos/rings.jpg", 77)
    ran = wedding.run("apply", "plan.json")
    assert ran.code == 1
    assert "weddings/rings: the file photos/rings.jpg changed since the plan was made" in ran.err
    assert (wedding.galleries(), wedding.files()) == ([], [])
    wedding.write_photo("photos/rings.jpg", 2)
    assert wedding.run("apply", "plan.json").code == 0


def test_a_changed_file_that_was_uploaded_once_makes_a_saved_plan_stale_too(tmp_path: Path) -> None:
    world = EngineHarness(tmp_path)
    world.apply(make_desired(text_item("z"), world.photo_item("p", 5)))
    world.apply(make_desired(text_item("z")))
    saved = world.plan(make_desired(text_item("z", title="Z2"), world.photo_item("p", 5)))
    world.emulator.pipeline.site.store.db.execute("UPDATE files SET trashed = 1")
    (tmp_path / "photos/p.jpg").write_bytes(jpeg_bytes(77))
    with pytest.raises(StaleError, match=r"weddings/p: the file photos/p\.jpg changed since the plan was made"):
        world.apply_saved(saved)
    assert world.titles() == ["z"]
    world.photo_item("p", 5)
    assert world.apply_saved(saved).report.exit_code == 0
    assert world.titles() == ["Z2", "p"]
    world.close()


def test_a_failed_apply_that_wrote_nothing_leaves_the_state_as_it_was(studio: CliHarness) -> None:
    studio.write_gallery([WORDS.format("Words")])
    studio.apply()
    serial = studio.state()["serial"]
    studio.write_gallery([WORDS.format("Ours")])
    studio.run("plan", "--out", "plan.json")
    delete = {"gallery": {"name": "Weddings"}, "item": {"title": "Words"}, "delete": True}
    studio.call_api("POST", "/_emulator/faults", {"script": [{"fault": "edit", "method": "PATCH", "edits": [delete]}]})
    failed = studio.run("apply", "plan.json")
    assert failed.code == 1
    assert "0 of 1 done" in failed.out
    assert studio.state()["serial"] == serial
    assert "no longer exists on the site" in studio.run("apply", "plan.json").err, "stale because of the site alone"


@pytest.mark.parametrize("review", ["saved", "digest"])
def test_a_reviewed_plan_that_was_applied_in_part_needs_a_new_one(wedding: CliHarness, review: str) -> None:
    wedding.run("plan", "--out", "plan.json")
    arguments = ("plan.json",) if review == "saved" else ("--auto-approve", "--expect-digest", review_digest(wedding))
    wedding.call_api("POST", "/_emulator/settings", {"ignore_writes": ["item.title"]})
    ran = wedding.run("apply", *arguments)
    assert ran.code == 3
    assert "The plan cannot be continued: create a new plan, review it, and apply the rest." in ran.out
    assert "Run the command again" not in ran.out
    assert wedding.run("apply", *arguments).code == 1


def test_an_expected_digest_allows_that_nothing_is_left(wedding: CliHarness) -> None:
    arguments = ("--auto-approve", "--expect-digest", review_digest(wedding))
    wedding.apply(*arguments[1:])
    again = wedding.run("apply", *arguments)
    assert again.code == 0
    assert "Nothing is left to apply, so --expect-digest was not compared." in again.err
