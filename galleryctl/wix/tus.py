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
from galleryctl.wix.codec import as_size
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import (
    ApiError,
    Conflict,
    InvalidRequest,
    MalformedResponse,
    NotFound,
    PermissionDenied,
    ResponseLost,
)
from galleryctl.wix.messages import JsonReply, Request, Response, parse_reply
from galleryctl.wix.transport import Transport

OpenBytes = Callable[[], AsyncIterable[bytes] | bytes]
"""Opens a file from its beginning; called again for each try."""

CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes in one PATCH: what an interruption costs at most."""
_MAX_STALLS = 5
"""How many interruptions in a row without progress end an upload."""
_TUS_HEADERS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSource:
    """A file to upload; `size` in bytes."""

    name: str
    mime: str
    size: int
    open_bytes: OpenBytes


async def upload_resumable(transport: Transport, url: str, token: str, source: UploadSource) -> JsonReply:
    """What the API answered when the file was whole; raises ApiError, AnswerLost when it may have been made."""
    location = await _create_upload(transport, url, token, source)
    last = await _send_chunks(transport, location, source)
    if last is not None and last.body:
        return parse_reply(last, Request(endpoint=endpoints.TUS_PATCH, url=location))
    finish = Request(
        endpoint=endpoints.TUS_FINISH,
        url=f"{url.rstrip('/')}/{quote(token, safe='')}",
        params={"filename": source.name},
    )
    try:
        return parse_reply(await transport.send(finish), finish)
    except (NotFound, Conflict, InvalidRequest, PermissionDenied) as refusal:
        if last is not None:
            raise
        # the last bytes arrived and their answer did not: it was the one that told the file
        raise ResponseLost(
            "the answer to the last bytes was lost; the file may be there",
            call=refusal.call,
            status=refusal.status,
        ) from None


async def _create_upload(transport: Transport, url: str, token: str, source: UploadSource) -> str:
    told = {"filename": source.name, "contentType": source.mime, "token": token}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**_TUS_HEADERS, "Upload-Length": str(source.size), "Upload-Metadata": metadata}
    answer = await transport.send(Request(endpoint=endpoints.TUS_CREATE, url=url, headers=headers))
    location = transport.resolve_upload_url(answer.headers.get("location", ""), url)
    if not answer.headers.get("location") or location is None:
        raise _malformed_error("the answer names no place for the bytes that can be used", answer, endpoints.TUS_CREATE)
    return location


async def _send_chunks(transport: Transport, location: str, source: UploadSource) -> Response | None:
    """The answer to the last bytes; None when it was lost though they arrived."""
    offset, stalls = 0, 0
    answer: Response | None = None
    while offset < source.size:
        before = offset
        async with aclosing(_chunks(source.open_bytes, offset)) as pieces:
            async for piece in pieces:
                try:
                    answer = await _patch_chunk(transport, location, offset, piece)
                except (ResponseLost, Conflict):
                    answer, offset = None, await _received_bytes(transport, location, source)
                    break
                offset += len(piece)
            else:
                if offset < source.size:
                    raise size_changed_error(source, offset, endpoints.TUS_PATCH)
        stalls = stalls + 1 if offset <= before else 0
        if stalls >= _MAX_STALLS:
            raise ResponseLost(f"the upload of {source.name} stands still", call=endpoints.TUS_PATCH.name)
    return answer


async def _patch_chunk(transport: Transport, location: str, offset: int, chunk: bytes) -> Response:
    headers = {
        **_TUS_HEADERS,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    outgoing = Request(endpoint=endpoints.TUS_PATCH, url=location, headers=headers, content=chunk)
    return await transport.send(outgoing)


async def _received_bytes(transport: Transport, location: str, source: UploadSource) -> int:
    """How many bytes have arrived."""
    answer = await transport.send(Request(endpoint=endpoints.TUS_OFFSET, url=location, headers=dict(_TUS_HEADERS)))
    found = as_size(answer.headers.get("upload-offset"))
    if found is None or found > source.size:
        raise _malformed_error("the answer does not say how much has arrived", answer, endpoints.TUS_OFFSET)
    return found


def size_changed_error(source: UploadSource, actual_size: int, endpoint: Endpoint) -> ApiError:
    """The error for a file that is not as long as it was when its upload began."""
    return InvalidRequest(
        f"{source.name} has {actual_size} bytes, not the {source.size} that were announced",
        call=endpoint.name,
        do="the file changed during the upload; run apply again",
    )


async def _chunks(open_bytes: OpenBytes, start: int) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` on, in pieces of CHUNK."""
    held, skip = bytearray(), start
    async for block in iter_blocks(open_bytes()):
        held += block[skip:]
        skip = max(0, skip - len(block))
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


async def iter_blocks(content: AsyncIterable[bytes] | bytes) -> AsyncIterator[bytes]:
    """The content block by block."""
    if isinstance(content, bytes):
        yield content
        return
    async for block in content:
        yield block


def _malformed_error(what: str, response: Response, endpoint: Endpoint) -> ApiError:
    return MalformedResponse(what, call=endpoint.name, status=response.status, request_id=response.request_id)
