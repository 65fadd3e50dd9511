"""What the caller may change, found out by calls that change nothing."""

from __future__ import annotations

from galleryctl.wix import endpoints
from galleryctl.wix.errors import InvalidRequest, NotFound, PermissionDenied
from galleryctl.wix.transport import Transport

_UNUSED_ID = "00000000-0000-4000-8000-000000000000"
"""An id that no site gives to a gallery."""


class PermissionCalls:
    """Tries what needs a right where it has no effect; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def can_manage_galleries(self) -> bool | None:
        """Whether galleries may be changed, by a change of nothing in one that is not there; None: it was not told."""
        try:
            await self._transport.request(endpoints.UPDATE_GALLERY, _UNUSED_ID, json={"gallery": {"id": _UNUSED_ID}})
        except NotFound:
            return True
        except PermissionDenied:
            return False
        except InvalidRequest:
            return None
        return None

    async def can_manage_media(self) -> bool:
        """Whether files may be uploaded, by asking for the URL of an upload that is never sent."""
        body = {"mimeType": "image/png", "fileName": "galleryctl-doctor.png"}
        try:
            await self._transport.request(endpoints.UPLOAD_URL, json=body)
        except PermissionDenied:
            return False
        return True
