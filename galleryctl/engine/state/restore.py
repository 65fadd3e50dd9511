"""A former version of the state, put back: what it knew is what the next plan begins with."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.site import Site, save_state
from galleryctl.model.errors import StateError
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.state_file import State


def restore_version(site: Site, serial: int) -> State:
    """The version with that serial, written as the next one; the caller holds the lock.

    Raises StateError when it is not kept or is of another site, and while a run is broken off, unless the state cannot be
    read: then what that run had taught is added.
    """
    former = site.backend.read_version(serial)
    if former.site_id != site.site_id:
        raise StateError(
            f"version {serial} is of site {former.site_id}, not of {site.site_id}",
            where=site.backend.location,
            do="choose another one of: galleryctl state versions",
        )
    try:
        # A state that was never written has no lineage: the version's goes on.
        current = site.backend.read() or former
    except StateError:
        return _replace_damaged_state(site, former)
    if read_journal(site.journal, current).run:
        raise StateError(
            "a run was broken off, and what it had done is not in the state yet",
            where=site.journal.location,
            do="run `galleryctl apply` first; then restore",
        )
    return save_state(site, current, former.bindings)


def _replace_damaged_state(site: Site, previous: State) -> State:
    """`former` with what a broken-off run had taught; its serial is one that the damaged state cannot have had."""
    newest = max((version.serial for version in site.backend.versions()), default=previous.serial)
    journal = read_journal(site.journal, previous)
    bindings = replay(previous.bindings, journal)
    return save_state(site, replace(previous, serial=newest + 1), bindings, keep_journal=bool(journal.pending))
