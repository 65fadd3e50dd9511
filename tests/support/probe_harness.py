"""Probes of an emulated site in memory, on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from galleryctl.emulator import Emulator
from galleryctl.emulator.faults.injection import Faults, parse_faults
from galleryctl.emulator.faults.settings import EmulatorSettings, update_settings
from galleryctl.engine.probe.budget import MAX_REQUESTS, RequestBudget
from galleryctl.engine.probe.run import ProbeRun, begin_probe
from galleryctl.model.desired import Limits
from galleryctl.model.fields import Json
from galleryctl.model.probe import Fact
from galleryctl.model.secret import Secret
from galleryctl.session.backends import emulator_endpoint
from galleryctl.session.open import connect
from galleryctl.wix.auth import ApiKeyAuth
from galleryctl.wix.transport import Attempt, Phase
from tests.support import clock

Doc = dict[str, Any]


@dataclass(slots=True)
class ProbeHarness:
    """An emulated site, and probes of it."""

    emulator: Emulator
    now: list[float]
    requests: list[str] = field(default_factory=list)
    """`METHOD path` of each request of the last probe, retries included."""
    before_request: Callable[[str], None] = lambda _call: None
    """Called with `METHOD path` before each request."""

    def settings(self, **values: Any) -> None:
        """Reset the emulator's settings to the defaults, except for `values`."""
        self.emulator.pipeline.site.settings = update_settings(EmulatorSettings(), values)

    def faults(self, **faults: Any) -> None:
        """Replace the faults to inject; without arguments, inject none."""
        self.emulator.pipeline.faults = parse_faults(faults) if faults else Faults()

    def probe(self, *, max_requests: int = MAX_REQUESTS, stop_at: str = "", read_only: bool = False) -> ProbeRun:
        """Probe the site, until the question `stop_at`, maybe with a key that may only read; return the run."""
        self.requests.clear()
        start = self.now[0]
        budget = RequestBudget(limit=max_requests)

        def observe(attempt: Attempt) -> None:
            self.now[0] = start + clock.elapsed()
            budget.observe(attempt)
            if attempt.phase is Phase.BEFORE:
                self.requests.append(attempt.call)
                self.before_request(attempt.call)

        async def work() -> ProbeRun:
            stop = asyncio.Event()

            def on_question(name: str) -> None:
                if name == stop_at:
                    stop.set()

            endpoint = emulator_endpoint(self.emulator, Limits())
            if read_only:
                ready = self.emulator.ready
                endpoint = replace(endpoint, auth=ApiKeyAuth(Secret(ready.read_api_key), ready.site_id))
            async with connect(endpoint, timing=clock.virtual_timing(), on_request=observe) as client:
                run = await begin_probe(client, budget)
                await run.run(stop, on_question)
                return run

        return clock.run_virtual(work())

    def documents(self, table: str) -> list[Doc]:
        """Return the stored documents: `galleries`, `items` or `files`, also those in the trash bin."""
        return self.emulator.pipeline.site.store.fetch_documents(f"SELECT doc FROM {table} ORDER BY seq")  # noqa: S608 - the tests' own names

    def left(self) -> list[Doc]:
        """Return all that is on the site."""
        return [doc for table in ("galleries", "items", "files") for doc in self.documents(table)]


def fact(run: ProbeRun, name: str) -> Fact:
    """Return the fact of this name."""
    return next(each for each in run.facts if each.name == name)


def switches(run: ProbeRun) -> dict[str, Json]:
    """Return the switches that all facts give."""
    return {name: value for each in run.facts for name, value in each.conclusion.switches.items()}
