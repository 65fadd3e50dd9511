from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable

import pytest

from galleryctl.http import httpx
from galleryctl.model.fields import Json
from galleryctl.model.media import Kind, MediaFile
from galleryctl.wix.client import WixClient
from galleryctl.wix.codec import decode_file
from galleryctl.wix.errors import ApiError, InvalidRequest, MalformedResponse, MediaFailed, NotFound, ResponseLost
from galleryctl.wix.tus import CHUNK_BYTES
from tests.unit.wix.scripted_transport import (
    FILE,
    PENDING_FILE,
    URL,
    ScriptedResponse,
    ScriptedTransport,
    json_response,
    run_client,
    upload_file,
)

LARGE = CHUNK_BYTES * 2 + 5
FOUND = json_response(body={"files": [FILE]})
NONE_FOUND = json_response(body={"files": []})
MADE = json_response(body={"file": FILE})
URLS = json_response(body={"uploadUrl": "https://upload.test/tus/", "uploadToken": "to/ken"})
PLACE = json_response(201, location="/place")
CUT = httpx.ReadError("cut")


def at(offset: int) -> httpx.Response:
    return json_response(200, Upload_Offset=str(offset))


def kept(offset: int) -> httpx.Response:
    return json_response(204, Upload_Offset=str(offset))


def large(
    *script: ScriptedResponse, labels: tuple[str, ...] = ("label",)
) -> tuple[ScriptedTransport, Callable[[], MediaFile]]:
    wire = ScriptedTransport([URLS, PLACE, *script])
    return wire, lambda: run_client(wire, lambda c: upload_file(c, LARGE, labels))


def offsets(wire: ScriptedTransport) -> list[int]:
    return [int(sent.request.headers["Upload-Offset"]) for sent in wire.sent if sent.request.method == "PATCH"]


def test_a_descriptor_is_read_in_the_parts_that_matter() -> None:
    raw: dict[str, Json] = {
        "id": "f-1", "displayName": "a.jpg", "sizeInBytes": "123", "operationStatus": "READY", "labels": ["x", 7],
        "mediaType": "IMAGE", "url": "https://u.test", "sourceUrl": None, "hash": "",
        "media": {"image": {"image": {"width": 4, "height": 3}}},
    }  # fmt: skip
    assert decode_file(raw) == MediaFile(
        id="f-1",
        display_name="a.jpg",
        ready=True,
        failed=False,
        width=4,
        height=3,
        size=123,
        labels=("x",),
        url="https://u.test",
        media_type="IMAGE",
    )
    assert decode_file({"id": "f"}) == MediaFile(id="f", display_name="", ready=False, failed=False)
    huge = decode_file({"id": "f", "sizeInBytes": "9" * 5000})
    assert huge is not None
    assert huge.size == 0


def test_a_small_file_goes_in_two_requests() -> None:
    wire = ScriptedTransport([json_response(body=URL), MADE])
    assert run_client(wire, upload_file).id == "f-1"
    assert wire.sent[0].json == {
        "mimeType": "image/jpeg",
        "fileName": "a.jpg",
        "sizeInBytes": "3",
        "labels": ["label"],
    }


def test_a_folder_is_a_path_from_the_root() -> None:
    wire = ScriptedTransport([json_response(body={"file": FILE})])
    run_client(
        wire,
        lambda c: c.import_url("https://e.test/a.jpg", Kind.VIDEO, name="A", folder="/a/b/", labels=["l"]),
    )
    assert wire.sent[0].json == {
        "url": "https://e.test/a.jpg",
        "mediaType": "VIDEO",
        "displayName": "A",
        "filePath": "/a/b",
        "labels": ["l"],
    }


@pytest.mark.parametrize("size", [2, 4])
def test_a_file_that_changed_its_length_is_not_uploaded(size: int) -> None:
    wire = ScriptedTransport([json_response(body=URL), MADE])

    async def send(client: WixClient) -> MediaFile:
        return await client.upload(name="a.jpg", mime="image/jpeg", size=3, open_bytes=lambda: b"x" * size)

    with pytest.raises(InvalidRequest, match=f"a.jpg changed during the upload: {size} bytes instead of 3"):
        run_client(wire, send)
    assert len(wire.sent) == 1


@pytest.mark.parametrize("lost", [CUT, json_response(500), json_response(200, {"file": None}), json_response(200, {})])
def test_a_lost_upload_is_looked_for_before_it_is_sent_again(lost: ScriptedResponse) -> None:
    wire = ScriptedTransport([json_response(body=URL), lost, FOUND])
    assert run_client(wire, upload_file).id == "f-1"
    assert wire.sent[-1].json["search"] == "label"
    assert wire.times[-1] - wire.times[-2] == 2
    wire = ScriptedTransport([json_response(body=URL), lost, NONE_FOUND, json_response(body=URL), MADE])
    assert run_client(wire, upload_file).id == "f-1"


def test_an_upload_that_keeps_getting_lost_is_told_after_three_tries() -> None:
    wire = ScriptedTransport([json_response(body=URL), CUT, NONE_FOUND] * 3)
    with pytest.raises(ResponseLost):
        run_client(wire, upload_file)
    assert [line.split()[0] for line in wire.lines].count("PUT") == 3


def test_a_lost_import_is_looked_for_too() -> None:
    wire = ScriptedTransport([CUT, FOUND])
    assert run_client(wire, lambda c: c.import_url("https://e.test/a", Kind.IMAGE, labels=["label"])).id == "f-1"


def test_a_label_is_matched_whole_and_a_ready_file_goes_first() -> None:
    files = [
        {"id": "f-1", "labels": ["label-2"], "operationStatus": "READY"},
        {"id": "f-2", "labels": ["label"], "operationStatus": "FAILED"},
        {"id": "f-3", "labels": ["label"], "operationStatus": "PENDING"},
        {"id": "f-4", "labels": ["label"], "operationStatus": "READY"},
    ]
    found = run_client(ScriptedTransport([json_response(body={"files": files})]), lambda c: c.find_by_label("label"))
    assert found is not None
    assert found.id == "f-4"
    assert (
        run_client(ScriptedTransport([json_response(body={"files": files[:2]})]), lambda c: c.find_by_label("label"))
        is None
    )


def test_pages_follow_the_cursor() -> None:
    def page(number: int, following: str | None) -> httpx.Response:
        return json_response(body={"files": [{"id": f"f-{number}"}], "nextCursor": {"cursors": {"next": following}}})

    wire = ScriptedTransport([page(1, "a"), page(2, "b"), page(3, None)])
    assert [file.id for file in run_client(wire, lambda c: c.list_files())] == ["f-1", "f-2", "f-3"]
    asked = [dict(sent.request.url.params) for sent in wire.sent]
    assert asked == [
        {"paging.limit": "100"},
        {"paging.limit": "100", "paging.cursor": "a"},
        {"paging.limit": "100", "paging.cursor": "b"},
    ]


def test_files_are_read_a_hundred_a_call_and_each_once() -> None:
    wire = ScriptedTransport([json_response(body={"files": [FILE]})])
    ids = [f"f-{number}" for number in range(250)]
    run_client(wire, lambda c: c.get_files([*ids, *ids]))
    assert [len(sent.json["fileIds"]) for sent in wire.sent] == [100, 100, 50]
    assert run_client(wire, lambda c: c.get_files([])) == ()
    assert len(wire.sent) == 3


def test_files_are_deleted_a_thousand_a_call() -> None:
    wire = ScriptedTransport([json_response(body={})])
    run_client(wire, lambda c: c.delete_files([str(number) for number in range(2001)], permanent=True))
    assert [(len(sent.json["fileIds"]), sent.json["permanent"]) for sent in wire.sent] == [
        (1000, True), (1000, True), (1, True),
    ]  # fmt: skip


def test_a_file_that_is_gone_does_not_save_the_others() -> None:
    wire = ScriptedTransport([json_response(404), FOUND, json_response(body={})])
    run_client(wire, lambda c: c.delete_files(["f-1", "gone"]))
    assert wire.sent[-1].json["fileIds"] == ["f-1"]
    wire = ScriptedTransport([json_response(404), NONE_FOUND])
    run_client(wire, lambda c: c.delete_files(["gone"]))
    assert len(wire.sent) == 2


def test_items_are_deleted_a_thousand_a_call_though_some_are_gone() -> None:
    wire = ScriptedTransport([json_response(404), json_response(body={"itemIds": ["1000"]})])
    deleted = run_client(wire, lambda c: c.delete_items("g-1", [str(number) for number in range(1001)]))
    assert deleted == {"1000"}
    assert [len(sent.json["itemIds"]) for sent in wire.sent] == [1000, 1]
    wire = ScriptedTransport([json_response(404)])
    run_client(wire, lambda c: c.delete_items("g-1", []))
    assert wire.sent == []


def test_waiting_asks_ever_more_rarely_and_only_for_what_is_not_ready() -> None:
    def files(first: str, second: str) -> httpx.Response:
        states = (("f-1", first), ("f-2", second))
        return json_response(body={"files": [{"id": i, "operationStatus": s} for i, s in states if s]})

    wire = ScriptedTransport([files("PENDING", "READY"), files("PENDING", ""), files("READY", "")])
    second = MediaFile(id="f-2", display_name="b.jpg", ready=False, failed=False)
    ready = run_client(wire, lambda c: c.wait_ready([PENDING_FILE, second]))
    assert [(file.id, file.ready) for file in ready] == [("f-1", True), ("f-2", True)]
    assert [sent.json["fileIds"] for sent in wire.sent] == [["f-1", "f-2"], ["f-1"], ["f-1"]]
    assert wire.times == [0.5, pytest.approx(1.3), pytest.approx(2.58)]


def test_what_failed_is_named_with_where_it_came_from() -> None:
    failed = {
        "id": "f-1",
        "displayName": "a.jpg",
        "operationStatus": "FAILED",
        "sourceUrl": "https://e.test/a",
    }
    with pytest.raises(MediaFailed, match=r"could not process a\.jpg") as raised:
        run_client(ScriptedTransport([json_response(body={"files": [failed]})]), lambda c: c.wait_ready([PENDING_FILE]))
    assert raised.value.do == "check a.jpg from https://e.test/a"


def test_a_file_that_is_ready_is_not_asked_for() -> None:
    wire = ScriptedTransport([json_response()])
    ready = MediaFile(id="f-1", display_name="", ready=True, failed=False)
    assert run_client(wire, lambda c: c.wait_ready([ready])) == (ready,)
    assert wire.sent == []


# --- over 10 MB


def test_a_large_file_goes_in_pieces_and_the_last_answer_is_the_file() -> None:
    wire, send = large(kept(CHUNK_BYTES), kept(CHUNK_BYTES * 2), MADE)
    assert send().id == "f-1"
    assert wire.sent[0].json["uploadProtocol"] == "TUS"
    create = wire.sent[1].request
    metadata = dict(pair.split(" ") for pair in create.headers["Upload-Metadata"].split(","))
    assert {name: base64.b64decode(value).decode() for name, value in metadata.items()} == {
        "filename": "a.jpg",
        "contentType": "image/jpeg",
        "token": "to/ken",
    }
    assert create.headers["Upload-Length"] == str(LARGE)
    assert offsets(wire) == [0, CHUNK_BYTES, CHUNK_BYTES * 2]
    assert wire.lines[2:] == ["PATCH /place"] * 3
    assert all(sent.request.headers["Tus-Resumable"] == "1.0.0" for sent in wire.sent[1:])
    assert not any("authorization" in sent.request.headers for sent in wire.sent[1:])


def test_a_large_file_whose_last_answer_is_empty_is_finished_by_a_put() -> None:
    wire, send = large(kept(CHUNK_BYTES), kept(CHUNK_BYTES * 2), kept(LARGE), MADE)
    assert send().id == "f-1"
    put = wire.sent[-1].request
    assert (put.method, str(put.url)) == ("PUT", "https://upload.test/tus/to%2Fken?filename=a.jpg")


@pytest.mark.parametrize("lost", [CUT, json_response(503), json_response(409)])
@pytest.mark.parametrize("arrived", [0, 5, CHUNK_BYTES])
def test_a_cut_upload_goes_on_from_what_arrived(lost: ScriptedResponse, arrived: int) -> None:
    pieces = range(arrived, LARGE, CHUNK_BYTES)
    wire, send = large(lost, at(arrived), *(kept(offset) for offset in pieces[1:]), MADE)
    assert send().id == "f-1"
    assert offsets(wire) == [0, *pieces]
    sent = [sent.request for sent in wire.sent[4:]]
    assert [len(patch.content) for patch in sent] == [min(CHUNK_BYTES, LARGE - offset) for offset in pieces]


def test_an_upload_that_stands_still_ends() -> None:
    wire, send = large(*(CUT, at(0)) * 5, labels=())
    with pytest.raises(ResponseLost, match="makes no progress"):
        send()
    assert offsets(wire) == [0] * 5


@pytest.mark.parametrize(
    "refusal", [json_response(404), json_response(400), json_response(403, {"message": "used"}), json_response(409)]
)
def test_a_large_file_whose_last_answer_was_lost_is_looked_for(refusal: ScriptedResponse) -> None:
    wire, send = large(kept(CHUNK_BYTES), kept(CHUNK_BYTES * 2), CUT, at(LARGE), refusal, FOUND)
    assert send().id == "f-1"
    assert wire.lines[-1] == "POST /site-media/v1/files/search"


def test_a_finish_that_is_refused_although_nothing_was_lost_is_an_error() -> None:
    wire, send = large(kept(CHUNK_BYTES), kept(CHUNK_BYTES * 2), kept(LARGE), json_response(404))
    with pytest.raises(NotFound):
        send()
    assert wire.lines[-1].startswith("PUT ")


@pytest.mark.parametrize("offset", ["", "many", "-1", str(LARGE + 1), "9" * 5000])
def test_an_answer_that_does_not_say_how_much_arrived_is_told(offset: str) -> None:
    _, send = large(CUT, json_response(200, Upload_Offset=offset))
    with pytest.raises(MalformedResponse, match="no valid Upload-Offset"):
        send()


def test_a_large_file_that_shrank_is_told() -> None:
    async def short() -> AsyncIterator[bytes]:
        yield b"x" * CHUNK_BYTES
        yield b"x"

    wire = ScriptedTransport([URLS, PLACE, kept(CHUNK_BYTES), kept(CHUNK_BYTES + 1)])
    with pytest.raises(InvalidRequest, match="bytes instead of"):
        run_client(wire, lambda c: c.upload(name="a", mime="image/png", size=LARGE, open_bytes=short))


def test_a_large_upload_may_end_as_an_error_of_ours_only() -> None:
    for status in (400, 401, 403, 404, 410, 413, 415):
        _, send = large(json_response(status, {"message": "no"}))
        with pytest.raises(ApiError):
            send()
