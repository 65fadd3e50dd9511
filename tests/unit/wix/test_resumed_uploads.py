"""An upload that another run began is continued if the upload server still has it, else it begins again."""

from __future__ import annotations

import pytest

from galleryctl.http import httpx
from galleryctl.model.media import MediaFile
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.secret import Secret
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import Unavailable
from galleryctl.wix.tus import CHUNK_BYTES
from tests.unit.wix.scripted_transport import FILE, ScriptedResponse, ScriptedTransport, json_response, run_client

SIZE = CHUNK_BYTES * 2 + 5
MADE = json_response(body={"file": FILE})
URLS = json_response(body={"uploadUrl": "https://upload.test/tus/", "uploadToken": "to/ken"})
PLACE = json_response(201, location="/place")
KEPT = json_response(204)


def at(offset: int) -> httpx.Response:
    return json_response(200, Upload_Offset=str(offset))


def partial(url: str = "https://upload.test/early", size: int = SIZE, digest: str = "d") -> PartialUpload:
    finish_url = Secret("https://upload.test/early/token")
    return PartialUpload(url=Secret(url), finish_url=finish_url, size=size, digest=digest)


def resume(
    earlier: PartialUpload, *script: ScriptedResponse
) -> tuple[ScriptedTransport, MediaFile, list[PartialUpload]]:
    wire = ScriptedTransport(list(script))
    begun: list[PartialUpload] = []

    async def on_begin(each: PartialUpload) -> None:
        begun.append(each)

    async def send(client: WixClient) -> MediaFile:
        content = b"x" * SIZE
        return await client.upload(
            name="a.mp4",
            mime="video/mp4",
            size=SIZE,
            digest="d",
            open_bytes=lambda: content,
            labels=("label",),
            partial=earlier,
            on_begin=on_begin,
        )

    return wire, run_client(wire, send), begun


@pytest.mark.parametrize("offset", [0, 5, CHUNK_BYTES, SIZE - 1])
def test_only_the_bytes_that_did_not_arrive_are_sent(offset: int) -> None:
    rest = range(offset, SIZE, CHUNK_BYTES)
    wire, file, begun = resume(partial(), at(offset), *(KEPT for _ in rest[1:]), MADE)
    assert (file.id, begun) == ("f-1", [])
    assert wire.lines == ["HEAD /early", *["PATCH /early"] * len(rest)]
    sent = [each.request for each in wire.sent[1:]]
    assert [int(each.headers["Upload-Offset"]) for each in sent] == list(rest)
    assert sum(len(each.content) for each in sent) == SIZE - offset


def test_an_upload_that_is_complete_is_finished() -> None:
    wire, file, _ = resume(partial(), at(SIZE), MADE)
    assert file.id == "f-1"
    assert wire.lines == ["HEAD /early", "PUT /early/token"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410])
def test_an_expired_upload_begins_again(status: int) -> None:
    wire, file, begun = resume(partial(), json_response(status, {"message": "gone"}), URLS, PLACE, KEPT, KEPT, MADE)
    assert file.id == "f-1"
    assert [line.partition(" ")[0] for line in wire.lines] == ["HEAD", "POST", "POST", "PATCH", "PATCH", "PATCH"]
    assert [each.url.reveal() for each in begun] == ["https://upload.test/place"]


@pytest.mark.parametrize("answer", [json_response(200), json_response(200, Upload_Offset=str(SIZE + 1))])
def test_an_upload_server_that_does_not_say_where_it_is_gets_all_again(answer: httpx.Response) -> None:
    _, file, begun = resume(partial(), answer, URLS, PLACE, KEPT, KEPT, MADE)
    assert (file.id, len(begun)) == ("f-1", 1)


@pytest.mark.parametrize(
    "earlier", [partial(size=SIZE + 1), partial(digest="e"), partial("http://upload.test/early"), partial("file:///x")]
)
def test_an_upload_of_other_bytes_or_without_a_private_connection_is_not_continued(earlier: PartialUpload) -> None:
    wire, file, _ = resume(earlier, URLS, PLACE, KEPT, KEPT, MADE)
    assert file.id == "f-1"
    assert not any(line.startswith("HEAD") for line in wire.lines)


def test_a_server_that_cannot_be_reached_leaves_the_upload_for_another_run() -> None:
    with pytest.raises(Unavailable):
        resume(partial(), json_response(503))


def test_the_addresses_are_not_printed() -> None:
    assert "upload.test" not in repr(partial())
