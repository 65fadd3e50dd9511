"""Requests that are kept unanswered until a test lets them go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class HeldRequest:
    """One request that waits; `when` says on which side of its write."""

    method: str
    path: str
    when: str
    released: asyncio.Future[bool]

    def as_json(self) -> dict[str, Any]:
        """The request as `GET /_emulator/holds` gives it."""
        return {"method": self.method, "path": self.path, "when": self.when}


@dataclass(slots=True)
class HeldRequests:
    """The requests that wait, in the order they came; all of it lives in one event loop."""

    held: list[HeldRequest] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self, method: str, path: str, when: str) -> bool:
        """Wait until let go; whether the request may go on, or ends without an answer."""
        future = asyncio.get_running_loop().create_future()
        entry = HeldRequest(method=method, path=path, when=when, released=future)
        self.held.append(entry)
        self._arrived.set()
        try:
            return await entry.released
        finally:
            if entry in self.held:  # given up by its client
                self.held.remove(entry)

    async def wait_for(self, count: int, seconds: float) -> bool:
        """Wait until `count` requests are held; whether that came within `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.held) < count:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            return False
        return True

    def release(self, *, drop: bool) -> int:
        """Let all go, with an answer or without; how many there were."""
        gone, self.held = self.held, []
        for entry in gone:
            if not entry.released.done():
                entry.released.set_result(not drop)
        return len(gone)
