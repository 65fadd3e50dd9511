"""Request statistics, and the quota of requests per minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Traffic:
    """Requests by endpoint and by status, the peak concurrency, and the times of the last minute's requests."""

    total: int = 0
    by_endpoint: dict[str, int] = field(default_factory=dict)
    by_status: dict[str, int] = field(default_factory=dict)
    running: int = 0
    peak: int = 0
    last_minute: deque[float] = field(default_factory=deque)

    def begin_request(self, endpoint: str) -> None:
        """Count an incoming request; `endpoint` is `METHOD /template`."""
        self.total += 1
        self.by_endpoint[endpoint] = self.by_endpoint.get(endpoint, 0) + 1
        self.running += 1
        self.peak = max(self.peak, self.running)

    def end_request(self, status: int | None) -> None:
        """Count a finished request; `status` is None if it ended without a response."""
        self.running -= 1
        name = "none" if status is None else str(status)
        self.by_status[name] = self.by_status.get(name, 0) + 1

    def is_over_quota(self, now: float, limit: int) -> bool:
        """Count a request at `now`; returns True if the last minute had `limit` requests already (0: no quota)."""
        while self.last_minute and self.last_minute[0] <= now - 60:
            self.last_minute.popleft()
        if limit and len(self.last_minute) >= limit:
            return True
        self.last_minute.append(now)
        return False

    def as_json(self) -> dict[str, Any]:
        """Return the statistics for `GET /_emulator/stats`."""
        return {
            "total": self.total,
            "requests": dict(sorted(self.by_endpoint.items())),
            "statuses": dict(sorted(self.by_status.items())),
            "running": self.running,
            "peak_concurrency": self.peak,
        }
