"""The switches of what is stored of a write, as a client sees them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.http import httpx
from tests.support.rewriting_switches import SWITCHES

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>x</p>"}}
STORED_TEXT = {"text": {"html": '<p class="font_8">x</p>'}}
Doc = dict[str, Any]
Control = Callable[[str, Doc], Any]


def create(wix: httpx.Client, gallery: str, **fields: Any) -> Doc:
    response = wix.post(f"{gallery}/items", json={"item": {**TEXT, **fields}})
    assert response.status_code == 200, response.text
    item: Doc = response.json()["item"]
    return item


def patch(wix: httpx.Client, gallery: str, ident: str, **fields: Any) -> Doc:
    response = wix.patch(f"{gallery}/items/{ident}", json={"item": {"id": ident, **fields}})
    assert response.status_code == 200, response.text
    item: Doc = response.json()["item"]
    return item


def read(wix: httpx.Client, gallery: str, ident: str) -> Doc:
    item: Doc = wix.get(f"{gallery}/items/{ident}").json()["item"]
    assert item in wix.get(f"{gallery}/items").json()["items"]
    return item


def test_a_write_is_answered_and_read_in_the_stored_form(wix: httpx.Client, gallery: str, control: Control) -> None:
    control("settings", {"add_html_class": True, "trim_texts": True, "normalize_tags": True})
    item = create(wix, gallery, title=" Rings ", tags={"values": ["Dance", "dance"]})
    assert item["text"] == STORED_TEXT["text"]
    assert (item["title"], item["tags"]) == ("Rings", {"values": ["dance"]})
    assert read(wix, gallery, item["id"]) == item
    again = patch(wix, gallery, item["id"], title="Rings  ", tags={"values": ["DANCE"]}, **TEXT)
    assert again == read(wix, gallery, item["id"]) == item  # not effective: updatedDate, too, is unchanged
    named = wix.patch(gallery, json={"gallery": {"name": " W "}}).json()["gallery"]
    assert named["name"] == wix.get(gallery).json()["gallery"]["name"] == "W"


WORDS = st.lists(st.sampled_from([" ", "A", "e", "\u0301", "<b>", "</b>", "https://B.c", "?"]), max_size=4).map("".join)
FIELDS = st.fixed_dictionaries(
    {"text": WORDS.map(lambda words: {"html": f"<p>{words}</p>"})},
    optional={
        "title": WORDS,
        "description": WORDS,
        "link": st.fixed_dictionaries({}, optional={"url": WORDS, "text": WORDS}),
        "tags": st.lists(WORDS, max_size=3).map(lambda values: {"values": values}),
        "sortOrder": st.floats(-1000, 1000),
        "later": st.floats(-1000, 1000),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=FIELDS, change=FIELDS, switches=SWITCHES)
def test_to_write_what_was_read_changes_nothing(
    wix: httpx.Client, gallery: str, control: Control, sent: Doc, change: Doc, switches: Doc
) -> None:
    control("settings", switches)
    item = create(wix, gallery, **sent)
    for fields in ({}, change):
        patch(wix, gallery, item["id"], **fields)
        stored = read(wix, gallery, item["id"])
        assert patch(wix, gallery, item["id"], **stored) == read(wix, gallery, item["id"]) == stored
    assert wix.delete(f"{gallery}/items/{item['id']}").status_code == 200


def test_a_write_rewrites_only_what_it_names(wix: httpx.Client, gallery: str, control: Control) -> None:
    item = create(wix, gallery, title=" by hand ")
    control("settings", {"add_html_class": True, "trim_texts": True})
    changed = patch(wix, gallery, item["id"], description=" d ")
    assert (changed["title"], changed["description"], changed["text"]) == (" by hand ", "d", TEXT["text"])


def test_answers_can_echo_while_reads_show_the_stored_form(wix: httpx.Client, gallery: str, control: Control) -> None:
    switches = {"add_html_class": True, "trim_texts": True, "sort_order_precision": "whole", "ignore_clears": True}
    control("settings", {"echo_writes": True, **switches})
    created = create(wix, gallery, title=" a ", sortOrder=1.25)
    assert (created["title"], created["text"], created["sortOrder"]) == (" a ", TEXT["text"], 1.25)
    stored = read(wix, gallery, created["id"])
    assert stored == created | STORED_TEXT | {"title": "a", "sortOrder": 1.0}
    changed = patch(wix, gallery, created["id"], title=None, description=" d ")
    assert "title" not in changed
    assert (changed["description"], changed["sortOrder"]) == (" d ", 1.0)
    stored = read(wix, gallery, created["id"])
    assert (stored["title"], stored["description"]) == ("a", "d")
    assert stored["updatedDate"] == changed["updatedDate"] > created["updatedDate"]


def test_a_gallery_echoes_its_inline_items(wix: httpx.Client, control: Control) -> None:
    control("settings", {"echo_writes": True, "add_html_class": True, "trim_texts": True})
    sent = {"name": " W ", "items": [{"sortOrder": 2, **TEXT}, {"sortOrder": 1, **TEXT}]}
    created = wix.post(GALLERIES, json={"gallery": sent}).json()["gallery"]
    assert (created["name"], created["totalItems"]) == (" W ", 2)
    assert [(item["sortOrder"], item["text"]) for item in created["items"]] == [(1, TEXT["text"]), (2, TEXT["text"])]
    stored = wix.get(f"{GALLERIES}/{created['id']}").json()["gallery"]
    assert stored == created | {"name": "W", "items": [item | STORED_TEXT for item in created["items"]]}


def test_a_clear_can_be_ignored(wix: httpx.Client, gallery: str, image: Doc, control: Control) -> None:
    fields = {"title": "t", "tags": {"values": ["a"]}, "image": image | {"quality": 90}}
    item = wix.post(f"{gallery}/items", json={"item": fields}).json()["item"]
    control("settings", {"ignore_clears": True})
    clears = {"title": "", "tags": {"values": []}, "image": image | {"quality": None}}
    assert patch(wix, gallery, item["id"], **clears) == read(wix, gallery, item["id"]) == item
    assert patch(wix, gallery, item["id"], title="s")["title"] == "s"
    wix.patch(gallery, json={"gallery": {"name": None}})
    assert wix.get(gallery).json()["gallery"]["name"] == "Weddings"


def test_a_write_of_a_field_can_be_ignored(wix: httpx.Client, gallery: str, control: Control) -> None:
    item = create(wix, gallery, title="t", link={"url": "u"}, sortOrder=1)
    control("settings", {"ignore_writes": ["item.title", "item.link.text", "item.sortOrder", "gallery.name"]})
    ignored = {"title": "s", "link": {"url": "u", "text": "x"}, "sortOrder": 9}
    assert patch(wix, gallery, item["id"], **ignored) == read(wix, gallery, item["id"]) == item
    assert patch(wix, gallery, item["id"], **ignored, description="d")["description"] == "d"
    made = create(wix, gallery, title="s", link={"text": "x"}, sortOrder=9)
    assert "title" not in made
    assert "link" not in made
    assert made["sortOrder"] != 9
    assert wix.patch(gallery, json={"gallery": {"name": "Other"}}).json()["gallery"]["name"] == "Weddings"
    assert "name" not in wix.post(GALLERIES, json={"gallery": {"name": "New"}}).json()["gallery"]


@pytest.mark.parametrize("status", [400, 409])
@pytest.mark.parametrize(("precision", "other"), [("float32", 1000.00001), ("six_digits", 1000.002), ("whole", 1000.4)])
def test_sort_orders_that_are_stored_as_one_are_repeated(
    wix: httpx.Client, gallery: str, control: Control, precision: str, other: float, status: int
) -> None:
    control("settings", {"sort_order_precision": precision, "repeated_sort_order_status": status})
    item = create(wix, gallery, sortOrder=other)
    assert item["sortOrder"] == read(wix, gallery, item["id"])["sortOrder"] == 1000.0
    assert wix.post(f"{gallery}/items", json={"item": {"sortOrder": 1000, **TEXT}}).status_code == status
    second = create(wix, gallery, sortOrder=2000)
    path = f"{gallery}/items/{second['id']}"
    assert wix.patch(path, json={"item": {"sortOrder": other}}).status_code == status
    assert patch(wix, gallery, item["id"], sortOrder=1000) == item
    assert wix.post(GALLERIES, json={"gallery": {"sortOrder": other}}).status_code == 200
    assert wix.post(GALLERIES, json={"gallery": {"sortOrder": 1000}}).status_code == status
    assert wix.patch(gallery, json={"gallery": {"sortOrder": other}}).status_code == status
    left_out = [create(wix, gallery)["sortOrder"] for _ in range(3)]
    assert len({*left_out, 1000.0, 2000.0}) == 5


def test_the_switches_stay_with_the_data(tmp_path: Path, connect_to: Callable[[Emulator], httpx.Client]) -> None:
    switches = {"ignore_writes": ["item.title"], "sort_order_precision": "six_digits", "echo_writes": True}
    first = create_emulator(tmp_path)
    assert connect_to(first).post("/_emulator/settings", json=switches).json().items() >= switches.items()
    first.close()
    again = create_emulator(tmp_path)
    assert connect_to(again).get("/_emulator/settings").json().items() >= switches.items()
    again.close()


@pytest.mark.parametrize(
    "names", ["item.title", ["title"], ["item"], ["item."], [3], [["item.title"]], {"item.title": 1}]
)
def test_a_field_that_does_not_exist_cannot_be_ignored(anonymous: httpx.Client, names: object) -> None:
    response = anonymous.post("/_emulator/settings", json={"ignore_writes": names})
    assert response.status_code == 400
    assert "ignore_writes must be an array of names of fields, such as item.link.url" in response.json()["message"]
