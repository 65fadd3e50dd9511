"""Why a delivery is refused."""

from __future__ import annotations

from enum import StrEnum

from galleryctl.model.errors import GalleryctlError


class RejectionReason(StrEnum):
    """What is wrong with a delivery; refusals are counted by it."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    STALE = "too old"
    INSTANCE = "instance"


_BAD_REQUEST_REASONS = (RejectionReason.OVERSIZED, RejectionReason.MALFORMED)


class RejectedDeliveryError(GalleryctlError):
    """A delivery that is not taken. Its message is for the log of whoever runs the receiver, never for the sender."""

    def __init__(self, reason: RejectionReason, why: str) -> None:
        super().__init__(f"refused a delivery ({reason})", why=why)
        self.reason = reason

    @property
    def status(self) -> int:
        """400 for what is no event at all, 401 for what nobody vouches for."""
        return 400 if self.reason in _BAD_REQUEST_REASONS else 401
