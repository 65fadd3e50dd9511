"""Resumable uploads: TUS 1.0 as the Media Manager speaks it, for files over 10 MB.

After the last bytes a PUT to `<uploadUrl>/<uploadToken>` makes the file, unless the last PATCH has answered it.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

from galleryctl.wix import endpoints
from galleryctl.wix.codec import whole
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import (
    AnswerLost,
    ApiError,
    BadAnswer,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
)
from galleryctl.wix.messages import Answer, Outgoing, Reply, parsed
from galleryctl.wix.transport import Transport

OpenBytes = Callable[[], AsyncIterable[bytes] | bytes]
"""Opens a file from its beginning; called again for each try."""

CHUNK = 8 * 1024 * 1024
"""Bytes in one PATCH: what an interruption costs at most."""
STALLS = 5
"""How many interruptions in a row without progress end an upload."""
PROTOCOL = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to upload; `size` in bytes."""

    name: str
    mime: str
    size: int
    open_bytes: OpenBytes


async def upload(transport: Transport, url: str, token: str, source: Source) -> Reply:
    """What the API answered when the file was whole; raises ApiError, AnswerLost when it may have been made."""
    location = await _create(transport, url, token, source)
    last = await _send_bytes(transport, location, source)
    if last is not None and last.body:
        return parsed(last, Outgoing(endpoint=endpoints.TUS_PATCH, url=location))
    finish = Outgoing(
        endpoint=endpoints.TUS_FINISH,
        url=f"{url.rstrip('/')}/{quote(token, safe='')}",
        params={"filename": source.name},
    )
    try:
        return parsed(await transport.send(finish), finish)
    except (NotFound, Conflict, InvalidRequest, PermissionDenied) as refusal:
        if last is not None:
            raise
        # the last bytes arrived and their answer did not: it was the one that told the file
        raise AnswerLost(
            "the answer to the last bytes was lost; the file may be there",
            call=refusal.call,
            status=refusal.status,
        ) from None


async def _create(transport: Transport, url: str, token: str, source: Source) -> str:
    told = {"filename": source.name, "contentType": source.mime, "token": token}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**PROTOCOL, "Upload-Length": str(source.size), "Upload-Metadata": metadata}
    answer = await transport.send(Outgoing(endpoint=endpoints.TUS_CREATE, url=url, headers=headers))
    location = transport.upload_address(answer.headers.get("location", ""), url)
    if not answer.headers.get("location") or location is None:
        raise _bad("the answer names no place for the bytes that can be used", answer, endpoints.TUS_CREATE)
    return location


async def _send_bytes(transport: Transport, location: str, source: Source) -> Answer | None:
    """The answer to the last bytes; None when it was lost though they arrived."""
    offset, stalls = 0, 0
    answer: Answer | None = None
    while offset < source.size:
        before = offset
        async with aclosing(_pieces(source.open_bytes, offset)) as pieces:
            async for piece in pieces:
                try:
                    answer = await _patch(transport, location, offset, piece)
                except (AnswerLost, Conflict):
                    answer, offset = None, await _offset(transport, location, source)
                    break
                offset += len(piece)
            else:
                if offset < source.size:
                    raise another_size(source, offset, endpoints.TUS_PATCH)
        stalls = stalls + 1 if offset <= before else 0
        if stalls >= STALLS:
            raise AnswerLost(f"the upload of {source.name} stands still", call=endpoints.TUS_PATCH.name)
    return answer


async def _patch(transport: Transport, location: str, offset: int, piece: bytes) -> Answer:
    headers = {
        **PROTOCOL,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    outgoing = Outgoing(endpoint=endpoints.TUS_PATCH, url=location, headers=headers, content=piece)
    return await transport.send(outgoing)


async def _offset(transport: Transport, location: str, source: Source) -> int:
    """How many bytes have arrived."""
    answer = await transport.send(Outgoing(endpoint=endpoints.TUS_OFFSET, url=location, headers=dict(PROTOCOL)))
    found = whole(answer.headers.get("upload-offset"))
    if found is None or found > source.size:
        raise _bad("the answer does not say how much has arrived", answer, endpoints.TUS_OFFSET)
    return found


def another_size(source: Source, found: int, endpoint: Endpoint) -> ApiError:
    """The error for a file that is not as long as it was when its upload began."""
    return InvalidRequest(
        f"{source.name} has {found} bytes, not the {source.size} that were announced",
        call=endpoint.name,
        do="the file changed during the upload; run apply again",
    )


async def _pieces(open_bytes: OpenBytes, start: int) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` on, in pieces of CHUNK."""
    held, skip = bytearray(), start
    async for block in blocks(open_bytes()):
        held += block[skip:]
        skip = max(0, skip - len(block))
        while len(held) >= CHUNK:
            yield bytes(held[:CHUNK])
            del held[:CHUNK]
    if held:
        yield bytes(held)


async def blocks(content: AsyncIterable[bytes] | bytes) -> AsyncIterator[bytes]:
    """The content block by block."""
    if isinstance(content, bytes):
        yield content
        return
    async for block in content:
        yield block


def _bad(what: str, answer: Answer, endpoint: Endpoint) -> ApiError:
    return BadAnswer(what, call=endpoint.name, status=answer.status, request_id=answer.request_id)
