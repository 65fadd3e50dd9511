"""The client against the emulator in process, both on a clock that jumps: nobody waits."""

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
    """An emulated site in memory, and clients that talk to it."""

    emulator: Emulator
    now: list[float]
    """Epoch seconds at which the next conversation begins."""
    requests: list[str] = field(default_factory=list)
    """The names of the requests of the last conversation, every try."""

    def run(
        self, action: Callable[[WixClient], Awaitable[_T]], *, auth: Auth | None = None, per_minute: int = 100_000
    ) -> _T:
        """What `do` makes of a client; the emulator's clock goes on with the client's."""
        self.requests.clear()
        start = self.now[0]

        async def session() -> _T:
            def tell(exchange: Attempt) -> None:
                self.now[0] = start + clock.elapsed()
                if exchange.phase is Phase.BEFORE:
                    self.requests.append(exchange.name)

            endpoint = emulator_endpoint(self.emulator, Limits())
            endpoint = replace(
                endpoint,
                auth=auth or endpoint.auth,
                limits=Limits(max_requests_per_minute=per_minute),
            )
            async with connect(endpoint, timing=clock.virtual_timing(), on_request=tell) as client:
                return await action(client)

        return clock.run_virtual(session())

    def read_only_auth(self) -> Auth:
        """The API key that may only read."""
        return ApiKeyAuth(Secret(self.emulator.ready.read_api_key), self.emulator.ready.site_id)

    def app_auth(self) -> Auth:
        """The app's credentials."""
        ready = self.emulator.ready
        return AppAuth(ready.app_id, Secret(ready.app_secret), ready.instance_id)

    def faults(self, *script: dict[str, Any]) -> None:
        """What goes wrong from now on."""
        self.emulator.pipeline.faults = parse_faults({"script": list(script)}) if script else Faults()

    def settings(self, **values: Any) -> None:
        """Switches that differ from the emulator's own choice."""
        self.emulator.pipeline.site.settings = update_settings(EmulatorSettings(), values)

    def register_source(self, url: str, data: bytes | None) -> None:
        """What an import of the URL finds; None is a 404."""
        status, encoded = (404, "") if data is None else (200, base64.b64encode(data).decode())
        blob = base64.b64decode(encoded)
        with self.emulator.pipeline.site.store.transaction():
            sql = "INSERT OR REPLACE INTO sources VALUES (?, ?, ?)"
            self.emulator.pipeline.site.store.db.execute(sql, (url, status, blob))

    def request_counts(self) -> Counter[str]:
        """How often each request went out in the last conversation."""
        return Counter(self.requests)

    def documents(self, table: str) -> list[dict[str, Any]]:
        """The stored documents, oldest first."""
        return self.emulator.pipeline.site.store.fetch_documents(f"SELECT doc FROM {table} ORDER BY seq")  # noqa: S608 - ours
