"""The HTTP library, imported only here, so that replacing it starts with one line; and the reading of bodies in limits.

The last stable release of httpx is of December 2024. Its decoders inflate any number of layers at once: 25 KB of a
body that is compressed twice can become 4 GB. Therefore bodies are read as they arrive, and inflated here.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

__all__ = [
    "ACCEPT_ENCODING",
    "LargeBodies",
    "LargeBodyTurn",
    "RefusedResponse",
    "httpx",
    "read_body",
    "response_time",
    "retry_after_seconds",
    "stream_body",
]

ACCEPT_ENCODING = "gzip"
"""The only encoding of a body that is requested and accepted."""
_LARGE_BODY_BYTES = 1024 * 1024
_INFLATE_BYTES = 64 * 1024
"""Bytes that are inflated at once."""
_MAX_SHOWN = 40
"""Characters of a header that a message shows."""


class RefusedResponse(httpx.DecodingError):
    """A response that exceeds a limit; the message says which, and has nothing of the body."""


class LargeBodies:
    """Lets one body of more than 1 MiB at a time be read and parsed, whatever the number of connections."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    def turn(self, deadline: asyncio.Timeout) -> LargeBodyTurn:
        """Return the turn of one body, as an asynchronous context manager; `deadline` is extended by the wait for it."""
        return LargeBodyTurn(self._lock, deadline)


class LargeBodyTurn:
    """The turn of one body, from `wait` to the end of the context."""

    def __init__(self, lock: asyncio.Lock, deadline: asyncio.Timeout) -> None:
        self._lock, self._deadline = lock, deadline
        self._has_turn = False

    async def __aenter__(self) -> Self:
        return self

    async def wait(self) -> None:
        """Wait until no other large body is being read or parsed."""
        if self._has_turn:
            return
        loop = asyncio.get_running_loop()
        until = self._deadline.when()
        left = None if until is None else until - loop.time()
        self._deadline.reschedule(None)
        await self._lock.acquire()
        self._has_turn = True
        self._deadline.reschedule(None if left is None else loop.time() + left)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_turn:
            self._lock.release()


async def read_body(response: httpx.Response, max_bytes: int, wait_for_turn: Callable[[], Awaitable[None]]) -> bytes:
    """Return the body of a streamed response, inflated; `wait_for_turn` is awaited before it gets large.

    Raises RefusedResponse for more than `max_bytes`, as sent or inflated, and for any encoding but gzip, applied once;
    httpx.DecodingError for a damaged one.
    """
    inflate = _inflater(response)
    body, received = bytearray(), 0
    async for block in response.aiter_raw():
        received += len(block)
        for part in inflate(block):
            body += part
            if max(received, len(body)) > max_bytes:
                raise RefusedResponse(f"the response has more than {max_bytes // (1024 * 1024)} MiB")
            if len(body) > _LARGE_BODY_BYTES:
                await wait_for_turn()
    if received:
        body += b"".join(inflate(b""))
    return bytes(body)


async def stream_body(response: httpx.Response, write: Callable[[bytes], object], max_bytes: int) -> None:
    """Pass the body of a streamed response to `write`, inflated, block by block. Raises as `read_body`."""
    inflate = _inflater(response)
    received = written = 0
    async for block in response.aiter_raw():
        received += len(block)
        for part in inflate(block):
            written += len(part)
            if max(received, written) > max_bytes:
                raise RefusedResponse(f"the response has more than the {max_bytes:,} bytes that were announced")
            write(part)
    for part in inflate(b"") if received else ():
        write(part)


def _inflater(response: httpx.Response) -> Callable[[bytes], Iterator[bytes]]:
    """Return the function that yields the parts of the body in a block; an empty block ends the body."""
    encodings = [name.lower() for name in response.headers.get_list("content-encoding", split_commas=True)]
    encodings = [name for name in encodings if name not in ("", "identity")]
    if not encodings:
        return lambda block: iter((block,))
    if encodings not in (["gzip"], ["x-gzip"]):
        shown = ascii(", ".join(encodings))[1:-1][:_MAX_SHOWN]
        raise RefusedResponse(f"the response has the encoding {shown}; only gzip was requested")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def inflate(block: bytes) -> Iterator[bytes]:
        if not block and not inflater.eof:
            raise httpx.DecodingError("the compressed body is incomplete")
        while block:
            if inflater.eof:
                raise httpx.DecodingError("the compressed body is followed by other bytes")
            try:
                yield inflater.decompress(block, _INFLATE_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from error
            block = inflater.unconsumed_tail or inflater.unused_data

    return inflate


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that Retry-After asks to wait, None without it; `headers` have names in lower case.

    A date counts from the response's own Date if it has one, else from `now`, in epoch seconds.
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until = _parse_http_date(text)
    if until is None:
        return None
    sent = response_time(headers)
    return max(0.0, until - (now if sent is None else sent))


def response_time(headers: Mapping[str, str]) -> float | None:
    """Return the time at which the server sent a response, in epoch seconds, None if it does not say."""
    return _parse_http_date(headers.get("date", ""))


def _parse_http_date(text: str) -> float | None:
    try:
        date: datetime = parsedate_to_datetime(text)
        # the zone -0000 gives a date without a zone; it is UTC, not this machine's zone
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
