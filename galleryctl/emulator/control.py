"""The emulator's own calls, under `/_emulator`: faults, switches, statistics, edits as the Editor makes them."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Iterator
from typing import Any

from galleryctl.emulator import checks
from galleryctl.emulator.edits import edited
from galleryctl.emulator.exchange import Answer, Call, Endpoint, Handler, ok
from galleryctl.emulator.faults import Faults, parsed
from galleryctl.emulator.gate import Gate
from galleryctl.emulator.page import index
from galleryctl.emulator.rejection import Rejection, Violation, invalid
from galleryctl.emulator.sample import sample_png
from galleryctl.emulator.settings import Settings, changed
from galleryctl.emulator.traffic import Traffic


class Control:
    """Handlers of `/_emulator` and of the page; they are never counted, throttled or broken."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.site = gate.site

    def endpoints(self) -> Iterator[Endpoint]:
        """The control calls; they need no Authorization."""
        calls: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/", lambda _call: index(self.site)),
            ("GET", "/_emulator/webhooks", self.webhooks),
            ("POST", "/_emulator/webhooks", self.subscribe),
            ("GET", "/_emulator/faults", lambda _call: ok(self.gate.faults.as_json())),
            ("POST", "/_emulator/faults", self.faults),
            ("GET", "/_emulator/stats", lambda _call: ok(self.gate.traffic.as_json())),
            ("POST", "/_emulator/stats/reset", self.reset_stats),
            ("POST", "/_emulator/reset", self.reset),
            ("GET", "/_emulator/settings", lambda _call: ok(dataclasses.asdict(self.site.settings))),
            ("POST", "/_emulator/settings", self.settings),
            ("POST", "/_emulator/sources", self.sources),
            ("POST", "/_emulator/edit", self.edit),
            ("GET", "/_emulator/holds", self.holds),
            ("POST", "/_emulator/holds/release", self.release),
            ("GET", "/_emulator/sample.png", self.sample),
        )
        for method, template, handler in calls:
            yield Endpoint(method=method, template=template, handler=handler, control=True)
        yield Endpoint(
            method="POST",
            template="/_emulator/holds/wait",
            handler=self.holds,
            control=True,
            first=self.until_held,
        )

    def subscribe(self, call: Call) -> Answer:
        """Add a webhook: `{url}`; `{url, remove: true}` takes it away."""
        body = call.json()
        url = body.get("url")
        checks.all_of([*checks.required("url", url), *checks.text("url", url)])
        urls = [known for known in self.gate.webhooks.urls if known != url]
        if not body.get("remove"):
            urls.append(str(url))
        with self.site.store.write():
            self.site.store.db.execute("DELETE FROM webhooks")
            self.site.store.db.executemany("INSERT INTO webhooks VALUES (?)", [(known,) for known in urls])
        self.gate.webhooks.urls = urls
        return ok({"urls": urls})

    def webhooks(self, _call: Call) -> Answer:
        """The subscribers and the deliveries so far."""
        hooks = self.gate.webhooks
        deliveries = [delivery.as_json() for delivery in list(hooks.history)]
        pending = sum(entry["state"] == "pending" for entry in deliveries)
        return ok({"urls": hooks.urls, "pending": pending, "deliveries": deliveries})

    def faults(self, call: Call) -> Answer:
        """Replace the faults in force; an empty object ends them all."""
        self.gate.faults = parsed(call.json())
        self.site.store.keep("faults", call.json())
        return ok(self.gate.faults.as_json())

    def settings(self, call: Call) -> Answer:
        """Change switches; answers all of them."""
        self.site.settings = changed(self.site.settings, call.json())
        self.site.store.keep("settings", dataclasses.asdict(self.site.settings))
        return ok(dataclasses.asdict(self.site.settings))

    def reset_stats(self, _call: Call) -> Answer:
        """Begin to count anew."""
        self.gate.traffic = Traffic(running=self.gate.traffic.running)
        return ok(self.gate.traffic.as_json())

    def reset(self, _call: Call) -> Answer:
        """Empty the site; faults, statistics, webhooks and switches too. Credentials stay."""
        self.site.store.clear()
        self.gate.webhooks.forget()
        self.gate.holds.release(drop=True)
        self.gate.faults = Faults()
        self.gate.traffic = Traffic()
        self.site.settings = Settings()
        return ok({})

    async def until_held(self, call: Call) -> None:
        """Wait until `count` requests (1) are held, at most `timeout_ms` (10,000); 408 after that."""
        body = call.json()
        count, timeout = body.get("count"), body.get("timeout_ms")
        checks.all_of([*checks.integer("count", count, 1), *checks.integer("timeout_ms", timeout, 0)])
        seconds = (10_000 if timeout is None else timeout) / 1000
        if not await self.gate.holds.wait(count or 1, seconds):
            raise Rejection(408, {"message": f"{len(self.gate.holds.held)} requests are held"})

    def holds(self, _call: Call) -> Answer:
        """The requests that are held."""
        return ok({"held": [entry.as_json() for entry in self.gate.holds.held]})

    def release(self, call: Call) -> Answer:
        """Let all held requests go; with `{drop: true}` they end without an answer."""
        body = call.json()
        checks.all_of(checks.boolean("drop", body.get("drop")))
        return ok({"released": self.gate.holds.release(drop=bool(body.get("drop")))})

    def sources(self, call: Call) -> Answer:
        """What an import of a URL finds: `{url, bytes_b64}`, or `{url, status}` for a failure."""
        body = call.json()
        url = body.get("url")
        checks.all_of([*checks.required("url", url), *checks.text("url", url), *_status(body)])
        try:
            data = base64.b64decode(body.get("bytes_b64") or "", validate=True)
        except (binascii.Error, ValueError, TypeError) as cause:
            raise invalid(Violation("bytes_b64", "is not base64", "FORMAT")) from cause
        status = body.get("status") or 200
        with self.site.store.write():
            self.site.store.db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?, ?)", (url, status, data))
        return ok({"url": url, "status": status, "size": len(data)})

    def edit(self, call: Call) -> Answer:
        """Edit raw data as the Editor would; see `edits`."""
        with self.site.write():
            return ok(edited(self.site, call.json()))

    def sample(self, _call: Call) -> Answer:
        """A picture to import."""
        return Answer(body=sample_png(), headers={"Content-Type": "image/png"})


def _status(body: dict[str, Any]) -> Iterator[Violation]:
    yield from checks.integer("status", body.get("status"), 100, 599)
