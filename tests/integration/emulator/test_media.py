from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from galleryctl.emulator import Emulator
from galleryctl.http import httpx
from tests.support import photo_files as made

MEDIA = "/site-media/v1"
SAMPLE = "http://emulator.local/_emulator/sample.png"
Control = Callable[[str, dict[str, Any]], Any]


def upload_url(wix: httpx.Client, **request: Any) -> str:
    response = wix.post(f"{MEDIA}/files/generate-upload-url", json=request)
    assert response.status_code == 200, response.text
    return str(response.json()["uploadUrl"])


def descriptor(wix: httpx.Client, ident: str) -> dict[str, Any]:
    response = wix.get(f"{MEDIA}/files/get-file-by-id", params={"fileId": ident})
    assert response.status_code == 200, response.text
    file: dict[str, Any] = response.json()["file"]
    return file


def imported(wix: httpx.Client, url: str = SAMPLE, **request: Any) -> dict[str, Any]:
    response = wix.post(f"{MEDIA}/files/import", json={"url": url} | request)
    assert response.status_code == 200, response.text
    file: dict[str, Any] = response.json()["file"]
    return file


def rules(response: httpx.Response) -> list[str]:
    assert response.status_code == 400, response.text
    violations = response.json()["details"]["validationError"]["fieldViolations"]
    return [v.get("ruleName") or v["field"] for v in violations]


def test_an_upload_becomes_a_ready_file_with_its_real_size(wix: httpx.Client, anonymous: httpx.Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (31, 17), "red").save(out, "JPEG")
    url = upload_url(wix, mimeType="image/jpeg", fileName="red.jpg", labels=["sha256:1"], filePath="/a/b")
    response = anonymous.put(url, content=out.getvalue(), headers={"Content-Type": "image/jpeg"})
    file = response.json()["file"]
    assert file["operationStatus"] == "READY"
    assert (file["displayName"], file["labels"], file["sizeInBytes"]) == (
        "red.jpg",
        ["sha256:1"],
        str(len(out.getvalue())),
    )
    picture = file["media"]["image"]["image"]
    assert (picture["id"], picture["width"], picture["height"]) == (file["id"], 31, 17)
    assert file["id"].endswith("~mv2.jpg")
    assert file["hash"]
    assert anonymous.get(file["url"]).content == out.getvalue()
    assert descriptor(wix, file["id"]) == file
    assert descriptor(wix, f"wix:image://v1/{file['id']}/red.jpg#originWidth=31&originHeight=17") == file
    folders = wix.get(f"{MEDIA}/folders").json()["folders"]
    inner = wix.get(f"{MEDIA}/folders", params={"parentFolderId": folders[0]["id"]}).json()["folders"]
    assert (folders[0]["displayName"], inner[0]["displayName"]) == ("a", "b")
    assert file["parentFolderId"] == inner[0]["id"]
    assert wix.get(f"{MEDIA}/files", params={"parentFolderId": inner[0]["id"]}).json()["files"] == [file]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ["mimeType"]),
        ({"mimeType": "image/png", "fileName": "a.jpg"}, ["MISMATCH_MIME_TYPE"]),
        ({"mimeType": "image/png", "fileName": "a.png", "sizeInBytes": "0"}, ["ZERO_FILE_SIZE"]),
        ({"mimeType": "image/png", "sizeInBytes": "many"}, ["sizeInBytes"]),
        ({"mimeType": "image/png", "labels": ["x"] * 51}, ["labels"]),
        ({"mimeType": "image/png", "filePath": "/x" * 60}, ["filePath"]),
    ],
)
def test_uploads_that_are_refused(wix: httpx.Client, body: dict[str, Any], wrong: list[str]) -> None:
    assert rules(wix.post(f"{MEDIA}/files/generate-upload-url", json=body)) == wrong


def test_the_bytes_need_a_name_a_fitting_type_and_a_known_token(
    wix: httpx.Client, anonymous: httpx.Client, png: bytes
) -> None:
    url = upload_url(wix, mimeType="image/png")
    as_png = {"Content-Type": "image/png"}
    assert rules(anonymous.put(url, content=png, headers=as_png)) == ["filename"]
    assert rules(anonymous.put(url, params={"filename": "a.png"}, content=b"", headers=as_png)) == ["ZERO_FILE_SIZE"]
    wrong = anonymous.put(url, params={"filename": "a.png"}, content=png, headers={"Content-Type": "video/mp4"})
    assert rules(wrong) == ["MISMATCH_MIME_TYPE"]
    done = anonymous.put(url, params={"filename": "a.png"}, content=png, headers=as_png)
    assert done.json()["file"]["displayName"] == "a.png"
    assert anonymous.put("/upload/guessed", content=png).status_code == 403


def test_bytes_that_are_no_image_make_a_failed_file(wix: httpx.Client, anonymous: httpx.Client) -> None:
    url = upload_url(wix, mimeType="image/png", fileName="a.png")
    file = anonymous.put(url, content=b"not a picture", headers={"Content-Type": "image/png"}).json()["file"]
    assert file["operationStatus"] == "FAILED"
    assert anonymous.get(file["url"]).status_code == 404


SIZES: dict[str, tuple[bytes, str, tuple[int, int]]] = {
    "200 megapixels": (made.jpeg(size=(16_320, 12_240)), "image/jpeg", (16_320, 12_240)),
    "more than any picture": (made.png(size=(500_000, 400_000)), "image/png", (500_000, 400_000)),
    "turned JPEG": (made.jpeg(exif=made.Exif(tags={made.ORIENTATION: 6}), size=(40, 30)), "image/jpeg", (30, 40)),
    "turned HEIC": (made.heif(made.box(b"irot", b"\1"), size=(40, 30)), "image/heic", (30, 40)),
    "AVIF": (made.heif(brand=b"avif", size=(40, 30)), "image/avif", (40, 30)),
    "GIF": (made.gif(size=(40, 30)), "image/gif", (40, 30)),
    "WebP": (made.webp(size=(40, 30)), "image/webp", (40, 30)),
    "TIFF": (made.Exif(tags={0x0100: 40, 0x0101: 30}).block, "image/tiff", (40, 30)),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_come_from_headers_and_nothing_is_decoded(
    name: str, wix: httpx.Client, anonymous: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", None)
    data, mime, size = SIZES[name]
    url = upload_url(wix, mimeType=mime, fileName="photo")
    file = anonymous.put(url, content=data, headers={"Content-Type": mime}).json()["file"]
    assert file["operationStatus"] == "READY"
    picture = file["media"]["image"]["image"]
    assert (picture["width"], picture["height"]) == size


def test_a_film_is_no_image(wix: httpx.Client, anonymous: httpx.Client) -> None:
    url = upload_url(wix, mimeType="image/heic", fileName="photo")
    file = anonymous.put(url, content=made.quicktime(), headers={"Content-Type": "image/heic"}).json()["file"]
    assert file["operationStatus"] == "FAILED"


def test_an_upload_can_be_pending_too(wix: httpx.Client, anonymous: httpx.Client, png: bytes, control: Control) -> None:
    control("settings", {"upload_pending_reads": 2, "hash_at_ready": False})
    url = upload_url(wix, mimeType="image/png", fileName="a.png")
    file = anonymous.put(url, content=png, headers={"Content-Type": "image/png"}).json()["file"]
    assert (file["operationStatus"], file["hash"]) == ("PENDING", "")
    assert "media" not in file
    assert descriptor(wix, file["id"])["operationStatus"] == "PENDING"
    ready = descriptor(wix, file["id"])
    assert (ready["operationStatus"], ready["hash"], ready["sizeInBytes"]) == ("READY", "", str(len(png)))


def test_a_large_file_comes_in_pieces(wix: httpx.Client, anonymous: httpx.Client, png: bytes) -> None:
    request = {"mimeType": "image/png", "fileName": "big.png", "uploadProtocol": "TUS"}
    created = wix.post(f"{MEDIA}/files/generate-resumable-upload-url", json=request).json()
    assert created["uploadProtocol"] == "TUS"
    assert created["uploadToken"]
    begun = anonymous.post(created["uploadUrl"], headers={"Upload-Length": str(len(png))})
    assert begun.status_code == 201
    place = begun.headers["Location"]
    piece = {"Content-Type": "application/offset+octet-stream"}
    assert anonymous.patch(place, content=png[:100], headers=piece | {"Upload-Offset": "0"}).status_code == 204
    where = anonymous.head(place).headers
    assert (where["Upload-Offset"], where["Upload-Length"], where["Tus-Resumable"]) == (
        "100",
        str(len(png)),
        "1.0.0",
    )
    assert anonymous.patch(place, content=png[:100], headers=piece | {"Upload-Offset": "0"}).status_code == 409
    assert anonymous.patch(place, content=png, headers=piece | {"Upload-Offset": "100"}).status_code == 413
    assert anonymous.patch(place, content=png, headers={"Upload-Offset": "100"}).status_code == 415
    last = anonymous.patch(place, content=png[100:], headers=piece | {"Upload-Offset": "100"})
    assert last.json()["file"]["media"]["image"]["image"]["width"] == 640
    assert anonymous.options(place).headers["Tus-Version"] == "1.0.0"


def test_each_byte_of_a_large_file_is_stored_once_until_it_is_complete(
    wix: httpx.Client, anonymous: httpx.Client, emulator: Emulator
) -> None:
    """The bytes that SQLite writes grow in proportion to the file."""
    data = made.jpeg(made.segment(0xE2, b"x" * 60_000)) + b"\0" * 400_000
    request = {"mimeType": "image/jpeg", "fileName": "big.jpg", "uploadProtocol": "TUS"}
    url = wix.post(f"{MEDIA}/files/generate-resumable-upload-url", json=request).json()["uploadUrl"]
    place = anonymous.post(url, headers={"Upload-Length": str(len(data))}).headers["Location"]
    written: list[int] = []
    answers: list[httpx.Response] = []
    emulator.pipeline.site.store.db.set_trace_callback(
        lambda sql: written.append(len(sql)) if "chunks" in sql else None
    )
    for start in range(0, len(data), 10_000):
        piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(start)}
        answers.append(anonymous.patch(place, content=data[start : start + 10_000], headers=piece))
    emulator.pipeline.site.store.db.set_trace_callback(None)
    file = answers[-1].json()["file"]
    assert file["sizeInBytes"] == str(len(data))
    assert anonymous.get(file["url"]).content == data
    assert sum(written) < 3 * len(data)  # in hexadecimal, each byte is two characters
    assert anonymous.head(place).headers["Upload-Offset"] == str(len(data))


def test_an_import_is_pending_then_ready_or_failed(wix: httpx.Client, control: Control, png: bytes) -> None:
    control("settings", {"import_pending_reads": 2})
    control("sources", {"url": "https://example.com/a.png", "bytes_b64": base64.b64encode(png).decode()})
    control("sources", {"url": "https://example.com/b.png", "status": 404})
    files = [
        imported(wix, url)
        for url in (
            "https://example.com/a.png",
            "https://example.com/b.png",
            "https://example.com/c.png",
            SAMPLE,
        )
    ]
    assert {file["operationStatus"] for file in files} == {"PENDING"}
    assert all(file["hash"] == "" and "media" not in file for file in files)
    ids = [file["id"] for file in files]
    for expected in (["PENDING"] * 4, ["READY", "FAILED", "FAILED", "READY"]):
        read = wix.post(f"{MEDIA}/files/get-files", json={"fileIds": ids}).json()["files"]
        assert [file["operationStatus"] for file in read] == expected
    ready = descriptor(wix, ids[0])
    assert (ready["url"], ready["sourceUrl"], ready["displayName"]) == (
        files[0]["url"],
        "https://example.com/a.png",
        "a.png",
    )


def test_an_import_can_be_ready_at_once(wix: httpx.Client, control: Control) -> None:
    control("settings", {"import_pending_reads": 0})
    assert imported(wix, displayName="x.png", labels=["l"])["operationStatus"] == "READY"


def test_imports_in_bulk(wix: httpx.Client) -> None:
    requests = [{"url": SAMPLE, "displayName": "a.png"}, {"url": SAMPLE, "parentFolderId": "nowhere"}]
    done = wix.post(f"{MEDIA}/bulk/files/import-v2", json={"importFileRequests": requests}).json()
    assert [result["itemMetadata"]["success"] for result in done["results"]] == [True, False]
    assert [result["itemMetadata"]["originalIndex"] for result in done["results"]] == [0, 1]
    assert done["results"][0]["item"]["displayName"] == "a.png"
    assert done["bulkActionMetadata"] == {"totalSuccesses": 1, "totalFailures": 1, "undetailedFailures": 0}
    old = wix.post(f"{MEDIA}/bulk/files/import", json={"importFileRequests": requests[:1]})
    assert len(old.json()["files"]) == 1
    too_many = {"importFileRequests": requests[:1] * 101}
    assert rules(wix.post(f"{MEDIA}/bulk/files/import-v2", json=too_many)) == ["importFileRequests"]
    bad = {"importFileRequests": [{"url": "ftp://x"}, {}]}
    wrong = ["importFileRequests[0].url", "importFileRequests[1].url"]
    assert rules(wix.post(f"{MEDIA}/bulk/files/import-v2", json=bad)) == wrong


def test_lists_are_paged_sorted_and_filtered(wix: httpx.Client, now: list[float], control: Control) -> None:
    control("settings", {"import_pending_reads": 0})
    for name in ("b.png", "c.png", "a.png"):
        now[0] += 1
        imported(wix, displayName=name, labels=[f"label {name[0]}"], private=name == "c.png")

    def names(path: str, body: dict[str, Any]) -> list[str]:
        return [file["displayName"] for file in wix.post(f"{MEDIA}/files/{path}", json=body).json()["files"]]

    first = wix.get(f"{MEDIA}/files", params={"paging.limit": 2}).json()
    assert [file["displayName"] for file in first["files"]] == ["a.png", "c.png"]
    cursor = first["nextCursor"]["cursors"]["next"]
    second = wix.get(f"{MEDIA}/files", params={"paging.limit": 2, "paging.cursor": cursor}).json()
    assert [file["displayName"] for file in second["files"]] == ["b.png"]
    assert second["nextCursor"]["cursors"] == {}
    packed = base64.b64encode(b'{"sort":{"fieldName":"displayName","order":"ASC"}}').decode()
    by_name = wix.get(f"{MEDIA}/files", params={".r": packed}).json()["files"]
    assert [file["displayName"] for file in by_name] == ["a.png", "b.png", "c.png"]
    assert wix.get(f"{MEDIA}/files", params={"private": "true"}).json()["files"][0]["displayName"] == "c.png"
    assert names("search", {"search": "B.PNG"}) == names("search", {"search": "label b"}) == ["b.png"]
    assert len(names("search", {"search": "image/png"})) == 3
    assert names("search", {"mediaTypes": ["VIDEO"]}) == []
    assert names("query", {"query": {"filter": {"displayName": {"$in": ["a.png", "x"]}}}}) == ["a.png"]
    assert names(
        "query", {"query": {"filter": {"labels": {"$hasSome": ["label c"]}}, "cursorPaging": {"limit": 1}}}
    ) == ["c.png"]
    assert rules(wix.get(f"{MEDIA}/files", params={"mediaTypes": "SCULPTURE"})) == ["UNSUPPORTED_MEDIA_TYPE"]
    assert rules(wix.get(f"{MEDIA}/files", params={"sort.fieldName": "mood"})) == ["UNSUPPORTED_SORT_VALUE"]
    assert rules(wix.get(f"{MEDIA}/files", params={"paging.limit": 101})) == ["paging.limit"]


def test_a_cursor_remembers_what_was_asked(wix: httpx.Client, control: Control) -> None:
    control("settings", {"import_pending_reads": 0})
    for name in ("a.png", "b.png", "c.png"):
        for label in ("x", "y"):
            imported(wix, displayName=label + name, labels=[label])
        wix.post(f"{MEDIA}/folders", json={"displayName": f"folder {name}"})
        wix.post(f"{MEDIA}/folders", json={"displayName": "other"})

    def read(path: str, first: dict[str, Any], paging: str) -> list[str]:
        """Return the names on both pages; the request for the second has only its cursor."""
        place: dict[str, Any] = first.get("query", first)
        place[paging] = {"limit": 2}
        one = wix.post(f"{MEDIA}/{path}", json=first).json()
        cursor = one["pagingMetadata" if paging == "cursorPaging" else "nextCursor"]["cursors"]["next"]
        rest = {paging: {"limit": 2, "cursor": cursor}}
        two = wix.post(f"{MEDIA}/{path}", json={"query": rest} if "query" in first else rest).json()
        found = [*one.values(), *two.values()]
        return [entry["displayName"] for part in found if isinstance(part, list) for entry in part]

    x = {"filter": {"labels": {"$hasSome": ["x"]}}, "sort": [{"fieldName": "displayName", "order": "ASC"}]}
    assert read("files/query", {"query": x}, "cursorPaging") == ["xa.png", "xb.png", "xc.png"]
    sort = {"fieldName": "displayName", "order": "DESC"}
    assert read("files/search", {"search": "y", "sort": sort}, "paging") == ["yc.png", "yb.png", "ya.png"]
    assert len(read("folders/search", {"search": "folder"}, "paging")) == 3
    assert read("folders/query", {"query": {"filter": {"displayName": "other"}}}, "cursorPaging") == ["other"] * 3
    for cursor in ("x", "bnVsbA==", "e30="):
        response = wix.post(f"{MEDIA}/files/search", json={"paging": {"cursor": cursor}})
        assert rules(response) == ["paging.cursor"]


def test_a_descriptor_can_be_changed(wix: httpx.Client) -> None:
    file = imported(wix)
    folder = wix.post(f"{MEDIA}/folders", json={"displayName": "F"}).json()["folder"]
    change = {
        "id": file["id"],
        "displayName": "new.png",
        "labels": ["x"],
        "parentFolderId": folder["id"],
        "hash": "mine",
    }
    after = wix.patch(f"{MEDIA}/files/update-file-descriptor", json={"file": change}).json()["file"]
    assert {name: after[name] for name in change} == change | {"hash": ""}
    nothing = wix.patch(f"{MEDIA}/files/update-file-descriptor", json={"file": {"id": file["id"]}})
    assert rules(nothing) == ["FIELD_MASK_IS_EMPTY_OR_MISSING"]


def test_the_trash_bin(wix: httpx.Client) -> None:
    ident = imported(wix)["id"]
    assert wix.post(f"{MEDIA}/bulk/files/delete", json={"fileIds": [ident]}).json() == {}
    assert wix.get(f"{MEDIA}/files/get-file-by-id", params={"fileId": ident}).status_code == 404
    assert wix.post(f"{MEDIA}/files/get-files", json={"fileIds": [ident]}).json() == {"files": []}
    trash = wix.get(f"{MEDIA}/trash-bin/files").json()["files"]
    assert [(file["id"], file["state"]) for file in trash] == [(ident, "DELETED")]
    assert wix.post(f"{MEDIA}/bulk/trash-bin/files/restore", json={"fileIds": [ident]}).status_code == 200
    assert descriptor(wix, ident)["state"] == "OK"
    assert wix.post(f"{MEDIA}/bulk/files/delete", json={"fileIds": [ident], "permanent": True}).status_code == 200
    assert wix.get(f"{MEDIA}/trash-bin/files").json()["files"] == []
    assert wix.post(f"{MEDIA}/bulk/files/delete", json={"fileIds": [ident]}).status_code == 404


@pytest.mark.parametrize("ids", [[], ["x"] * 101, None, [1]])
def test_descriptors_are_read_1_to_100_at_once(wix: httpx.Client, ids: Any) -> None:
    assert wix.post(f"{MEDIA}/files/get-files", json={"fileIds": ids}).status_code == 400


def test_folders(wix: httpx.Client) -> None:
    created = wix.post(f"{MEDIA}/folders", json={"displayName": "A"}).json()["folder"]
    path = f"{MEDIA}/folders/{created['id']}"
    file = imported(wix, parentFolderId=created["id"])
    assert (
        wix.patch(path, json={"folder": {"id": created["id"], "displayName": "B"}}).json()["folder"]["displayName"]
        == "B"
    )
    assert wix.get(path).json()["folder"]["displayName"] == "B"
    assert wix.post(f"{MEDIA}/folders", json={}).status_code == 400
    assert wix.post(f"{MEDIA}/folders", json={"displayName": "x", "parentFolderId": "none"}).status_code == 404
    assert wix.post(f"{MEDIA}/folders/search", json={"search": "b"}).json()["folders"][0]["id"] == created["id"]
    query = {"query": {"filter": {"displayName": "B"}}}
    assert wix.post(f"{MEDIA}/folders/query", json=query).json()["folders"][0]["id"] == created["id"]
    assert wix.post(f"{path}/generate-download-url", json={}).json()["downloadUrl"]
    assert wix.post(f"{MEDIA}/bulk/folders/delete", json={"folderIds": [created["id"]]}).status_code == 200
    assert wix.get(path).status_code == 404
    assert wix.get(f"{MEDIA}/files/get-file-by-id", params={"fileId": file["id"]}).status_code == 404
    assert wix.get(f"{MEDIA}/trash-bin/folders").json()["folders"][0]["id"] == created["id"]
    restore = {"folderIds": [created["id"]]}
    assert wix.post(f"{MEDIA}/bulk/trash-bin/folders/restore", json=restore).status_code == 200
    assert descriptor(wix, file["id"])["parentFolderId"] == created["id"]


def test_download_urls(wix: httpx.Client, anonymous: httpx.Client, png: bytes, control: Control) -> None:
    control("settings", {"import_pending_reads": 0})
    ident = imported(wix)["id"]
    created = wix.post(f"{MEDIA}/files/generate-file-download-url", json={"fileId": ident}).json()["downloadUrls"]
    assert anonymous.get(created[0]["url"]).content == png
    wrong = wix.post(f"{MEDIA}/files/generate-file-download-url", json={"fileId": ident, "assetKeys": ["4k"]})
    assert rules(wrong) == ["INVALID_ASSET_KEY"]
    assert wix.post(f"{MEDIA}/files/generate-download-url", json={"fileIds": [ident]}).json()["downloadUrl"]
    assert rules(wix.post(f"{MEDIA}/files/generate-video-stream-url", json={"fileId": ident})) == ["fileId"]


def test_a_video_of_the_site_can_be_an_item(wix: httpx.Client, anonymous: httpx.Client, gallery: str) -> None:
    url = upload_url(wix, mimeType="video/mp4", fileName="film.mp4")
    file = anonymous.put(url, content=b"\0" * 64, headers={"Content-Type": "video/mp4"}).json()["file"]
    assert (file["mediaType"], file["operationStatus"]) == ("VIDEO", "READY")
    item = wix.post(f"{gallery}/items", json={"item": {"video": {"videoInfo": {"id": file["id"]}}}}).json()["item"]
    assert item["video"]["type"] == "WIX_MEDIA"
    wrong = {"imageInfo": {"id": file["id"], "width": 1, "height": 1}}
    assert wix.post(f"{gallery}/items", json={"item": {"image": wrong}}).status_code == 400
    stream = wix.post(f"{MEDIA}/files/generate-video-stream-url", json={"fileId": file["id"]})
    assert stream.json()["downloadUrl"]["url"] == file["url"]
