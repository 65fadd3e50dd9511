"""Counts what is sent to the emulator in process, and answers some uploads in its place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import pytest

from galleryctl.http import httpx

_MISMATCH = {
    "message": "mimeType is not valid",
    "details": {
        "validationError": {
            "fieldViolations": [
                {
                    "field": "mimeType",
                    "description": "does not match",
                    "violatedRule": "OTHER",
                    "ruleName": "MISMATCH_MIME_TYPE",
                }
            ]
        }
    },
}


@dataclass(slots=True)
class UploadWire:
    """The requests for uploads: how many of each kind, and how many bytes of files they had.

    `refused` has the names of files and the status of the answer: to the request for an upload URL for a 400, to the
    upload itself for any other.
    """

    refused: dict[str, int] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    bytes_sent: int = 0
    names: dict[str, str] = field(default_factory=dict)
    """The names of the files by the addresses of their uploads."""

    def clear(self) -> None:
        """Forget what was counted."""
        self.requests.clear()
        self.bytes_sent = 0

    def answer(self, request: httpx.Request) -> httpx.Response | None:
        """Count the request, and return the answer to a refused upload."""
        path = request.url.path
        if "/upload/" in path:
            self.requests[f"{request.method} upload"] += 1
            self.bytes_sent += len(request.content)
            status = self.refused.get(self.names.get(path, ""), HTTPStatus.BAD_REQUEST)
            return None if status == HTTPStatus.BAD_REQUEST else _reply(status, {"message": "refused"})
        if path.endswith("-upload-url"):
            self.requests["POST upload-url"] += 1
            name = json.loads(request.content)["fileName"]
            return _reply(400, _MISMATCH) if self.refused.get(name) == HTTPStatus.BAD_REQUEST else None
        if path.endswith("/files/search"):
            self.requests["POST search"] += 1
        return None

    def remember(self, request: httpx.Request, status: int, content: bytes) -> None:
        """Remember the address of an upload."""
        if status == HTTPStatus.OK:
            url = httpx.URL(json.loads(content)["uploadUrl"])
            self.names[url.path] = json.loads(request.content)["fileName"]


def _reply(status: int, body: Mapping[str, object]) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps(body).encode()))


@contextmanager
def watch_uploads() -> Iterator[UploadWire]:
    """Count the uploads to all emulators of this process."""
    wire = UploadWire()
    send = httpx.ASGITransport.handle_async_request

    async def watched(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if (refusal := wire.answer(request)) is not None:
            return refusal
        response = await send(transport, request)
        if request.url.path.endswith("-upload-url"):
            content = await response.aread()
            response = httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(content))
            wire.remember(request, response.status_code, content)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.ASGITransport, "handle_async_request", watched)
        yield wire
