"""`drift --accept` writes what people changed on the site into the manifests, and the next plan changes nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.cli_harness import CliHarness, Doc
from tests.support.killed_run import watch_apply

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
CAKE = "{key: cake, text: <p>Cake</p>, title: Cake, description: Three tiers}"
DANCE = "{key: dance, text: <p>Dance</p>, title: Dance}"
BAND = "{key: band, text: <p>Band</p>, title: Band}"
NEW: Doc = {"type": "TEXT", "title": "Toast", "text": {"html": "<p>Cheers</p>"}}


@pytest.fixture
def party(studio: CliHarness) -> CliHarness:
    """A gallery of three texts that was applied."""
    studio.write_gallery((f"{CAKE}  # by Ada", DANCE, BAND), name="party", head=HEAD)
    studio.apply()
    return studio


@pytest.fixture
def vows(studio: CliHarness) -> CliHarness:
    """A gallery with four photos of a folder, which have captions, between two texts, applied."""
    for number in range(1, 5):
        write_captioned(studio, f"folder/vows-{number}.jpg", f"Vows {number}", number)
    studio.write("folder/vows-4.xmp", XMP.replace("TITLE", "From Lightroom"))
    entries = ("{key: hello, text: <p>Hello</p>, title: Hello}", "{from: folder/*.jpg}  # all", CAKE)
    studio.write_gallery(entries, name="vows", head="bind: {name: Vows, create: true}\nname: Vows\n")
    studio.apply()
    return studio


XMP = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>
<rdf:li xml:lang="x-default">TITLE</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>
"""


def write_captioned(studio: CliHarness, name: str, title: str, shade: int) -> None:
    """Write a photo with a title in its metadata."""
    exif = Image.Exif()
    exif[0x9C9B] = f"{title}\0".encode("utf-16-le")
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), (shade, 80, 90)).save(path, "JPEG", exif=exif)


def text(studio: CliHarness, name: str = "party") -> str:
    return (studio.root / f"galleries/{name}.yaml").read_text(encoding="utf-8")


def edit(studio: CliHarness, title: str, gallery: str = "Party", **change: Any) -> None:
    """Edit the item with this title in the Editor: `set`, `delete`, `after`."""
    studio.edit({"gallery": {"name": gallery}, "item": {"title": title}, **change})


def rename(studio: CliHarness, title: str, new: str, gallery: str = "Party") -> None:
    edit(studio, title, gallery, set={"title": new})


def add(studio: CliHarness, gallery: str = "Party", **values: object) -> None:
    studio.edit({"gallery": {"name": gallery}, "item": None, "set": {**NEW, "sortOrder": 1e9, **values}})


def move(studio: CliHarness, title: str, before: str, gallery: str = "Party") -> None:
    """Move the item before another one."""
    items = studio.items(gallery)
    index = next(i for i, item in enumerate(items) if item["title"] == before)
    low = items[index - 1]["sortOrder"] if index else items[0]["sortOrder"] - 2
    edit(studio, title, gallery, set={"sortOrder": (low + items[index]["sortOrder"]) / 2})


def accept(studio: CliHarness, *args: str) -> str:
    """Accept drift completely, check that the next plan changes nothing on the site, and return the output."""
    ran = studio.run("drift", "--accept", *args)
    assert ran.code == 0, ran.out + ran.err
    assert_settled(studio)
    return ran.out + ran.err


def assert_settled(studio: CliHarness) -> None:
    plan = json.loads(studio.run("plan", "--format", "json").out)
    assert plan["changes"] == []
    assert plan["refusals"] == []
    assert studio.run("drift").code == 0
    assert studio.run("validate").code == 0
    assert studio.run("drift", "--accept").out == "No drift to accept.\n"


def diff_lines(diff: str) -> tuple[list[str], list[str]]:
    """Return the lines that a diff removes and adds."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    return [line[1:] for line in lines if line.startswith("-")], [line[1:] for line in lines if line.startswith("+")]


def test_an_afternoon_of_edits_is_accepted_in_one_command(vows: CliHarness, wedding: CliHarness) -> None:
    studio = wedding
    studio.write_gallery((f"{CAKE}  # by Ada", DANCE, BAND), name="party", head=HEAD)
    studio.apply()
    before = {name: text(studio, name) for name in ("party", "vows", "weddings")}
    party: list[tuple[str, Doc]] = [
        ("Cake", {"set": {"title": "Kake"}}),
        ("Kake", {"set": {"title": "Gateau"}}),
        ("Gateau", {"set": {"description": "Two tiers"}}),
        ("Gateau", {"set": {"text.html": "<p>Gateau</p>"}}),
        ("Dance", {"set": {"title": "Waltz"}}),
        ("Waltz", {"set": {"text.html": "<p>Waltz</p>"}}),
        ("Band", {"delete": True}),
    ]
    for title, change in party:
        edit(studio, title, **change)
    studio.edit({"gallery": {"name": "Party"}, "set": {"name": "Gala"}})
    weddings: list[tuple[str, Doc]] = [
        ("First dance", {"set": {"title": "The dance"}}),
        ("The dance", {"set": {"tags.values": ["dance", "night"]}}),
        ("Cake", {"unset": ["link"]}),
        ("Cake", {"set": {"title": "Torte"}}),
        ("Words", {"set": {"title": "Thanks"}}),
        ("Thanks", {"set": {"text.html": "<p>Thanks</p>"}}),
        ("Rings", {"set": {"title": "The rings"}}),
    ]
    for title, change in weddings:
        edit(studio, title, "Weddings", **change)
    move(studio, "The rings", "The dance", "Weddings")
    move(studio, "Vows 3", "Vows 1", "Vows")
    rename(studio, "Vows 1", "I do", "Vows")
    rename(studio, "I do", "Yes", "Vows")
    edit(studio, "Cake", "Vows", set={"description": "One tier"})
    assert studio.run("drift").code == 2

    ran = studio.run("drift", "--accept", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert {name: text(studio, name) for name in before} == before
    state = studio.state()
    accept(studio)
    removed, added = diff_lines(ran.out)
    assert len(removed) == 10
    assert added == [
        "name: Gala",
        '  - {key: cake, text: "<p>Gateau</p>", title: Gateau, description: Two tiers}  # by Ada',
        '  - {key: dance, text: "<p>Waltz</p>", title: Waltz}',
        "  # all",
        "  - {image: folder/vows-3.jpg, captions: true}",
        '  - {image: folder/vows-1.jpg, captions: true, title: "Yes"}',
        "  - {image: folder/vows-2.jpg, captions: true}",
        "  - {image: folder/vows-4.jpg, captions: true}",
        "  - {key: cake, text: <p>Cake</p>, title: Cake, description: One tier}",
        "  - {image: photos/rings.jpg, title: The rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
        "  - {image: photos/first-dance.jpg, title: The dance, tags: [dance, night]}",
        "  - {image: photos/cake.jpg, title: Torte, link: null}",
        "  - {key: words, text: '<p>Thanks</p>', title: Thanks}",
    ]
    assert studio.state() == state


@pytest.mark.parametrize(
    ("addresses", "taken"),
    [
        (["party/cake"], "cake"),
        (["party/c*", "party/b*"], "cake band"),
        (["par*"], "cake band dance"),
        (["--target", "party/band"], "band"),
        ([], "cake band dance hello"),
    ],
)
def test_only_what_an_address_matches(party: CliHarness, addresses: list[str], taken: str) -> None:
    party.write_gallery(("{key: hello, text: <p>Hello</p>, title: Hello}",), name="more", head="bind: {create: true}\n")
    party.apply()
    for title in ("Cake", "Dance", "Band"):
        rename(party, title, f"New {title}")
    rename(party, "Hello", "New Hello", "more")
    before = text(party) + text(party, "more")
    ran = party.run("drift", "--accept", *addresses)
    assert (ran.code, ran.err) == (0, "")
    expected = before
    for key in taken.split():
        expected = expected.replace(f"title: {key.title()}", f"title: New {key.title()}")
    assert (text(party) + text(party, "more")).replace("} #", "}  #") == expected
    assert party.run("drift").code == (0 if taken.endswith("hello") else 2)


def test_an_unknown_address(party: CliHarness) -> None:
    ran = party.run("drift", "--accept", "party/cak")
    assert ran.code == 1
    assert "unknown target party/cak" in ran.err
    assert "did you mean party/cake" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["party"],
            "ADDRESS needs --accept, --tolerate-until or --remove-obsolete. To check some addresses, use --target.",
        ),
        (["--added"], "--added and --dry-run need --accept."),
        (["--dry-run"], "--added and --dry-run need --accept."),
        (["--tolerate-until", "2999-12-31", "--reason", "x", "--added"], "--added and --dry-run need --accept."),
        (["--accept", "--reason", "x"], "--reason needs --tolerate-until."),
        (["--accept", "--tolerate-until", "2999-12-31"], "--accept and --tolerate-until cannot be combined"),
        (["--accept", "a/b/c"], "'a/b/c' is not a valid address"),
        (["--accept", "--format", "html"], "--format html is not supported here"),
    ],
)
def test_wrong_usage(party: CliHarness, arguments: list[str], message: str) -> None:
    ran = party.run("drift", *arguments)
    assert ran.code == 1
    assert message in ran.err + ran.out


def test_a_conflict_is_settled_for_the_site_and_other_changes_of_the_manifest_stay(party: CliHarness) -> None:
    new = "{key: toast, text: <p>Toast</p>, title: Toast}"
    cake = CAKE.replace("title: Cake", "title: Torte").replace("Three", "Four")
    party.write_gallery((new, cake, DANCE.replace("Dance", "Tango")), name="party", head=HEAD)
    before = text(party)
    rename(party, "Cake", "Gateau")
    ran = party.run("drift", "--accept")
    assert ran.code == 0
    assert "took 1 value (cake title)" in ran.out
    assert f"4 changes in the manifests not applied yet, kept; see: {party.copyable('plan')}" in ran.err
    assert text(party) == before.replace("title: Torte", "title: Gateau")
    party.apply()
    assert party.titles("Party") == ["Toast", "Gateau", "Tango"]
    assert [item.get("description") for item in party.items("Party")][1] == "Four tiers"


def test_changes_of_the_manifest_are_counted_at_the_given_addresses(party: CliHarness) -> None:
    party.write_gallery((CAKE.replace("Three", "Four"), DANCE.replace("Dance", "Tango"), BAND), name="party", head=HEAD)
    rename(party, "Cake", "Gateau")
    for arguments in (["--accept", "party/cake"], ["--target", "party/dance"]):
        ran = party.run("drift", *arguments)
        assert "1 change of these addresses in the manifests not applied yet" in ran.out + ran.err


def test_values_that_no_manifest_declares_are_counted(party: CliHarness) -> None:
    """Not those that the site had when galleryctl wrote the item, nor ignored ones."""
    edit(party, "Dance", set={"description": "Slow"})
    edit(party, "Band", set={"tags.values": ["late"], "description": "Loud"})
    rename(party, "Cake", "Gateau")
    line = "2 managed items have values on the site that no manifest declares, left alone"
    ran = party.run("drift", "--accept", "--dry-run")
    assert f"{line}; to take them: {party.copyable('import GALLERY')}" in ran.err
    ran = party.run("drift", "--accept", "party/d*", "--format", "json")
    assert json.loads(ran.out)["undeclared"] == 1
    assert f"{line}." in party.run("drift").out
    assert line not in party.run("plan").out
    party.write("galleries/party.yaml", text(party).replace("items:", "ignore: [tags, description]\nitems:"))
    assert "no manifest declares" not in party.run("drift").out
    party.write("galleries/party.yaml", text(party).replace("ignore: [tags, description]\n", ""))
    party.run("import", "party")
    assert "no manifest declares" not in party.run("drift").out


def test_values_that_the_site_fills_in_are_not_counted(studio: CliHarness) -> None:
    studio.write_photo("photo.jpg", 1)
    photo = "{image: photo.jpg, title: Photo, exif: {camera: Nikon}}"
    studio.write_gallery((photo,), name="party", head=HEAD)
    studio.apply()
    edit(studio, "Photo", set={"image.exif": {"camera": "Nikon", "lens": "50 mm"}})
    assert "1 managed item has values on the site that no manifest declares" in studio.run("drift").out
    studio.write_gallery((photo.replace("Photo", "Foto"),), name="party", head=HEAD)
    studio.apply()
    assert "no manifest declares" not in studio.run("drift").out


def test_another_part_of_a_value_that_the_manifest_changes_stays(studio: CliHarness) -> None:
    studio.write_photo("photo.jpg", 1)
    photo = "{image: photo.jpg, title: Photo, focal_point: {x: 0.5, y: 0.25}}"
    studio.write_gallery((photo,), name="party", head=HEAD)
    studio.apply()
    studio.write_gallery((photo.replace("x: 0.5", "x: 0.75"),), name="party", head=HEAD)
    edit(studio, "Photo", set={"image.focalPoint.y": 0.5})
    assert studio.run("drift", "--accept").code == 0
    assert "focal_point: {x: 0.75, y: 0.5}" in text(studio)
    studio.apply()
    assert studio.items("Party")[0]["image"]["focalPoint"] == {"x": 0.75, "y": 0.5}


def test_other_parts_in_place_of_those_that_the_manifest_names(studio: CliHarness) -> None:
    studio.write_gallery(["{key: cake, title: Cake, text: <p>c</p>, css: {color: red}}"], name="party", head=HEAD)
    studio.apply()
    edit(studio, "Cake", set={"text.css": {"font": "x"}})
    assert "took 1 value (cake css)" in accept(studio)
    assert "css: {font: x}" in text(studio)


def test_an_order_of_the_manifest_stays_unless_somebody_moved_an_item(party: CliHarness) -> None:
    party.write_gallery((BAND, DANCE, CAKE), name="party", head=HEAD)
    before = text(party)
    rename(party, "Dance", "Waltz")
    assert party.run("drift", "--accept").code == 0
    assert text(party) == before.replace("title: Dance", "title: Waltz")
    move(party, "Waltz", "Cake")
    accept(party)
    assert text(party).index("key: dance") < text(party).index("key: cake") < text(party).index("key: band")


def test_only_the_moved_item_of_an_address(party: CliHarness) -> None:
    extra = [f"{{key: t{n}, text: <p>{n}</p>, title: T{n}}}" for n in range(4)]
    party.write_gallery((CAKE, DANCE, BAND, *extra), name="party", head=HEAD)
    party.apply()
    move(party, "T3", "Cake")
    move(party, "Dance", "T2")
    assert party.titles("Party") == ["T3", "Cake", "Band", "T0", "T1", "Dance", "T2"]
    assert party.run("drift", "--accept", "party/t3").code == 0
    assert text(party).index("T3") < text(party).index("Cake") < text(party).index("Dance") < text(party).index("Band")
    assert party.run("drift").code == 2
    assert "took 1 value (order)" in accept(party, "party/dance")


def test_a_moved_item_gets_a_place_among_those_that_were_not_moved(studio: CliHarness) -> None:
    studio.write_gallery(
        [f"{{key: {k}, text: <p>{k}</p>, title: {k.upper()}}}" for k in "abdcx"], name="party", head=HEAD
    )
    studio.apply()
    move(studio, "C", "A")
    move(studio, "X", "A")
    for address, order in (("party/x", "xabdc"), ("party/c", "cxabd")):
        ran = studio.run("drift", "--accept", address)
        assert (ran.code, ran.err) == (0, "")
        assert re.findall("key: (.)", text(studio)) == list(order)
    assert_settled(studio)


def test_captions_of_photos_become_fields_of_entries_and_files_stay(vows: CliHarness) -> None:
    files = {path: path.read_bytes() for path in (vows.root / "folder").iterdir()}
    rename(vows, "Vows 1", "Yes", "Vows")
    edit(vows, "Vows 2", "Vows", unset=["title"])
    edit(vows, "From Lightroom", "Vows", set={"title": "From the Editor"})
    assert "replaced from: by 4 entries; took 3 values (vows-1 title, vows-2 title, vows-4 title)" in accept(vows)
    assert {path: path.read_bytes() for path in (vows.root / "folder").iterdir()} == files
    assert "  - {image: folder/vows-2.jpg, captions: true, title: null}\n" in text(vows, "vows")
    assert "  - {image: folder/vows-3.jpg, captions: true}\n" in text(vows, "vows")
    vows.apply()
    vows.assert_no_changes()


def test_only_the_order_of_photos_of_a_folder(vows: CliHarness) -> None:
    move(vows, "From Lightroom", "Vows 1", "Vows")
    assert "replaced from: by 4 entries; took 1 value (order)" in accept(vows)
    assert re.findall(r"vows-(.)\.jpg", text(vows, "vows")) == list("4123")
    vows.apply()
    vows.assert_no_changes()


def test_edits_beside_a_pattern_do_not_expand_it(vows: CliHarness) -> None:
    rename(vows, "Hello", "Welcome", "Vows")
    add(vows, "Vows")
    accept(vows, "--added")
    assert "{from: folder/*.jpg}  # all" in text(vows, "vows")
    assert text(vows, "vows").index("Cake") < text(vows, "vows").index("Cheers")


def test_an_item_that_is_deleted_on_the_site(vows: CliHarness) -> None:
    edit(vows, "Vows 2", "Vows", delete=True)
    edit(vows, "Cake", "Vows", delete=True)
    assert "removed 2 entries (vows-2, cake)" in accept(vows)
    assert "vows-2" not in text(vows, "vows")
    assert "vows-3" in text(vows, "vows")
    assert (vows.root / "folder/vows-2.jpg").exists()
    vows.apply()
    assert vows.titles("Vows") == ["Hello", "Vows 1", "Vows 3", "From Lightroom"]


def test_all_items_are_deleted_on_the_site(party: CliHarness) -> None:
    party.write_gallery((CAKE.replace("{", "{protect: true, "), DANCE, BAND), name="party", head=HEAD)
    party.apply()
    for title in ("Cake", "Dance", "Band"):
        edit(party, title, delete=True)
    accept(party)
    assert text(party).rstrip().splitlines()[-1] == "items: []"
    party.apply()
    party.assert_no_changes()


def test_photos_that_are_replaced_on_the_site(vows: CliHarness, wedding: CliHarness) -> None:
    wedding.apply()
    rings = wedding.items()[2]
    edit(vows, "Vows 2", "Vows", set={"image": rings["image"]})
    edit(vows, "Cake", "Weddings", set={"image": rings["image"]})
    output = accept(vows)
    assert "took 2 values (vows-2 image, vows-2 title)" in output
    assert "took 1 value (cake image)" in output
    assert "key: vows-2, image: wix:image://" in text(vows, "vows").replace('"', "")
    vows.apply()
    assert vows.items("Vows")[2]["title"] == "Vows 2"


@pytest.mark.parametrize("before", ["Hello", "Vows 1", "Vows 3", "Cake"])
def test_items_that_people_added_are_taken_on_request(vows: CliHarness, before: str) -> None:
    add(vows, "Vows")
    move(vows, "Toast", before, "Vows")
    ran = vows.run("drift", "--accept")
    assert (ran.code, ran.out) == (0, "No drift to accept.\n")
    assert "1 item in managed galleries on the site only, left alone; to take them, use --added." in ran.err
    titles = vows.titles("Vows")
    assert "added 1 item (toast)" in accept_added(vows)
    vows.apply()
    assert vows.titles("Vows") == titles
    vows.assert_no_changes()


def accept_added(studio: CliHarness) -> str:
    ran = studio.run("drift", "--accept", "--added")
    assert ran.code == 0, ran.err
    (id_,) = [item["id"] for item in studio.items("Vows") if item["title"] == "Toast"]
    assert f"adopt:\n  toast: {id_}\n" in text(studio, "vows")
    plan = json.loads(studio.run("plan", "--format", "json").out)
    assert plan["changes"] == []
    assert [change["action"] for change in plan["state_changes"]] == ["adopt"]
    return ran.out


def test_items_that_unmanaged_delete_would_delete(party: CliHarness) -> None:
    party.write_gallery((CAKE, DANCE, BAND), name="party", head=f"{HEAD}unmanaged: delete\n")
    party.apply()
    add(party)
    ran = party.run("drift", "--accept")
    assert (ran.code, ran.out) == (3, "No drift was accepted.\n")
    assert (
        "was not accepted: Toast was added on the site, and its gallery has unmanaged: delete; use --added" in ran.err
    )
    assert party.run("drift", "--accept", "--added").code == 0
    party.apply()
    assert party.titles("Party") == ["Cake", "Dance", "Band", "Toast"]


def test_new_items_with_the_same_sort_order(party: CliHarness) -> None:
    move(party, "Band", "Cake")
    add(party)
    add(party, title="Cheers", text={"html": "<p>Cheers, again</p>"})
    ran = party.run("drift", "--accept", "--added")
    assert ran.code == 3
    assert "was not accepted: another item has the same sort order on the site" in ran.err
    party.apply()
    assert party.titles("Party")[:3] == ["Band", "Cake", "Dance"]
    party.assert_no_changes()


def test_a_copy_in_place_of_an_item_that_was_deleted(party: CliHarness) -> None:
    edit(party, "Dance", delete=True)
    add(party, text={"html": "<p>Dance</p>"}, title="Dance")
    move(party, "Dance", "Band")
    accept(party, "--added")
    party.apply()
    assert party.titles("Party") == ["Cake", "Dance", "Band"]


def test_a_gallery_that_is_gone_is_left(party: CliHarness) -> None:
    before = text(party)
    party.edit({"gallery": {"name": "Party"}, "delete": True})
    ran = party.run("drift", "--accept")
    assert (ran.code, ran.out) == (3, "No drift was accepted.\n")
    assert "party was not accepted: the gallery is gone from the site: delete its manifest, or" in ran.err
    assert text(party) == before


def test_a_value_from_the_environment_is_left(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_CAKE", "Cake")
    party.write_gallery(
        (CAKE.replace("title: Cake", "title: '${GALLERYCTL_VAR_CAKE}'"), DANCE, BAND), name="party", head=HEAD
    )
    rename(party, "Cake", "Torte")
    rename(party, "Dance", "Waltz")
    ran = party.run("drift", "--accept")
    assert ran.code == 3
    assert "took 1 value (dance title)" in ran.out
    assert (
        "party/cake was not accepted: title: its value comes from the environment: ${GALLERYCTL_VAR_CAKE}." in ran.err
    )
    assert "title: '${GALLERYCTL_VAR_CAKE}'" in text(party)


def test_in_a_workspace_with_several_sites(party: CliHarness) -> None:
    party.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\nsites: {main: {}, stage: {}}\ngalleries: galleries/*.yaml\n"
        "state: {location: '.galleryctl/state-{site}.json'}\n",
    )
    for site in ("main", "stage"):
        party.apply("--site", site)
    rename(party, "Dance", "Waltz")
    add(party)
    ran = party.run("drift", "--accept", "--added", "--site", "main")
    assert (ran.code, ran.err) == (0, "")
    (id_,) = [item["id"] for item in party.items("Party") if item["title"] == "Toast"]
    assert f"adopt:\n  main:\n    toast: {id_}\n" in text(party)
    assert party.run("drift", "--site", "main").code == 0
    plan = json.loads(party.run("plan", "--site", "stage", "--format", "json").out)
    assert sorted(change["address"] for change in plan["changes"]) == ["party/dance", "party/toast"]


@pytest.mark.parametrize("echo", [False, True])
def test_on_a_site_that_rewrites_what_it_stores(studio: CliHarness, echo: bool) -> None:
    settings = {"trim_texts": True, "add_html_class": True, "normalize_tags": True, "echo_writes": echo}
    studio.call_api("POST", "/_emulator/settings", settings)
    entries = ("{key: cake, text: <p>Cake</p>, title: ' Cake ', tags: [Sweet]}", DANCE)
    studio.write_gallery(entries, name="party", head=HEAD)
    studio.apply()
    before = text(studio)
    assert studio.run("drift", "--accept").out == "No drift to accept.\n"
    rename(studio, "Cake", "Torte")
    assert "took 1 value (cake title)" in accept(studio)
    assert text(studio) == before.replace("' Cake '", "'Torte'")
    studio.apply()
    studio.assert_no_changes()


@pytest.mark.parametrize("edited", [False, True])
def test_after_an_interrupted_apply(party: CliHarness, tmp_path_factory: pytest.TempPathFactory, edited: bool) -> None:
    party.write_gallery((CAKE.replace("title: Cake", "title: Torte"), DANCE, BAND), name="party", head=HEAD)
    before = text(party)
    run = watch_apply(party, tmp_path_factory.mktemp("copies"))
    run.leave(party.root, 2)
    assert party.titles("Party")[0] == "Torte"
    if edited:
        rename(party, "Torte", "Gateau")
        assert "interrupted" in party.run("drift").out
        assert "took 1 value (cake title)" in accept(party)
    ran = party.run("drift", "--accept")
    assert (ran.code, ran.out) == (0, "No drift to accept.\n")
    assert text(party) == before.replace("Torte", "Gateau" if edited else "Torte")
    party.apply()
    party.assert_no_changes()
    rename(party, "Dance", "Waltz")
    accept(party, "--added")


def test_new_items_are_not_taken_while_a_run_is_interrupted(
    party: CliHarness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    party.write_gallery((CAKE, DANCE, BAND, "{key: toast, text: <p>Toast</p>}"), name="party", head=HEAD)
    watch_apply(party, tmp_path_factory.mktemp("copies")).leave(party.root, 3)  # created, and the journal not complete
    before = text(party)
    ran = party.run("drift", "--accept", "--added")
    assert ran.code == 1
    assert "an earlier run did not finish, or is still running" in ran.err
    assert text(party) == before


def test_as_json(party: CliHarness) -> None:
    rename(party, "Dance", "Waltz")
    edit(party, "Band", delete=True)
    add(party)
    document = json.loads(party.run("drift", "--accept", "--dry-run", "--format", "json").out)
    (file,) = document["files"]
    assert (document["kind"], document["format_version"], document["written"]) == ("accepted", 1, False)
    assert (document["left"], document["pending"], document["unmanaged"]) == ([], 0, 1)
    assert (file["gallery"], file["file"], file["expanded"]) == ("party", "galleries/party.yaml", 0)
    assert (file["taken"], file["removed"], file["added"]) == (["dance title"], ["band"], [])
    assert diff_lines(file["diff"])[1] == ["  - {key: dance, text: <p>Dance</p>, title: Waltz}"]
    assert json.loads(party.run("drift", "--accept", "--format", "json").out)["written"] is True


def test_a_key_that_is_renamed_and_one_that_is_removed(party: CliHarness) -> None:
    head = f"{HEAD}moved: [{{from: cake, to: torte}}]\nremoved: [band]\n"
    party.write_gallery((CAKE.replace("key: cake", "key: torte"), DANCE), name="party", head=head)
    before = text(party)
    rename(party, "Cake", "Gateau")
    rename(party, "Band", "Trio")
    add(party)
    move(party, "Gateau", "Trio")
    ran = party.run("drift", "--accept", "--added")
    assert ran.code == 0, ran.err
    (id_,) = [item["id"] for item in party.items("Party") if item["title"] == "Toast"]
    assert text(party).startswith(before.partition("moved:")[0] + f"adopt:\n  toast: {id_}\n{head[len(HEAD) :]}items:")
    assert re.findall("key: ([a-z]+)", text(party)) == ["dance", "torte", "toast"]
    assert "title: Gateau" in text(party)
    party.apply()
    assert party.titles("Party") == ["Dance", "Gateau", "Trio", "Toast"]


def test_all_manifests_are_written_or_none(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    party.write_gallery(("{key: hello, text: <p>Hello</p>, title: Hello}",), name="a", head="bind: {create: true}\n")
    party.write_gallery(("{key: end, text: <p>End</p>, title: End}",), name="z", head="bind: {create: true}\n")
    party.apply()
    rename(party, "Hello", "Welcome", "a")
    rename(party, "Dance", "Waltz")
    rename(party, "End", "Fin", "z")
    files = {path: path.read_bytes() for path in (party.root / "galleries").iterdir()}
    replace_file = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if target.name == "z.yaml":
            raise OSError(28, "No space left on device")
        return replace_file(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        ran = party.run("drift", "--accept")
    assert ran.code == 1
    assert "galleries/z.yaml: the file cannot be written" in ran.err
    assert {path: path.read_bytes() for path in (party.root / "galleries").iterdir()} == files
    accept(party)


def test_line_ends_stay(party: CliHarness) -> None:
    manifest = text(party).replace("\n", "\r\n")
    path = party.root / "galleries/party.yaml"
    path.write_bytes(manifest.encode())
    rename(party, "Dance", "Waltz")
    accept(party)
    assert path.read_bytes().decode().replace("} #", "}  #") == manifest.replace("title: Dance", "title: Waltz")


def test_lines_of_adopt_and_of_moved_stay(party: CliHarness) -> None:
    add(party)
    assert party.run("import", "party").code == 0
    party.apply()
    manifest = text(party).replace("items:", "moved: [{from: song, to: band}]\nitems:")
    party.write("galleries/party.yaml", manifest)
    rename(party, "Toast", "Speech")
    accept(party)
    assert text(party) == manifest.replace("title: Toast", "title: Speech")
    edit(party, "Speech", delete=True)
    accept(party)
    assert "adopt:" not in text(party)


def test_a_change_of_kind_keeps_the_rest_of_the_entry(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_NOTE", "Three tiers")
    entry = """\
  # the cake, by Ada
  - key: cake   # first
    # a text
    text: <p>cake</p>
    title: Cake
    description: ${GALLERYCTL_VAR_NOTE}
    css: {color: red}  # brand
    ignore: [tags]
    protect: true
"""
    studio.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n")
    studio.write("galleries/party.yaml", f"gallery: party\n{HEAD}items:\n{entry}")
    studio.apply()
    film = {"type": "VIDEO", "title": "Film", "video.videoInfo.url": "https://vimeo.com/76979871"}
    studio.edit({"gallery": {"name": "Party"}, "item": {"title": "Cake"}, "set": film, "unset": ["text"]})
    ran = studio.run("drift", "--accept")
    assert ran.code == 0
    assert "took 2 values (cake video, cake title)" in ran.out
    changed = entry.replace("text: <p>cake</p>", "video: https://vimeo.com/76979871").replace("Cake", "Film")
    changed = changed.replace("    css: {color: red}  # brand\n", "    # brand\n")
    assert studio.root.joinpath("galleries/party.yaml").read_text(encoding="utf-8").endswith(changed)
    plan = studio.run("plan").out
    assert "protected" not in plan


FLOW_LIST = """\
gallery: party
bind: {name: Party, create: true}
name: Party
items: [ # list
  {key: a, text: <p>a</p>, title: A}, # about a
  # above b
  {key: b, text: <p>b</p>, title: B}, # about b
  {key: c, text: <p>c</p>, title: C}] # about c
"""


def test_values_of_a_list_in_brackets_are_changed_in_place(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n")
    studio.write("galleries/party.yaml", FLOW_LIST)
    studio.apply()
    studio.edit({"gallery": {"name": "Party"}, "item": {"title": "B"}, "set": {"title": "B: 2", "description": "D"}})
    assert studio.run("drift", "--accept").code == 0
    after = studio.root.joinpath("galleries/party.yaml").read_text(encoding="utf-8")
    assert after == FLOW_LIST.replace("title: B", 'title: "B: 2"')


def test_a_list_in_brackets_whose_comments_would_move_keeps_its_entries(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n")
    studio.write("galleries/party.yaml", FLOW_LIST)
    studio.write_gallery((DANCE, BAND), name="gala", head="bind: {name: Gala, create: true}\nname: Gala\n")
    studio.apply()
    rename(studio, "A", "A2")
    edit(studio, "B", delete=True)
    move(studio, "C", "A2")
    edit(studio, "C", set={"title": "C2"})
    add(studio)
    move(studio, "Band", "Dance", "Gala")
    ran = studio.run("drift", "--accept", "--added")
    assert ran.code == 3
    assert "Wrote galleries/gala.yaml: took 1 value (order)" in ran.out
    assert "Wrote galleries/party.yaml: took 2 values (a title, c title)" in ran.out
    assert text(studio) == FLOW_LIST.replace("title: A", "title: A2").replace("title: C", "title: C2")
    why = "galleries/party.yaml:4:1: comments in items: would be lost or move to other entries"
    for left in ("party/b was not accepted:", "party/a was not accepted:", "items that people added:"):
        assert f"{left} {why}" in ran.err
    assert "write each entry on lines of its own" in ran.err


def test_entries_with_aliases_are_moved(studio: CliHarness) -> None:
    entries = ("&base {key: a, text: <p>a</p>, title: &t A}  # a", "{key: b, text: <p>b</p>, title: *t}  # b")
    studio.write_gallery((*entries, "{<<: *base, key: c}  # c"), name="party", head=HEAD)
    studio.apply()
    edit(studio, "A", after=None, set={"title": "A"})
    items = studio.items("Party")
    studio.edit({"gallery": {"name": "Party"}, "item": {"id": items[-1]["id"]}, "after": None})
    accept(studio)
    assert [line.strip() for line in text(studio).rstrip().splitlines()[4:]] == [
        "- {text: <p>a</p>, title: A, key: c}  # c",
        "- {key: a, text: <p>a</p>, title: &t A}  # a",
        "- {key: b, text: <p>b</p>, title: *t}  # b",
    ]


def test_from_stays_if_only_entries_beside_it_are_moved(vows: CliHarness) -> None:
    before = text(vows, "vows").rstrip().splitlines()
    move(vows, "Cake", "Hello", "Vows")
    add(vows, "Vows")
    move(vows, "Toast", "Vows 1", "Vows")
    assert "took 1 value (order); added 1 item (toast)" in accept(vows, "--added")
    after = text(vows, "vows").rstrip().splitlines()
    assert [line for line in before if line not in after] == []
    assert [line for line in after if "key:" in line or "from:" in line] == [
        before[-1],
        before[-3],
        "  - key: toast",
        before[-2],
    ]
    vows.apply()
    vows.assert_no_changes()


def test_from_is_moved_as_a_whole(vows: CliHarness) -> None:
    before = text(vows, "vows").rstrip().splitlines()
    move(vows, "Hello", "Cake", "Vows")
    assert "took 1 value (order)" in accept(vows)
    assert text(vows, "vows").rstrip().splitlines() == [*before[:-3], before[-2], before[-3], before[-1]]
    vows.apply()
    vows.assert_no_changes()


def test_only_the_from_whose_photos_change_is_expanded(vows: CliHarness) -> None:
    for number in range(1, 4):
        write_captioned(vows, f"more/cake-{number}.jpg", f"Cake {number}", 50 + number)
    vows.write("galleries/vows.yaml", text(vows, "vows") + "  - {from: more/*.jpg}  # more\n")
    vows.apply()
    rename(vows, "Cake 2", "Torte", "Vows")
    assert "replaced from: by 3 entries; took 1 value (cake-2 title)" in accept(vows)
    assert "  - {from: folder/*.jpg}  # all\n" in text(vows, "vows")
    move(vows, "Hello", "Vows 3", "Vows")
    assert "replaced from: by 4 entries; took 1 value (order)" in accept(vows)
    vows.apply()
    vows.assert_no_changes()
