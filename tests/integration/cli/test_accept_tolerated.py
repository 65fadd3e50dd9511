"""`drift --accept` leaves what is tolerated, unless its address is named."""

from __future__ import annotations

import json

import pytest

from tests.support.cli_harness import CliHarness, Doc

PARTY = {"gallery": {"name": "Party"}}
ENTRIES = tuple(f"{{key: {key}, text: <p>{key}</p>, title: {key.upper()}}}" for key in "abcd")


@pytest.fixture
def party(studio: CliHarness) -> CliHarness:
    """A gallery of four texts and a photo that was applied."""
    studio.write_photo("photo.jpg", 1)
    photo = "{image: photo.jpg, title: Photo, focal_point: {x: 0.5, y: 0.25}, link: {url: https://a.example, text: Go}}"
    studio.write_gallery((*ENTRIES, photo), name="party", head="bind: {name: Party, create: true}\nname: Party\n")
    studio.apply()
    return studio


def edit(studio: CliHarness, item: str, **values: object) -> None:
    studio.edit({**PARTY, "item": {"title": item}, "set": values})


def move(studio: CliHarness, key: str, before: str) -> None:
    """Move a text before another one."""
    items = studio.items("Party")
    index = next(i for i, item in enumerate(items) if item["title"] == before.upper())
    low = items[index - 1]["sortOrder"] if index else items[0]["sortOrder"] - 2
    edit(studio, key.upper(), sortOrder=(low + items[index]["sortOrder"]) / 2)


def tolerate(studio: CliHarness, *addresses: str) -> None:
    ran = studio.run("drift", "--tolerate-until", "2999-12-31", "--reason", "Later", *addresses)
    assert ran.code == 0, ran.out + ran.err


def text(studio: CliHarness) -> str:
    return (studio.root / "galleries/party.yaml").read_text(encoding="utf-8")


def changes(studio: CliHarness) -> list[Doc]:
    plan: Doc = json.loads(studio.run("plan", "--format", "json").out)
    assert plan["refusals"] == []
    listed: list[Doc] = plan["changes"]
    return listed


@pytest.mark.parametrize("addresses", [[], ["party"], ["party/*"], ["p*"], ["--target", "party"]])
def test_a_tolerated_value_is_not_accepted(party: CliHarness, addresses: list[str]) -> None:
    edit(party, "A", title="Anna")
    edit(party, "B", title="Bert")
    before = text(party)
    tolerate(party, "party/a")
    ran = party.run("drift", "--accept", *addresses)
    assert ran.code == 0
    assert "took 1 value (b title)" in ran.out
    assert "1 tolerated difference, left alone; to accept one, give its own address." in ran.err
    assert text(party) == before.replace("title: B", "title: Bert")
    assert changes(party) == []
    assert party.run("drift", "--accept").out == "No drift to accept.\n"


def test_it_is_accepted_if_its_address_is_named(party: CliHarness) -> None:
    edit(party, "A", title="Anna")
    edit(party, "B", title="Bert")
    party.edit({**PARTY, "set": {"name": "Gala"}})
    before = text(party)
    tolerate(party)
    ran = party.run("drift", "--accept", "party/a")
    assert (ran.code, ran.out) == (0, "Wrote galleries/party.yaml: took 1 value (a title)\n")
    assert text(party) == before.replace("title: A", "title: Anna")
    assert "party/a: remove its entry for title from galleryctl.tolerated.yaml" in party.run("plan").out
    ran = party.run("drift", "--accept", "party")
    assert (ran.code, ran.out) == (0, "Wrote galleries/party.yaml: took 1 value (name)\n")
    assert changes(party) == []


def test_as_json(party: CliHarness) -> None:
    edit(party, "A", title="Anna")
    tolerate(party)
    document = json.loads(party.run("drift", "--accept", "--format", "json").out)
    assert (document["files"], document["left"], document["tolerated"]) == ([], [], 1)


def test_a_missing_item_and_a_photo_that_are_tolerated_stay(party: CliHarness) -> None:
    party.edit({**PARTY, "item": {"title": "A"}, "delete": True})
    party.write_photo("other.jpg", 2)
    party.write_gallery(("{image: other.jpg}",), name="other", head="bind: {name: Other, create: true}\nname: Other\n")
    party.apply("--target", "other")
    other = party.items("Other")[0]["image"]
    edit(party, "Photo", image=other)
    before = text(party)
    tolerate(party, "party")
    edit(party, "Photo", title="Photo 2")
    edit(party, "B", title="Bert")
    assert party.run("drift", "--accept").code == 0
    assert text(party) == before.replace("title: B", "title: Bert").replace("title: Photo", "title: Photo 2")
    assert changes(party) == []
    assert party.run("drift", "--accept", "party/a", "party/photo").code == 0
    assert "key: a" not in text(party)
    assert "wix:image://" in text(party)
    assert changes(party) == []


def test_a_part_of_a_value_that_is_tolerated_stays(party: CliHarness) -> None:
    edit(party, "Photo", **{"image.focalPoint.x": 0.75, "link.text": "Come"})
    tolerate(party)
    before = text(party)
    edit(party, "Photo", **{"image.focalPoint.y": 0.5, "link.url": "https://b.example"})
    assert party.run("drift", "--accept").code == 0
    assert text(party) == before.replace("y: 0.25", "y: 0.5").replace("a.example", "b.example")
    assert changes(party) == []


@pytest.mark.parametrize("tolerated", [["a", "c"], ["d", "a"], ["b", "a"]])
@pytest.mark.parametrize("moved", [["d", "a"], ["d", "c"], ["c", "a"], ["c", "b"]])
def test_a_tolerated_place_stays_while_another_item_is_moved(
    party: CliHarness, tolerated: list[str], moved: list[str]
) -> None:
    move(party, *tolerated)
    tolerate(party)
    assert changes(party) == []
    if moved[0] == tolerated[0]:
        moved = ["b", "a"]
    move(party, *moved)
    ran = party.run("drift", "--accept")
    assert ran.code == 0, ran.out + ran.err
    assert changes(party) == []
    assert party.run("drift", "--accept").out == "No drift to accept.\n"
