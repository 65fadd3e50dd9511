"""Load the state for commands that show or write it without reading the whole site."""

from __future__ import annotations

from galleryctl.engine.site import LoadedState, Site, load_state
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.state_file import State


async def load_complete_state(site: Site) -> LoadedState:
    """Load the state as `load_state` does. Raises StateError if only an apply can reconcile an interrupted run."""
    loaded = await load_state(site)
    if loaded.pending:
        raise StateError(
            "an earlier run did not finish, or is still running; its changes are not yet reconciled",
            where=site.journal.location,
            do="wait until it has ended; otherwise apply first, which reconciles them: " + command_line("apply"),
        )
    return loaded


def read_state(site: Site) -> LoadedState:
    """Return the stored state and journal without a request to the site. Raises StateError."""
    state = site.backend.read() or State.new(site.site_id)
    journal = read_journal(site.journal, state)
    return LoadedState(
        state=state, bindings=replay(state.bindings, journal), pending=tuple(intent for _, intent in journal.pending)
    )
