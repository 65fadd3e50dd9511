"""Requests that are held without a response until a test releases them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class HeldRequest:
    """One held request; `when` is "before" or "after" its effect."""

    method: str
    path: str
    when: str
    released: asyncio.Future[bool]

    def as_json(self) -> dict[str, Any]:
        """Return the request for `GET /_emulator/holds`."""
        return {"method": self.method, "path": self.path, "when": self.when}


@dataclass(slots=True)
class HeldRequests:
    """The held requests in the order of arrival; all methods run in one event loop."""

    held: list[HeldRequest] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self, method: str, path: str, when: str) -> bool:
        """Wait for the release; returns False if the request must end without a response."""
        future = asyncio.get_running_loop().create_future()
        entry = HeldRequest(method=method, path=path, when=when, released=future)
        self.held.append(entry)
        self._arrived.set()
        try:
            return await entry.released
        finally:
            if entry in self.held:  # cancelled by its client
                self.held.remove(entry)

    async def wait_for(self, count: int, seconds: float) -> bool:
        """Wait at most `seconds` until `count` requests are held; returns True on success."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.held) < count:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def release(self, *, drop: bool) -> int:
        """Release all held requests, without a response if `drop`; returns their number."""
        released, self.held = self.held, []
        for entry in released:
            if not entry.released.done():
                entry.released.set_result(not drop)
        return len(released)
