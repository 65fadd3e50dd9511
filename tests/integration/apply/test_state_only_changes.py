"""Changes of the state alone are shown, count in the exit code, and are applied; a removed sidecar clears its texts."""

from __future__ import annotations

import json

import pytest

from tests.support.cli_harness import CliHarness

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">At dusk</rdf:li>
</rdf:Alt></dc:title><dc:subject><rdf:Bag><rdf:li>evening</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_a_removed_sidecar_clears_its_texts(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write("photos/a.xmp", XMP)
    studio.write_gallery(["{from: photos/*.jpg}"])
    studio.apply()
    (item,) = studio.items()
    assert (item["title"], item["tags"]) == ("At dusk", {"values": ["evening"]})
    (studio.root / "photos/a.xmp").unlink()
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
