"""The pauses between the attempts at one request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState

from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.waits import Waits
from galleryctl.wix.errors import ApiError, Throttled


@dataclass(slots=True, kw_only=True)
class RetryPauses:
    """The pauses between the attempts at `call`, of which each says how the attempt before it failed."""

    call: str
    attempts: int
    """The most attempts."""
    waits: Waits
    clock: Callable[[], float]
    _failed_at: float | None = None
    """When the first attempt failed: pauses count from there, since several short ones make a long wait."""
    _next: Waiting | None = None

    def prepare(self, state: RetryCallState) -> None:
        """Prepare the pause before the next attempt, for `before_sleep` of tenacity."""
        error = state.outcome.exception() if state.outcome else None
        status = error.status if isinstance(error, ApiError) else None
        reason = "without a response" if status is None else f"with status {status}"
        now = self.clock()
        self._failed_at = now if self._failed_at is None else self._failed_at
        self._next = Waiting(
            kind=WaitKind.QUOTA if isinstance(error, Throttled) else WaitKind.RETRY,
            what=f"attempt {state.attempt_number + 1} of {self.attempts} at {self.call}, which failed {reason}",
            seconds=state.upcoming_sleep,
            before=now - self._failed_at,
        )

    async def sleep(self, seconds: float) -> None:
        """Wait until the next attempt, for `sleep` of tenacity."""
        waiting = self._next or Waiting(kind=WaitKind.RETRY, what=self.call, seconds=seconds)
        await self.waits.pause(waiting)
