"""Requests whose bodies and responses are the API's own JSON, for questions about the API itself."""

from __future__ import annotations

from collections.abc import Mapping

from galleryctl.model.fields import Json
from galleryctl.wix import endpoints
from galleryctl.wix.codec import as_string
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.messages import JsonReply, Request, parse_reply
from galleryctl.wix.transport import Transport


class RawCalls:
    """Requests without a conversion; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send_raw(
        self,
        endpoint: Endpoint,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Json] | None = None,
        consistent: bool = True,
    ) -> JsonReply:
        """Send a request and return its response; without `consistent`, a read may lag behind the client's writes."""
        outgoing = Request(endpoint=endpoint, ids=ids, params=params or {}, json=json, consistent=consistent)
        return parse_reply(await self._transport.send(outgoing), outgoing)

    async def upload_raw(self, generated: JsonReply, content: bytes, mime: str) -> JsonReply:
        """Upload `content` to the URL in the response to UPLOAD_URL, and return the response with the file."""
        url = self._transport.resolve_upload_url(as_string(generated.get("uploadUrl")))
        if url is None:
            raise generated.malformed("the response has no https uploadUrl")
        headers = {"Content-Type": mime}
        put = Request(endpoint=endpoints.PUT_UPLOAD, url=url, headers=headers, content=content)
        return parse_reply(await self._transport.send(put), put)

    async def download_raw(self, url: str) -> bytes | None:
        """Return what visitors of the site get at the URL of a file; None if it is not an https URL."""
        resolved = self._transport.resolve_upload_url(url)
        if resolved is None:
            return None
        return (await self._transport.send(Request(endpoint=endpoints.DELIVERED_FILE, url=resolved))).body
