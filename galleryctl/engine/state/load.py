"""What earlier runs left, for commands that look at it or write it without looking at the whole site."""

from __future__ import annotations

from galleryctl.engine.site import LoadedState, Site, load_state
from galleryctl.model.errors import StateError
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.state_file import State


async def load_complete_state(site: Site) -> LoadedState:
    """As `recall`; StateError when a broken-off run may have made what only an apply finds out."""
    known = await load_state(site)
    if known.pending:
        raise StateError(
            "a run was broken off, and what it had done is not known yet",
            where=site.journal.location,
            do="run `galleryctl apply` first: it finds that out",
        )
    return known


def read_state(site: Site) -> LoadedState:
    """State and journal as they lie there; nothing is asked of the site. Raises StateError."""
    state = site.backend.read() or State.new(site.site_id)
    journal = read_journal(site.journal, state)
    return LoadedState(
        state=state,
        bindings=replay(state.bindings, journal),
        pending=tuple(intent for _, intent in journal.pending),
    )
