"""Handlers of requests that send bombs, endless streams, inconsistent listings and redirects."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import count, repeat
from typing import Any

from tests.support.misbehaving_server import (
    BLOCK,
    FILES,
    FOLDERS,
    GALLERIES,
    GALLERY,
    ITEMS,
    Asked,
    Handler,
    Wire,
    at,
    behave,
    page_of,
    text_item,
)

MIB = 1024 * 1024
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
GZIP = "Content-Encoding: gzip"

# Bodies


def galleries_json(value: bytes = b"null") -> bytes:
    """Return the well-formed listing of galleries, with an unknown member of this JSON text."""
    listing = json.dumps({"totalGalleries": 1, "galleries": [GALLERY], "more": None}).encode()
    return listing.removesuffix(b"null}") + value + b"}"


def more(value: str) -> bytes:
    """Return the listing of galleries with an unknown member of this JSON text."""
    return galleries_json(value.encode())


def body(make: Callable[[], bytes], *headers: str, status: str = "200 OK", length: int | None = None) -> Handler:
    """Return a handler that lists the galleries with this body."""

    async def reply(_: Asked, wire: Wire) -> None:
        await wire.reply(make(), *headers, status=status, length=length)

    return at(GALLERIES, reply)


@cache
def bomb(encoding: str) -> bytes:
    """Return 4 MB that inflate to 4 GB of zeros, of which the end is missing: nobody may get that far."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    mebibyte = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" if encoding == "gzip" else b"\x78\x9c"
    return head + mebibyte * 4096


# Streams


def stream(blocks: Callable[[], Iterator[bytes]], *headers: str, pause: float = 0.0, path: str = GALLERIES) -> Handler:
    """Return a handler that writes blocks, after the head of a response if `headers` are given, and then closes."""

    async def reply(_: Asked, wire: Wire) -> None:
        if headers:
            await wire.begin(*headers)
        await wire.write_all(blocks(), pause=pause)
        wire.writer.close()

    return at(path, reply)


def chunks(of: bytes) -> Iterator[bytes]:
    """Yield the same chunk of a chunked body for ever."""
    chunk = b"%x\r\n%s\r\n" % (len(of), of)
    return repeat(chunk * max(1, BLOCK // len(chunk)))


def header_lines() -> Iterator[bytes]:
    """Yield a response whose headers never end."""
    yield b"HTTP/1.1 200 OK\r\n"
    yield from (b"X-%d: a\r\n" % number * 100 for number in count())


async def never(_: Asked, wire: Wire) -> None:
    """Accept the request and never respond."""
    await wire.writer.wait_closed()


async def hang_up(_: Asked, wire: Wire) -> None:
    """Close the connection at once."""
    wire.writer.close()


# Listings


def galleries(page: Callable[[Asked], Mapping[str, object]]) -> Handler:
    """Return a handler with these pages of galleries."""

    async def reply(asked: Asked, wire: Wire) -> None:
        await wire.reply_json(page(asked))

    return at(GALLERIES, reply)


def items(page: Callable[[Asked], Mapping[str, object]], total: object = None) -> Handler:
    """Return a handler with these pages of items of a gallery whose totalItems is `total`."""
    gallery = {**GALLERY, "totalItems": total}

    async def reply(asked: Asked, wire: Wire) -> None:
        if asked.path == ITEMS:
            await wire.reply_json(page(asked))
        elif asked.path == f"{GALLERIES}/g-1":
            await wire.reply_json({"gallery": gallery})
        elif asked.path == GALLERIES:
            await wire.reply_json({"totalGalleries": 1, "galleries": [gallery]})
        else:
            await behave(asked, wire)

    return reply


def full_page(asked: Asked) -> dict[str, Any]:
    """Return a full page of items, however far."""
    return page_of(10**9, asked)


def full(count: int) -> Asked:
    """Return a request for the first page, with `count` items."""
    return Asked(method="GET", path=ITEMS, query={"itemLimit": f"{count}"})


def first_gallery(_: Asked, total: int) -> dict[str, Any]:
    """Return the site's own gallery, whatever page is asked for."""
    return {"totalGalleries": total, "galleries": [GALLERY]}


def gallery_page(asked: Asked, total: int) -> dict[str, Any]:
    """Return a full page of galleries, however far."""
    numbers = range(asked.number("offset") + 1, asked.number("offset") + 1 + asked.number("limit"))
    listed = [{**GALLERY, "id": f"g-{n}", "name": f"G{n}", "sortOrder": float(n)} for n in numbers]
    return {"totalGalleries": total, "galleries": listed}


def heavy_page(asked: Asked) -> dict[str, Any]:
    """Return a page of 15 MB of texts."""
    start = asked.number("itemOffset")
    return {"items": [{**text_item(start + n), "description": f"{n:08}" * 18_750} for n in range(100)]}


def emoji_page(asked: Asked) -> dict[str, Any]:
    """Return a page of 3.75 MB of texts, which take 15 MB of memory."""
    start = asked.number("itemOffset")
    return {"items": [{**text_item(start + n), "description": "a" * 37_500 + "\U0001f600"} for n in range(100)]}


def nested_page(asked: Asked) -> dict[str, Any]:
    """Return a page with 400,000 structural characters."""
    start = asked.number("itemOffset")
    return {"items": [{**text_item(start + n), "more": [{"a": {}} for _ in range(650)]} for n in range(100)]}


def files(cursor: Callable[[Asked], str]) -> Handler:
    """Return a handler whose files have one more page at each cursor."""

    async def reply(asked: Asked, wire: Wire) -> None:
        following = {"hasNext": True, "cursors": {"next": cursor(asked)}}
        folder = {"id": "folder", "displayName": "galleryctl"}
        await wire.reply_json(
            {"files": [], "folders": [folder] if asked.path == FOLDERS else [], "nextCursor": following}
        )

    async def handle(asked: Asked, wire: Wire) -> None:
        await (reply if asked.path in (FILES, FOLDERS) else behave)(asked, wire)

    return handle


# Redirects and statuses


def redirect(location: str) -> Handler:
    """Return a handler that redirects every request."""

    async def reply(_: Asked, wire: Wire) -> None:
        await wire.reply(b"", f"Location: {location}", status="302 Found")

    return at(GALLERIES, reply)


def status(line: str, *headers: str, path: str = GALLERIES) -> Handler:
    """Return a handler that always responds with this status."""

    async def reply(_: Asked, wire: Wire) -> None:
        await wire.reply_json({"message": "no"}, *headers, status=line)

    return at(path, reply)


async def token_bomb(_: Asked, wire: Wire) -> None:
    """Send a bomb instead of a token."""
    await wire.reply(bomb("gzip"), GZIP)


async def early_close(_: Asked, wire: Wire) -> None:
    """Close the connection in the middle of a body."""
    await wire.reply(galleries_json(), length=10_000)
    wire.writer.close()


async def stall(_: Asked, wire: Wire) -> None:
    """Stop in the middle of a large body."""
    await wire.begin(JSON)
    await wire.write_all(repeat(b" " * BLOCK, 160))
    await wire.writer.wait_closed()
