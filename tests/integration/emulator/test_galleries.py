from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>Thank you</p>"}}
Control = Callable[[str, dict[str, Any]], Any]


def titles(wix: httpx.Client, path: str, **query: int) -> list[str]:
    return [item["title"] for item in wix.get(f"{path}/items", params=query).json()["items"]]


def test_a_gallery_lives_from_create_to_delete(wix: httpx.Client) -> None:
    created = wix.post(GALLERIES, json={"gallery": {"name": "Weddings", "sortOrder": 2.5, "future": {"a": [1]}}})
    gallery = created.json()["gallery"]
    assert str(uuid.UUID(gallery["id"])) == gallery["id"]
    assert (gallery["name"], gallery["sortOrder"], gallery["totalItems"], gallery["items"]) == (
        "Weddings",
        2.5,
        0,
        [],
    )
    path = f"{GALLERIES}/{gallery['id']}"
    changed = wix.patch(path, json={"gallery": {"id": gallery["id"], "name": "Weddings 2026"}}).json()["gallery"]
    assert (changed["name"], changed["sortOrder"], changed["future"]) == ("Weddings 2026", 2.5, {"a": [1]})
    assert wix.get(path).json()["gallery"] == changed
    assert wix.delete(path).json() == {"galleryId": gallery["id"]}
    assert wix.get(path).status_code == 404
    assert wix.delete(path).json()["details"]["applicationError"]["code"] == "NOT_FOUND"


def test_both_prefixes_show_the_same_site(wix: httpx.Client, gallery: str) -> None:
    other = gallery.replace("progallery", "pro-gallery")
    assert wix.get(other).json() == wix.get(gallery).json()


def test_every_answer_carries_a_request_id(wix: httpx.Client, anonymous: httpx.Client) -> None:
    responses = [wix.get(GALLERIES), anonymous.get(GALLERIES), wix.get("/nowhere"), wix.put(GALLERIES)]
    assert [response.status_code for response in responses] == [200, 401, 404, 405]
    assert len({response.headers["x-wix-request-id"] for response in responses}) == 4


def test_galleries_are_listed_by_date_in_pages(wix: httpx.Client, now: list[float]) -> None:
    for number in range(12):
        now[0] += 1
        body = {
            "name": str(number),
            "sortOrder": -number,
            "items": [{"title": "a", **TEXT}, {"title": "b", **TEXT}],
        }
        assert wix.post(GALLERIES, json={"gallery": body}).status_code == 200
    first = wix.get(GALLERIES).json()
    rest = wix.get(GALLERIES, params={"offset": 10, "itemLimit": 1}).json()
    assert first["totalGalleries"] == rest["totalGalleries"] == 12
    assert [g["name"] for g in first["galleries"] + rest["galleries"]] == [str(number) for number in range(12)]
    assert [len(g["items"]) for g in rest["galleries"]] == [1, 1]
    assert [g["totalItems"] for g in rest["galleries"]] == [2, 2]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("", {"limit": 0}, "limit"),
        ("", {"limit": 11}, "limit"),
        ("", {"itemLimit": 101}, "itemLimit"),
        ("", {"offset": -1}, "offset"),
        ("/{id}", {"itemLimit": 201}, "itemLimit"),
        ("/{id}/items", {"itemLimit": 0}, "itemLimit"),
        ("/{id}/items", {"itemOffset": "x"}, "itemOffset"),
        ("/{id}/items", {"galleryId": "00000000-0000-4000-8000-000000000000"}, "galleryId"),
        ("/not-a-guid", {}, "galleryId"),
    ],
)
def test_limits_of_paging(wix: httpx.Client, gallery: str, path: str, query: dict[str, Any], field: str) -> None:
    response = wix.get(GALLERIES + path.format(id=gallery.rpartition("/")[2]), params=query)
    assert response.status_code == 400
    assert [v["field"] for v in response.json()["details"]["validationError"]["fieldViolations"]] == [field]


def test_path_ids_may_come_again_in_query_and_body(wix: httpx.Client, gallery: str) -> None:
    ident = gallery.rpartition("/")[2]
    assert wix.get(f"{gallery}/items", params={"galleryId": ident}).status_code == 200
    body = {"galleryId": ident, "item": TEXT}
    assert wix.post(f"{gallery}/items", json=body).status_code == 200
    assert wix.post(f"{gallery}/items", json=body | {"galleryId": str(uuid.uuid4())}).status_code == 400
    assert wix.patch(gallery, json={"gallery": {"id": str(uuid.uuid4()), "name": "x"}}).status_code == 400


def test_a_clone_has_new_ids_and_sort_orders(wix: httpx.Client, image: dict[str, Any]) -> None:
    items = [
        {"title": "b", "sortOrder": 2, "image": image, "kept": 1},
        {"title": "a", "sortOrder": 1, **TEXT},
    ]
    source = wix.post(GALLERIES, json={"gallery": {"name": "W", "sortOrder": 5, "items": items}}).json()["gallery"]
    clone = wix.post(GALLERIES, json={"cloneFromGalleryId": source["id"]}).json()["gallery"]
    assert (clone["name"], [item["title"] for item in clone["items"]]) == ("W", ["a", "b"])
    assert clone["items"][1]["kept"] == 1
    for name in ("id", "sortOrder"):
        assert clone[name] != source[name]
        assert {item[name] for item in clone["items"]}.isdisjoint(item[name] for item in source["items"])
    unknown = wix.post(GALLERIES, json={"cloneFromGalleryId": str(uuid.uuid4())})
    assert unknown.status_code == 404


def test_an_invalid_inline_item_leaves_no_gallery(wix: httpx.Client) -> None:
    response = wix.post(GALLERIES, json={"gallery": {"items": [TEXT, {"title": "no media"}]}})
    assert response.status_code == 400
    assert "gallery.items[1]" in response.json()["message"]
    assert wix.get(GALLERIES).json()["totalGalleries"] == 0


@pytest.mark.parametrize("status", [400, 409])
def test_a_repeated_sort_order_is_refused(wix: httpx.Client, gallery: str, control: Control, status: int) -> None:
    control("settings", {"repeated_sort_order_status": status})
    other = wix.post(GALLERIES, json={"gallery": {"sortOrder": 7}}).json()["gallery"]["id"]
    assert wix.post(GALLERIES, json={"gallery": {"sortOrder": 7}}).status_code == status
    assert wix.patch(gallery, json={"gallery": {"sortOrder": 7}}).status_code == status
    assert wix.patch(f"{GALLERIES}/{other}", json={"gallery": {"sortOrder": 7}}).status_code == 200
    assert wix.post(f"{gallery}/items", json={"item": {"sortOrder": 7, **TEXT}}).status_code == 200
    repeated = wix.post(f"{gallery}/items", json={"item": {"sortOrder": 7.0, **TEXT}})
    assert repeated.status_code == status
    assert "sortOrder" in repeated.json()["message"]
    elsewhere = f"{GALLERIES}/{other}/items"
    assert wix.post(elsewhere, json={"item": {"sortOrder": 7, **TEXT}}).status_code == 200


def test_a_sort_order_left_out_is_the_epoch_in_milliseconds(wix: httpx.Client, gallery: str, now: list[float]) -> None:
    orders = [wix.post(f"{gallery}/items", json={"item": TEXT}).json()["item"]["sortOrder"] for _ in range(3)]
    assert orders == [now[0] * 1000, now[0] * 1000 + 1, now[0] * 1000 + 2]


def test_sort_orders_can_go_through_a_32_bit_float(wix: httpx.Client, gallery: str, control: Control) -> None:
    control("settings", {"sort_order_precision": "float32"})
    given = wix.post(f"{gallery}/items", json={"item": {"sortOrder": 1795500000123, **TEXT}}).json()["item"]
    assert given["sortOrder"] == 1795500015616.0
    beside = {"item": {"sortOrder": 1795500000124, **TEXT}}
    assert wix.post(f"{gallery}/items", json=beside).status_code == 400
    left_out = [wix.post(f"{gallery}/items", json={"item": TEXT}).json()["item"]["sortOrder"] for _ in range(2)]
    assert len({given["sortOrder"], *left_out}) == 3
    assert wix.post(f"{gallery}/items", json={"item": {"sortOrder": 1e300, **TEXT}}).status_code == 400


def test_the_order_of_items_is_a_switch(wix: httpx.Client, gallery: str, control: Control) -> None:
    for title, order in (("b", 2), ("c", 30.5), ("a", -1)):
        assert (
            wix.post(f"{gallery}/items", json={"item": {"title": title, "sortOrder": order, **TEXT}}).status_code == 200
        )
    assert titles(wix, gallery) == ["a", "b", "c"]
    assert titles(wix, gallery, itemOffset=1, itemLimit=1) == ["b"]
    assert [i["title"] for i in wix.get(gallery, params={"itemLimit": 2}).json()["gallery"]["items"]] == [
        "a",
        "b",
    ]
    control("settings", {"item_order": "descending"})
    assert titles(wix, gallery) == ["c", "b", "a"]


def test_a_patch_with_items_is_refused_or_passed_over(wix: httpx.Client, gallery: str, control: Control) -> None:
    assert wix.patch(gallery, json={"gallery": {"items": []}}).status_code == 400
    control("settings", {"patch_gallery_items": "ignore"})
    assert wix.patch(gallery, json={"gallery": {"items": [{}], "name": "n"}}).json()["gallery"]["items"] == []


def test_read_only_fields_are_passed_over(wix: httpx.Client, gallery: str) -> None:
    before = wix.get(gallery).json()["gallery"]
    sent = {"id": before["id"], "totalItems": 99, "createdDate": "1999-01-01T00:00:00Z", "name": None}
    after = wix.patch(gallery, json={"gallery": sent}).json()["gallery"]
    assert "name" not in after
    assert {**after, "name": before["name"]} == before


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'{"gallery": 3}', b'{"gallery": {"name": 4}}', b'{"gallery": {"items": 1}}']
)
def test_a_body_that_is_no_gallery_is_refused(wix: httpx.Client, body: bytes) -> None:
    response = wix.post(GALLERIES, content=body)
    assert response.status_code == 400
    assert response.json()["details"]["validationError"]["fieldViolations"]
