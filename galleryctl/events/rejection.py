"""The reasons for rejecting a delivery."""

from __future__ import annotations

from enum import StrEnum

from galleryctl.model.errors import GalleryctlError


class RejectionReason(StrEnum):
    """The category of a rejection; rejections are counted by it."""

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
    """A rejected delivery. The message is for the receiver's log and is never sent to the sender."""

    def __init__(self, reason: RejectionReason, why: str) -> None:
        super().__init__(f"rejected a delivery ({reason})", why=why)
        self.reason = reason

    @property
    def status(self) -> int:
        """The HTTP status: 400 for a delivery that is not an event, 401 for one that is not trusted."""
        return 400 if self.reason in _BAD_REQUEST_REASONS else 401


def malformed(why: str) -> RejectedDeliveryError:
    """Return the error of a delivery that cannot be parsed."""
    return RejectedDeliveryError(RejectionReason.MALFORMED, why)
