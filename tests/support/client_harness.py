"""The client against the embedded emulator, both on a virtual clock, so that no test waits."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from galleryctl.emulator import Emulator
from galleryctl.emulator.faults.injection import Faults, parse_faults
from galleryctl.emulator.faults.settings import EmulatorSettings, update_settings
from galleryctl.model.desired import Limits
from galleryctl.model.secret import Secret
from galleryctl.session.backends import emulator_endpoint
from galleryctl.session.open import connect
from galleryctl.wix.auth import ApiKeyAuth, AppAuth, Auth
from galleryctl.wix.client import WixClient
from galleryctl.wix.transport import Attempt, Phase
from tests.support import clock

_T = TypeVar("_T")


@dataclass(slots=True)
class ClientHarness:
    """An emulated site in memory and clients of it."""

    emulator: Emulator
    now: list[float]
    """The epoch seconds at which the next `run` starts."""
    requests: list[str] = field(default_factory=list)
    """The endpoints of all requests of the last `run`, retries included."""

    def run(
        self, action: Callable[[WixClient], Awaitable[_T]], *, auth: Auth | None = None, per_minute: int = 100_000
    ) -> _T:
        """Return the result of `action` with a client; the emulator uses the client's clock."""
        self.requests.clear()
        start = self.now[0]

        async def session() -> _T:
            def observe(attempt: Attempt) -> None:
                self.now[0] = start + clock.elapsed()
                if attempt.phase is Phase.BEFORE:
                    self.requests.append(attempt.name)

            limits = Limits(max_requests_per_minute=per_minute)
            endpoint = emulator_endpoint(self.emulator, limits)  # without a quota
            endpoint = replace(endpoint, auth=auth or endpoint.auth, limits=limits)
            async with connect(endpoint, timing=clock.virtual_timing(), on_request=observe) as client:
                return await action(client)

        return clock.run_virtual(session())

    def read_only_auth(self) -> Auth:
        """Return an API key that may only read."""
        return ApiKeyAuth(Secret(self.emulator.ready.read_api_key), self.emulator.ready.site_id)

    def app_auth(self) -> Auth:
        """Return the app's credentials."""
        ready = self.emulator.ready
        return AppAuth(ready.app_id, Secret(ready.app_secret), ready.instance_id)

    def faults(self, *script: dict[str, Any]) -> None:
        """Replace the faults to inject."""
        self.emulator.pipeline.faults = parse_faults({"script": list(script)}) if script else Faults()

    def settings(self, **values: Any) -> None:
        """Reset the emulator's settings to the defaults, except for `values`."""
        self.emulator.pipeline.site.settings = update_settings(EmulatorSettings(), values)

    def register_source(self, url: str, data: bytes | None) -> None:
        """Set the content that an import of the URL receives; None is a 404."""
        status, encoded = (404, "") if data is None else (200, base64.b64encode(data).decode())
        blob = base64.b64decode(encoded)
        with self.emulator.pipeline.site.store.transaction():
            sql = "INSERT OR REPLACE INTO sources VALUES (?, ?, ?)"
            self.emulator.pipeline.site.store.db.execute(sql, (url, status, blob))

    def request_counts(self) -> Counter[str]:
        """Return the number of requests per endpoint in the last `run`."""
        return Counter(self.requests)

    def documents(self, table: str) -> list[dict[str, Any]]:
        """Return the stored documents, oldest first."""
        store = self.emulator.pipeline.site.store
        return store.fetch_documents(f"SELECT doc FROM {table} ORDER BY seq")  # noqa: S608 - the tests' own names
