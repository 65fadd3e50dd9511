"""The control calls under `/_emulator`: faults, switches, statistics, and edits as the Editor makes them."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Iterator

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import Rejection, Violation, validation_error
from galleryctl.emulator.faults.edits import apply_edits
from galleryctl.emulator.faults.injection import Faults, parse_faults
from galleryctl.emulator.faults.settings import EmulatorSettings, update_settings
from galleryctl.emulator.http import Handler, ServedEndpoint, ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media.sample import sample_png
from galleryctl.emulator.page import render_page
from galleryctl.emulator.pipeline import RequestPipeline
from galleryctl.emulator.traffic import Traffic


class ControlHandlers:
    """Handlers of `/_emulator` and of the page; they have no statistics, quota or faults."""

    def __init__(self, pipeline: RequestPipeline) -> None:
        self.pipeline = pipeline
        self.site = pipeline.site

    def endpoints(self) -> Iterator[ServedEndpoint]:
        """Yield the control calls; they require no Authorization."""
        calls: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/", lambda _call: render_page(self.site)),
            ("GET", "/_emulator/webhooks", self.list_webhooks),
            ("POST", "/_emulator/webhooks", self.subscribe),
            ("GET", "/_emulator/faults", lambda _call: json_response(self.pipeline.faults.as_json())),
            ("POST", "/_emulator/faults", self.set_faults),
            ("GET", "/_emulator/stats", lambda _call: json_response(self.pipeline.traffic.as_json())),
            ("POST", "/_emulator/stats/reset", self.reset_stats),
            ("POST", "/_emulator/reset", self.reset),
            ("GET", "/_emulator/settings", lambda _call: json_response(dataclasses.asdict(self.site.settings))),
            ("POST", "/_emulator/settings", self.change_settings),
            ("POST", "/_emulator/sources", self.register_source),
            ("POST", "/_emulator/edit", self.edit),
            ("GET", "/_emulator/holds", self.list_holds),
            ("POST", "/_emulator/holds/release", self.release),
            ("GET", "/_emulator/sample.png", self.sample),
        )
        for method, template, handler in calls:
            yield ServedEndpoint(method=method, template=template, handler=handler, is_control=True)
        wait, template = self.wait_until_held, "/_emulator/holds/wait"
        yield ServedEndpoint(
            method="POST", template=template, handler=self.list_holds, is_control=True, precondition=wait
        )

    def subscribe(self, request: ServedRequest) -> ServedResponse:
        """Add a webhook: `{url}`; or remove it: `{url, remove: true}`."""
        body = request.json()
        url = body.get("url")
        checks.raise_violations(checks.check_required("url", url), checks.check_string("url", url))
        urls = [other for other in self.pipeline.webhooks.urls if other != url]
        if not body.get("remove"):
            urls.append(str(url))
        with self.site.store.transaction():
            self.site.store.db.execute("DELETE FROM webhooks")
            self.site.store.db.executemany("INSERT INTO webhooks VALUES (?)", [(url,) for url in urls])
        self.pipeline.webhooks.urls = urls
        return json_response({"urls": urls})

    def list_webhooks(self, _request: ServedRequest) -> ServedResponse:
        """Return the subscribers and the deliveries so far."""
        hooks = self.pipeline.webhooks
        deliveries = [delivery.as_json() for delivery in list(hooks.history)]
        pending = sum(entry["state"] == "pending" for entry in deliveries)
        return json_response({"urls": hooks.urls, "pending": pending, "deliveries": deliveries})

    def set_faults(self, request: ServedRequest) -> ServedResponse:
        """Replace the active faults; an empty object removes all."""
        self.pipeline.faults = parse_faults(request.json())
        self.site.store.save_setup("faults", request.json())
        return json_response(self.pipeline.faults.as_json())

    def change_settings(self, request: ServedRequest) -> ServedResponse:
        """Change switches; returns all of them."""
        self.site.settings = update_settings(self.site.settings, request.json())
        self.site.store.save_setup("settings", dataclasses.asdict(self.site.settings))
        return json_response(dataclasses.asdict(self.site.settings))

    def reset_stats(self, _request: ServedRequest) -> ServedResponse:
        """Reset all counts except the requests in progress."""
        self.pipeline.traffic = Traffic(running=self.pipeline.traffic.running)
        return json_response(self.pipeline.traffic.as_json())

    def reset(self, _request: ServedRequest) -> ServedResponse:
        """Delete the site's data and reset faults, statistics, webhooks and switches; the credentials stay."""
        self.site.store.clear()
        self.pipeline.webhooks.reset()
        self.pipeline.holds.release(drop=True)
        self.pipeline.faults = Faults()
        self.pipeline.traffic = Traffic()
        self.site.settings = EmulatorSettings()
        return json_response({})

    async def wait_until_held(self, request: ServedRequest) -> None:
        """Wait until `count` requests (1) are held; raises a 408 after `timeout_ms` (10000)."""
        body = request.json()
        count, timeout = body.get("count"), body.get("timeout_ms")
        checks.raise_violations(checks.check_integer("count", count, 1), checks.check_integer("timeout_ms", timeout, 0))
        seconds = (10_000 if timeout is None else timeout) / 1000
        if not await self.pipeline.holds.wait_for(count or 1, seconds):
            raise Rejection(408, {"message": f"timeout: {len(self.pipeline.holds.held)} requests are held"})

    def list_holds(self, _request: ServedRequest) -> ServedResponse:
        """Return the held requests."""
        return json_response({"held": [entry.as_json() for entry in self.pipeline.holds.held]})

    def release(self, request: ServedRequest) -> ServedResponse:
        """Release all held requests; with `{drop: true}` they end without a response."""
        body = request.json()
        checks.raise_violations(checks.check_boolean("drop", body.get("drop")))
        return json_response({"released": self.pipeline.holds.release(drop=bool(body.get("drop")))})

    def register_source(self, request: ServedRequest) -> ServedResponse:
        """Set the content of a URL for imports: `{url, bytes_b64}`, or `{url, status}` for a failure."""
        body = request.json()
        url, status = body.get("url"), body.get("status")
        status_violations = checks.check_integer("status", status, 100, 599)
        checks.raise_violations(checks.check_required("url", url), checks.check_string("url", url), status_violations)
        try:
            data = base64.b64decode(body.get("bytes_b64") or "", validate=True)
        except (binascii.Error, ValueError, TypeError) as cause:
            raise validation_error(Violation("bytes_b64", "is not valid base64", "FORMAT")) from cause
        status = status or 200
        with self.site.store.transaction():
            self.site.store.db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?, ?)", (url, status, data))
        return json_response({"url": url, "status": status, "size": len(data)})

    def edit(self, request: ServedRequest) -> ServedResponse:
        """Edit raw data as the Editor does; see `apply_edits`."""
        with self.site.transaction():
            return json_response(apply_edits(self.site, request.json()))

    def sample(self, _request: ServedRequest) -> ServedResponse:
        """Return an image to import."""
        return ServedResponse(body=sample_png(), headers={"Content-Type": "image/png"})
