"""Counts of requests, and the quota of requests a minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Traffic:
    """Requests by endpoint and by status, how many at once at most, and the last minute's times."""

    total: int = 0
    by_endpoint: dict[str, int] = field(default_factory=dict)
    by_status: dict[str, int] = field(default_factory=dict)
    running: int = 0
    peak: int = 0
    last_minute: deque[float] = field(default_factory=deque)

    def begin_request(self, endpoint: str) -> None:
        """Count a request that came in; `endpoint` is `METHOD /template`."""
        self.total += 1
        self.by_endpoint[endpoint] = self.by_endpoint.get(endpoint, 0) + 1
        self.running += 1
        self.peak = max(self.peak, self.running)

    def end_request(self, status: int | None) -> None:
        """Count its end; None for one without an answer."""
        self.running -= 1
        name = "none" if status is None else str(status)
        self.by_status[name] = self.by_status.get(name, 0) + 1

    def is_over_quota(self, now: float, limit: int) -> bool:
        """Count a request in the last minute; whether there were `most` already, 0 being no quota."""
        while self.last_minute and self.last_minute[0] <= now - 60:
            self.last_minute.popleft()
        if limit and len(self.last_minute) >= limit:
            return True
        self.last_minute.append(now)
        return False

    def as_json(self) -> dict[str, Any]:
        """The statistics as `GET /_emulator/stats` gives them."""
        return {
            "total": self.total,
            "requests": dict(sorted(self.by_endpoint.items())),
            "statuses": dict(sorted(self.by_status.items())),
            "running": self.running,
            "peak_concurrency": self.peak,
        }
