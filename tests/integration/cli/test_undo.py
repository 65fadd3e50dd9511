"""`undo` writes manifests that restore what the site showed before a run, and nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from PIL import Image

from galleryctl.state import encryption
from tests.support.cli_harness import CliHarness, Doc
from tests.support.killed_run import watch_apply

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nlimits: {max_delete_percent: 100}\n"


@pytest.fixture
def party(studio: CliHarness) -> CliHarness:
    """A gallery of four texts that was applied."""
    studio.write("galleryctl.yaml", WORKSPACE)
    write(studio, *ITEMS)
    studio.apply()
    return studio


def item(key: str, title: str, **more: Any) -> str:
    return json.dumps({"key": key, "text": f"<p>{key}</p>", "title": title, **more})


ITEMS = [
    item("cake", "Cake", description="Three tiers"),
    item("dance", "Dance"),
    item("band", "Band"),
    item("bye", "Bye"),
]


def write(studio: CliHarness, *items: str) -> None:
    studio.write_gallery(items, name="party", head=HEAD)


def manifest(studio: CliHarness, name: str = "party") -> str:
    return (studio.root / f"galleries/{name}.yaml").read_text(encoding="utf-8")


def replace_text(studio: CliHarness, *pairs: tuple[str, str], name: str = "party") -> None:
    text = manifest(studio, name)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    studio.write(f"galleries/{name}.yaml", text)


def edit(studio: CliHarness, title: str, gallery: str = "Party", **change: Any) -> None:
    """Edit the item with this title in the Editor."""
    studio.edit({"gallery": {"name": gallery}, "item": {"title": title}, **change})


def shown(studio: CliHarness, gallery: str = "Party") -> list[Doc]:
    """Return what a visitor sees of the items, in display order."""
    volatile = ("id", "sortOrder", "createdDate", "updatedDate", "revision")
    return [
        {n: v for n, v in each.items() if n not in volatile and v not in ("", {"values": []})}
        for each in studio.items(gallery)
    ]


def undo(studio: CliHarness, run: int, *, code: int = 0) -> str:
    """Undo the run, which writes neither site nor state, and return the output."""
    site, state = studio.galleries(), studio.state()
    ran = studio.run("undo", str(run))
    assert ran.code == code, ran.out + ran.err
    assert (studio.galleries(), studio.state()) == (site, state)
    assert studio.run("validate").code == 0
    return ran.out + ran.err


def undo_and_apply(studio: CliHarness, run: int, *args: str) -> str:
    output = undo(studio, run)
    studio.apply(*args)
    studio.assert_no_changes()
    return output


def test_fifty_changes_with_two_edits_that_they_overwrote(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", WORKSPACE)
    first = [item(f"k{n}", f"Title {n}", description=f"About {n}") for n in range(60)]
    write(studio, *first)
    studio.apply()
    edit(studio, "Title 3", set={"title": "By Ada"})
    edit(studio, "Title 4", set={"description": "By Bo"})
    before = shown(studio)
    text = manifest(studio)
    second = [item(f"k{n}", f"New {n}", description=f"About {n}") for n in range(3)]
    second += [item(f"k{n}", f"New {n}", description="Changed") for n in range(3, 40)]
    second += [item(f"k{n}", f"Title {n}", description=f"About {n}") for n in (59, *range(45, 59))]
    second += [item(f"n{n}", f"Added {n}") for n in range(4)]
    write(studio, *second)
    ran = studio.apply("--overwrite-conflicts")
    assert "4 created, 41 updated, 5 deleted" in ran.out
    assert shown(studio) != before

    diff = studio.run("undo", "2", "--dry-run")
    assert (diff.code, diff.err) == (0, "")
    output = undo_and_apply(studio, 2)
    assert "Wrote galleries/party.yaml: restored " in output
    assert "removed 4 entries (n0, n1, n2, n3); brought back 5 entries (k40, k41, k42, k43, k44)" in output
    assert shown(studio) == before
    differing = [line for line in manifest(studio).splitlines() if line not in text.splitlines()]
    assert len(differing) == 2 + 5 * 4, "the two edits of the Editor, and the entries that are back"
    assert "By Ada" in manifest(studio)
    assert "By Bo" in manifest(studio)
    assert [run["result"] for run in json.loads(studio.run("history", "--format", "json").out)["runs"]] == [
        "applied"
    ] * 3


def test_an_edit_of_the_editor_comes_back_where_the_manifest_had_another_value(party: CliHarness) -> None:
    edit(party, "Cake", set={"title": "Torte", "description": "By Ada"})
    before = shown(party)
    replace_text(party, ("Three tiers", "Two tiers"))
    party.apply("--overwrite-conflicts")
    output = undo_and_apply(party, 2)
    assert "restored 2 values (cake title, cake description)" in output
    assert shown(party) == before


def test_a_clear_is_undone(party: CliHarness) -> None:
    before = shown(party)
    replace_text(party, (', "description": "Three tiers"', ""))
    assert "cleared" in party.apply().out
    assert "restored 1 value (cake description)" in undo_and_apply(party, 2)
    assert shown(party) == before


def test_a_value_that_was_named_first_is_undone(party: CliHarness) -> None:
    edit(party, "Dance", set={"description": "By Ada"})
    before = shown(party)
    replace_text(party, ('"title": "Dance"', '"title": "Dance", "description": "Ours", "tags": [a]'))
    party.apply()
    assert "restored 2 values" in undo_and_apply(party, 2)
    assert shown(party) == before


def test_an_undo_can_be_undone(party: CliHarness) -> None:
    write(party, ITEMS[3], item("new", "New"), item("cake", "Torte"), ITEMS[1])
    party.apply()
    after = shown(party)
    undo_and_apply(party, 2)
    assert [each["title"] for each in shown(party)] == ["Cake", "Dance", "Band", "Bye"]
    undo_and_apply(party, 3)
    assert shown(party) == after


def test_an_older_run_with_a_later_one_in_between(party: CliHarness) -> None:
    replace_text(party, ('"Cake"', '"Torte"'), ('"Dance"', '"Waltz"'), ('"Band"', '"Choir"'))
    party.apply()
    replace_text(party, ('"Waltz"', '"Tango"'), ('"Bye"', '"Farewell"'))
    party.apply()
    output = undo(party, 2, code=3)
    assert "restored 2 values (cake title, band title)" in output
    assert "Warning: party/dance was not undone: title: the manifest has another value now." in output
    party.apply()
    assert party.titles("Party") == ["Cake", "Tango", "Band", "Farewell"]
    party.assert_no_changes()


def test_what_a_later_run_deleted_or_used_again_is_left(party: CliHarness) -> None:
    write(party, item("cake", "Torte"), item("dance", "Waltz"), item("extra", "Extra"), ITEMS[3])
    party.apply()
    write(party, item("cake", "Torte"), item("band", "Choir"), item("extra", "More"), ITEMS[3])
    party.apply()
    text = manifest(party)
    output = undo(party, 2, code=3)
    assert "party/dance was not undone: no manifest declares it any more" in output
    assert "party/band was not undone: its key is used again, with other values" in output
    assert "party/extra was not undone: its entry was changed since" in output
    assert "restored 2 values (cake title, cake description)" in output
    assert len(text.splitlines()) == len(manifest(party).splitlines())


def test_what_is_undone_already_is_not_reported(party: CliHarness) -> None:
    text = manifest(party)
    replace_text(party, ('"Cake"', '"Torte"'))
    party.apply()
    party.write("galleries/party.yaml", text)
    assert undo(party, 2) == "Nothing of run 2 to undo.\n"
    assert manifest(party) == text


def test_an_edit_after_the_run_is_a_conflict(party: CliHarness) -> None:
    replace_text(party, ('"Cake"', '"Torte"'))
    party.apply()
    edit(party, "Torte", set={"title": "Gateau"})
    undo(party, 2)
    ran = party.run("plan")
    assert '"Gateau" → "Cake"  (conflict)' in ran.out


def test_moves_are_undone_and_items_that_were_added_since_keep_their_place(party: CliHarness) -> None:
    write(party, ITEMS[3], ITEMS[0], ITEMS[1])
    party.apply()
    write(party, ITEMS[3], item("toast", "Toast"), ITEMS[0], ITEMS[1])
    party.apply()
    assert "brought back 1 entry (band)" in undo_and_apply(party, 2)
    assert party.titles("Party") == ["Toast", "Cake", "Dance", "Band", "Bye"]


def test_moves_are_left_if_the_order_was_changed_since(party: CliHarness) -> None:
    write(party, ITEMS[3], *ITEMS[:3])
    party.apply()
    write(party, ITEMS[1], ITEMS[3], ITEMS[0], ITEMS[2])
    party.apply()
    text = manifest(party)
    assert "party was not undone: order: the manifest has another one now" in undo(party, 2, code=3)
    assert manifest(party) == text


def test_a_renamed_item_is_found_by_its_id(party: CliHarness) -> None:
    replace_text(party, ('"Cake"', '"Torte"'))
    party.apply()
    replace_text(party, ('"key": "cake"', '"key": "gateau"'), ("items:", "moved: [{from: cake, to: gateau}]\nitems:"))
    output = undo(party, 2)
    assert "restored 1 value (gateau title)" in output
    assert '"title": "Cake"' in manifest(party)


def test_a_replaced_kind_is_undone(party: CliHarness) -> None:
    before = shown(party)
    replace_text(party, (ITEMS[2], "{key: band, video: 'https://vimeo.com/76979871', title: Film}"))
    party.apply()
    assert shown(party) != before
    undo_and_apply(party, 2)
    assert shown(party) == before


def photo(key: str, path: str, title: str) -> str:
    return json.dumps({"key": key, "image": path, "title": title})


@pytest.fixture
def photos(studio: CliHarness) -> CliHarness:
    """A gallery of three photos that was applied."""
    studio.write("galleryctl.yaml", WORKSPACE)
    for shade, name in enumerate(("cake", "dance", "other")):
        studio.write_photo(f"photos/{name}.jpg", shade)
    write(studio, photo("cake", "photos/cake.jpg", "Cake"), photo("dance", "photos/dance.jpg", "Dance"))
    studio.apply()
    return studio


def test_a_replaced_photo_is_the_file_of_the_workspace_again(photos: CliHarness) -> None:
    before, text = shown(photos), manifest(photos)
    replace_text(photos, ("photos/cake.jpg", "photos/other.jpg"), ('"Cake"', '"Torte"'))
    photos.apply()
    assert "restored 2 values (cake image, cake title)" in undo_and_apply(photos, 2)
    assert shown(photos) == before
    assert manifest(photos) == text


def test_a_replaced_photo_whose_file_is_gone_is_that_of_the_media_manager(photos: CliHarness) -> None:
    before = shown(photos)
    replace_text(photos, ("photos/cake.jpg", "photos/other.jpg"))
    photos.apply()
    (photos.root / "photos/cake.jpg").unlink()
    undo_and_apply(photos, 2)
    assert shown(photos) == before
    assert "wix:image://v1/" in manifest(photos)


def test_a_deleted_photo_is_back_with_its_file_or_that_of_the_media_manager(photos: CliHarness) -> None:
    before, text = shown(photos), manifest(photos)
    write(photos, item("words", "Words"))
    photos.apply()
    photos.write_photo("photos/dance.jpg", 99)
    output = undo_and_apply(photos, 2)
    assert "removed 1 entry (words); brought back 2 entries (cake, dance)" in output
    assert shown(photos) == before
    assert "image: photos/cake.jpg" in manifest(photos)
    assert "image: wix:image://v1/" in manifest(photos)
    assert text != manifest(photos)


def test_a_file_that_moved_is_found_by_name_and_content(photos: CliHarness) -> None:
    write(photos, photo("cake", "photos/cake.jpg", "Cake"))
    photos.apply()
    (photos.root / "photos/old").mkdir()
    (photos.root / "photos/dance.jpg").rename(photos.root / "photos/old/dance.jpg")
    undo_and_apply(photos, 2)
    assert "image: photos/old/dance.jpg" in manifest(photos)


def test_a_photo_of_a_url_is_that_url_again(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", WORKSPACE)
    studio.write_photo("photos/cake.jpg", 1)
    content = base64.b64encode((studio.root / "photos/cake.jpg").read_bytes()).decode()
    source = {"url": "https://example.com/cake.jpg", "bytes_b64": content}
    studio.call_api("POST", "/_emulator/sources", source)
    write(studio, photo("cake", source["url"], "Cake"), item("words", "Words"))
    studio.apply()
    before = shown(studio)
    write(studio, item("words", "Words"))
    studio.apply()
    undo_and_apply(studio, 2)
    assert "image: https://example.com/cake.jpg" in manifest(studio)
    assert shown(studio) == before


def write_captioned(studio: CliHarness, name: str, title: str, shade: int) -> None:
    """Write a photo with a title in its metadata."""
    exif = Image.Exif()
    exif[0x9C9B] = f"{title}\0".encode("utf-16-le")
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), (shade, 80, 90)).save(path, "JPEG", exif=exif)


def test_captions_stay_in_the_file_of_a_photo_that_is_back(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", WORKSPACE)
    write_captioned(studio, "photos/vows.jpg", "Vows", 1)
    write_captioned(studio, "photos/kiss.jpg", "Kiss", 99)
    write(studio, "{key: hero, image: photos/vows.jpg, captions: true, description: First}")
    studio.apply()
    before, text = shown(studio), manifest(studio)
    replace_text(studio, ("vows.jpg", "kiss.jpg"))
    studio.apply()
    assert studio.titles("Party") == ["Kiss"]
    undo_and_apply(studio, 2)
    assert shown(studio) == before
    assert manifest(studio) == text


def test_captions_that_were_not_in_force_do_not_come_with_the_former_photo(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", WORKSPACE)
    write_captioned(studio, "photos/vows.jpg", "Vows", 1)
    write_captioned(studio, "photos/kiss.jpg", "Kiss", 9)
    studio.write("photos/kiss.jpg.yaml", "description: Window light\nlink: https://example.com/kiss\n")
    write(studio, "{key: hero, image: photos/kiss.jpg, title: Kiss}")
    studio.apply()
    first, text = shown(studio), manifest(studio)
    replace_text(studio, ("kiss.jpg", "vows.jpg"), ("title: Kiss", "captions: true"))
    studio.apply()
    studio.edit({"gallery": {"name": "Party"}, "item": {"title": "Vows"}, "photo": {"displayName": "kiss.jpg"}})
    edited = shown(studio)
    studio.apply()
    undo_and_apply(studio, 3)
    assert shown(studio) == edited
    assert "{key: hero, image: photos/kiss.jpg, title: Vows}" in manifest(studio)
    replace_text(studio, ("kiss.jpg", "vows.jpg"), ("title: Vows", "captions: true"))
    studio.apply()
    undo_and_apply(studio, 2)
    assert (shown(studio), manifest(studio)) == (first, text)


@pytest.fixture
def folder(studio: CliHarness) -> CliHarness:
    """A gallery of a text, the photos of a folder and a text, applied."""
    studio.write("galleryctl.yaml", WORKSPACE)
    for shade in range(1, 5):
        studio.write_photo(f"folder/p{shade}.jpg", shade)
    write(studio, item("hello", "Hello"), "{from: folder/*.jpg, title: Same}", item("end", "End"))
    studio.apply()
    return studio


def test_from_is_expanded_if_one_of_its_items_is_undone(folder: CliHarness) -> None:
    before = shown(folder)
    (folder.root / "folder/p2.jpg").unlink()
    folder.write_photo("folder/p9.jpg", 9)
    replace_text(folder, ('"Hello"', '"Hi"'))
    folder.apply()
    output = undo_and_apply(folder, 2)
    assert "replaced from: by 4 entries; restored 1 value (hello title); removed 1 entry (p9)" in output
    assert "brought back 1 entry (p2)" in output
    assert shown(folder) == before
    assert "from:" not in manifest(folder)


def test_from_is_expanded_if_only_its_order_is_undone(folder: CliHarness) -> None:
    edit(folder, "Hello", after={"title": "Same"})
    before = shown(folder)
    folder.apply()
    assert shown(folder) != before
    assert "replaced from: by 4 entries; restored 1 value (order)" in undo_and_apply(folder, 2)
    assert shown(folder) == before


def test_from_stays_if_only_other_entries_are_undone(folder: CliHarness) -> None:
    text = manifest(folder)
    replace_text(folder, ('"Hello"', '"Hi"'))
    folder.apply()
    undo_and_apply(folder, 2)
    assert manifest(folder) == text


def test_a_value_of_all_photos_of_a_folder(folder: CliHarness) -> None:
    before = shown(folder)
    replace_text(folder, ("title: Same", "title: New"))
    folder.apply()
    undo_and_apply(folder, 2)
    assert shown(folder) == before


def test_a_deleted_gallery_has_a_manifest_again(party: CliHarness) -> None:
    replace_text(party, ("items:", "protect: false\nitems:"))
    party.apply()
    edit(party, "Dance", set={"title": "By Ada"})
    before = shown(party)
    party.write_gallery([item("x", "X")], name="other", head="bind: {name: Other, create: true}\n")
    (party.root / "galleries/party.yaml").unlink()
    party.apply()
    assert [gallery["name"] for gallery in party.galleries()] == ["Other"]
    output = undo(party, 2, code=3)
    assert "Created galleries/party.yaml: brought back 4 entries (cake, dance, band, bye)" in output
    assert "other was not undone: the run created the gallery, which is protected" in output
    party.apply()
    party.assert_no_changes()
    assert shown(party) == before


@pytest.mark.parametrize("more", ["", "# for Ada\n"])
def test_a_gallery_that_was_made_again_is_left(party: CliHarness, more: str) -> None:
    head = f"{more}bind: {{name: Other, create: true}}\nprotect: false\n"
    party.write_gallery([item("x", "X")], name="other", head=head)
    party.apply()
    assert party.run("destroy", "--auto-approve", "--target", "other").code == 0
    party.apply()
    output = undo(party, 2, code=3)
    assert "Warning: other was not undone: its key is used for another gallery now." in output
    assert "delete" not in output
    assert (party.root / "galleries/other.yaml").exists()


@pytest.mark.parametrize("name", ["", "name: Other\n", "name: ${GALLERYCTL_VAR_OTHER}\n"])
def test_a_created_gallery_that_is_not_protected_loses_its_manifest(
    party: CliHarness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_OTHER", "Other")
    head = f"bind: {{name: Other, create: true}}\n{name}protect: false\n"
    party.write_gallery([item("x", "X"), item("y", "Y")], name="other", head=head)
    party.apply()
    assert "Deleted galleries/other.yaml: removed 2 entries (x, y)" in undo_and_apply(party, 2)
    assert [gallery["name"] for gallery in party.galleries()] == ["Party"]


def test_a_created_gallery_that_was_changed_since_is_left(party: CliHarness) -> None:
    head = "bind: {name: Other, create: true}\nprotect: false\n"
    party.write_gallery([item("x", "X")], name="other", head=head)
    party.apply()
    party.write_gallery([item("x", "X"), item("y", "Y")], name="other", head=head)
    output = undo(party, 2, code=3)
    assert "other was not undone: the run created the gallery, and its manifest was changed since" in output
    assert (party.root / "galleries/other.yaml").exists()


@pytest.mark.parametrize(
    "change",
    [
        ("protect: false\n", "protect: false\n# for the agency\n"),
        ('"title": "X"', '"title": "X", "protect": true'),
        ("protect: false\n", "protect: false\nname: Another\n"),
    ],
    ids=["a comment", "protection", "a name"],
)
def test_a_manifest_that_says_more_than_at_its_creation_is_left(party: CliHarness, change: tuple[str, str]) -> None:
    head = "bind: {name: Other, create: true}\nprotect: false\n"
    party.write_gallery([item("x", "X")], name="other", head=head)
    party.apply()
    replace_text(party, change, name="other")
    assert "other was not undone: the run created the gallery, and its manifest was changed since" in undo(
        party, 2, code=3
    )
    assert (party.root / "galleries/other.yaml").exists()


def test_other_members_of_a_structure(party: CliHarness) -> None:
    write(party, json.dumps({"key": "t", "text": "<p>t</p>", "title": "T", "css": {"font": "x", "size": "2"}}))
    party.apply()
    replace_text(party, ('{"font": "x", "size": "2"}', '{"color": "blue"}'))
    party.apply()
    undo_and_apply(party, 3)
    css = shown(party)[0]["text"]["css"]
    assert {name: value for name, value in css.items() if value is not None} == {"font": "x", "size": "2"}


def test_an_item_that_is_back_has_no_value_of_defaults_where_it_had_none(party: CliHarness) -> None:
    party.write_gallery(
        [*ITEMS, "{key: rings, text: <p>rings</p>, title: Rings, description: null}"],
        name="party",
        head=f"{HEAD}defaults: {{description: Default text}}\n",
    )
    party.apply()
    before = shown(party)
    replace_text(party, ("  - {key: rings, text: <p>rings</p>, title: Rings, description: null}\n", ""))
    party.apply()
    undo_and_apply(party, 3)
    assert shown(party) == before


def test_a_created_item_that_a_restored_state_does_not_have(party: CliHarness) -> None:
    write(party, *ITEMS, item("rings", "Rings"))
    party.apply()
    (party.root / ".galleryctl/state.json").unlink()
    serial = json.loads(party.run("history", "--format", "json").out)["runs"][0]["serial"]
    for restored in range(serial, 0, -1):
        if party.run("state", "restore", str(restored)).code == 0:
            break
    output = undo(party, 2, code=3)
    assert "party/rings was not undone: state does not have the item that the run created" in output
    assert "rings" in manifest(party)


def test_an_adopted_item_has_the_key_of_a_created_one(party: CliHarness) -> None:
    write(party, *ITEMS, item("rings", "Rings"))
    party.apply()
    edit(party, "Rings", delete=True)
    text = {"type": "TEXT", "title": "Rings", "text": {"html": "<p>rings</p>"}}
    (added,) = party.edit({"gallery": {"name": "Party"}, "item": None, "set": text})
    replace_text(party, ("items:", f"adopt: {{rings: {added['item']['id']}}}\nitems:"))
    party.apply()
    assert "party/rings was not undone: its key is used for another item now" in undo(party, 2, code=3)
    assert "rings" in manifest(party)


def test_the_name_of_a_gallery(party: CliHarness) -> None:
    replace_text(party, ("\nname: Party", "\nname: Gala"))
    party.apply()
    assert "restored 1 value (name)" in undo_and_apply(party, 2)
    assert [gallery["name"] for gallery in party.galleries()] == ["Party"]


def test_comments_and_pending_changes_of_the_manifest_stay(party: CliHarness) -> None:
    write(party, f"{item('cake', 'Torte')}  # by Ada", ITEMS[1], ITEMS[3])
    party.apply()
    replace_text(party, ('"Dance"', '"Waltz"'))
    undo(party, 2)
    text = manifest(party)
    assert "# by Ada" in text
    assert '"Waltz"' in text
    assert '"title": "Cake"' in text
    assert "key: band" in text


def test_a_site_that_rewrites_what_it_stores(studio: CliHarness) -> None:
    settings: Doc = {"trim_texts": True, "normalize_unicode": True, "strip_html_tags": True}
    studio.call_api("POST", "/_emulator/settings", settings)
    studio.write("galleryctl.yaml", WORKSPACE)
    write(studio, item("cake", " Cake "), item("dance", "Cafe\u0301"), item("band", "Band"))
    studio.apply()
    before = shown(studio)
    write(studio, item("cake", " Torte "), item("band", " Choir"), item("new", " New "))
    studio.apply()
    undo_and_apply(studio, 2)
    assert shown(studio) == before


def test_a_killed_run_is_undone_once_it_is_reconciled(
    party: CliHarness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = shown(party)
    write(party, item("cake", "Torte"), ITEMS[1], item("new", "New"), ITEMS[3])
    run = watch_apply(party, tmp_path_factory.mktemp("copies"))
    begun = next(number for number, line in enumerate(run.lines, 1) if b'"begin"' in line)
    run.leave(party.root, begun)
    assert runs(party)[0]["result"] == "unknown"
    ran = party.run("undo", "2")
    assert ran.code == 1
    assert "an earlier run did not finish" in ran.err
    party.apply()
    undo_and_apply(party, 2)
    assert shown(party) == before


def runs(studio: CliHarness) -> list[Doc]:
    found: list[Doc] = json.loads(studio.run("history", "--format", "json").out)["runs"]
    return found


def test_a_run_that_was_applied_in_part_is_undone_as_far_as_it_was(party: CliHarness) -> None:
    replace_text(party, ('"Cake"', '"Torte"'), ('"Dance"', '"Waltz"'))
    fault = {
        "fault": "edit",
        "method": "PATCH",
        "path": "items/",
        "edits": [{"gallery": {"name": "Party"}, "item": {"title": "Cake"}, "delete": True}],
    }
    party.call_api("POST", "/_emulator/faults", {"script": [fault]})
    assert party.run("apply", "--auto-approve").code == 3
    output = undo(party, 2)
    assert "restored 1 value (dance title)" in output
    assert "1 change that run 2 did not apply: the manifests keep them." in output
    assert '"Torte"' in manifest(party)


def test_an_unknown_run(party: CliHarness) -> None:
    ran = party.run("undo", "7")
    assert ran.code == 1
    assert "the history has no run 7" in ran.err
    assert "the runs are 1" in ran.err


@pytest.mark.parametrize("how", ["lost", "rebuilt", "older"])
def test_after_the_state_was_lost_the_undo_is_refused(party: CliHarness, how: str) -> None:
    path = party.root / ".galleryctl/state.json"
    old = path.read_bytes()
    replace_text(party, ('"Cake"', '"Torte"'))
    party.apply()
    text = manifest(party)
    if how == "older":
        path.write_bytes(old)
    else:
        path.unlink()
    if how == "rebuilt":
        assert party.run("state", "rebuild", "--auto-approve", "--adopt-guesses").code == 0
    ran = party.run("undo", "2")
    assert ran.code == 1
    assert "run 2 cannot be undone: the state was lost or replaced since" in ran.err
    assert "the ids of the history cannot be trusted" in ran.err
    assert " history 2 shows the former values" in ran.err
    assert manifest(party) == text


def test_a_manifest_that_is_invalid_stops_the_undo(party: CliHarness) -> None:
    replace_text(party, ('"Cake"', '"Torte"'))
    party.apply()
    replace_text(party, ('"Bye"', "7"))
    text = manifest(party)
    ran = party.run("undo", "2")
    assert ran.code == 1
    assert "galleries/party.yaml:" in ran.err
    assert manifest(party) == text


def test_two_sites(studio: CliHarness) -> None:
    studio.write("galleryctl.yaml", WORKSPACE + "sites: {live: {}, trial: {}}\nstate: .galleryctl/state-{site}.json\n")
    write(studio, *ITEMS)
    studio.apply("--site", "live")
    studio.apply("--site", "trial")
    replace_text(studio, ('"Cake"', '"Torte"'))
    studio.apply("--site", "trial")
    assert studio.run("undo", "2", "--site", "live").code == 1
    ran = studio.run("undo", "2", "--site", "trial", "--format", "json")
    assert ran.code == 0, ran.out
    assert json.loads(ran.out)["files"][0]["restored"] == ["cake title"]
    studio.apply("--site", "trial")
    for site in ("live", "trial"):
        assert studio.run("plan", "--detailed-exitcode", "--site", site).code == 0


def test_an_encrypted_state(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)  # slow by design
    monkeypatch.setenv("STATE_PASSPHRASE", "planted-passphrase")
    party.write("galleryctl.yaml", WORKSPACE + "state: {passphrase: '${STATE_PASSPHRASE}'}\n")
    assert party.run("state", "reseal").code == 0
    replace_text(party, ('"Cake"', '"Torte"'))
    party.apply()
    before = party.run("undo", "2")
    assert (before.code, "restored 1 value (cake title)" in before.out) == (0, True)
    party.apply()
    party.assert_no_changes()
    assert party.titles("Party")[0] == "Cake"


def test_json_has_the_diff_and_a_dry_run_writes_nothing(party: CliHarness) -> None:
    write(party, item("cake", "Torte"), *ITEMS[1:])
    party.apply()
    text = manifest(party)
    ran = party.run("undo", "2", "--dry-run", "--format", "json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["written"] is False
    (file,) = document.pop("files")
    assert file["restored"] == ["cake title", "cake description"]
    assert '"title": "Cake"' in file["diff"]
    assert (document["kind"], document["run"], document["left"], document["not_applied"]) == ("undone", 2, [], 0)
    assert manifest(party) == text


def test_values_that_come_from_the_environment_are_left(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_CAKE", "Torte")
    replace_text(party, ('"Cake"', '"${GALLERYCTL_VAR_CAKE}"'))
    party.apply()
    output = undo(party, 2, code=3)
    assert "Nothing of run 2 was undone." in output
    assert "party/cake was not undone: title: its value comes from the environment: ${GALLERYCTL_VAR_CAKE}." in output
    assert "${GALLERYCTL_VAR_CAKE}" in manifest(party)


def test_a_variable_that_has_another_value_now_is_another_value(
    party: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_CAKE", "Torte")
    replace_text(party, ('"Cake"', '"${GALLERYCTL_VAR_CAKE}"'))
    party.apply()
    monkeypatch.setenv("GALLERYCTL_VAR_CAKE", "Gateau")
    assert "party/cake was not undone: title: the manifest has another value now" in undo(party, 2, code=3)


def test_what_was_written_from_a_variable_is_undone_where_the_manifest_has_its_value_now(
    party: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_CAKE", "Torte")
    replace_text(party, ('"Cake"', '"${GALLERYCTL_VAR_CAKE}"'))
    party.apply()
    replace_text(party, ('"${GALLERYCTL_VAR_CAKE}"', '"Torte"'))
    assert "restored 1 value (cake title)" in undo_and_apply(party, 2)
    assert party.titles("Party")[0] == "Cake"


def test_the_items_that_a_run_created_with_variables_are_removed(
    party: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The record has the tags in the order of their values, and not these values.
    monkeypatch.setenv("GALLERYCTL_VAR_ONE", "zebra")
    monkeypatch.setenv("GALLERYCTL_VAR_TWO", "ape")
    monkeypatch.setenv("GALLERYCTL_VAR_LINK", "https://example.com/menu")
    monkeypatch.setenv("GALLERYCTL_VAR_FILM", "jNQXAC9IVRw")
    tags = ["${GALLERYCTL_VAR_ONE}", "${GALLERYCTL_VAR_TWO}", "horse"]
    menu = item("menu", "Menu of ${GALLERYCTL_VAR_TWO}", tags=tags, link={"url": "${GALLERYCTL_VAR_LINK}"})
    film = json.dumps({"key": "film", "video": "https://youtu.be/${GALLERYCTL_VAR_FILM}", "title": "Film"})
    write(party, *ITEMS, menu, film)
    party.apply()
    assert "removed 2 entries (menu, film)" in undo_and_apply(party, 2)
    assert len(shown(party)) == len(ITEMS)


def test_the_name_of_a_gallery_that_comes_from_the_environment_is_left(
    party: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_PARTY", "Feast")
    replace_text(party, ("\nname: Party\n", "\nname: ${GALLERYCTL_VAR_PARTY}\n"))
    party.apply()
    output = undo(party, 2, code=3)
    assert "Nothing of run 2 was undone." in output
    assert "party was not undone: name: its value comes from the environment" in output
    assert "${GALLERYCTL_VAR_PARTY}" in manifest(party)


KEPT = """\
  # the cake, by Ada
  - key: cake   # first
    # a text
    text: <p>cake</p>
    title: Cake
    description: ${GALLERYCTL_VAR_NOTE}
    ignore: [tags]
"""


def test_a_change_of_kind_keeps_the_rest_of_the_entry(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_NOTE", "Three tiers")
    party.write("galleries/party.yaml", f"gallery: party\n{HEAD}items:\n{KEPT}")
    party.apply()
    edit(party, "Cake", set={"title": "By Ada"})
    film = KEPT.replace("text: <p>cake</p>", "video: https://vimeo.com/76979871").replace("title: Cake", "title: Film")
    party.write("galleries/party.yaml", f"gallery: party\n{HEAD}items:\n{film}")
    party.apply("--overwrite-conflicts")
    party.write("galleries/party.yaml", f"gallery: party\n{HEAD}items:\n{film}    protect: true\n")
    party.apply()
    output = undo(party, 3)
    assert "restored 2 values (cake text, cake title)" in output
    undone = KEPT.replace("title: Cake", "title: By Ada").replace("<p>cake</p>", '"<p>cake</p>"')
    undone += "    protect: true\n"
    assert manifest(party) == f"gallery: party\n{HEAD}items:\n{undone}"


def test_a_change_of_kind_leaves_what_the_manifest_changed_since(party: CliHarness) -> None:
    replace_text(party, (ITEMS[2], "{key: band, video: 'https://vimeo.com/76979871', title: Film}"))
    party.apply()
    replace_text(party, ("title: Film", "title: Our film, tags: [x]"))
    output = undo(party, 2, code=3)
    assert "party/band was not undone: title: the manifest has another value now" in output
    assert "restored 1 value (band text)" in output
    assert "{key: band, text: '<p>band</p>', title: Our film, tags: [x]}" in manifest(party)


def test_nothing_is_left_of_a_run_that_was_undone_by_hand(party: CliHarness) -> None:
    text = manifest(party)
    replace_text(
        party,
        ('"title": "Dance"', '"title": "Dance", "description": "D", "tags": ["x"]'),
        (ITEMS[2], "{key: band, video: 'https://vimeo.com/76979871', title: Band}"),
    )
    party.apply()
    party.write("galleries/party.yaml", text)
    assert undo(party, 2) == "Nothing of run 2 to undo.\n"
    party.apply()
    assert undo(party, 2) == "Nothing of run 2 to undo.\n"
    assert undo(party, 3) != ""


def test_a_value_that_cannot_be_written_writes_no_file(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERYCTL_VAR_CAKE", "Torte")
    replace_text(party, ('"Cake"', '"${GALLERYCTL_VAR_CAKE}"'))
    party.apply()
    ran = party.run("undo", "2", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.code, document["written"], document["files"]) == (3, False, [])


def test_a_gallery_that_is_back_is_not_protected(party: CliHarness) -> None:
    replace_text(party, ("items:", "protect: false\nitems:"))
    party.apply()
    party.write_gallery([item("x", "X")], name="other", head="bind: {name: Other, create: true}\nprotect: false\n")
    (party.root / "galleries/party.yaml").unlink()
    party.apply()
    undo_and_apply(party, 2)
    assert "protect: false\n" in manifest(party)
    (party.root / "galleries/party.yaml").unlink()
    party.write_gallery([item("x", "X")], name="other", head="bind: {name: Other, create: true}\nprotect: false\n")
    assert party.run("plan").code == 0


def test_a_gallery_is_not_brought_back_over_another_one_with_its_name(party: CliHarness) -> None:
    replace_text(party, ("items:", "protect: false\nitems:"))
    party.apply()
    party.write_gallery([item("x", "X")], name="other", head="bind: {name: Other, create: true}\n")
    (party.root / "galleries/party.yaml").unlink()
    party.apply()
    party.edit({"gallery": None, "set": {"name": "Party"}})
    output = undo(party, 2, code=3)
    assert "party was not undone: the site has another gallery named Party: rename it, then undo again" in output
    assert not (party.root / "galleries/party.yaml").exists()


def test_new_keys_without_moved_are_found(party: CliHarness) -> None:
    replace_text(party, ('"Cake"', '"Torte"'), ('"Dance"', '"Waltz"'))
    party.apply()
    replace_text(party, ('"key": "cake"', '"key": "gateau"'))
    assert "restored 2 values (gateau title, dance title)" in undo(party, 2)
    replace_text(party, ('"Cake"', '"Torte"'), ('"Dance"', '"Waltz"'), ("gallery: party", "gallery: gala"))
    (party.root / "galleries/party.yaml").rename(party.root / "galleries/gala.yaml")
    assert "Wrote galleries/gala.yaml: restored 2 values (gateau title, dance title)" in undo(party, 2)


def test_after_destroy_the_manifests_get_what_only_the_site_had(party: CliHarness) -> None:
    replace_text(
        party,
        ("items:", "protect: false\nunmanaged: delete\nitems:"),
        ('"Bye"', '"Bye", "link": {"url": "https://example.com", "text": "Bye"}'),
    )
    party.apply()
    edit(party, "Cake", set={"title": "By Ada", "description": "", "tags.values": ["sweet"]})
    edit(party, "Dance", set={"description": "By Bo", "text.html": "<p>Waltz</p>"})
    edit(party, "Bye", set={"link.text": "Farewell"}, after={"title": "By Ada"})
    edit(party, "Band", set={"title": "Trio"})
    party.edit({"gallery": {"name": "Party"}, "set": {"name": "Gala"}})
    party.edit(
        {
            "gallery": {"name": "Gala"},
            "item": None,
            "set": {"type": "TEXT", "title": "Mine", "text": {"html": "<p>m</p>"}},
        }
    )
    before = shown(party, "Gala")
    replace_text(party, ('"Band"', '"Choir"'))
    assert party.run("destroy", "--auto-approve").code == 0
    output = undo(party, 3, code=3)
    values = "cake title, cake description, cake tags, dance text, dance description, bye link, name, order"
    assert f"Wrote galleries/party.yaml: restored 8 values ({values})" in output
    assert "party/band was not undone: title: the manifest has a change that was not applied." in output
    assert "party was not undone: 1 of its items had no entry: the history shows them" in output
    replace_text(party, ('"Choir"', '"Trio"'))
    party.apply()
    assert shown(party, "Gala") == [each for each in before if each["title"] != "Mine"]


def test_after_destroy_a_photo_that_was_replaced_in_the_editor_is_back(photos: CliHarness) -> None:
    replace_text(photos, ("items:", "protect: false\nitems:"))
    write_captioned(photos, "photos/last.jpg", "Last", 9)
    photos.write_gallery(["{key: l, image: photos/last.jpg}"], name="last", head="bind: {create: true}\nname: Last\n")
    photos.apply()
    edit(photos, "Cake", photo={"displayName": "last.jpg"})
    edit(photos, "Dance", after=None)
    before = shown(photos)
    assert photos.run("destroy", "--auto-approve", "--target", "party").code == 0
    assert "restored 2 values (cake image, order)" in undo_and_apply(photos, 3)
    assert shown(photos) == before


def test_a_field_that_the_manifest_ignores_is_left(party: CliHarness) -> None:
    edit(party, "Cake", set={"description": "By Ada"})
    write(party, *ITEMS[1:])
    party.apply("--overwrite-conflicts")
    replace_text(party, ("items:", "ignore: [description]\nitems:"))
    output = undo(party, 2, code=3)
    assert "brought back 1 entry (cake)" in output
    assert "party/cake was not undone: description: the manifest ignores it." in output
    assert "By Ada" not in manifest(party)


def test_a_photo_that_is_back_beside_from_does_not_clash_with_its_file(folder: CliHarness) -> None:
    party, file = folder, folder.root / "folder/p4.jpg"
    party.write_gallery([item("hello", "Hello"), "{from: folder/*.jpg, title: Same}"], name="party", head=HEAD)
    party.apply()
    content = file.read_bytes()
    file.unlink()
    party.apply()
    undo_and_apply(party, 3)
    file.write_bytes(content)
    assert party.run("validate").code == 0
    assert party.titles("Party") == ["Hello", *["Same"] * 4]


def test_a_restored_field_has_its_canonical_place(party: CliHarness) -> None:
    entry = "  - key: cake\n    text: <p>cake</p>\n    title: Cake  # by Ada\n{link}"
    link = "    link: https://example.com\n"
    party.write("galleries/party.yaml", f"gallery: party\n{HEAD}items:\n{entry.format(link=link)}")
    party.apply()
    party.write("galleries/party.yaml", f"gallery: party\n{HEAD}items:\n{entry.format(link='')}")
    party.apply()
    assert "restored 1 value (cake link)" in undo(party, 3)
    assert manifest(party) == f"gallery: party\n{HEAD}items:\n{entry.format(link=link)}"
    assert party.run("fmt", "--check").code == 0


def test_an_entry_that_the_run_did_not_move_stays(party: CliHarness) -> None:
    write(party, ITEMS[2], ITEMS[0], ITEMS[1], ITEMS[3])
    party.apply()
    new = "{key: new, text: <p>new</p>}"
    write(party, ITEMS[2], new, ITEMS[0], ITEMS[1], ITEMS[3])
    before = manifest(party).splitlines()
    assert "restored 1 value (order)" in undo(party, 2)
    after = manifest(party).splitlines()
    band = next(line for line in before if '"band"' in line)
    assert [line for line in after if line != band] == [line for line in before if line != band]


def test_lines_that_belong_to_no_value_stay(party: CliHarness) -> None:
    text = f"%YAML 1.2\n---\ngallery: party\n{HEAD}items:\n  - key: cake\n    text: |+\n      <p>cake</p>\n\n    title: Cake\n\n  # the band\n  - {{key: band, text: <p>band</p>, title: Band}}\n...\n"
    party.write("galleries/party.yaml", text)
    party.apply()
    party.write("galleries/party.yaml", text.replace("Cake", "Torte").replace("title: Band", "title: Choir"))
    party.apply()
    undo(party, 3)
    assert manifest(party) == text


ALIASES = """\
items:
  - &base
    key: cake # A
    text: <p>cake</p>
    title: &t Cake
    tags: &tags [a, b]
  # note dance
  - key: dance
    text: <p>dance</p>
    title: *t
    tags: *tags
  # note band
  - <<: *base
    key: band
    # inner
    description: |+
      line

      # not a comment

  # note last
  - {key: last, text: <p>last</p>}
# the end
"""


def test_comments_stay_where_there_are_aliases(party: CliHarness) -> None:
    party.write("galleries/party.yaml", f"gallery: party\n{HEAD}{ALIASES}")
    party.apply()
    before = shown(party)
    party.write(
        "galleries/party.yaml", f"gallery: party\n{HEAD}{ALIASES.replace('Cake', 'Torte').replace('a, b', 'c')}"
    )
    party.apply()
    undo_and_apply(party, 3)
    assert shown(party) == before
    lines = manifest(party).splitlines()
    for line in ALIASES.splitlines():
        if "*" not in line:
            assert line in lines, line
    assert lines[lines.index("  # note last") + 1] == "  - {key: last, text: <p>last</p>}"


def test_a_video_from_the_environment(party: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    write(party, *ITEMS, "{key: film, video: https://vimeo.com/1, title: Film}")
    party.apply()
    monkeypatch.setenv("GALLERYCTL_VAR_FILM", "76979871")
    video = "video: 'https://vimeo.com/${GALLERYCTL_VAR_FILM}'"
    write(party, *ITEMS, f"{{key: film, {video}, title: Film}}", f"{{key: new, {video}, title: New}}")
    party.apply()
    assert "76979871" not in (party.root / ".galleryctl/state.json.history/00000003.json").read_text(encoding="utf-8")
    output = undo(party, 3, code=3)
    assert "removed 1 entry (new)" in output
    assert "party/film was not undone: video: its value comes from the environment." in output
    assert f"{{key: film, {video}, title: Film}}" in manifest(party)


def test_a_list_in_brackets_whose_comments_would_move_keeps_its_entries(party: CliHarness) -> None:
    flow = [f"  {line}, # c{number}" for number, line in enumerate(ITEMS)]
    head = f"gallery: party\n{HEAD}items: [\n"
    party.write("galleries/party.yaml", head + "\n".join([*flow[1:], flow[0].replace('"Cake"', '"Torte"'), "]\n"]))
    party.write_gallery([item("hall", "Hall")], name="gala", head="bind: {create: true}\nname: Gala\n")
    party.apply()
    party.write_gallery([item("hall", "Room")], name="gala", head="bind: {create: true}\nname: Gala\n")
    party.write("galleries/party.yaml", head + "\n".join([*flow[:2], f"  {item('new', 'New')}, # n", "]\n"]))
    party.apply()
    output = undo(party, 3, code=3)
    assert "Wrote galleries/gala.yaml: restored 1 value (hall title)" in output
    assert "Wrote galleries/party.yaml: restored 1 value (cake title)" in output
    why = "galleries/party.yaml:4:1: comments in items: would be lost"
    for left in ("party/new was not undone", "party/band was not undone", "party was not undone: order"):
        assert f"{left}: {why}" in output
    assert manifest(party).replace("Torte", "Cake") == head + "\n".join(
        [*flow[:2], f"  {item('new', 'New')}, # n", "]\n"]
    )


def test_from_stays_if_only_entries_beside_it_were_moved(folder: CliHarness) -> None:
    before = manifest(folder)
    write(folder, item("end", "End"), item("hello", "Hello"), "{from: folder/*.jpg, title: Same}")
    folder.apply()
    assert "Wrote galleries/party.yaml: restored 1 value (order)" in undo_and_apply(folder, 2)
    assert manifest(folder) == before
