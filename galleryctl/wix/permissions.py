"""Test the caller's permissions by requests that change nothing."""

from __future__ import annotations

from contextlib import suppress

from galleryctl.wix import endpoints
from galleryctl.wix.errors import InvalidRequest, NotFound, PermissionDenied
from galleryctl.wix.transport import Transport

_UNUSED_ID = "00000000-0000-4000-8000-000000000000"
"""No gallery has this id."""


class PermissionCalls:
    """Requests that need a permission and have no effect; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def can_manage_galleries(self) -> bool | None:
        """Return True if galleries may be changed, None if the API does not say; patches one that does not exist."""
        body = {"gallery": {"id": _UNUSED_ID}}
        try:
            with suppress(InvalidRequest):
                await self._transport.request(endpoints.UPDATE_GALLERY, _UNUSED_ID, json=body)
        except (NotFound, PermissionDenied) as error:
            return isinstance(error, NotFound)
        return None

    async def can_manage_media(self) -> bool:
        """Return True if files may be uploaded; requests an upload URL that is never used."""
        body = {"mimeType": "image/png", "fileName": "galleryctl-doctor.png"}
        try:
            await self._transport.request(endpoints.UPLOAD_URL, json=body)
        except PermissionDenied:
            return False
        return True
