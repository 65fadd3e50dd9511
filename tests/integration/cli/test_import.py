from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from galleryctl.manifest.schema import load_schema
from tests.integration.cli.odd_sites import Doc, galleries
from tests.support.cli_harness import CliHarness, CommandResult

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nitem_order: ORDER\n"


# Without shrinking: every example is a site of its own, and three commands.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
    phases=PHASES,
)
@given(
    edits=st.tuples(galleries(1), galleries(2), galleries(3)).map(lambda parts: [*chain(*parts)]),
    order=st.sampled_from(["ascending", "descending"]),
)
def test_the_plan_after_an_import_is_empty_and_a_lost_state_makes_and_deletes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    edits: list[Doc],
    order: str,
) -> None:
    studio = CliHarness(tmp_path_factory.mktemp("site"), capsys)
    studio.write("galleryctl.yaml", WORKSPACE.replace("ORDER", order))
    studio.edit(*edits)
    ran = studio.run("import", "--all")
    assert ran.code == 0, ran.out + ran.err
    assert "next plan" not in ran.err
    adopt(studio)
    (studio.root / ".galleryctl/state.json").unlink()
    ran = studio.run("plan")
    assert ran.code == 0, ran.out + ran.err
    assert "Plan" not in ran.out or " 0 to create" in ran.out
    assert "Plan" not in ran.out or " 0 to delete" in ran.out


def adopt(studio: CliHarness) -> None:
    """Apply what was imported, and check that this writes nothing to the site, and that the next plan is empty."""
    ran = studio.apply("-vv")
    assert not [request for request in ran.requests if not request.startswith(("GET", "POST /site-media"))]
    studio.assert_no_changes()


def has_state(studio: CliHarness) -> bool:
    return (studio.root / ".galleryctl/state.json").exists()


JOURNAL = "00000000-0000-4000-8000-000000000001"


def text(title: str, order: float, **more: object) -> Doc:
    html = {"html": f"<p>{title}</p>"}
    return {
        "gallery": JOURNAL,
        "item": None,
        "set": {"type": "TEXT", "title": title, "text": html, "sortOrder": order, **more},
    }


@pytest.fixture
def journal(studio: CliHarness) -> CliHarness:
    """A site with one unmanaged gallery of two text items."""
    studio.edit(
        {"gallery": JOURNAL, "set": {"name": "Our Journal", "sortOrder": 1}},
        text("Spring", 1),
        text("Summer", 2),
    )
    return studio


def manifest(studio: CliHarness, name: str = "our-journal") -> str:
    return (studio.root / f"galleries/{name}.yaml").read_text(encoding="utf-8")


def refused(ran: CommandResult, *words: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    for word in words:
        assert word in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "asked", [["our-journal"], ["Our Journal"], [JOURNAL], ["--id", JOURNAL], ["--name", "Our Journal"]]
)
def test_a_gallery_is_asked_for_by_key_name_or_id(journal: CliHarness, asked: list[str]) -> None:
    ran = journal.run("import", *asked)
    assert ran.code == 0, ran.err
    assert "our-journal.yaml: gallery our-journal, Our Journal" in ran.out
    assert f"our-journal: run {journal.copyable('apply')} (or merge this change) to adopt 2 items" in ran.err
    spring, summer = (item["id"] for item in journal.items("Our Journal"))
    assert manifest(journal) == (
        f"gallery: our-journal\nbind: {{id: {JOURNAL}}}\nname: Our Journal\n"
        f"adopt:\n  spring: {spring}\n  summer: {summer}\nitems:\n"
        '  - key: spring\n    text: "<p>Spring</p>"\n    title: Spring\n'
        '  - key: summer\n    text: "<p>Summer</p>"\n    title: Summer\n'
    )
    assert not has_state(journal)
    adopt(journal)
    items = journal.state()["galleries"]["our-journal"]["items"]
    assert [items[key]["id"] for key in ("spring", "summer")] == [spring, summer]


@pytest.mark.parametrize("part", ["url", "text"])
def test_a_link_of_which_one_part_cannot_be_written_is_left_to_the_site(journal: CliHarness, part: str) -> None:
    link = {"type": "EXTERNAL", "url": "https://example.com", "text": "Book", part: "\U0010fff1"}
    journal.edit(text("Linked", 3, link=link))
    ran = journal.run("import", "our-journal")
    assert ran.code == 0, ran.err
    assert "next plan" not in ran.err
    assert "link:" not in manifest(journal)
    adopt(journal)


def test_the_key_may_be_chosen(journal: CliHarness) -> None:
    assert journal.run("import", "diary", "--name", "Our Journal").code == 0
    assert "gallery: diary" in manifest(journal, "diary")
    refused(
        journal.run("import", "other", "--id", JOURNAL),
        "galleries/diary.yaml already declares gallery Our Journal, as diary, not as other",
        "write `gallery: other` in galleries/diary.yaml, and import other",
    )
    adopt(journal)
    refused(journal.run("import", "other", "--id", JOURNAL), "managed as diary", "state mv diary other")


def test_an_unapplied_import_is_renamed_in_its_manifest(journal: CliHarness) -> None:
    journal.run("import", "diary", "--name", "Our Journal")
    journal.write("galleries/diary.yaml", manifest(journal, "diary").replace("gallery: diary", "gallery: other"))
    assert "Wrote" in journal.run("import", "other", "--name", "Our Journal").out
    assert "gallery: other" in manifest(journal, "diary")
    adopt(journal)


def test_an_import_only_reads_the_site(journal: CliHarness) -> None:
    ran = journal.run("import", "our-journal", "-vv")
    assert [request.split()[0] for request in ran.requests] == ["GET", "GET"]


def test_more_than_a_page_of_items_is_imported_in_its_order(journal: CliHarness) -> None:
    journal.edit(*(text(f"T{n:03}", 1000 - n) for n in range(230)))
    assert journal.run("import", "our-journal").code == 0
    keys = [line.split()[-1] for line in manifest(journal).splitlines() if "key:" in line]
    assert keys == ["spring", "summer", *(f"t{n:03}" for n in reversed(range(230)))]
    adopt(journal)


def test_a_dry_run_prints_the_manifest_and_writes_nothing(journal: CliHarness) -> None:
    ran = journal.run("import", "our-journal", "--dry-run")
    assert ran.code == 0
    assert "gallery: our-journal\n" in ran.out
    assert "\nadopt:\n  spring: " in ran.out
    assert not (journal.root / "galleries").exists()
    assert not has_state(journal)


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_json_says_what_was_imported(journal: CliHarness, dry: list[str]) -> None:
    journal.edit({"gallery": JOURNAL, "item": None, "set": {"type": "IMAGE", "title": "Bare", "sortOrder": 9}})
    ran = journal.run("import", "--all", "--format", "json", *dry)
    document = json.loads(ran.out)
    jsonschema.validate(document, load_schema("import"))
    (gallery,) = document["galleries"]
    assert (document["written"], gallery["key"], gallery["id"]) == (not dry, "our-journal", JOURNAL)
    assert ([*gallery["items"]], gallery["left_out"]) == (["spring", "summer"], ["Bare"])
    assert gallery["adopt"] == gallery["items"]
    assert (gallery["skipped"], document["skipped"]) == ({}, {})
    assert (gallery["text"] is not None) is bool(dry)


def test_what_cannot_be_written_is_told_and_left_alone(journal: CliHarness) -> None:
    journal.edit({"gallery": JOURNAL, "item": None, "set": {"type": "IMAGE", "title": "Bare", "sortOrder": 9}})
    ran = journal.run("import", "our-journal")
    assert "left out, because a manifest cannot declare it: Bare" in ran.err
    journal.apply()
    assert journal.titles("Our Journal") == ["Spring", "Summer", "Bare"]


def test_an_import_over_a_manifest_keeps_comments_and_takes_what_changed(journal: CliHarness) -> None:
    journal.run("import", "our-journal")
    path = journal.root / "galleries/our-journal.yaml"
    path.write_text("# ours\n" + manifest(journal).replace("title: Spring", "title: Spring   # cold"), encoding="utf-8")
    path.chmod(0o640)
    spring = journal.items("Our Journal")[0]
    journal.edit(
        {"gallery": JOURNAL, "item": spring["id"], "set": {"title": "Early spring", "sortOrder": 3}},
        text("Autumn", 2.5),
    )
    ran = journal.run("import", "our-journal")
    assert ran.code == 0, ran.err
    after = manifest(journal)
    assert after.startswith("# ours\n")
    assert "title: Early spring   # cold\n" in after
    assert [line.split()[-1] for line in after.splitlines() if "key:" in line] == [
        "summer",
        "autumn",
        "spring",
    ]
    assert path.stat().st_mode & 0o777 == 0o640
    assert journal.run("import", "our-journal").code == 0
    assert manifest(journal) == after
    adopt(journal)


@pytest.mark.parametrize("applied", [False, True])
def test_entries_that_the_site_does_not_have_any_more_are_taken_out_and_named(
    journal: CliHarness, applied: bool
) -> None:
    journal.run("import", "our-journal")
    if applied:
        adopt(journal)
    spring = journal.items("Our Journal")[0]
    journal.edit({"gallery": JOURNAL, "item": spring["id"], "delete": True})
    ran = journal.run("import", "our-journal")
    assert "removed from the manifest, because it is not on the site: spring" in ran.err
    assert "spring" not in manifest(journal)
    adopt(journal)


def test_entries_that_were_never_applied_stay_where_they_stand(journal: CliHarness) -> None:
    """They are declared but not created yet; the live items are placed around them."""
    journal.run("import", "our-journal")
    path = journal.root / "galleries/our-journal.yaml"
    wanted = "items:\n  # to come\n  - {key: winter, text: cold}\n"
    after = manifest(journal).replace("items:\n", wanted) + "  - {key: rain, text: wet}\n"
    path.write_text(after, encoding="utf-8")
    spring = journal.items("Our Journal")[0]
    journal.edit(
        {"gallery": JOURNAL, "item": spring["id"], "set": {"sortOrder": 3}},
        text("Autumn", 2.5),
        text("Winter", 4),
    )
    ran = journal.run("import", "our-journal")
    assert ran.code == 0
    assert "no longer named" not in ran.err
    assert "the next plan has 2 changes" in ran.err
    assert wanted in manifest(journal)
    assert [line.split("key: ")[1].split(",")[0] for line in manifest(journal).splitlines() if "key:" in line] == [
        "winter", "summer", "autumn", "spring", "rain", "winter-2",
    ]  # fmt: skip
    again = manifest(journal)
    journal.run("import", "our-journal")
    assert manifest(journal) == again
    journal.apply()
    assert journal.titles("Our Journal") == ["", "Summer", "Autumn", "Spring", "", "Winter"]
    journal.assert_no_changes()


def test_comments_beside_flow_mappings_are_kept(journal: CliHarness) -> None:
    """ruamel alone would write `from` and `to` on one line."""
    journal.run("import", "our-journal")
    moved = "moved:\n  # first\n  - {from: a, to: spring}   # dark\n  - from: b\n    to: summer\n"
    odd = manifest(journal).replace("items:\n", f"{moved}items:\n")
    journal.write("galleries/our-journal.yaml", odd)
    assert journal.run("import", "our-journal").code == 0
    assert manifest(journal) == odd


def test_comments_that_cannot_be_kept_leave_the_file_as_it_is(journal: CliHarness) -> None:
    journal.run("import", "our-journal")
    entries = "  {key: spring, text: <p>Spring</p>, title: Spring},  # cold\n  {key: summer, text: <p>Summer</p>}"
    odd = f"{manifest(journal).partition('items:')[0]}items: [\n{entries}\n]\n"
    journal.write("galleries/our-journal.yaml", odd)
    journal.edit(text("Autumn", 9))
    refused(journal.run("import", "our-journal"), "comments in items: would be lost")
    assert manifest(journal) == odd


def test_an_entry_that_was_never_applied_and_that_the_site_has_is_recognised(journal: CliHarness) -> None:
    journal.run("import", "our-journal")
    path = journal.root / "galleries/our-journal.yaml"
    path.write_text(manifest(journal) + "  - {key: later, text: soon, title: Autumn}\n", encoding="utf-8")
    journal.edit(text("Autumn", 9))
    assert journal.run("import", "our-journal").code == 0
    assert "key: later" in manifest(journal)
    assert "autumn" not in manifest(journal)
    adopt(journal)


def test_photos_of_the_workspace_stay_photos_of_the_workspace(wedding: CliHarness) -> None:
    wedding.apply()
    before = (wedding.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    wedding.edit({"gallery": wedding.galleries()[0]["id"], "item": wedding.items()[1]["id"], "set": {"title": "Torte"}})
    (wedding.root / ".galleryctl/state.json").unlink()
    ran = wedding.run("import", "weddings")
    assert ran.code == 0, ran.err
    after = (wedding.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    assert "image: photos/cake.jpg, title: Torte" in after
    assert after.count("photos/") == before.count("photos/")
    adopt(wedding)
    assert len(set(wedding.state()["media"].values())) == 3


def test_all_imports_what_is_not_managed_with_keys_from_names(journal: CliHarness) -> None:
    journal.edit(
        {"set": {"name": "Our Journal", "sortOrder": 2}},
        {"set": {"sortOrder": 3}},
        {"set": {"name": "日本", "sortOrder": 4}},
    )
    journal.run("import", "our-journal", "--id", JOURNAL)
    ran = journal.run("import", "--all")
    assert ran.code == 0
    keys = ["gallery", "our-journal", "our-journal-2", "u65e5-u672c"]
    assert sorted(path.stem for path in (journal.root / "galleries").iterdir()) == keys
    assert "No unmanaged galleries" in journal.run("import", "--all").out
    adopt(journal)


def test_a_name_that_two_galleries_have_is_not_guessed(journal: CliHarness) -> None:
    journal.edit({"set": {"name": "Our Journal", "sortOrder": 2}})
    for asked in (["Our Journal"], ["our-journal"], ["--name", "Our Journal"]):
        refused(journal.run("import", *asked), "2 galleries of the site", JOURNAL, "select one by its id")
    assert journal.run("import", "diary", "--id", JOURNAL).code == 0


def test_a_gallery_that_is_not_there_is_told_with_what_is_close(journal: CliHarness) -> None:
    refused(journal.run("import", "Our Jurnal"), "no gallery", "'Our Journal'")
    refused(journal.run("import", "x", "--id", "nope"), "no gallery with the id 'nope'", "show --live")
    assert not (journal.root / "galleries").exists()


def test_a_manifest_of_another_gallery_is_not_written_over(journal: CliHarness) -> None:
    journal.write("galleries/notes.yaml", "gallery: notes\nbind: {create: true}\nname: Notes\nitems: []\n")
    out = str(journal.root / "galleries/notes.yaml")
    before = Path(out).read_text(encoding="utf-8")
    refused(
        journal.run("import", "our-journal", "--out", out),
        "the manifest of gallery notes",
        "choose another key or output file",
    )
    refused(journal.run("import", "notes", "--id", JOURNAL), "'Notes'", "correct its `bind:`")
    journal.edit({"set": {"name": "Other", "sortOrder": 2}})
    journal.run("import", "our-journal")
    refused(
        journal.run("import", "our-journal", "--name", "Other"),
        "the key our-journal belongs to another gallery",
        JOURNAL,
    )
    assert Path(out).read_text(encoding="utf-8") == before
    other = str(journal.root / "galleries/second.yaml")
    refused(
        journal.run("import", "our-journal", "--out", other),
        "already has a manifest, galleries/our-journal.yaml",
    )


def test_a_file_that_no_pattern_finds_is_written_and_not_managed(journal: CliHarness, tmp_path: Path) -> None:
    out = tmp_path / "elsewhere/journal.yaml"
    ran = journal.run("import", "our-journal", "--out", str(out))
    assert ran.code == 0
    assert "not managed yet, because no pattern in `galleries:` matches" in ran.err
    assert out.read_text(encoding="utf-8").startswith("gallery: our-journal\n")
    assert not (journal.root / ".galleryctl/state.json").exists()


def test_a_workspace_without_a_place_for_new_manifests_asks_for_one(journal: CliHarness) -> None:
    journal.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: gallery.yaml\n")
    refused(journal.run("import", "our-journal"), "matches our-journal.yaml", "--out FILE")
    assert journal.run("import", "our-journal", "--out", str(journal.root / "gallery.yaml")).code == 0
    adopt(journal)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "Missing gallery:"),
        (["x", "--all"], "--all"),
        (["x", "--id", "a", "--name", "b"], "--id and --name"),
    ],
)
def test_options_that_make_no_sense_are_refused(journal: CliHarness, args: list[str], words: str) -> None:
    refused(journal.run("import", *args), words)


def test_other_formats_are_not_supported(journal: CliHarness) -> None:
    ran = journal.run("import", "x", "--format", "markdown")
    assert ran.code == 1
    for printed in (ran.out, ran.err):
        assert "--format markdown is not supported here" in printed


def test_manifests_with_problems_end_an_import(journal: CliHarness) -> None:
    journal.write(
        "galleries/broken.yaml",
        "gallery: broken\nbind: {id: x}\nitems:\n  - {key: a, text: t, quality: 20}\n",
    )
    refused(journal.run("import", "our-journal"), "galleries/broken.yaml:4")


def test_a_folder_that_cannot_be_written_leaves_all_as_it_was(journal: CliHarness) -> None:
    journal.write("galleries", "a file where the folder should be")
    refused(journal.run("import", "our-journal"), "galleries/our-journal.yaml", "cannot be written")
    assert not (journal.root / ".galleryctl/state.json").exists()
