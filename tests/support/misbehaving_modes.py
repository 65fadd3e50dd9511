"""The ways in which a server misbehaves, each with the end that galleryctl must come to."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, count, repeat
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
    """One way to misbehave, and the end that `command` must come to: its exit code, and what it says.

    An error also names `call`. A slow mode ends only by the time limits, or after all retries.
    """

    serve: Handler
    says: str = ""
    call: str = f"GET {GALLERIES}: "
    code: int = 1
    command: tuple[str, ...] = ("plan",)
    is_slow: bool = False
    uses_app: bool = False


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


JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
GZIP = "Content-Encoding: gzip"
DOCTOR = ("doctor",)
"""The command that lists files."""
CHANGED = "changed while"
IN_TIME = "no complete response within 30 seconds"
NO_RESPONSE = "no response (RemoteProtocolError)"
ITEMS_CALL = f"GET {ITEMS}: "


def listing_modes() -> dict[str, Mode]:
    """Return the modes whose pages do not end, or are not what they announce."""
    return {
        "a million galleries, full pages": Mode(
            serve=galleries(lambda a: gallery_page(a, 10**6)), says="at most 10,000"
        ),
        "a million galleries, one listed": Mode(
            serve=galleries(lambda a: first_gallery(a, 10**6)), says="at most 10,000"
        ),
        "10,000 galleries, one listed": Mode(serve=galleries(lambda a: first_gallery(a, 10**4)), says=CHANGED),
        "10**30 galleries": Mode(serve=galleries(lambda a: gallery_page(a, 10**30)), says="no valid totalGalleries"),
        "a number of galleries that grows": Mode(
            serve=galleries(lambda a: gallery_page(a, a.number("offset") + 11)), says=CHANGED
        ),
        "a number of galleries that shrinks": Mode(
            serve=galleries(lambda a: gallery_page(a, 30) if a.number("offset") < 20 else first_gallery(a, 1)),
            says=CHANGED,
        ),
        "a million items announced": Mode(
            serve=items(lambda a: page_of(3, a), 10**6), says="more than 50,000 items", call=ITEMS_CALL
        ),
        "50,000 items announced, 3 listed": Mode(
            serve=items(lambda a: page_of(3, a), 50_000), says=CHANGED, call=ITEMS_CALL
        ),
        "5,000 items in one page": Mode(
            serve=items(lambda _: page_of(5_000, full(5_000)), 5_000), says="100 were requested", call=ITEMS_CALL
        ),
        "full pages for ever": Mode(serve=items(full_page), says="more than 50,000 items", call=ITEMS_CALL),
        "the same page for ever": Mode(serve=items(lambda _: page_of(100, full(100))), says=CHANGED, call=ITEMS_CALL),
        "pages of 15 MB, with a total": Mode(serve=items(heavy_page, 10_000), says="128 MiB", call=ITEMS_CALL),
        "pages of 15 MB for ever": Mode(serve=items(heavy_page), says="128 MiB", call=ITEMS_CALL),
        "pages of 3.75 MB, an emoji in each text": Mode(
            serve=items(emoji_page, 10_000), says="128 MiB", call=ITEMS_CALL
        ),
        "40,000 items": Mode(serve=items(lambda a: page_of(40_000, a), 40_000), code=0),
        "pages of small objects": Mode(serve=items(nested_page, 10_000), says="128 MiB", call=ITEMS_CALL),
        "a cursor that repeats": Mode(
            serve=files(lambda _: "again"), says="repeats the cursor", call="", command=DOCTOR
        ),
        "new cursors for ever": Mode(
            serve=files(lambda a: f"{a.number('paging.cursor') + 1}"),
            says="more than 1,000 pages",
            call="",
            command=DOCTOR,
        ),
    }


def body_modes() -> dict[str, Mode]:
    """Return the modes whose bodies are bombs, or are not what the API documents."""
    twice = "has the encoding gzip, gzip; only gzip was requested"
    return {
        "a gzip bomb": Mode(serve=body(lambda: bomb("gzip"), GZIP), says="more than 16 MiB"),
        "a double gzip bomb": Mode(
            serve=body(lambda: gzip.compress(bomb("gzip")), "Content-Encoding: gzip, gzip"), says=twice
        ),
        "a double gzip bomb, two headers": Mode(
            serve=body(lambda: gzip.compress(bomb("gzip")), GZIP, GZIP), says=twice
        ),
        "a deflate bomb": Mode(
            serve=body(lambda: bomb("deflate"), "Content-Encoding: deflate"), says="has the encoding deflate"
        ),
        "an error with a gzip bomb": Mode(serve=body(lambda: bomb("gzip"), GZIP, status="400 Bad Request"), says="400"),
        "a gzip bomb for a token": Mode(
            serve=at(TOKEN, token_bomb), says="more than 16 MiB", call=f"POST {TOKEN}: ", uses_app=True
        ),
        "gzip that is cut": Mode(
            serve=body(lambda: gzip.compress(galleries_json())[:-12], GZIP), says="cannot be decoded"
        ),
        "text that is called gzip": Mode(serve=body(galleries_json, GZIP), says="cannot be decoded"),
        "60 MB of {},": Mode(serve=body(lambda: b"[" + b"{}," * 20_000_000 + b"{}]"), says="more than 16 MiB"),
        "15 MB of {},": Mode(serve=body(lambda: more(f"[{'{},' * 5_000_000}0]")), says="more than 500,000 brackets"),
        "a million [": Mode(serve=body(lambda: more("[" * 10**6)), says="more than 500,000 brackets"),
        "100,000 levels": Mode(serve=body(lambda: more("[" * 10**5 + "]" * 10**5)), says="more than 64 levels"),
        "levels behind strings with ]": Mode(
            serve=body(lambda: more('["]",' * 90_000 + "0" + "]" * 90_000)), says="more than 64 levels"
        ),
        "500 levels": Mode(serve=body(lambda: more("[" * 500 + "]" * 500)), says="more than 64 levels"),
        "a text of 15 MB": Mode(serve=body(lambda: more('"' + "a" * 15 * MIB + '"')), code=0),
        "a text of 15 MB, one emoji": Mode(serve=body(lambda: more('"' + "a" * 15 * MIB + '\U0001f600"')), code=0),
        "a text of 15 MB of escapes": Mode(serve=body(lambda: more('"' + r"\n" * 7 * MIB + '"')), code=0),
        "invalid UTF-8": Mode(serve=body(lambda: galleries_json(b'"\xff\xfe"')), says="not valid JSON"),
        "UTF-16 without its mark": Mode(
            serve=body(lambda: galleries_json().decode().encode("utf-16-le")[1:]), says="not valid JSON"
        ),
        "NaN": Mode(serve=body(lambda: more("NaN")), says="not valid JSON"),
        "-Infinity": Mode(serve=body(lambda: more("-Infinity")), says="not valid JSON"),
        "an integer of 15 MB": Mode(serve=body(lambda: more("9" * 15 * MIB)), says="not valid JSON"),
        "a fraction of 15 MB": Mode(serve=body(lambda: more("0." + "9" * 15 * MIB)), code=0),
        "an exponent of 15 MB": Mode(serve=body(lambda: more("1e" + "9" * 15 * MIB)), says="not valid JSON"),
        "a name twice in an object": Mode(serve=body(lambda: b'{"totalGalleries": 7, ' + galleries_json()[1:]), code=0),
        "a page of a proxy": Mode(
            serve=body(lambda: b"<html>sign in</html>", "Content-Type: text/html"), says="not valid JSON"
        ),
        "an array": Mode(serve=body(lambda: b"[1, 2]"), says="not a JSON object"),
        "an empty body": Mode(serve=body(lambda: b""), says="not valid JSON"),
    }


def framing_modes() -> dict[str, Mode]:
    """Return the modes that break the rules of HTTP, or use them to say something else."""
    return {
        "a body without end": Mode(serve=stream(lambda: repeat(b" " * BLOCK), JSON), says="more than 16 MiB"),
        "chunks without end": Mode(serve=stream(lambda: chunks(b" " * BLOCK), JSON, CHUNKED), says="more than 16 MiB"),
        "chunks of one byte without end": Mode(serve=stream(lambda: chunks(b" "), JSON, CHUNKED), is_slow=True),
        "a body shorter than announced": Mode(serve=at(GALLERIES, early_close), says=NO_RESPONSE, is_slow=True),
        "a body longer than announced": Mode(serve=body(galleries_json, length=20), says="not valid JSON"),
        "two lengths": Mode(serve=body(galleries_json, "Content-Length: 5"), says=NO_RESPONSE, is_slow=True),
        "a negative length": Mode(serve=body(galleries_json, length=-1), says=NO_RESPONSE, is_slow=True),
        "headers without end": Mode(serve=stream(header_lines), says=NO_RESPONSE, is_slow=True),
        "a header of 60 MB": Mode(
            serve=body(galleries_json, f"X-Long: {'a' * 60 * MIB}"), says=NO_RESPONSE, is_slow=True
        ),
        "trailers without end": Mode(
            serve=stream(lambda: chain([b"0\r\n"], repeat(b"X-A: a\r\n" * 100)), JSON, CHUNKED),
            says=NO_RESPONSE,
            is_slow=True,
        ),
        "another protocol": Mode(
            serve=stream(lambda: iter([b"SSH-2.0-OpenSSH_9.9\r\n\r\n"])), says=NO_RESPONSE, is_slow=True
        ),
        "an upgrade to another protocol": Mode(serve=status("101 Switching Protocols"), says=NO_RESPONSE, is_slow=True),
        "connections that are closed": Mode(serve=at(GALLERIES, hang_up), says=NO_RESPONSE, is_slow=True),
        "a redirect to itself": Mode(serve=redirect(GALLERIES), says="302 redirects are not followed"),
        "a redirect to another host": Mode(
            serve=redirect("http://127.0.0.2:9/"), says="302 redirects are not followed"
        ),
        "a redirect to a file": Mode(serve=redirect("file:///etc/passwd"), says="302 redirects are not followed"),
    }


def time_modes() -> dict[str, Mode]:
    """Return the modes in which a response, or the end of errors, never comes."""
    slowly = SECONDS_BETWEEN_BYTES
    return {
        "1xx responses without end": Mode(
            serve=stream(lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)), says=IN_TIME, is_slow=True
        ),
        "a 1xx response each 5 s": Mode(
            serve=stream(lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), pause=slowly), says=IN_TIME, is_slow=True
        ),
        "one byte each 5 s": Mode(serve=stream(lambda: repeat(b" "), JSON, pause=slowly), says=IN_TIME, is_slow=True),
        "one byte of a header each 5 s": Mode(
            serve=stream(lambda: chain([b"HTTP/1.1 200 OK\r\nX-A: "], repeat(b"a")), pause=slowly),
            says=IN_TIME,
            is_slow=True,
        ),
        "no response": Mode(serve=at(GALLERIES, never), says="ReadTimeout", is_slow=True),
        "10 MB, then nothing": Mode(serve=at(GALLERIES, stall), says="30 seconds", is_slow=True),
        "503 for ever": Mode(serve=status("503 Service Unavailable"), says="503", is_slow=True),
        "429 for an hour": Mode(
            serve=status("429 Too Many Requests", "Retry-After: 3600"),
            says="not finished within the --deadline of 20 s",
            call="",
            command=("plan", "--deadline", "20s"),
            is_slow=True,
        ),
        "401 for ever": Mode(serve=status("401 Unauthorized"), says="401", uses_app=True),
    }


def modes() -> dict[str, Mode]:
    """Return all modes by name."""
    return listing_modes() | body_modes() | framing_modes() | time_modes()
