"""Responses without end, of any kind, end: in bytes, in layers, in time."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count

import pytest

from galleryctl.http import httpx
from galleryctl.wix.errors import ApiError, MalformedResponse, ResponseLost, Unavailable
from galleryctl.wix.transport import RetryPolicy
from tests.support import clock
from tests.unit.wix.scripted_transport import CALLS, CallExample, ScriptedTransport, json_response, run_client

CREATE, READ = CALLS["create_item"], CALLS["get_gallery"]
GOOD = b'{"gallery": {"id": "g-1"}}'
MIB = 1024 * 1024


@dataclass(slots=True)
class Streaming(httpx.AsyncByteStream):
    """A body that is made while it is read, one block after another, `seconds` apart."""

    blocks: Callable[[], AsyncIterator[bytes]]
    read: int = 0
    closed: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for block in self.blocks():
            self.read += len(block)
            yield block

    async def aclose(self) -> None:
        self.closed = True


@dataclass(slots=True)
class StreamingTransport(ScriptedTransport):
    """Responds with these bodies, one for each request; the last one again and again."""

    bodies: list[Streaming] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    status: int = 200

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await ScriptedTransport.__call__(self, request)
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        return httpx.Response(self.status, stream=body, headers=self.headers)


def repeated(block: bytes, *, seconds: float = 0.0) -> Callable[[], AsyncIterator[bytes]]:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in count():
            await asyncio.sleep(seconds)
            yield block

    return blocks


def once(content: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    return blocks


def failure(wire: ScriptedTransport, call: CallExample = READ) -> ApiError:
    with pytest.raises(ApiError) as raised:
        run_client(wire, call.action, policy=RetryPolicy(attempts=2))
    return raised.value


def encoded(content: bytes, *names: str) -> StreamingTransport:
    headers = [("Content-Encoding", name) for name in names]
    return StreamingTransport([json_response()], bodies=[Streaming(once(content))], headers=headers)


def test_only_gzip_is_asked_for() -> None:
    wire = encoded(gzip.compress(GOOD), "gzip")
    run_client(wire, READ.action)
    assert wire.sent[0].request.headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("names", [("GZIP",), ("x-gzip",), ("identity", "gzip"), ("gzip, identity",)])
def test_one_layer_is_unpacked(names: tuple[str, ...]) -> None:
    run_client(encoded(gzip.compress(GOOD), *names), READ.action)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("gzip, gzip",), "gzip, gzip"),
        (("gzip", "gzip"), "gzip, gzip"),
        (("deflate",), "deflate"),
        (("br",), "br"),
        (("a\x1b[2J" * 20,), ascii("a\x1b[2j" * 20)[1:-1][:40]),
    ],
)
def test_another_encoding_or_a_second_layer_is_refused_unread(names: tuple[str, ...], shown: str) -> None:
    wire = encoded(gzip.compress(gzip.compress(GOOD)), *names)
    body = wire.bodies[0]
    error = failure(wire)
    assert error.what == f"the response has the encoding {shown}; only gzip was requested"
    assert type(error) is MalformedResponse
    assert body.read == 0
    assert body.closed


@pytest.mark.parametrize(
    "content",
    [GOOD, gzip.compress(GOOD)[:-9], gzip.compress(GOOD)[:-1], gzip.compress(GOOD) * 2, zlib.compress(GOOD)],
    ids=["plain", "without its end", "without a byte", "twice", "deflate"],
)
def test_a_damaged_layer_is_an_error(content: bytes) -> None:
    assert failure(encoded(content, "gzip")).what == "the response cannot be decoded"


def test_an_empty_body_may_be_called_gzip() -> None:
    wire = encoded(b"", "gzip")
    wire.status = 404
    assert failure(wire).what == "404 not found"


def test_a_bomb_is_unpacked_up_to_the_limit_only() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join([packer.compress(bytes(MIB)) for _ in range(64)]) + packer.flush()
    wire = encoded(packed, "gzip")
    body = wire.bodies[0]
    assert failure(wire).what == "the response has more than 16 MiB"
    assert body.read < len(packed) / 2
    assert body.closed


@pytest.mark.parametrize("call", [READ, CREATE])
def test_a_body_without_end_is_left_at_the_limit(call: CallExample) -> None:
    body = Streaming(repeated(b" " * MIB))
    error = failure(StreamingTransport([json_response()], bodies=[body]), call)
    assert type(error) is (MalformedResponse if call is READ else ResponseLost)
    assert "more than 16 MiB" in error.what
    assert body.read == 17 * MIB
    assert body.closed


def test_one_byte_now_and_then_does_not_keep_an_attempt_alive() -> None:
    wire = StreamingTransport([json_response()], bodies=[Streaming(repeated(b" ", seconds=5))])
    error = failure(wire)
    assert type(error) is Unavailable
    assert error.what == "no complete response within 30 seconds"
    assert wire.times[1] == pytest.approx(30, abs=1)


def test_a_create_without_a_complete_response_may_have_taken_effect() -> None:
    wire = StreamingTransport([json_response()], bodies=[Streaming(repeated(b" ", seconds=5))])
    error = failure(wire, CREATE)
    assert type(error) is ResponseLost
    assert error.what == "no complete response within 30 seconds; the request may have taken effect"
    assert len(wire.sent) == 1


def test_one_large_body_is_read_at_a_time_and_the_wait_does_not_count() -> None:
    reading: list[int] = []
    most: list[int] = []

    def large(number: int) -> Callable[[], AsyncIterator[bytes]]:
        async def blocks() -> AsyncIterator[bytes]:
            yield b" " * (MIB + 1)
            reading.append(number)
            most.append(len(reading))
            await asyncio.sleep(20)
            yield GOOD
            reading.remove(number)

        return blocks

    wire = StreamingTransport([json_response()], bodies=[Streaming(large(n)) for n in range(4)])

    async def read_four(client: object) -> float:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(READ.action(client))  # type: ignore[arg-type]  # the example takes any client
        return clock.elapsed()

    assert run_client(wire, read_four) == pytest.approx(80, abs=1)
    assert max(most) == 1
    assert len(wire.sent) == 4
