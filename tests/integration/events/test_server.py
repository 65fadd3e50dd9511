"""The receiver's port under hostile use."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from galleryctl.events import server

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

PATIENCE = 20.0
HALVES = {
    "nothing": b"",
    "half a head": b"POST /webhook HTTP/1.1\r\nHost: x\r\n",
    "half a second head": b"GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST /webhook HTTP/1.1\r\nHost: x\r\n",
}


async def _app(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_a_connection_that_never_ends_its_request_is_ended(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(server, "CONNECTION_LIFETIME", 0.1)

    async def told() -> bytes:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        async with server.serve_receiver(_app, listener), asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(sent)
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
        return answer

    assert asyncio.run(told()).count(b"200 OK") == sent.count(b"GET")
