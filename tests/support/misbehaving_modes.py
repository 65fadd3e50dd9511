"""The ways in which a server misbehaves, each with the end that galleryctl must come to."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
    TOKEN,
    Asked,
    Handler,
    Wire,
    at,
    behave,
    page_of,
    text_item,
)

LIST_GALLERIES = f"GET {GALLERIES}"
LIST_ITEMS = f"GET {ITEMS}"
MIB = 1024 * 1024
SECONDS_BETWEEN_BYTES = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way to misbehave: what the command must say, and its exit code.

    `is_slow` is True if its end needs the real time limits; then `deadline` makes it end sooner in the daily tests.
    """

    serve: Handler
    says: str
    code: int = 1
    command: tuple[str, ...] = ("plan",)
    is_slow: bool = False
    uses_app: bool = False


# Bodies


def galleries_json(**members: object) -> bytes:
    """Return the well-formed listing of galleries with further members."""
    return json.dumps({"totalGalleries": 1, "galleries": [GALLERY], **members}).encode()


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


def members_in_item(value: str) -> bytes:
    """Return the listing of galleries with an unknown member, given as JSON text."""
    return galleries_json(more=0).replace(b'"more": 0', b'"more": ' + value.encode())


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


def gallery_page(asked: Asked, total: object, *, full: bool = True) -> dict[str, Any]:
    """Return a page of galleries: the site's own first, then others without end."""
    start = asked.number("offset")
    numbers = range(start + 1, start + 1 + asked.number("limit")) if full else range(1)
    others = [{**GALLERY, "id": f"g-{n}", "name": f"G{n}", "sortOrder": float(n)} for n in numbers]
    return {"totalGalleries": total, "galleries": others if start or full else [GALLERY]}


def heavy_page(asked: Asked) -> dict[str, Any]:
    """Return a page of 15 MB of texts."""
    start = asked.number("itemOffset")
    return {"items": [{**text_item(start + n), "description": f"{n:08}" * 18_750} for n in range(100)]}


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


async def _token_bomb(_: Asked, wire: Wire) -> None:
    await wire.reply(bomb("gzip"), "Content-Encoding: gzip")


JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
DOCTOR = ("doctor",)


def modes() -> dict[str, Mode]:
    """Return all modes by name."""
    in_pages = {
        "a million galleries, first page full": Mode(
            serve=galleries(lambda a: gallery_page(a, 10**6)), says="galleries"
        ),
        "a million galleries, one listed": Mode(
            serve=galleries(lambda a: gallery_page(a, 10**6, full=False)), says="galleries"
        ),
        "10,000 galleries, one listed": Mode(
            serve=galleries(lambda a: gallery_page(a, 10**4, full=False)), says="list of galleries changed"
        ),
        "10**30 galleries": Mode(serve=galleries(lambda a: gallery_page(a, 10**30)), says="totalGalleries"),
        "number of galleries grows": Mode(
            serve=galleries(lambda a: gallery_page(a, a.number("offset") + 20)),
            says="list of galleries changed",
            code=1,
        ),
        "fewer galleries than announced": Mode(
            serve=galleries(lambda a: gallery_page(a, 30 - a.number("offset"), full=a.number("offset") < 20)),
            says="list of galleries changed",
        ),
        "a million items announced": Mode(serve=items(lambda a: page_of(3, a), 10**6), says="items"),
        "50,000 items announced": Mode(serve=items(lambda a: page_of(3, a), 50_000), says="items of gallery"),
        "full pages of items for ever": Mode(serve=items(full_page), says="items"),
        "more items than requested": Mode(
            serve=items(lambda _: {"items": [text_item(n) for n in range(50_000)]}, 50_000), says="100"
        ),
        "one page for ever": Mode(
            serve=items(lambda _: {"items": [text_item(n) for n in range(100)]}), says="items of gallery"
        ),
        "heavy pages": Mode(serve=items(heavy_page, 10_000), says="MiB"),
        "heavy pages without a total": Mode(serve=items(heavy_page), says="MiB"),
        "pages of small objects": Mode(serve=items(nested_page, 10_000), says="MiB"),
        "a cursor that repeats": Mode(serve=files(lambda _: "again"), says="cursor", command=DOCTOR),
        "cursors without end": Mode(
            serve=files(lambda a: f"{int(a.query.get('paging.cursor', 0)) + 1}"), says="pages", command=DOCTOR
        ),
    }
    in_bodies = {
        "gzip bomb": Mode(serve=body(lambda: bomb("gzip"), "Content-Encoding: gzip"), says="16 MiB"),
        "double gzip bomb": Mode(
            serve=body(lambda: gzip.compress(bomb("gzip")), "Content-Encoding: gzip, gzip"), says="gzip, gzip"
        ),
        "double gzip bomb in two headers": Mode(
            serve=body(lambda: gzip.compress(bomb("gzip")), "Content-Encoding: gzip", "Content-Encoding: gzip"),
            says="gzip, gzip",
        ),
        "deflate bomb": Mode(serve=body(lambda: bomb("deflate"), "Content-Encoding: deflate"), says="deflate"),
        "gzip bomb in an error": Mode(
            serve=body(lambda: bomb("gzip"), "Content-Encoding: gzip", status="403 Forbidden"), says="16 MiB"
        ),
        "gzip bomb for a token": Mode(serve=at(TOKEN, _token_bomb), says="/oauth2/token: ", uses_app=True),
        "gzip that is cut": Mode(
            serve=body(lambda: gzip.compress(galleries_json())[:-12], "Content-Encoding: gzip"), says="decoded"
        ),
        "text that is called gzip": Mode(serve=body(galleries_json, "Content-Encoding: gzip"), says="decoded"),
        "gzip and more": Mode(
            serve=body(lambda: gzip.compress(galleries_json()) * 2, "Content-Encoding: gzip"), says="decoded"
        ),
        "60 MB of {}": Mode(serve=body(lambda: b"[" + b"{}," * 20_000_000 + b"{}]"), says="16 MiB"),
        "16 MB of {}": Mode(serve=body(lambda: members_in_item(f"[{'{},' * 5_000_000}0]")), says="500,000"),
        "deep nesting": Mode(serve=body(lambda: members_in_item("[" * 10**6)), says="nested"),
        "hidden nesting": Mode(
            serve=body(lambda: members_in_item('["]",' * 90_000 + "0" + "]" * 90_000)), says="nested"
        ),
        "nesting of 500": Mode(serve=body(lambda: members_in_item("[" * 500 + "]" * 500)), says="nested"),
        "a text of 15 MB": Mode(serve=body(lambda: galleries_json(more="a" * 15 * MIB)), says="", code=0),
        "a text of 15 MB with one wide character": Mode(
            serve=body(
                lambda: galleries_json(more="0").replace(b'"0"', b'"' + b"a" * 15 * MIB + '\U0001f600"'.encode())
            ),
            says="",
            code=0,
        ),
        "a text of 15 MB of escapes": Mode(
            serve=body(lambda: members_in_item('"' + r"\n" * 7 * MIB + '"')), says="", code=0
        ),
        "a name of 15 MB": Mode(
            serve=body(lambda: galleries_json(galleries=[{**GALLERY, "name": "é" * 2 * MIB}])), says="", code=0
        ),
        "invalid UTF-8": Mode(serve=body(lambda: galleries_json(more="x").replace(b'"x"', b'"\xff\xfe"')), says="JSON"),
        "NaN": Mode(serve=body(lambda: members_in_item("NaN")), says="JSON"),
        "Infinity": Mode(serve=body(lambda: members_in_item("-Infinity")), says="JSON"),
        "an integer of 15 MB": Mode(serve=body(lambda: members_in_item("9" * 15 * MIB)), says="JSON"),
        "a fraction of 15 MB": Mode(serve=body(lambda: members_in_item("0." + "9" * 15 * MIB)), says="", code=0),
        "an exponent of 15 MB": Mode(serve=body(lambda: members_in_item("1e" + "9" * 15 * MIB)), says="JSON"),
        "duplicate names": Mode(serve=body(lambda: b'{"totalGalleries": 7, ' + galleries_json()[1:]), says="", code=0),
        "HTML": Mode(serve=body(lambda: b"<html>sign in</html>", "Content-Type: text/html"), says="JSON"),
        "an array": Mode(serve=body(lambda: b"[1, 2]"), says="JSON object"),
        "an empty body": Mode(serve=body(lambda: b""), says="JSON"),
        "UTF-16": Mode(serve=body(lambda: galleries_json().decode().encode("utf-16")), says="JSON"),
    }
    in_framing = {
        "a body without end": Mode(serve=stream(lambda: repeat(b" " * BLOCK), JSON), says="16 MiB"),
        "chunks without end": Mode(serve=stream(lambda: chunks(b" " * BLOCK), JSON, CHUNKED), says="16 MiB"),
        "chunks of one byte without end": Mode(
            serve=stream(lambda: chunks(b" "), JSON, CHUNKED), says=LIST_GALLERIES, is_slow=True
        ),
        "a body shorter than announced": Mode(serve=_early_close, says="no response", is_slow=True),
        "a body longer than announced": Mode(serve=body(galleries_json, length=20), says="JSON"),
        "two lengths": Mode(serve=body(galleries_json, "Content-Length: 5"), says="no response", is_slow=True),
        "a negative length": Mode(serve=body(galleries_json, length=-1), says="no response", is_slow=True),
        "headers without end": Mode(serve=stream(header_lines), says="no response", is_slow=True),
        "a header of 60 MB": Mode(
            serve=body(galleries_json, f"X-Long: {'a' * 60 * MIB}"), says="no response", is_slow=True
        ),
        "no HTTP": Mode(serve=stream(lambda: iter([b"SSH-2.0-OpenSSH_9.9\r\n\r\n"])), says="no response", is_slow=True),
        "an upgrade to another protocol": Mode(serve=status("101 Switching Protocols"), says="101"),
        "connections that are closed": Mode(serve=at(GALLERIES, hang_up), says="no response", is_slow=True),
    }
    in_time = {
        "1xx responses without end": Mode(
            serve=stream(lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)), says="30 seconds", is_slow=True
        ),
        "a 1xx response each 5 s": Mode(
            serve=stream(lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), pause=SECONDS_BETWEEN_BYTES),
            says="30 seconds",
            is_slow=True,
        ),
        "one byte each 5 s": Mode(
            serve=stream(lambda: repeat(b" "), JSON, pause=SECONDS_BETWEEN_BYTES), says="30 seconds", is_slow=True
        ),
        "one byte of the head each 5 s": Mode(
            serve=stream(lambda: repeat(b"H"), pause=SECONDS_BETWEEN_BYTES), says="30 seconds", is_slow=True
        ),
        "no response": Mode(serve=at(GALLERIES, never), says="30 seconds", is_slow=True),
        "10 MB, then nothing": Mode(serve=_stall, says="30 seconds", is_slow=True),
        "503 for ever": Mode(serve=status("503 Service Unavailable"), says="503", is_slow=True),
        "429 for an hour": Mode(serve=status("429 Too Many Requests", "Retry-After: 3600"), says="429", is_slow=True),
        "401 for ever": Mode(serve=status("401 Unauthorized"), says="401", uses_app=True),
    }
    in_redirects = {
        "a redirect to itself": Mode(serve=redirect(GALLERIES), says="302"),
        "a redirect to another host": Mode(serve=redirect("http://127.0.0.2:9/"), says="302"),
        "a redirect to a file": Mode(serve=redirect("file:///etc/passwd"), says="302"),
    }
    return in_pages | in_bodies | in_framing | in_time | in_redirects


async def _early_close(asked: Asked, wire: Wire) -> None:
    if asked.path != GALLERIES:
        return await behave(asked, wire)
    await wire.reply(galleries_json(), length=10_000)
    wire.writer.close()
    return None


async def _stall(asked: Asked, wire: Wire) -> None:
    if asked.path != GALLERIES:
        return await behave(asked, wire)
    await wire.begin(JSON)
    await wire.write_all(repeat(b" " * BLOCK, 160))
    await asyncio.sleep(3600)
    return None
