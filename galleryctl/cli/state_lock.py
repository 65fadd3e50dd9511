"""Hold the lock of the state, and print what a user has to know about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.engine.site import Site
from galleryctl.session.locking import hold_lock
from galleryctl.session.open import lock_owner
from galleryctl.state.backend import LockInfo


@asynccontextmanager
async def hold_state_lock(
    settings: CliSettings, site: Site, operation: str, lock_timeout: float | None
) -> AsyncIterator[None]:
    """Hold the lock of the site's state for the length of an `async with`. Raises LockedError."""
    async with hold_lock(site.backend, lock_owner(operation), lock_timeout, site.client.waits) as former:
        if former is not None:
            print_takeover(settings, former)
        yield


def print_takeover(settings: CliSettings, former: LockInfo) -> None:
    """Print that the lock of a run that has ended was taken over."""
    output.info(settings, f"Took over the lock of a run that ended without releasing it: {former}.")
