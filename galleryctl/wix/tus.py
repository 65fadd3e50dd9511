"""Resumable uploads by TUS 1.0 as the Media Manager implements it, for files over 10 MB.

After the last bytes, a PUT to `<uploadUrl>/<uploadToken>` creates the file, unless the last PATCH returned it. An upload
that was cut off is continued by a later run: a HEAD says how many bytes arrived.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import quote

from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.secret import Secret
from galleryctl.wix import endpoints
from galleryctl.wix.codec import as_size
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import (
    ApiError,
    AuthError,
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
"""Opens a file at its beginning; called again for each attempt."""

OnBegin = Callable[[PartialUpload], Awaitable[None]]
"""Called when a resumable upload was begun, so that another run can continue it."""

CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes per PATCH; an interruption repeats at most these."""
_MAX_STALLS = 5
"""Interruptions in a row without progress after which an upload fails."""
_TUS_HEADERS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSource:
    """A file to upload; `size` in bytes, `digest` a name of exactly these bytes."""

    name: str
    mime: str
    size: int
    digest: str
    open_bytes: OpenBytes


async def upload_resumable(
    transport: Transport, url: str, token: str, source: UploadSource, on_begin: OnBegin
) -> JsonReply:
    """Upload the file and return the reply to the last request; raises ApiError, ResponseLost if the file may exist.

    `on_begin` is called before the first byte is sent.
    """
    location = await _create_upload(transport, url, token, source)
    finish_url = f"{url.rstrip('/')}/{quote(token, safe='')}"
    partial = PartialUpload(url=Secret(location), finish_url=Secret(finish_url), size=source.size, digest=source.digest)
    await on_begin(partial)
    return await _complete(transport, partial, source, 0)


async def resume_upload(transport: Transport, partial: PartialUpload, source: UploadSource) -> JsonReply | None:
    """Continue an upload and return as `upload_resumable`; None if it has expired or has other bytes: begin again."""
    urls = (partial.url.reveal(), partial.finish_url.reveal())
    if (partial.size, partial.digest) != (source.size, source.digest) or any(
        transport.resolve_upload_url(url) is None for url in urls
    ):
        return None
    try:
        offset = await _received_bytes(transport, partial.url.reveal(), source)
        return await _complete(transport, partial, source, offset)
    except (NotFound, Conflict, InvalidRequest, PermissionDenied, AuthError, MalformedResponse):
        return None


async def _complete(transport: Transport, partial: PartialUpload, source: UploadSource, offset: int) -> JsonReply:
    """Send the bytes from `offset` on, and return the reply to the last request."""
    location = partial.url.reveal()
    last = await _send_chunks(transport, location, source, offset)
    if last is not None and last.body:
        return parse_reply(last, Request(endpoint=endpoints.TUS_PATCH, url=location))
    finish = Request(endpoint=endpoints.TUS_FINISH, url=partial.finish_url.reveal(), params={"filename": source.name})
    try:
        return parse_reply(await transport.send(finish), finish)
    except (NotFound, Conflict, InvalidRequest, PermissionDenied) as rejection:
        if last is not None:
            raise
        # the last bytes arrived, and the response that described the file was lost
        what = "the response to the last bytes was lost; the file may exist"
        raise ResponseLost(what, call=rejection.call, status=rejection.status) from None


async def _create_upload(transport: Transport, url: str, token: str, source: UploadSource) -> str:
    fields = {"filename": source.name, "contentType": source.mime, "token": token}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())
    headers = {**_TUS_HEADERS, "Upload-Length": str(source.size), "Upload-Metadata": metadata}
    response = await transport.send(Request(endpoint=endpoints.TUS_CREATE, url=url, headers=headers))
    location = transport.resolve_upload_url(response.headers.get("location", ""), url)
    if not response.headers.get("location") or location is None:
        raise _malformed_error("the response has no usable upload URL", response, endpoints.TUS_CREATE)
    return location


async def _send_chunks(transport: Transport, location: str, source: UploadSource, offset: int) -> Response | None:
    """Send the bytes from `offset` on and return the last response, or None if it was lost though the bytes arrived.

    After an interruption, continue from the offset that the server reports: of 20 MB, 8 MB were confirmed and the
    response to the next 8 MB was lost; if the server has 16 MB, send the last 4 MB, if it has 8 MB, the last 12 MB.
    """
    stalls = 0
    response: Response | None = None
    while offset < source.size:
        before = offset
        async with aclosing(_chunks(source.open_bytes, offset)) as chunks:
            async for chunk in chunks:
                try:
                    response = await _patch_chunk(transport, location, offset, chunk)
                except (ResponseLost, Conflict):
                    response, offset = None, await _received_bytes(transport, location, source)
                    break
                offset += len(chunk)
            else:
                if offset < source.size:
                    raise size_changed_error(source, offset, endpoints.TUS_PATCH)
        stalls = stalls + 1 if offset <= before else 0
        if stalls >= _MAX_STALLS:
            raise ResponseLost(f"the upload of {source.name} makes no progress", call=endpoints.TUS_PATCH.name)
    return response


async def _patch_chunk(transport: Transport, location: str, offset: int, chunk: bytes) -> Response:
    headers = {**_TUS_HEADERS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return await transport.send(Request(endpoint=endpoints.TUS_PATCH, url=location, headers=headers, content=chunk))


async def _received_bytes(transport: Transport, location: str, source: UploadSource) -> int:
    response = await transport.send(Request(endpoint=endpoints.TUS_OFFSET, url=location, headers=dict(_TUS_HEADERS)))
    offset = as_size(response.headers.get("upload-offset"))
    if offset is None or offset > source.size:
        raise _malformed_error("the response has no valid Upload-Offset", response, endpoints.TUS_OFFSET)
    return offset


def size_changed_error(source: UploadSource, actual_size: int, endpoint: Endpoint) -> ApiError:
    """Return the error for a file whose size changed after its upload began."""
    what = f"{source.name} changed during the upload: {actual_size} bytes instead of {source.size}"
    return InvalidRequest(what, call=endpoint.name, do="run apply again")


async def _chunks(open_bytes: OpenBytes, start: int) -> AsyncGenerator[bytes, None]:
    """Yield the bytes from `start` on, CHUNK_BYTES at a time."""
    buffer, skip = bytearray(), start
    async for block in iter_blocks(open_bytes()):
        buffer += block[skip:]
        skip = max(0, skip - len(block))
        while len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer[:CHUNK_BYTES])
            del buffer[:CHUNK_BYTES]
    if buffer:
        yield bytes(buffer)


async def iter_blocks(content: AsyncIterable[bytes] | bytes) -> AsyncIterator[bytes]:
    """Yield the blocks of `content`; bytes are one block."""
    if isinstance(content, bytes):
        yield content
        return
    async for block in content:
        yield block


def _malformed_error(what: str, response: Response, endpoint: Endpoint) -> ApiError:
    return MalformedResponse(what, call=endpoint.name, status=response.status, request_id=response.request_id)
