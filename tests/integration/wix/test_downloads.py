"""Originals are downloaded through the URL that the Media Manager makes, and streamed within a limit."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field

import pytest

from galleryctl.emulator.http import ServedResponse
from galleryctl.http import RefusedResponse, httpx, stream_body
from galleryctl.model.media import MediaFile
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, MalformedResponse
from tests.support.client_harness import ClientHarness

DATA = b"\xff\xd8\xff" + bytes(range(256)) * 1000


@dataclass(slots=True)
class Sink:
    max_bytes: int = 10_000_000
    begun: int = 0
    data: bytearray = field(default_factory=bytearray)

    def begin(self) -> None:
        self.begun += 1
        self.data.clear()

    def write(self, block: bytes) -> None:
        self.data += block


async def uploaded(client: WixClient) -> MediaFile:
    return await client.upload(name="a.mp4", mime="video/mp4", size=len(DATA), open_bytes=lambda: DATA)


def test_the_original_arrives_with_a_key_that_may_only_read(bench: ClientHarness) -> None:
    file, sink = bench.run(uploaded), Sink()
    bench.run(lambda client: client.download(file.id, sink), auth=bench.read_only_auth())
    assert bytes(sink.data) == DATA
    assert bench.requests == ["POST /files/generate-file-download-url", "GET /download"]


@pytest.mark.parametrize("kind", ["cut", "error_503", "drop_after", "throttle"])
def test_a_download_that_is_cut_off_begins_again(bench: ClientHarness, kind: str) -> None:
    file, sink = bench.run(uploaded), Sink()
    bench.faults({"fault": kind, "methods": ["GET"], "path": "/media/", "times": 1})
    bench.run(lambda client: client.download(file.id, sink))
    assert bytes(sink.data) == DATA
    assert bench.request_counts()["GET /download"] == 2


def test_more_bytes_than_announced_are_an_error(bench: ClientHarness) -> None:
    file, sink = bench.run(uploaded), Sink(max_bytes=len(DATA) - 1)
    with pytest.raises(MalformedResponse, match="more than the 256,002 bytes that were announced"):
        bench.run(lambda client: client.download(file.id, sink))
    assert len(sink.data) < len(DATA)


@pytest.mark.parametrize("url", ["", "http://elsewhere.example/x", "ftp://x", "https://user@host/x"])
def test_a_url_that_is_not_private_is_not_used(bench: ClientHarness, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    file = bench.run(uploaded)
    body = {"downloadUrls": [{"url": url, "assetKey": "src"}]}
    monkeypatch.setattr(
        "galleryctl.emulator.pipeline.PipelineEndpoint._dispatch", lambda *_, **__: (ServedResponse(body=body), False)
    )
    with pytest.raises(ApiError, match="no https URL to download from"):
        bench.run(lambda client: client.download(file.id, Sink()))
    assert bench.requests == ["POST /files/generate-file-download-url"]


def test_an_inflated_body_counts_towards_the_limit() -> None:
    sink = Sink()
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(DATA)))
    asyncio.run(stream_body(response, sink.write, len(DATA)))
    assert bytes(sink.data) == DATA
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(DATA)))
    with pytest.raises(RefusedResponse):
        asyncio.run(stream_body(response, sink.write, len(DATA) - 1))
