from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from galleryctl.http import httpx

MEDIA = "/site-media/v1"
TEXT = {"text": {"html": "<p>Thank you</p>"}}
Control = Callable[[str, dict[str, Any]], Any]


def create(wix: httpx.Client, gallery: str, item: dict[str, Any]) -> dict[str, Any]:
    response = wix.post(f"{gallery}/items", json={"item": item})
    assert response.status_code == 200, response.text
    created: dict[str, Any] = response.json()["item"]
    return created


def fields(response: httpx.Response) -> list[str]:
    assert response.status_code == 400, response.text
    return [v["field"] for v in response.json()["details"]["validationError"]["fieldViolations"]]


def test_an_item_lives_from_create_to_delete(
    wix: httpx.Client, gallery: str, image: dict[str, Any], now: list[float]
) -> None:
    item = create(wix, gallery, {"title": "Kiss", "image": image, "later": {"x": None}, "id": "mine", "type": "TEXT"})
    assert item["type"] == "IMAGE"
    assert item["later"] == {"x": None}
    assert item["image"]["imageInfo"]["url"].endswith(image["imageInfo"]["id"])
    path = f"{gallery}/items/{item['id']}"
    assert wix.get(path).json() == {"item": item}
    now[0] += 60
    patch = {"item": {"id": item["id"], "description": "At the door", "createdDate": "1999"}}
    changed = wix.patch(path, json=patch).json()["item"]
    assert changed["updatedDate"] > item["updatedDate"]
    assert changed == item | {"description": "At the door", "updatedDate": changed["updatedDate"]}
    assert wix.delete(path).json() == {"itemId": item["id"]}
    assert wix.get(path).status_code == wix.delete(path).status_code == wix.patch(path, json=patch).status_code == 404


def test_the_updated_date_changes_with_each_effective_write_and_never_otherwise(
    wix: httpx.Client, gallery: str, control: Control, now: list[float]
) -> None:
    item = create(wix, gallery, {"title": "a", "sortOrder": 1, **TEXT})
    path = f"{gallery}/items/{item['id']}"
    dates: list[str] = [item["updatedDate"]]

    def write(**fields: Any) -> bool:
        """Return True if the write changes the date; the answer and a read must show the same one."""
        answered = wix.patch(path, json={"item": fields}).json()["item"]["updatedDate"]
        assert wix.get(path).json()["item"]["updatedDate"] == answered
        dates.append(answered)
        assert dates == sorted(dates)
        return dates[-1] != dates[-2]

    def edit(**step: Any) -> bool:
        control("edit", {"gallery": {"name": "Weddings"}, "item": item["id"], **step})
        dates.append(wix.get(path).json()["item"]["updatedDate"])
        return dates[-1] != dates[-2]

    # The clock stands still, goes back, and goes on.
    assert write(title="b")
    assert write(title="c")
    assert not write(title="c")
    assert not write()
    assert not write(createdDate="1999", updatedDate="1999", description=None)
    assert write(sortOrder=2)
    assert not write(sortOrder=2.0)
    assert not write(sortOrder=None)
    now[0] -= 60
    assert write(text={"html": "<p>Thanks</p>"})
    assert edit(set={"title": "d"})
    assert not edit(set={"title": "d"})
    now[0] += 3600
    assert not write(title="d")
    wix.patch(gallery, json={"gallery": {"name": "Other", "sortOrder": 5}})
    create(wix, gallery, {"sortOrder": 3, **TEXT})
    assert wix.get(path).json()["item"]["updatedDate"] == dates[-1]
    assert write(title=None)
    assert dates[-1] == "2026-11-24T06:59:00.000Z"


@pytest.mark.parametrize("odd", ["some day", None, 7, "2026-11-24", "9999-12-31T23:59:59.999Z"])
def test_an_odd_updated_date_does_not_prevent_the_next(
    wix: httpx.Client, gallery: str, control: Control, odd: object
) -> None:
    item = create(wix, gallery, TEXT)
    path = f"{gallery}/items/{item['id']}"
    control("edit", {"gallery": {}, "item": item["id"], "set": {"updatedDate": odd}})
    changed = wix.patch(path, json={"item": {"title": "t"}}).json()["item"]
    assert changed["updatedDate"] == "2026-11-24T06:00:00.000Z"


def test_the_images_of_the_vendors_sdk_are_accepted(wix: httpx.Client, gallery: str, image: dict[str, Any]) -> None:
    name = "undefined"
    url = f"wix:image://v1/{image['imageInfo']['id']}/{name}#originWidth=640&originHeight=480"
    info = image["imageInfo"] | {"altText": name, "filename": name, "url": url}
    assert create(wix, gallery, {"image": {"imageInfo": info}})["image"]["imageInfo"] == info


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"quality": 29}, ["quality"]),
        ({"quality": 101}, ["quality"]),
        ({"quality": 90.5}, ["quality"]),
        ({"unsharpMasking": {"amount": 5.1, "radius": -1, "threshold": 2}}, [
            "unsharpMasking.amount", "unsharpMasking.radius", "unsharpMasking.threshold"]),
        ({"unsharpMasking": 1}, ["unsharpMasking"]),
        ({"focalPoint": {"x": "left"}}, ["focalPoint.x"]),
        ({"exif": []}, ["exif"]),
        ({"imageInfo": None}, ["imageInfo"]),
        ({"imageInfo": {"id": "none~mv2.jpg", "width": 1, "height": 1}}, ["imageInfo.id"]),
        ({"imageInfo": {}}, ["imageInfo.id", "imageInfo.width", "imageInfo.height"]),
    ],
)  # fmt: skip
def test_images_that_are_refused(
    wix: httpx.Client, gallery: str, image: dict[str, Any], change: dict[str, Any], wrong: list[str]
) -> None:
    response = wix.post(f"{gallery}/items", json={"item": {"image": image | change}})
    assert fields(response) == [f"item.image.{name}" for name in wrong]


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        ({}, ["item"]),
        ({"title": "only"}, ["item"]),
        ({"text": {}}, ["item.text.html"]),
        ({"text": {"html": "x", "css": "red"}}, ["item.text.css"]),
        ({**TEXT, "video": {"videoInfo": {"url": "https://vimeo.com/1"}}}, ["item"]),
        ({**TEXT, "title": 1, "link": {"url": 2}, "tags": {"values": ["a", 3]}}, [
            "item.title", "item.link.url", "item.tags.values[1]"]),
        ({**TEXT, "tags": ["a"], "link": "x"}, ["item.link", "item.tags"]),
        ({**TEXT, "sortOrder": "NaN"}, ["item.sortOrder"]),
        ({**TEXT, "sortOrder": True}, ["item.sortOrder"]),
        ({"video": {}}, ["item.video.videoInfo"]),
        ({"video": {"type": "VIMEO", "videoInfo": {"url": "http://vimeo.com/1"}}}, ["item.video.videoInfo.url"]),
        ({"video": {"type": "YOUTUBE", "videoInfo": {"url": "https://vimeo.com/1"}}}, ["item.video.videoInfo.url"]),
        ({"video": {"type": "TIKTOK", "videoInfo": {"url": "https://tiktok.com/1"}}}, ["item.video.type"]),
        ({"video": {"videoInfo": {"url": "https://example.com/1"}}}, ["item.video.videoInfo"]),
        ({"video": {"type": "WIX_MEDIA", "videoInfo": {"id": "nope"}}}, ["item.video.videoInfo.id"]),
        ({"video": {"durationInMillis": -1, "videoInfo": {"url": "https://youtu.be/1", "resolutions": [{}]}}}, [
            "item.video.durationInMillis", *(f"item.video.videoInfo.resolutions[0].{n}"
                                             for n in ("url", "height", "width", "format"))]),
    ],
)  # fmt: skip
def test_items_that_are_refused(wix: httpx.Client, gallery: str, item: dict[str, Any], wrong: list[str]) -> None:
    response = wix.post(f"{gallery}/items", json={"item": item})
    assert set(fields(response)) == set(wrong)
    assert wix.get(gallery).json()["gallery"]["totalItems"] == 0


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://vimeo.com/378840916", "VIMEO"),
        ("https://www.youtube.com/watch?v=1", "YOUTUBE"),
        ("https://youtu.be/1", "YOUTUBE"),
    ],
)
def test_a_video_without_a_type_gets_one(wix: httpx.Client, gallery: str, url: str, kind: str) -> None:
    item = create(wix, gallery, {"video": {"videoInfo": {"url": url}}})
    assert (item["type"], item["video"]["type"]) == ("VIDEO", kind)


def test_a_pending_file_is_not_usable(wix: httpx.Client, gallery: str) -> None:
    request = {"url": "http://emulator.local/_emulator/sample.png", "displayName": "a.png"}
    file = wix.post(f"{MEDIA}/files/import", json=request).json()["file"]
    item = {"item": {"image": {"imageInfo": {"id": file["id"], "width": 640, "height": 480}}}}
    assert fields(wix.post(f"{gallery}/items", json=item)) == ["item.image.imageInfo.id"]
    assert (
        wix.get(f"{MEDIA}/files/get-file-by-id", params={"fileId": file["id"]}).json()["file"]["operationStatus"]
        == "READY"
    )
    assert wix.post(f"{gallery}/items", json=item).status_code == 200


def test_the_kind_of_media_cannot_be_changed(wix: httpx.Client, gallery: str, image: dict[str, Any]) -> None:
    item = create(wix, gallery, dict(TEXT))
    path = f"{gallery}/items/{item['id']}"
    assert fields(wix.patch(path, json={"item": {"image": image}})) == ["item.image"]
    assert fields(wix.patch(path, json={"item": {"image": image, "text": None}})) == ["item.image"]
    assert fields(wix.patch(path, json={"item": {"text": None}})) == ["item"]


def test_a_patch_replaces_or_merges_nested_objects(
    wix: httpx.Client, gallery: str, image: dict[str, Any], control: Control
) -> None:
    given = {
        "image": image | {"quality": 90, "focalPoint": {"x": 0.1, "y": 0.2}},
        "link": {"url": "u", "text": "t"},
    }
    item = create(wix, gallery, given)
    path = f"{gallery}/items/{item['id']}"
    assert fields(wix.patch(path, json={"item": {"image": {"quality": 80}}})) == ["item.image.imageInfo"]
    whole = wix.patch(path, json={"item": {"image": image | {"quality": 80}, "link": {"url": "v"}}}).json()["item"]
    assert "focalPoint" not in whole["image"]
    assert whole["link"] == {"url": "v"}
    control("settings", {"nested_patch": "merge"})
    merged = wix.patch(path, json={"item": {"image": {"focalPoint": {"x": 0.3}}, "link": {"text": "w"}}}).json()["item"]
    assert (merged["image"]["quality"], merged["image"]["focalPoint"]) == (80, {"x": 0.3})
    assert merged["link"] == {"url": "v", "text": "w"}


def test_null_clears_a_field_but_never_the_position(wix: httpx.Client, gallery: str) -> None:
    item = create(wix, gallery, {"title": "t", "sortOrder": 4, "extra": 1, **TEXT})
    patch = {"item": {"title": None, "sortOrder": None, "extra": None}}
    cleared = wix.patch(f"{gallery}/items/{item['id']}", json=patch).json()["item"]
    assert set(item) - set(cleared) == {"title", "extra"}
    assert cleared["sortOrder"] == 4


def test_an_item_keeps_an_image_that_left_the_media_manager(
    wix: httpx.Client, gallery: str, image: dict[str, Any]
) -> None:
    item = create(wix, gallery, {"image": image})
    assert wix.post(f"{MEDIA}/bulk/files/delete", json={"fileIds": [image["imageInfo"]["id"]]}).status_code == 200
    path = f"{gallery}/items/{item['id']}"
    assert wix.patch(path, json={"item": {"image": image | {"quality": 50}}}).status_code == 200
    assert wix.post(f"{gallery}/items", json={"item": {"image": image}}).status_code == 400


def test_bulk_delete_takes_1_to_1000_ids(wix: httpx.Client, gallery: str) -> None:
    ids = [create(wix, gallery, {"title": str(n), **TEXT})["id"] for n in range(3)]
    path = f"{gallery}/items/delete"
    assert wix.post(path, json={"itemIds": [ids[0], str(uuid.uuid4()), ids[2]]}).json() == {"itemIds": [ids[0], ids[2]]}
    assert wix.get(gallery).json()["gallery"]["totalItems"] == 1
    assert fields(wix.post(path, json={"itemIds": []})) == ["itemIds"]
    assert fields(wix.post(path, json={})) == ["itemIds"]
    assert fields(wix.post(path, json={"itemIds": ["x"]})) == ["itemIds[0]"]
    assert fields(wix.post(path, json={"itemIds": [ids[1]] * 1001})) == ["itemIds"]


def test_a_switch_rejects_a_bulk_delete_with_an_unknown_item(wix: httpx.Client, gallery: str, control: Control) -> None:
    control("settings", {"bulk_delete_unknown": "reject"})
    item = create(wix, gallery, TEXT)["id"]
    path = f"{gallery}/items/delete"
    assert wix.post(path, json={"itemIds": [item, str(uuid.uuid4())]}).status_code == 404
    assert wix.post(path, json={"itemIds": [item]}).json() == {"itemIds": [item]}


def test_the_deprecated_delete_answers_the_gallery(wix: httpx.Client, gallery: str) -> None:
    ids = [create(wix, gallery, {"title": str(n), **TEXT})["id"] for n in range(3)]
    left = wix.delete(f"{gallery}/items", params={"itemsIds": ids[:1]}).json()["gallery"]
    assert [item["id"] for item in left["items"]] == ids[1:]
    left = wix.request("DELETE", f"{gallery}/items", json={"itemsIds": ids[1:]}).json()["gallery"]
    assert left["totalItems"] == 0
    assert wix.delete(f"{gallery}/items").status_code == 400


def test_a_gallery_of_ten_thousand_items_stays_quick(wix: httpx.Client) -> None:
    items = [{"title": str(n), "sortOrder": n, **TEXT} for n in range(10_000)]
    created = wix.post("/progallery/v2/galleries", json={"gallery": {"items": items}}).json()["gallery"]
    assert (created["totalItems"], len(created["items"])) == (10_000, 50)
    path = f"/progallery/v2/galleries/{created['id']}/items"
    page = wix.get(path, params={"itemOffset": 9_950, "itemLimit": 100}).json()["items"]
    assert [item["title"] for item in page] == [str(n) for n in range(9_950, 10_000)]
