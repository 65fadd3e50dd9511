from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.http import httpx
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, MalformedResponse, MediaFailed, ResponseLost
from tests.unit.wix.scripted_transport import (
    CALLS,
    GALLERY,
    ITEM,
    CallExample,
    ScriptedTransport,
    app_auth,
    json_response,
    run_client,
    upload_file,
)

NAMES = [
    "gallery", "galleries", "totalGalleries", "item", "items", "file", "files", "folders", "id", "name", "type",
    "displayName", "uploadUrl", "uploadToken", "nextCursor", "cursors", "next", "hasNext", "labels", "image",
    "imageInfo", "video", "videoInfo", "text", "html", "css", "tags", "values", "link", "url", "sortOrder", "width",
    "focalPoint", "exif", "operationStatus", "media", "sizeInBytes", "totalItems", "message", "details",
    "applicationError", "validationError", "fieldViolations", "field", "description", "access_token", "expires_in",
]  # fmt: skip
words = st.sampled_from(
    [
        "",
        "READY",
        "FAILED",
        "IMAGE",
        "VIDEO",
        "TEXT",
        "YOUTUBE",
        "wix:image://v1/a/b",
        "undefined",
        "https://[",
        "\ud83d",
        "photos",
    ]
)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words | st.text()
)
anything = st.recursive(
    scalars | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=5),
    max_leaves=25,
)
calls = st.sampled_from(list(CALLS.values()))
objects = st.dictionaries(st.sampled_from(NAMES), anything, max_size=6)


def ends_well_or_as_an_error_of_ours(wire: ScriptedTransport, call: CallExample, *, app: bool = False) -> None:
    with suppress(ApiError):
        run_client(wire, call.action, auth=app_auth() if app else None)


@settings(max_examples=80)
@given(
    calls,
    st.lists(st.tuples(st.sampled_from([200, 200, 200, 400, 404]), anything | objects), min_size=1, max_size=3),
)
def test_any_json_is_understood_or_told(call: CallExample, answers: list[tuple[int, object]]) -> None:
    script = [json_response(status, [] if body is None else body) for status, body in answers]
    ends_well_or_as_an_error_of_ours(ScriptedTransport([*script, json_response(404)]), call)


@settings(max_examples=60)
@given(calls, anything | objects, anything | objects)
def test_any_member_of_a_good_answer_may_be_of_any_type(call: CallExample, value: object, other: object) -> None:
    for body in call.responses:
        for name in body:
            wire = ScriptedTransport(
                [
                    json_response(body={**body, name: value}),
                    json_response(body={**body, name: other}),
                    json_response(404),
                ]
            )
            ends_well_or_as_an_error_of_ours(wire, call)


@settings(max_examples=60)
@given(calls, st.binary(max_size=200), st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 418, 428]))
def test_any_bytes_are_understood_or_told(call: CallExample, content: bytes, status: int) -> None:
    ends_well_or_as_an_error_of_ours(
        ScriptedTransport([httpx.Response(status, content=content), json_response(404)]), call
    )


@settings(max_examples=50)
@given(anything | objects)
def test_any_token_answer_is_understood_or_told(body: object) -> None:
    wire = ScriptedTransport(
        [json_response(body=[] if body is None else body), json_response(body={"gallery": GALLERY})]
    )
    ends_well_or_as_an_error_of_ours(wire, CALLS["get_gallery"], app=True)


@settings(max_examples=50)
@given(st.text(), st.text())
def test_any_header_is_understood_or_told(first: str, second: str) -> None:
    names = ("Retry-After", "Date", "x-wix-request-id")
    headers = [(name.encode(), text.encode()) for name in names for text in (first, second)]
    wire = ScriptedTransport([httpx.Response(429, headers=headers), json_response(404)])
    ends_well_or_as_an_error_of_ours(wire, CALLS["get_gallery"])


@given(st.recursive(scalars, lambda inner: st.dictionaries(st.text(), inner, max_size=3) | st.lists(inner, max_size=3)))
def test_what_is_unknown_of_an_item_survives_being_read_and_sent_again(extra: object) -> None:
    text = {"html": "<p>x</p>", "unknown": extra}
    item = {**ITEM, "text": text}
    wire = ScriptedTransport([json_response(body={"items": [item]}), json_response(body={"item": item})])

    async def read_and_write(client: WixClient) -> None:
        (live,) = (await client.list_items("g-1", 0)).items
        await client.update_item("g-1", live, {"html": "<p>y</p>"})

    run_client(wire, read_and_write)
    assert wire.sent[1].json == {"item": {"id": "i-1", "text": {**text, "html": "<p>y</p>"}}}
    assert json.dumps(extra) in json.dumps(wire.sent[1].json)


MISSING: dict[str, list[dict[str, Any]]] = {
    "list_galleries": [
        {},
        {"galleries": []},
        {"totalGalleries": "many"},
        {"totalGalleries": 1, "galleries": {}},
    ],
    "get_gallery": [{}, {"gallery": None}, {"gallery": {}}, {"gallery": {"id": 7}}],
    "list_items": [{"items": {}}, {"items": "x"}],
    "create_gallery": [{}, {"gallery": {"name": "x"}}],
    "create_item": [{}, {"item": {"type": "TEXT"}}],
    "update_gallery": [{}],
    "update_item": [{}, {"item": None}, {"item": {"id": "i-1"}}, {"item": {"id": "i-1", "type": "AUDIO"}}],
    "upload": [{}, {"uploadUrl": 7}, {"uploadUrl": ""}],
    "import_url": [{}, {"file": {}}, {"file": None}],
}


@pytest.mark.parametrize(
    ("name", "body"),
    [(name, body) for name, bodies in MISSING.items() for body in bodies],
    ids=str,
)
def test_what_an_answer_must_hold_is_missed(name: str, body: object) -> None:
    call = CALLS[name]
    with pytest.raises(ApiError) as raised:
        run_client(ScriptedTransport([json_response(body=body)]), call.action)
    assert type(raised.value) is (MalformedResponse if call.endpoint.idempotent else ResponseLost)
    assert "request id req-1" in raised.value.why


def test_what_an_answer_may_leave_out_is_not_missed() -> None:
    assert run_client(ScriptedTransport([json_response(body={"totalGalleries": 0})]), CALLS["list_galleries"].action)
    assert run_client(ScriptedTransport([json_response(body={})]), CALLS["list_items"].action)
    assert run_client(ScriptedTransport([json_response(body={})]), CALLS["get_files"].action) == ()
    assert run_client(ScriptedTransport([json_response(body={})]), CALLS["find_by_label"].action) is None
    assert run_client(ScriptedTransport([json_response(body={})]), CALLS["list_folders"].action) == ()


@pytest.mark.parametrize("name", ["find_by_label", "list_files", "list_folders"])
def test_pages_that_never_end_are_told(name: str) -> None:
    page = json_response(body={"files": [], "folders": [], "nextCursor": {"cursors": {"next": "again"}}})
    wire = ScriptedTransport([page])
    with pytest.raises(MalformedResponse, match="repeats the cursor"):
        run_client(wire, CALLS[name].action)
    assert len(wire.sent) == 2


def test_a_file_that_never_gets_ready_is_given_up() -> None:
    wire = ScriptedTransport([json_response(body={"files": []})])
    with pytest.raises(MediaFailed, match=r"not ready after 900 seconds: a\.jpg"):
        run_client(wire, CALLS["wait_ready"].action)
    assert wire.times[-1] >= 900


def test_an_upload_whose_file_is_not_told_is_looked_for() -> None:
    url = {"uploadUrl": "https://upload.test/here"}
    found = {"files": [{"id": "f-1", "labels": ["label"]}]}
    wire = ScriptedTransport([json_response(body=url), json_response(body={}), json_response(body=found)])
    assert run_client(wire, upload_file).id == "f-1"
