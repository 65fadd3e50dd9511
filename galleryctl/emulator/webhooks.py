"""Webhook deliveries: signed events, sent by a separate thread, with retries."""

from __future__ import annotations

import heapq
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from galleryctl.emulator.site import EmulatedSite

# Sends a body to a URL within a number of seconds; returns the status, or 0 without a response.
SendWebhook = Callable[[str, str, float], int]
_MAX_HISTORY = 5000
_CLOSE_TIMEOUT = 5.0  # seconds for pending deliveries: an embedded emulator is closed right after its last write


@dataclass(slots=True, kw_only=True, order=True)
class Delivery:
    """The delivery of one event to one URL; `due_at` is in monotonic seconds."""

    due_at: float
    number: int
    url: str = field(compare=False)
    body: str = field(compare=False)
    event: dict[str, Any] = field(compare=False)
    statuses: list[int] = field(compare=False, default_factory=list)
    retries_left: int = field(compare=False, default=0)
    state: str = field(compare=False, default="pending")

    def as_json(self) -> dict[str, Any]:
        """Return the delivery for `GET /_emulator/webhooks`."""
        domain_event = self.event["domainEvent"]
        return {
            "url": self.url,
            "eventType": self.event["eventType"],
            "eventId": domain_event["id"],
            "entityId": domain_event["entityId"],
            "entityEventSequence": domain_event["entityEventSequence"],
            "statuses": self.statuses,
            "state": self.state,
        }


class Webhooks:
    """The subscribers and their deliveries; the first delivery starts the thread."""

    def __init__(self, site: EmulatedSite, post: SendWebhook | None = None) -> None:
        self.site = site
        self.post = post or post_over_http
        self.urls = [row[0] for row in site.store.db.execute("SELECT url FROM webhooks ORDER BY rowid")]
        self.history: deque[Delivery] = deque(maxlen=_MAX_HISTORY)
        self._queue: list[Delivery] = []
        self._busy = 0
        self._number = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def send(self, events: Iterable[dict[str, Any]]) -> None:
        """Queue the events of one write for all subscribers."""
        settings = self.site.settings
        batch = list(events) if self.urls else []
        ordered = reversed(batch) if settings.webhook_shuffle else batch
        copies = [event for event in ordered for _ in range(1 + settings.webhook_repeats)]
        if not copies:
            return
        with self._changed:
            for event in copies:
                body = self.sign(event)
                for url in self.urls:
                    self._number += 1
                    due_at, retries = time.monotonic(), settings.webhook_retries
                    delivery = Delivery(
                        due_at=due_at, number=self._number, url=url, body=body, event=event, retries_left=retries
                    )
                    heapq.heappush(self._queue, delivery)
                    self.history.append(delivery)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="emulator-webhooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def sign(self, event: dict[str, Any]) -> str:
        """Return an event as a JWT in the vendor's format."""
        import jwt  # noqa: PLC0415 - slow to import

        keys = self.site.credentials
        data = {
            "eventType": event["eventType"],
            "instanceId": keys.instance_id,
            "data": json.dumps(event["domainEvent"]),
            "identity": json.dumps({"identityType": "APP", "appId": keys.app_id}),
        }
        now = int(self.site.clock())
        claims = {"data": json.dumps(data), "iss": "wix.com", "aud": keys.app_id, "iat": now}
        # The vendor's SDK compares `exp` with the real clock, and tests set this one.
        claims["exp"] = max(now, int(time.time())) + 3600
        return jwt.encode(claims, keys.private_key, algorithm="RS256")

    def wait_idle(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until no delivery is pending; returns True on success."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._busy, timeout)

    def reset(self) -> None:
        """Remove all subscribers and deliveries."""
        with self._changed:
            self.urls.clear()
            self._queue.clear()
            self.history.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop the thread once no delivery is pending, or after `_CLOSE_TIMEOUT`."""
        self.wait_idle(_CLOSE_TIMEOUT)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while (delivery := self._next_delivery()) is not None:
            status = self.post(delivery.url, delivery.body, self.site.settings.webhook_timeout_ms / 1000)
            with self._changed:
                self._record_result(delivery, status)
                self._busy -= 1
                self._changed.notify_all()

    def _next_delivery(self) -> Delivery | None:
        with self._changed:
            while not self._closed:
                wait = self._queue[0].due_at - time.monotonic() if self._queue else None
                if wait is not None and wait <= 0:
                    self._busy += 1
                    return heapq.heappop(self._queue)
                self._changed.wait(wait)
        return None

    def _record_result(self, delivery: Delivery, status: int) -> None:
        delivery.statuses.append(status)
        if status == 200:  # noqa: PLR2004
            delivery.state = "delivered"
        elif delivery.retries_left:
            delivery.retries_left -= 1
            tries = len(delivery.statuses)
            delivery.due_at = time.monotonic() + self.site.settings.webhook_backoff_ms / 1000 * 2 ** (tries - 1)
            heapq.heappush(self._queue, delivery)
        else:
            delivery.state = "failed"


def post_over_http(url: str, body: str, timeout: float) -> int:
    """POST an event as the vendor does; returns the status, or 0 without a response."""
    from galleryctl.http import httpx  # noqa: PLC0415 - slow to import

    try:
        headers = {"Content-Type": "text/plain"}
        return httpx.post(url, content=body, headers=headers, timeout=timeout, trust_env=False).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0
