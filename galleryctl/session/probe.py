"""Probe the site of a workspace, with consent and under the lock of its state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, replace

from galleryctl.engine.probe.budget import MAX_REQUESTS, RequestBudget
from galleryctl.engine.probe.run import ProbeRun, begin_probe
from galleryctl.model.probe import ProbeReport
from galleryctl.session.locking import hold_lock
from galleryctl.session.open import WorkspaceSite, lock_owner
from galleryctl.state.backend import LockInfo
from galleryctl.wix.errors import ApiError
from galleryctl.wix.transport import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeConsent:
    """The content of the question: the site, the gallery to create, and the leftovers of earlier probes to delete."""

    site: str
    site_id: str
    api: str
    gallery: str
    max_requests: int
    leftovers: Sequence[str]
    foreign: Sequence[str]


class ProbeHooks:
    """Hooks around the phases of a probe. These do nothing; the command line overrides them."""

    approve: Callable[[ProbeConsent], bool] | None = None
    """Return True to probe; None probes without a question."""

    def blocking(self) -> AbstractContextManager[object]:
        """Return a context manager for code that blocks the event loop."""
        return nullcontext()

    def cancellable(self) -> AbstractContextManager[object]:
        """Return a context manager for the phase before the first write, which a signal may end at once."""
        return nullcontext()

    def on_takeover(self, former: LockInfo) -> None:
        """Handle the takeover of the lock of a run that has ended."""

    def writing(self, stop: asyncio.Event) -> AbstractContextManager[object]:  # noqa: ARG002 - for subclasses
        """Return a context manager for the writes; set `stop` to ask no further question."""
        return nullcontext()

    def on_question(self, name: str) -> None:
        """Handle the start of a question."""


async def probe_workspace(
    workspace: WorkspaceSite, hooks: ProbeHooks, *, lock_timeout: float | None = None, max_requests: int = MAX_REQUESTS
) -> ProbeReport | None:
    """Probe the site and return the facts; return None without consent.

    The lock is held, so that no apply or import sees the gallery. Raises LockedError, Refused and ApiError.
    """
    budget = RequestBudget(limit=max_requests)
    observer = workspace.on_request

    def observe(attempt: Attempt) -> None:
        budget.observe(attempt)
        if observer is not None:
            observer(attempt)

    async with replace(workspace, on_request=observe).open() as site, AsyncExitStack() as stack:
        with hooks.cancellable():
            holding = hold_lock(site.backend, lock_owner("probe"), lock_timeout, site.client.waits)
            if (former := await stack.enter_async_context(holding)) is not None:
                hooks.on_takeover(former)
            run = await begin_probe(site.client, budget)
            if hooks.approve is not None:
                with hooks.blocking():
                    if not hooks.approve(_consent(workspace, site.site_id, run)):
                        return None
        stop = asyncio.Event()
        with hooks.writing(stop):
            await _run(run, stop, hooks)
    return ProbeReport(
        site=workspace.name,
        site_id=site.site_id,
        gallery=run.mark,
        facts=tuple(run.facts),
        requests=budget.used,
        max_requests=max_requests,
        preparation=run.preparation,
        clean_up=run.clean_up,
        leftovers=run.leftovers.names,
        left=tuple(run.left),
        interrupted=stop.is_set(),
    )


async def _run(run: ProbeRun, stop: asyncio.Event, hooks: ProbeHooks) -> None:
    try:
        await run.run(stop, hooks.on_question)
    except ApiError as error:
        if run.left:
            left = f"left on the site: {'; '.join(run.left)}; the next probe deletes it"
            error.do = f"{error.do}\n  {left}" if error.do else left
        raise


def _consent(workspace: WorkspaceSite, site_id: str, run: ProbeRun) -> ProbeConsent:
    return ProbeConsent(
        site=workspace.name,
        site_id=site_id,
        api=workspace.backend.description,
        gallery=run.mark,
        max_requests=run.max_requests,
        leftovers=run.leftovers.names,
        foreign=tuple(f"{gallery.name} ({gallery.id})" for gallery in run.leftovers.foreign),
    )
