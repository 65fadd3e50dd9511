"""All limits that the vendor publishes; one response has all violations of a request."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
MEDIA = "/site-media/v1"
TEXT = {"text": {"html": "<p>Thank you</p>"}}
SAMPLE = "http://emulator.local/_emulator/sample.png"


def fields(response: httpx.Response) -> set[str]:
    assert response.status_code == 400, response.text
    return {v["field"] for v in response.json()["details"]["validationError"]["fieldViolations"]}


def test_all_limits_of_a_list_are_reported_at_once(wix: httpx.Client, gallery: str) -> None:
    query: dict[str, int | str] = {"limit": 11, "offset": -1, "itemLimit": "x"}
    assert fields(wix.get(GALLERIES, params=query)) == {"limit", "offset", "itemLimit"}
    both = {"itemLimit": 0, "itemOffset": 10**30}
    assert fields(wix.get(f"{gallery}/items", params=both)) == {"itemLimit", "itemOffset"}
    assert fields(wix.get(f"{GALLERIES}/no-guid/items", params=both)) == {
        "galleryId",
        "itemLimit",
        "itemOffset",
    }
    assert fields(wix.get(f"{GALLERIES}/no-guid/items/nor-this")) == {"galleryId", "itemId"}


def test_all_wrong_fields_of_a_new_gallery_are_reported_at_once(wix: httpx.Client) -> None:
    items = [TEXT | {"title": 1}, {}, TEXT, {"image": {"imageInfo": {"id": "x"}, "quality": 20}}]
    body = {"gallery": {"name": 1, "sortOrder": "x", "items": items}, "cloneFromGalleryId": "x"}
    assert fields(wix.post(GALLERIES, json=body)) == {
        "cloneFromGalleryId", "gallery.name", "gallery.sortOrder", "gallery.items[0].title", "gallery.items[1]",
        *(f"gallery.items[3].image.{name}"
          for name in ("quality", "imageInfo.id", "imageInfo.width", "imageInfo.height")),
    }  # fmt: skip
    assert wix.get(GALLERIES).json()["totalGalleries"] == 0


def test_all_wrong_fields_of_a_change_are_reported_at_once(wix: httpx.Client, gallery: str) -> None:
    other = str(uuid.uuid4())
    patch = {"gallery": {"id": other, "name": 1, "sortOrder": "x", "items": []}}
    assert fields(wix.patch(gallery, json=patch)) == {
        "gallery.id", "gallery.name", "gallery.sortOrder", "gallery.items",
    }  # fmt: skip
    item = wix.post(f"{gallery}/items", json={"item": TEXT}).json()["item"]["id"]
    wrong = {"galleryId": other, "item": {"id": other}}
    assert fields(wix.patch(f"{gallery}/items/{item}", json=wrong)) == {"galleryId", "item.id"}
    kind = {"item": {"title": 1, "video": {"videoInfo": {"url": "https://vimeo.com/1"}}}}
    assert fields(wix.patch(f"{gallery}/items/{item}", json=kind)) == {"item.title", "item.video"}
    new = {"galleryId": other, "item": {"title": 1, "text": {}}}
    assert fields(wix.post(f"{gallery}/items", json=new)) == {"galleryId", "item.title", "item.text.html"}


def test_all_wrong_ids_of_a_bulk_delete_are_reported_at_once(wix: httpx.Client, gallery: str) -> None:
    ids = {"galleryId": str(uuid.uuid4()), "itemIds": ["x", str(uuid.uuid4()), "y", 3]}
    assert fields(wix.post(f"{gallery}/items/delete", json=ids)) == {
        "galleryId", "itemIds[0]", "itemIds[2]", "itemIds[3]",
    }  # fmt: skip
    assert fields(wix.delete(f"{gallery}/items", params={"itemsIds": "x,y"})) == {
        "itemsIds[0]",
        "itemsIds[1]",
    }


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_numbers_beyond_a_double_are_refused(wix: httpx.Client, gallery: str, number: int) -> None:
    for name, body in (("sortOrder", TEXT), ("text", {})):
        item = {"item": {**body, "sortOrder": number}}
        assert "item.sortOrder" in fields(wix.post(f"{gallery}/items", json=item)), name


@pytest.mark.parametrize(
    "body",
    [
        b'{"item": {"text": {"html": "x"}, "later": NaN}}',
        b'{"item": {"text": {"html": "x"}, "sortOrder": Infinity}}',
        b'{"item": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"item": {"text": {"html": "\\ud800"}}}',
        b'{"item": "\xff"}',
    ],
    ids=["NaN", "Infinity", "deep", "half a character", "invalid UTF-8"],
)
def test_invalid_json_is_rejected(wix: httpx.Client, gallery: str, body: bytes) -> None:
    assert fields(wix.post(f"{gallery}/items", content=body)) == {"body"}


@pytest.mark.parametrize(
    ("info", "wrong"),
    [
        ({"resolutions": [{"url": "u", "height": 1, "width": 1, "format": "mp4"}] * 101}, ["resolutions"]),
        ({"resolutions": [{"url": 1, "height": "x", "width": 1.5, "format": 2}]}, [
            f"resolutions[0].{name}" for name in ("url", "height", "width", "format")]),
        ({"posters": "x"}, ["posters"]),
        ({"posters": [{"id": 1}, 2]}, ["posters[0].id", "posters[1]"]),
    ],
)  # fmt: skip
def test_bounds_of_a_video(wix: httpx.Client, gallery: str, info: dict[str, Any], wrong: list[str]) -> None:
    video = {"videoInfo": info | {"url": "https://vimeo.com/1"}}
    expected = {f"item.video.videoInfo.{name}" for name in wrong}
    assert fields(wix.post(f"{gallery}/items", json={"item": {"video": video}})) == expected


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("files/generate-upload-url", {"mimeType": "x" * 101, "fileName": "x" * 1001, "parentFolderId": "x" * 101,
                                       "filePath": "x" * 101, "labels": ["x" * 201], "private": "no"},
         {"mimeType", "fileName", "parentFolderId", "filePath", "labels[0]", "private"}),
        ("files/generate-upload-url", {"mimeType": "image/png", "externalInfo": {
            "origin": "x" * 1001, "externalIds": ["x" * 4001]}}, {"externalInfo.origin", "externalInfo.externalIds[0]"}),
        ("files/generate-resumable-upload-url", {"mimeType": "image/png", "labels": ["x"] * 501}, {"labels"}),
        ("files/import", {"url": "ftp://x", "displayName": "x" * 1001, "mimeType": "x" * 101, "labels": ["x"] * 501,
                          "mediaType": "SONG", "urlHeaders": [], "externalInfo": {"externalIds": ["x"] * 31}},
         {"url", "displayName", "mimeType", "labels", "mediaType", "urlHeaders", "externalInfo.externalIds"}),
        ("bulk/files/import-v2", {"importFileRequests": [{"url": SAMPLE, "labels": [1]}, {"url": 1}]},
         {"importFileRequests[0].labels[0]", "importFileRequests[1].url"}),
        ("files/get-files", {"fileIds": ["x" * 1001, 2]}, {"fileIds[0]", "fileIds[1]"}),
        ("files/search", {"search": "x" * 201, "mediaTypes": ["IMAGE"] * 31, "rootFolder": "ATTIC",
                          "paging": {"limit": 101, "cursor": "x" * 16001}, "sort": {"fieldName": "x" * 513}},
         {"search", "mediaTypes", "rootFolder", "paging.limit", "paging.cursor", "sort.fieldName"}),
        ("files/query", {"query": {"sort": [{}, {}], "cursorPaging": {"limit": 101}, "filter": []}},
         {"query.sort", "query.cursorPaging.limit", "query.filter"}),
        ("bulk/files/delete", {"fileIds": ["x"] * 1001, "permanent": "yes"}, {"fileIds", "permanent"}),
        ("bulk/trash-bin/files/restore", {"fileIds": ["x" * 1001]}, {"fileIds[0]"}),
        ("files/generate-download-url", {"fileIds": ["x"] * 1001}, {"fileIds"}),
        ("files/generate-file-download-url", {"fileId": "x" * 1001, "downloadFileName": "x" * 101,
                                              "expirationInMinutes": 0, "assetKeys": ["src"] * 101},
         {"fileId", "downloadFileName", "expirationInMinutes", "assetKeys"}),
        ("files/generate-video-stream-url", {"fileId": "", "expirationInMinutes": 59}, {"fileId", "expirationInMinutes"}),
        ("folders", {"displayName": "x" * 1001, "parentFolderId": "x" * 101}, {"displayName", "parentFolderId"}),
        ("folders/search", {"search": "x" * 201, "paging": {"limit": 101}}, {"search", "paging.limit"}),
        ("bulk/folders/delete", {"folderIds": ["x"] * 101, "permanent": 1}, {"folderIds", "permanent"}),
        ("bulk/trash-bin/folders/restore", {"folderIds": ["x" * 101]}, {"folderIds[0]"}),
    ],
)  # fmt: skip
def test_bounds_of_the_media_manager(wix: httpx.Client, path: str, body: dict[str, Any], wrong: set[str]) -> None:
    assert fields(wix.post(f"{MEDIA}/{path}", json=body)) == wrong


def test_names_as_long_as_allowed(wix: httpx.Client) -> None:
    created = wix.post(f"{MEDIA}/folders", json={"displayName": "x" * 1000}).json()["folder"]
    patch = {"folder": {"id": created["id"], "displayName": "x" * 1001, "parentFolderId": "x" * 101}}
    response = wix.patch(f"{MEDIA}/folders/{created['id']}", json=patch)
    assert fields(response) == {"folder.displayName", "folder.parentFolderId"}
    request = {"file": {"id": "x" * 1001, "displayName": "x" * 256, "labels": ["x"] * 101}}
    response = wix.patch(f"{MEDIA}/files/update-file-descriptor", json=request)
    assert fields(response) == {"file.id", "file.displayName", "file.labels"}
    query = {"parentFolderId": "x" * 101, "paging.limit": "no", "mediaTypes": "SONG"}
    assert fields(wix.get(f"{MEDIA}/files", params=query)) == {"parentFolderId", "paging.limit", "mediaTypes"}


def test_queries_that_contradict_themselves_are_refused(wix: httpx.Client) -> None:
    assert fields(wix.get(f"{MEDIA}/files", params={"paging": "1", "paging.limit": "2"})) == {"paging"}
    wix.post(f"{MEDIA}/files/import", json={"url": SAMPLE})
    for test in ({"$in": 5}, {"$hasSome": "x"}, {"$near": 1}):
        body = {"query": {"filter": {"labels": test}}}
        assert fields(wix.post(f"{MEDIA}/files/query", json=body)) == {"query.filter"}


def test_a_page_of_odd_characters(wix: httpx.Client, anonymous: httpx.Client) -> None:
    content = b'{"set": {"name": "half \\ud83d of it"}}'
    assert anonymous.post("/_emulator/edit", content=content).status_code == 400
    assert wix.get("/").status_code == 200
