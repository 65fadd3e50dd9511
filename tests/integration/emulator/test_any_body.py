"""The emulator responds to any body with a response of the API, never with an internal error."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
MEDIA = "/site-media/v1"
SOME_ID = "00000000-0000-4000-8000-000000000000"

NAMES = [
    "gallery",
    "item",
    "items",
    "id",
    "name",
    "sortOrder",
    "title",
    "description",
    "link",
    "url",
    "text",
    "tags",
    "values",
    "image",
    "imageInfo",
    "width",
    "height",
    "quality",
    "focalPoint",
    "x",
    "y",
    "unsharpMasking",
    "amount",
    "exif",
    "video",
    "videoInfo",
    "type",
    "resolutions",
    "durationInMillis",
    "html",
    "css",
    "cloneFromGalleryId",
    "itemIds",
    "itemsIds",
    "galleryId",
    "mimeType",
    "fileName",
    "sizeInBytes",
    "parentFolderId",
    "filePath",
    "labels",
    "private",
    "externalInfo",
    "uploadProtocol",
    "mediaType",
    "displayName",
    "importFileRequests",
    "returnEntity",
    "fileIds",
    "fileId",
    "file",
    "search",
    "rootFolder",
    "mediaTypes",
    "sort",
    "fieldName",
    "order",
    "paging",
    "cursorPaging",
    "limit",
    "cursor",
    "query",
    "filter",
    "$in",
    "$hasSome",
    "permanent",
    "assetKeys",
    "folder",
    "folderIds",
    "folderId",
    "grant_type",
    "client_id",
    "rates",
    "script",
    "fault",
    "path",
    "nth",
    "methods",
    "method",
    "set",
    "unset",
    "edits",
    "delete",
    "bytes_b64",
    "status",
    "remove",
    "item_order",
    "copy",
    "photo",
    "after",
    "ignore_writes",
    "round_numbers",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            SOME_ID,
            "image/png",
            "a.png",
            "https://vimeo.com/1",
            "https://[",
            "IMAGE",
            "VIMEO",
            "media-root",
            "e30=",
        ]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)),
    max_leaves=25,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)
ITEMS = st.fixed_dictionaries({"item": st.fixed_dictionaries({}, optional={
    "image": JSON | st.fixed_dictionaries({"imageInfo": JSON}, optional={"quality": JSON, "unsharpMasking": JSON}),
    "video": st.fixed_dictionaries({"videoInfo": JSON | BODIES}, optional={"type": JSON}),
    "text": st.fixed_dictionaries({"html": JSON}), "tags": JSON, "link": JSON, "sortOrder": JSON, "title": JSON,
})})  # fmt: skip
CALLS = [
    ("POST", GALLERIES),
    ("PATCH", "{gallery}"),
    ("POST", "{gallery}/items"),
    ("PATCH", "{gallery}/items/{item}"),
    ("POST", "{gallery}/items/delete"),
    ("DELETE", "{gallery}/items"),
    *(("POST", f"{MEDIA}/files/{name}") for name in (
        "generate-upload-url", "generate-resumable-upload-url", "import", "get-files", "search", "query",
        "generate-download-url", "generate-file-download-url", "generate-video-stream-url")),
    *(("POST", f"{MEDIA}/bulk/{name}") for name in (
        "files/import", "files/import-v2", "files/delete", "trash-bin/files/restore", "folders/delete",
        "trash-bin/folders/restore")),
    *(("POST", f"{MEDIA}/{name}") for name in ("folders", "folders/search", "folders/query")),
    ("PATCH", f"{MEDIA}/files/update-file-descriptor"),
    ("POST", "/oauth2/token"),
    *(("POST", f"/_emulator/{name}") for name in ("faults", "settings", "sources", "edit", "webhooks")),
]  # fmt: skip


UNCHECKED = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
]


@settings(max_examples=150, deadline=None, suppress_health_check=UNCHECKED)
@given(call=st.sampled_from(CALLS), body=BODIES)
def test_any_body_gets_an_answer(wix: httpx.Client, gallery: str, call: tuple[str, str], body: dict[str, Any]) -> None:
    answered(wix, gallery, call, body)


@settings(max_examples=100, deadline=None, suppress_health_check=UNCHECKED)
@given(call=st.sampled_from(CALLS[2:4]), body=ITEMS)
def test_any_item_gets_an_answer(wix: httpx.Client, gallery: str, call: tuple[str, str], body: dict[str, Any]) -> None:
    answered(wix, gallery, call, body)


def answered(wix: httpx.Client, gallery: str, call: tuple[str, str], body: dict[str, Any]) -> None:
    import json  # noqa: PLC0415

    item = gallery.replace(GALLERIES, "") and SOME_ID
    content = json.dumps(body)
    response = wix.request(call[0], call[1].format(gallery=gallery, item=item), content=content)
    assert response.status_code in (200, 400, 401, 403, 404, 409), response.text
    if response.status_code != 200:
        assert response.json()["message"]
    wix.post("/_emulator/faults", json={})
    wix.post("/_emulator/settings", json={"requests_per_minute": 0})
    assert wix.get("/").status_code == 200
