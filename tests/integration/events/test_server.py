"""The receiver's port under hostile use."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from galleryctl.events import server
from galleryctl.events.admission import ConnectionTable
from galleryctl.model.errors import GalleryctlError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATIENCE = 20.0
HALVES = {
    "nothing": b"",
    "half a head": b"POST /webhook HTTP/1.1\r\nHost: x\r\n",
    "half a second head": b"GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST /webhook HTTP/1.1\r\nHost: x\r\n",
}
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and respond with the status that the path has."""
    await _read(receive)
    await _respond(send, int(scope["path"].strip("/") or 200))


async def _read(receive: Receive) -> None:
    while (await receive()).get("more_body", False):
        pass


async def _respond(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Port:
    """A served port and its connections."""

    def __init__(self, listener: socket.socket, table: ConnectionTable[Any], overloads: list[None]) -> None:
        self._listener = listener
        self.table = table
        self.overloads = overloads
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, sent: bytes = b"") -> Streams:
        """Open a connection, send these bytes, and wait until the server has the connection."""
        seen = len(self.table.records) + self.table.evicted
        reader, writer = await asyncio.open_connection(*self._listener.getsockname())
        self._writers.append(writer)
        writer.write(sent)
        while len(self.table.records) + self.table.evicted == seen:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0)
        return reader, writer

    async def close(self) -> None:
        """Close the connections."""
        for writer in self._writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def _served(app: ASGIApp = _app, *, stop_first: bool = False) -> AsyncIterator[Port]:
    """Serve a port; at the end close the connections, or first stop the server."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    overloads: list[None] = []
    serve = server.serve_receiver(app, listener, on_overload=lambda: overloads.append(None))
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        port = Port(listener, await stack.enter_async_context(serve), overloads)
        try:
            yield port
            if stop_first:
                await stack.aclose()
        finally:
            await port.close()


def _post(size: int, sent: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * sent


async def _ask(streams: Streams, request: bytes = GET) -> bytes:
    reader, writer = streams
    writer.write(request)
    return await reader.readuntil(b"\r\n\r\n")


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Return what arrives up to the end; a reset is an end with bytes that the server did not read."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while chunk := await reader.read(1000):
            received += chunk
    return bytes(received)


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_a_connection_that_never_ends_its_request_is_ended(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(server, "CONNECTION_LIFETIME", 0.1)

    async def told() -> bytes:
        async with _served() as port:
            reader, _ = await port.connect(sent)
            return await reader.read()

    assert asyncio.run(told()).count(b"200 OK") == sent.count(b"GET")


@pytest.mark.parametrize("sent", [b"", _post(500, 0), _post(500, 1), GET[:-2]], ids=["nothing", "head", "byte", "half"])
def test_idle_connections_at_the_limit_keep_no_delivery_out(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 20)

    async def deliver() -> None:
        async with _served() as port:
            idle = [await port.connect(sent) for _ in range(20)]
            for number in range(10):
                assert b"200 OK" in await _ask(await port.connect())
                # The oldest idle one was closed for it, and the next one is open.
                assert await _rest(idle[number][0]) == b""
                assert not idle[number + 1][0].at_eof()
            assert (port.table.evicted, len(port.table.records), len(port.overloads)) == (10, 20, 1)

    asyncio.run(deliver())


def test_a_connection_that_delivers_again_and_again_is_not_closed_for_idle_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 20)

    async def deliver() -> None:
        async with _served() as port:
            proxy = await port.connect()
            for _ in range(5):
                assert b"200 OK" in await _ask(proxy)
                for _ in range(30):
                    await port.connect(_post(500, 0))
            assert b"200 OK" in await _ask(proxy, _post(3, 3))

    asyncio.run(deliver())


def test_the_largest_of_the_incomplete_requests_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_MAX_REQUEST_BYTES", 50_000)

    async def deliver() -> None:
        async with _served() as port:
            small = await port.connect(_post(100, 99))
            large = [await port.connect(_post(30_000, 20_000)) for _ in range(3)]
            ends = [asyncio.ensure_future(_rest(reader)) for reader, _ in large]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            assert b"200 OK" in await _ask(small, b"x")
            assert port.table.evicted == 1

    asyncio.run(deliver())


@pytest.mark.parametrize("status", [400, 401, 404, 503])
def test_a_connection_ends_with_a_rejection(status: int) -> None:
    async def told() -> bytes:
        async with _served() as port:
            request = _post(3, 3).replace(b"/ ", f"/{status} ".encode())
            reader, _ = await port.connect(request + request)
            return await reader.read()

    answer = asyncio.run(told())
    assert answer.count(b"HTTP/1.1") == answer.count(b"connection: close") == 1


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 100_000])
def test_what_is_not_http_gets_no_response(sent: bytes) -> None:
    async def told() -> bytes:
        async with _served() as port:
            reader, _ = await port.connect(sent)
            return await _rest(reader)

    assert asyncio.run(told()) == b""


def test_pipelined_deliveries_are_all_answered() -> None:
    async def told() -> int:
        async with _served() as port:
            reader, _ = await port.connect(_post(3, 3) * 10)
            return len([await reader.readuntil(b"\r\n\r\n") for _ in range(10)])

    assert asyncio.run(told()) == 10


def test_at_the_end_complete_requests_are_answered_and_others_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "_SHUTDOWN_TIMEOUT", 0.1)

    async def stop() -> tuple[bytes, bytes]:
        reached, release = asyncio.Event(), asyncio.Event()

        async def storing(scope: Scope, receive: Receive, send: Send) -> None:
            await _read(receive)
            if scope["path"] == "/slow":
                reached.set()
                await release.wait()
            await _respond(send, 200)

        async with _served(storing, stop_first=True) as port:
            complete = await port.connect(_post(3, 3).replace(b"/ ", b"/slow "))
            incomplete = await port.connect(_post(3, 2))
            await reached.wait()
            asyncio.get_running_loop().call_later(0.3, release.set)
            answers = asyncio.gather(complete[0].read(), incomplete[0].read())
        return await answers

    with caplog.at_level(logging.INFO):
        complete, incomplete = asyncio.run(stop())
    assert b"200 OK" in complete
    assert incomplete == b""
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("open_files", "limit"), [(resource.RLIM_INFINITY, 512), (100_000, 512), (1024, 512), (256, 64), (208, 16)]
)
def test_connections_leave_files_for_all_else(monkeypatch: pytest.MonkeyPatch, open_files: int, limit: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (open_files, open_files))
    assert server._connection_limit() == limit


def test_too_few_files_are_an_error_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (207, 207))
    with pytest.raises(GalleryctlError, match="the limit of open files is too low") as caught:
        server._connection_limit()
    assert "it is 207, and 208 are needed" in caught.value.why
