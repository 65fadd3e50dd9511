"""Edits as a person makes them in the Editor: copies, photos, members of objects, places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>x</p>"}}
HERE = {"gallery": {"name": "Weddings"}}
Doc = dict[str, Any]
Control = Callable[[str, Doc], Any]


@pytest.fixture
def items(wix: httpx.Client, gallery: str, image: Doc) -> list[Doc]:
    """An image and two texts: a at 1, b at 2, c at 5."""
    link = {"url": "https://example.com", "text": "t"}
    sent = [
        {"title": "a", "sortOrder": 1, "image": image | {"quality": 90}, "link": link},
        {"title": "b", "sortOrder": 2, **TEXT},
        {"title": "c", "sortOrder": 5, **TEXT},
    ]
    return [wix.post(f"{gallery}/items", json={"item": item}).json()["item"] for item in sent]


@pytest.fixture
def edit(control: Control) -> Callable[..., Doc]:
    """Return a function that makes one edit of an item and returns the item."""

    def edited(item: object, **step: Any) -> Doc:
        result: Doc = control("edit", {"edits": [{**HERE, "item": item, **step}]})["results"][0]["item"]
        return result

    return edited


def orders(wix: httpx.Client, gallery: str) -> dict[str, float]:
    """Return the title and sort order of each item, as listed."""
    return {item["title"]: item["sortOrder"] for item in wix.get(f"{gallery}/items").json()["items"]}


def test_a_copy_shows_the_same_behind_the_original(
    wix: httpx.Client, gallery: str, items: list[Doc], edit: Callable[..., Doc]
) -> None:
    copied = edit(None, copy={"title": "a"}, set={"description": "d"})
    own = {name: copied[name] for name in ("id", "createdDate", "updatedDate", "sortOrder")}
    original = {name: value for name, value in items[0].items() if name not in own}
    original["image"]["imageInfo"].pop("url")  # not stored, but added to responses
    assert copied == original | own | {"description": "d"}
    assert copied["id"] != items[0]["id"]
    assert copied["sortOrder"] == 1.5
    assert edit(None, copy=items[2]["id"], after=None)["sortOrder"] == 0.0
    assert edit(None, copy=items[2]["id"], set={"sortOrder": 77, "title": "e"})["sortOrder"] == 77
    assert len(wix.get(f"{gallery}/items").json()["items"]) == 6


def test_a_move_takes_the_mean_of_the_new_neighbours(
    wix: httpx.Client, gallery: str, items: list[Doc], edit: Callable[..., Doc]
) -> None:
    moved = edit({"title": "a"}, after={"title": "b"})
    assert moved["updatedDate"] > items[0]["updatedDate"]
    assert orders(wix, gallery) == {"b": 2.0, "a": 3.5, "c": 5.0}
    edit({"title": "c"}, after=None)
    assert orders(wix, gallery) == {"c": 1.0, "b": 2.0, "a": 3.5}
    edit({"title": "b"}, after=items[0]["id"])
    assert orders(wix, gallery) == {"c": 1.0, "a": 3.5, "b": 4.5}
    assert edit(None, set={"title": "d", **TEXT}, after={"title": "c"})["sortOrder"] == 2.25


def test_a_move_is_stored_like_other_sort_orders(
    anonymous: httpx.Client, items: list[Doc], control: Control, edit: Callable[..., Doc]
) -> None:
    control("settings", {"sort_order_precision": "whole"})
    assert edit({"title": "a"}, after={"title": "b"})["sortOrder"] == 4.0
    full = {**HERE, "item": {"title": "c"}, "after": {"title": "b"}, "set": {"title": "e"}}
    assert edit({"title": "c"}, after={"title": "b"})["sortOrder"] == 3.0
    response = anonymous.post("/_emulator/edit", json=full | {"item": {"title": "a"}})
    assert response.status_code == 400  # between 2.0 and 3.0
    assert "after 2.5 is already used" in response.json()["message"]
    assert edit(items[0]["id"], set={})["title"] == "a"


def test_an_item_in_an_empty_gallery_is_placed_too(gallery: str, edit: Callable[..., Doc]) -> None:
    assert edit(None, set=TEXT, after=None)["sortOrder"] == 1.0


def test_an_edit_names_members_of_objects(
    wix: httpx.Client, gallery: str, items: list[Doc], edit: Callable[..., Doc]
) -> None:
    edit({"title": "a"}, set={"image.quality": 80, "image.focalPoint.x": 0.5}, unset=["link.text", "exif.iso", "later"])
    changed = wix.get(f"{gallery}/items/{items[0]['id']}").json()["item"]
    assert changed["image"] == items[0]["image"] | {"quality": 80, "focalPoint": {"x": 0.5}}
    assert changed["link"] == {"url": "https://example.com"}
    assert set(changed) == set(items[0])


def test_an_edit_replaces_the_photo(
    wix: httpx.Client, gallery: str, items: list[Doc], edit: Callable[..., Doc], png: bytes
) -> None:
    request = {"mimeType": "image/png", "fileName": "new.png"}
    url = wix.post("/site-media/v1/files/generate-upload-url", json=request).json()["uploadUrl"]
    file = wix.put(url, content=png, headers={"Content-Type": "image/png"}).json()["file"]
    shown = edit({"title": "a"}, photo={"displayName": "new.png"})["image"]
    assert shown == {"quality": 90, "imageInfo": {"id": file["id"], "width": 640, "height": 480, "filename": "new.png"}}
    made = edit(None, photo=file["id"], after={"title": "a"}, set={"title": "n"})
    assert (made["type"], made["image"]["imageInfo"]["id"], made["sortOrder"]) == ("IMAGE", file["id"], 1.5)
    path = f"{gallery}/items/{made['id']}"
    assert wix.patch(path, json={"item": {"image": made["image"] | {"quality": 50}}}).status_code == 200


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        ({"copy": {}}, 400),
        ({"after": None, "set": {}}, 400),
        ({"item": {}, "copy": {}}, 400),
        ({"item": None, "copy": "none"}, 404),
        ({"item": None, "copy": {"title": "none"}}, 404),
        ({"item": {"title": "a"}, "after": {"title": "a"}}, 404),
        ({"item": {"title": "a"}, "after": "none"}, 404),
        ({"item": {"title": "a"}, "photo": "none"}, 404),
        ({"item": {"title": "b"}, "photo": {}}, 400),
    ],
)
def test_edits_of_items_that_make_no_sense_are_refused(
    wix: httpx.Client, gallery: str, items: list[Doc], edit: Doc, status: int
) -> None:
    before = wix.get(gallery).json()
    response = wix.post("/_emulator/edit", json={"edits": [HERE | edit]})
    assert response.status_code == status, response.text
    assert wix.get(gallery).json() == before


def test_a_copy_appears_before_the_nth_request_takes_effect(
    wix: httpx.Client, gallery: str, items: list[Doc], control: Control
) -> None:
    edits = [
        {**HERE, "item": None, "copy": {}, "after": {}},
        {**HERE, "item": {"type": "TEXT"}, "after": {}, "set": {"description": "moved"}},
        {**HERE, "item": {}, "photo": {}},
    ]
    script = {"fault": "edit", "method": "POST", "path": "/items$", "nth": 2, "edits": edits}
    control("faults", {"script": [script], "seed": 3})
    made = [wix.post(f"{gallery}/items", json={"item": {"title": str(n), **TEXT}}).json()["item"] for n in range(3)]
    listed = wix.get(f"{gallery}/items").json()["items"]
    assert len(listed) == 7
    (copied,) = [item for item in listed if item["id"] not in {other["id"] for other in [*items, *made]}]
    assert copied["title"] in ("a", "b", "c", "0")  # not "1", the title of the second create
    assert [item["description"] for item in listed if "description" in item] == ["moved"]
