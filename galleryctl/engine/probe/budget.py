"""The limit of requests of a probe: every attempt counts, also retries and requests for tokens."""

from __future__ import annotations

from dataclasses import dataclass

from galleryctl.model.errors import GalleryctlError
from galleryctl.wix.transport import Attempt, Phase

MAX_REQUESTS = 150
"""The most requests that a probe sends, those of the clean-up included."""


class RequestLimitReached(GalleryctlError):  # noqa: N818 - named for what it says
    """The next request would be one too many; it was not sent."""


@dataclass(slots=True)
class RequestBudget:
    """The number of requests sent, and its limit at present."""

    limit: int = MAX_REQUESTS
    used: int = 0

    def observe(self, attempt: Attempt) -> None:
        """Count an attempt before it is sent. Raises RequestLimitReached instead of sending one too many."""
        if attempt.phase is not Phase.BEFORE:
            return
        if self.used >= self.limit:
            raise RequestLimitReached("the limit of requests is reached")
        self.used += 1
