"""The ways in which a server misbehaves, each with the end that a command must come to."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from itertools import chain, repeat

from tests.support.misbehaving_handlers import (
    CHUNKED,
    GZIP,
    JSON,
    MIB,
    body,
    bomb,
    chunks,
    early_close,
    emoji_page,
    files,
    first_gallery,
    full,
    full_page,
    galleries,
    galleries_json,
    gallery_page,
    hang_up,
    header_lines,
    heavy_page,
    items,
    more,
    nested_page,
    never,
    redirect,
    stall,
    status,
    stream,
    token_bomb,
)
from tests.support.misbehaving_server import BLOCK, GALLERIES, ITEMS, TOKEN, Handler, at, page_of

SECONDS_BETWEEN_BYTES = 5.0
DOCTOR = ("doctor",)
"""The command that lists files."""
CHANGED = "changed while"
IN_TIME = "no complete response within 30 seconds"
NO_RESPONSE = "no response (RemoteProtocolError)"
ITEMS_CALL = f"GET {ITEMS}: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way to misbehave, and the end that `command` must come to: its exit code, and what it says.

    An error also names `call`.
    """

    serve: Handler
    says: str = ""
    call: str = f"GET {GALLERIES}: "
    code: int = 1
    command: tuple[str, ...] = ("plan",)
    uses_app: bool = False


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
        "chunks of one byte without end": Mode(serve=stream(lambda: chunks(b" "), JSON, CHUNKED)),
        "a body shorter than announced": Mode(serve=at(GALLERIES, early_close), says=NO_RESPONSE),
        "a body longer than announced": Mode(serve=body(galleries_json, length=20), says="not valid JSON"),
        "two lengths": Mode(serve=body(galleries_json, "Content-Length: 5"), says=NO_RESPONSE),
        "a negative length": Mode(serve=body(galleries_json, length=-1), says=NO_RESPONSE),
        "headers without end": Mode(serve=stream(header_lines), says=NO_RESPONSE),
        "a header of 60 MB": Mode(serve=body(galleries_json, f"X-Long: {'a' * 60 * MIB}"), says=NO_RESPONSE),
        "trailers without end": Mode(
            serve=stream(lambda: chain([b"0\r\n"], repeat(b"X-A: a\r\n" * 100)), JSON, CHUNKED), says=NO_RESPONSE
        ),
        "another protocol": Mode(serve=stream(lambda: iter([b"SSH-2.0-OpenSSH_9.9\r\n\r\n"])), says=NO_RESPONSE),
        "an upgrade to another protocol": Mode(serve=status("101 Switching Protocols"), says=NO_RESPONSE),
        "connections that are closed": Mode(serve=at(GALLERIES, hang_up), says=NO_RESPONSE),
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
            serve=stream(lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)), says=IN_TIME
        ),
        "a 1xx response each 5 s": Mode(
            serve=stream(lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), pause=slowly), says=IN_TIME
        ),
        "one byte each 5 s": Mode(serve=stream(lambda: repeat(b" "), JSON, pause=slowly), says=IN_TIME),
        "one byte of a header each 5 s": Mode(
            serve=stream(lambda: chain([b"HTTP/1.1 200 OK\r\nX-A: "], repeat(b"a")), pause=slowly), says=IN_TIME
        ),
        "no response": Mode(serve=at(GALLERIES, never), says=IN_TIME),
        "10 MB, then nothing": Mode(serve=at(GALLERIES, stall), says=IN_TIME),
        "503 for ever": Mode(serve=status("503 Service Unavailable"), says="503"),
        "429 for an hour": Mode(
            serve=status("429 Too Many Requests", "Retry-After: 3600"),
            says="not finished within the --deadline of 20 s",
            call="",
            command=("plan", "--deadline", "20s"),
        ),
        "401 for ever": Mode(serve=status("401 Unauthorized"), says="401", uses_app=True),
    }


def modes() -> dict[str, Mode]:
    """Return all modes by name."""
    return listing_modes() | body_modes() | framing_modes() | time_modes()
