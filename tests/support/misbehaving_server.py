"""A server on a raw socket that serves a small site and misbehaves at one call of the API."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

GALLERY = {"id": "g-1", "name": "Weddings", "sortOrder": 1.0, "totalItems": 3}
GALLERIES = "/progallery/v2/galleries"
ITEMS = f"{GALLERIES}/g-1/items"
FILES = "/site-media/v1/files"
FOLDERS = "/site-media/v1/folders"
TOKEN = "/oauth2/token"
BLOCK = 65536
"""Bytes that are written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: its path, and its query as a mapping of names to single values."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""

    def number(self, name: str) -> int:
        """The number in the query, or 0."""
        return int(self.query.get(name, 0))


@dataclass(slots=True, kw_only=True)
class Wire:
    """The connection to the client."""

    writer: asyncio.StreamWriter

    async def write(self, *blocks: bytes) -> None:
        """Write these bytes; raises ConnectionError once the client is gone."""
        for block in blocks:
            self.writer.write(block)
            await self.writer.drain()

    async def write_all(self, blocks: Iterable[bytes], *, pause: float = 0.0) -> None:
        """Write the blocks, and wait `pause` seconds after each."""
        for block in blocks:
            await self.write(block)
            await asyncio.sleep(pause)

    async def reply(self, body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> None:
        """Write a response; `length` is the Content-Length, that of the body by default."""
        named = ("Content-Type: application/json", f"Content-Length: {len(body) if length is None else length}")
        head = "\r\n".join([f"HTTP/1.1 {status}", *named, *headers, "", ""])
        await self.write(head.encode("latin-1"), body)

    async def reply_json(self, value: object, *headers: str, status: str = "200 OK") -> None:
        """Write a JSON response."""
        await self.reply(json.dumps(value).encode(), *headers, status=status)

    async def begin(self, *headers: str, status: str = "200 OK") -> None:
        """Write the head of a response without Content-Length."""
        await self.write("\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1"))


Handler = Callable[[Asked, Wire], Awaitable[None]]


def text_item(number: int) -> dict[str, Any]:
    """Return a text item of the site."""
    html = f"<p>{number}</p>"
    return {
        "id": f"i-{number}",
        "type": "TEXT",
        "title": f"T{number}",
        "sortOrder": number + 1.5,
        "text": {"html": html},
    }


def page_of(count: int, asked: Asked) -> dict[str, Any]:
    """Return the page that is asked for, of a gallery with `count` items."""
    start = asked.number("itemOffset")
    return {"items": [text_item(n) for n in range(start, min(count, start + asked.number("itemLimit")))]}


async def behave(asked: Asked, wire: Wire) -> None:
    """Serve one gallery with three items, no files, and tokens."""
    answers: dict[str, Any] = {
        GALLERIES: {"totalGalleries": 1, "galleries": [GALLERY] if asked.number("offset") == 0 else []},
        f"{GALLERIES}/g-1": {"gallery": GALLERY},
        ITEMS: page_of(3, asked),
        FILES: {"files": []},
        FOLDERS: {"folders": []},
        TOKEN: {"access_token": "token", "expires_in": 3600},
    }
    if asked.path in answers:
        await wire.reply_json(answers[asked.path])
    else:
        await wire.reply_json({"message": "not found"}, status="404 Not Found")


def at(path: str, misbehave: Handler) -> Handler:
    """Return a handler that misbehaves at requests for `path`."""

    async def handle(asked: Asked, wire: Wire) -> None:
        await (misbehave if asked.path == path else behave)(asked, wire)

    return handle


@dataclass(slots=True)
class Misbehaving:
    """A running server: its URL, and `METHOD path` of each request."""

    url: str = ""
    calls: list[str] = field(default_factory=list)


@contextmanager
def serve(handler: Handler) -> Iterator[Misbehaving]:
    """Serve with `handler` on a free port, in a thread."""
    served, ready, loop = Misbehaving(), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                asked = await _read_request(reader)
                served.calls.append(f"{asked.method} {asked.path}")
                await handler(asked, Wire(writer=writer))
        writer.transport.abort()

    async def run() -> None:
        server = await asyncio.start_server(connect, "127.0.0.1", 0)
        served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await stop.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close their sockets

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()


async def _read_request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *headers = head.split("\r\n")
    method, target, _ = line.split(" ")
    named = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
    body = await reader.readexactly(int(named.get("content-length", 0)))
    url = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    return Asked(method=method, path=url.path, query=query, body=body)
