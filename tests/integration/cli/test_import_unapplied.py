"""An import takes what changed on the site, and keeps what the manifest changed since the last apply."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.support.cli_harness import CliHarness, Doc

HEAD = "bind: {name: Party, create: true}\nname: Party\n"
CAKE = "{key: cake, text: Cake, title: Cake, description: Three tiers}"
DANCE = "{key: dance, text: Dance, title: Dance}"


@pytest.fixture
def party(studio: CliHarness) -> CliHarness:
    """A gallery of two items that was applied."""
    studio.write_gallery((CAKE, DANCE), name="party", head=HEAD)
    studio.apply()
    return studio


def edit(studio: CliHarness, item: str, **values: object) -> None:
    """Edit the item with this title in the Editor."""
    (id_,) = [live["id"] for live in studio.items("Party") if live["title"] == item]
    studio.edit({"gallery": {"name": "Party"}, "item": id_, "set": values})


def text(studio: CliHarness, name: str = "party") -> str:
    return (studio.root / f"galleries/{name}.yaml").read_text(encoding="utf-8")


def imported(studio: CliHarness, gallery: str = "party") -> str:
    """Import the gallery and return the messages."""
    ran = studio.run("import", gallery)
    assert ran.code == 0, ran.err
    return ran.err


def written(studio: CliHarness, *entries: str, head: str = HEAD) -> str:
    studio.write_gallery(entries, name="party", head=head)
    return text(studio)


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ("{key: cake, text: Torte, title: Cake, description: Three tiers}", "cake text"),
        ("{key: cake, text: Cake, title: Torte, description: Three tiers}", "cake title"),
        ("{key: cake, text: Cake, title: Cake, description: null}", "cake description"),
        ("{key: cake, text: Cake, title: Cake}", "cake description"),
        ("{key: cake, text: Cake, title: Cake, description: Three tiers, tags: [sweet]}", "cake tags"),
        ("{key: cake, text: Cake, title: Cake, description: Three tiers, link: https://example.com}", "cake link"),
    ],
)
def test_a_value_that_is_not_applied_yet_is_kept(party: CliHarness, entry: str, values: str) -> None:
    before = written(party, entry, DANCE)
    edit(party, "Dance", title="Waltz")
    messages = imported(party)
    assert text(party) == before.replace("title: Dance", "title: Waltz")
    assert "party: took 1 value (dance title) from the site" in messages
    assert f"party: kept 1 value of the manifest ({values}), which is not applied yet" in messages
    ran = party.run("import", "party", "--format", "json")
    (gallery,) = json.loads(ran.out)["galleries"]
    assert (gallery["taken"], gallery["kept"]) == ([], [values])


def test_a_conflict_is_settled_for_the_site(party: CliHarness) -> None:
    before = written(party, CAKE.replace("title: Cake", "title: Torte"), DANCE)
    edit(party, "Cake", title="Gateau")
    messages = imported(party)
    assert text(party) == before.replace("title: Torte", "title: Gateau")
    assert "kept" not in messages
    party.apply()
    assert party.titles("Party") == ["Gateau", "Dance"]


def test_without_state_the_site_is_taken(party: CliHarness) -> None:
    written(party, CAKE.replace("title: Cake", "title: Torte"), DANCE)
    (party.root / ".galleryctl/state.json").unlink()
    assert "took 1 value (cake title) from the site" in imported(party)
    assert "title: Torte" not in text(party)


@pytest.mark.parametrize("echo", [False, True])
def test_values_that_the_site_stores_in_another_form_stay(studio: CliHarness, echo: bool) -> None:
    studio.write_gallery(["{key: cake, text: <p>Cake</p>, title: ' Cake ', tags: [Sweet]}"], name="party", head=HEAD)
    before = text(studio)
    settings = {"trim_texts": True, "add_html_class": True, "normalize_tags": True, "echo_writes": echo}
    studio.call_api("POST", "/_emulator/settings", settings)
    studio.apply()
    assert studio.titles("Party") == ["Cake"]
    assert imported(studio) == ""
    assert text(studio) == before
    edit(studio, "Cake", title="Torte")
    assert "took 1 value (cake title) from the site" in imported(studio)
    assert text(studio) == before.replace("' Cake '", "'Torte'")


def test_an_order_is_kept_until_somebody_moves_an_item(party: CliHarness) -> None:
    before = written(party, DANCE, CAKE)
    assert "party: kept 1 value of the manifest (order), which is not applied yet" in imported(party)
    assert text(party) == before
    edit(party, "Dance", sortOrder=1e9)
    messages = imported(party)
    assert "kept" not in messages
    assert "party: took 1 value (order) from the site" in messages
    assert text(party).index("cake") < text(party).index("dance")


def test_an_order_is_kept_with_an_item_that_is_not_adopted_yet(party: CliHarness) -> None:
    added = {"type": "TEXT", "title": "Toast", "text": {"html": "<p>Toast</p>"}, "sortOrder": 1e6}
    party.edit({"gallery": {"name": "Party"}, "item": None, "set": added})
    imported(party)
    entry = text(party).partition(DANCE + "\n")[2]
    before = text(party).partition("items:\n")[0] + f"items:\n{entry}  - {DANCE}\n  - {CAKE}\n"
    party.write("galleries/party.yaml", before)
    assert "party: kept 1 value of the manifest (order), which is not applied yet" in imported(party)
    assert text(party) == before


def test_the_name_of_a_gallery_is_kept(party: CliHarness) -> None:
    head = "bind: {name: Party}\nname: Fest\n"
    before = written(party, CAKE, DANCE, head=head)
    assert "kept 1 value of the manifest (name)" in imported(party)
    assert text(party) == before
    party.edit({"gallery": {"name": "Party"}, "set": {"name": "Gala"}})
    assert "took 1 value (name) from the site" in imported(party)
    assert "name: Gala" in text(party)


def test_media_that_somebody_replaced_is_taken(wedding: CliHarness) -> None:
    wedding.apply()
    path = wedding.root / "galleries/weddings.yaml"
    before = path.read_text(encoding="utf-8")
    first, second = wedding.items()[:2]
    wedding.edit({"gallery": {"name": "Weddings"}, "item": second["id"], "set": {"image": first["image"]}})
    messages = imported(wedding, "weddings")
    after = path.read_text(encoding="utf-8")
    assert "(cake image)" in messages
    assert "wix:image://" in after
    assert before.count("photos/") - after.count("photos/") == 1
    wedding.apply()
    assert wedding.items()[1]["image"] == first["image"]


def test_media_that_the_manifest_changed_is_kept(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_photo("photos/cake.jpg", 200)
    path: Path = wedding.root / "galleries/weddings.yaml"
    before = path.read_text(encoding="utf-8")
    assert "(cake image)" in imported(wedding, "weddings")
    assert path.read_text(encoding="utf-8") == before


def test_a_caption_that_somebody_cleared_is_cleared_in_the_entry(studio: CliHarness) -> None:
    exif = Image.Exif()
    exif[0x9C9B] = "Kiss\0".encode("utf-16-le")
    (studio.root / "photos").mkdir()
    Image.new("RGB", (64, 48), "red").save(studio.root / "photos/kiss.jpg", exif=exif)
    studio.write_gallery(("{image: photos/kiss.jpg, captions: true}", DANCE), name="party", head=HEAD)
    studio.apply()
    before = text(studio)
    assert imported(studio) == ""
    (id_,) = [live["id"] for live in studio.items("Party") if live["title"] == "Kiss"]
    studio.edit({"gallery": {"name": "Party"}, "item": id_, "unset": ["title"]})
    assert "took 1 value (kiss title) from the site" in imported(studio)
    assert text(studio) == before.replace("captions: true", "captions: true, title: null")
    studio.apply()
    assert studio.titles("Party") == ["", "Dance"]


@pytest.mark.parametrize(
    ("title", "unset", "values", "why"),
    [
        ("Rings", ["image"], {}, "it has no image"),
        ("Film", [], {"video.type": "VIMEO"}, "its type is VIMEO, but its URL is https://youtu.be/dQw4w9WgXcQ"),
        ("Film", ["video.videoInfo"], {}, "it has no video"),
    ],
)
def test_an_entry_whose_item_a_manifest_cannot_declare_is_kept(
    wedding: CliHarness, title: str, unset: list[str], values: Doc, why: str
) -> None:
    film = "  - {key: film, video: https://youtu.be/dQw4w9WgXcQ, title: Film}\n"
    before = text(wedding, "weddings") + film
    wedding.write("galleries/weddings.yaml", before)
    wedding.apply()
    wedding.edit({"gallery": {"name": "Weddings"}, "item": {"title": title}, "unset": unset, "set": values})
    key = title.lower()
    messages = imported(wedding, "weddings")
    assert text(wedding, "weddings") == before
    assert f"weddings: kept the entry {key} as it is, because a manifest cannot declare its item: {why}" in messages
    assert "removed from the manifest" not in messages
    ran = wedding.run("import", "weddings", "--format", "json")
    (gallery,) = json.loads(ran.out)["galleries"]
    assert (gallery["undeclarable"], gallery["left_out"], gallery["removed"]) == ({key: why}, [], [])
    assert " 0 to delete" in wedding.run("plan").out
    wedding.apply()
    assert title in wedding.titles()
    wedding.assert_no_changes()


def test_a_managed_item_without_an_entry_that_a_manifest_cannot_declare(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.edit({"gallery": {"name": "Weddings"}, "item": {"title": "Rings"}, "unset": ["image"]})
    manifest = wedding.root / "galleries/weddings.yaml"
    manifest.unlink()
    messages = imported(wedding, "weddings")
    assert "weddings: left out, because a manifest cannot declare it: Rings (it has no image)" in messages
    assert "weddings: the next apply deletes rings; to keep an item, list its key under removed:" in messages


def test_a_change_of_kind_is_kept_until_somebody_edits_the_item(party: CliHarness) -> None:
    party.write_photo("cake.jpg", 1)
    before = written(party, "{key: cake, image: cake.jpg, title: Cake}  # a photo", DANCE)
    messages = imported(party)
    assert text(party) == before
    assert "party: kept 1 value of the manifest (cake image), which is not applied yet" in messages
    edit(party, "Dance", title="Waltz")
    assert "took 1 value (dance title)" in imported(party)
    assert "{key: cake, image: cake.jpg, title: Cake}  # a photo" in text(party)
    edit(party, "Cake", title="Gateau")
    imported(party)
    assert "title: Gateau" in text(party)
    assert "cake.jpg" not in text(party)
