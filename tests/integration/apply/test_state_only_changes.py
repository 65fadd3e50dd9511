"""Changes of the state alone are shown, count in the exit code, and are applied; texts of a sidecar are cleared on purpose."""

from __future__ import annotations

import json

import pytest

from tests.support.cli_harness import CliHarness

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">At dusk</rdf:li>
</rdf:Alt></dc:title><dc:subject><rdf:Bag><rdf:li>evening</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_captions_of_the_file_clear_the_texts_of_a_removed_sidecar(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write("photos/a.xmp", XMP)
    studio.write_gallery(["{from: photos/*.jpg}"])
    studio.apply()
    (item,) = studio.items()
    assert (item["title"], item["tags"]) == ("At dusk", {"values": ["evening"]})
    (studio.root / "photos/a.xmp").unlink()
    studio.assert_no_changes()
    studio.write_gallery(["{from: photos/*.jpg, captions: file}"])
    assert "(cleared)" in studio.run("plan").out
    studio.apply()
    (item,) = studio.items()
    assert (item.get("title") or "", (item.get("tags") or {}).get("values") or []) == ("", [])
    studio.assert_no_changes()


@pytest.mark.parametrize(
    ("item", "moved", "shown"),
    [
        ("{text: '<p>a</p>', key: a, protect: true}", "", "weddings/a: protected"),
        (
            "{text: '<p>a</p>', key: b}",
            "moved: [{from: weddings/a, to: weddings/b}]\n",
            "weddings/b: moved from weddings/a",
        ),
    ],
)
def test_changes_of_the_state_alone_count(studio: CliHarness, item: str, moved: str, shown: str) -> None:
    head = "bind: {name: Weddings, create: true}\nname: Weddings\n"
    studio.write_gallery(["{text: '<p>a</p>', key: a}"], head=head)
    studio.apply()
    before = studio.items()
    studio.write_gallery([item], head=head + moved)
    planned = studio.run("plan", "--detailed-exitcode", "--out", "plan.json")
    assert (planned.code, shown in planned.out) == (2, True), planned.out
    drift = studio.run("drift")
    assert (drift.code, "1 change in the manifests not applied yet" in drift.out) == (0, True), drift.out
    applied = studio.run("apply", "plan.json")
    assert (applied.code, "Applied: 1 change in state only." in applied.out) == (0, True), applied.out
    assert studio.items() == before
    studio.assert_no_changes()
    studio.write_gallery([item], head=head)
    studio.assert_no_changes()


def test_a_restored_version_of_the_state_creates_nothing_twice(studio: CliHarness) -> None:
    studio.write_gallery(["{text: '<p>a</p>', key: a}"])
    studio.apply()
    first = json.loads(studio.run("state", "list", "--format", "json").out)["serial"]
    studio.write_gallery(["{text: '<p>a</p>', key: a}", "{text: '<p>b</p>', key: b}"])
    studio.apply()
    before = studio.items()
    assert studio.run("state", "restore", str(first)).code == 0
    studio.assert_no_changes()
    assert studio.items() == before


def test_a_removed_gallery_is_one_line_with_the_number_of_its_items(wedding: CliHarness) -> None:
    wedding.write_gallery(["{text: '<p>a</p>', key: a}"], name="other", head="bind: {name: Other, create: true}\n")
    wedding.apply()
    (wedding.root / "galleries/weddings.yaml").unlink()
    config = (wedding.root / "galleryctl.yaml").read_text(encoding="utf-8")
    wedding.write("galleryctl.yaml", f"{config}removed: [weddings]\n")
    planned = " ".join(wedding.run("plan").out.split())
    (gallery,) = (each for each in wedding.galleries() if each.get("name") == "Weddings")
    shown = f"weddings: no longer in state (removed: in galleryctl.yaml); gallery {gallery['id']} stays on the site with 4 items"
    assert shown in planned
    assert "weddings/cake" not in planned


def test_a_released_value_that_somebody_changed_is_kept_and_no_drift(studio: CliHarness) -> None:
    studio.write_gallery(["{text: '<p>a</p>', key: a, title: Ours}"])
    studio.apply()
    (item,) = studio.items()
    studio.edit({"gallery": {"name": "Weddings"}, "item": item["id"], "set": {"title": "Theirs"}})
    studio.write_gallery(["{text: '<p>a</p>', key: a}"])
    assert "weddings/a: no longer managed: title; changed on the site since, and kept: title" in studio.run("plan").out
    drift = studio.run("drift")
    assert (drift.code, "No drift. Nothing that the manifests declare has changed on the site" in drift.out) == (
        0,
        True,
    )


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_an_interrupted_apply_is_mentioned(studio: CliHarness, command: str) -> None:
    studio.write_gallery(["{text: '<p>a</p>', key: a}"])
    studio.apply()
    notice = (
        "the workspace: an earlier apply did not finish: differences may come from it, and the next apply continues it"
    )
    assert notice not in " ".join(studio.run(command).out.split())
    state = studio.state()
    header = {name: state[name] for name in ("site_id", "lineage", "serial")}
    header |= {"journal": 2, "run": "run-1", "started": "x", "carried": []}
    studio.write(".galleryctl/journal-main.jsonl", json.dumps(header) + "\n")
    assert notice in " ".join(studio.run(command).out.split())
