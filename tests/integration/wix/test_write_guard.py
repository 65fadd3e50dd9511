"""The guard of writes over a real connection: it is asked again once the connection exists."""

from __future__ import annotations

import asyncio

import pytest

from galleryctl.model.desired import Limits
from galleryctl.model.errors import StateError
from galleryctl.wix.client import open_client
from tests.unit.wix.scripted_transport import api_key_auth


def test_a_write_is_not_sent_if_the_lock_is_lost_while_it_connects() -> None:
    received: list[bytes] = []
    asked: list[str] = []

    async def guard() -> None:
        asked.append("may I write?")
        if len(asked) > 1:
            raise StateError("this run lost its lock")

    async def session() -> None:
        ended = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(await reader.read(1))
            writer.close()
            await writer.wait_closed()
            ended.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, open_client(url, auth=api_key_auth(), limits=Limits(), before_write=guard) as client:
            with pytest.raises(StateError, match="this run lost its lock"):
                await client.update_gallery("g-1", {"name": "x"})
            await ended.wait()

    asyncio.run(session())
    assert received == [b""]
