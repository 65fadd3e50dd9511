"""Restore a previous version of the state as the basis of the next plan."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.site import Site, save_state
from galleryctl.model.errors import StateError
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.state_file import State


def restore_version(site: Site, serial: int) -> State:
    """Write the version with this serial as the next one and return it; the caller holds the lock.

    Raises StateError if the version is not stored or belongs to another site, and if an earlier run was interrupted. If
    the current state cannot be read, the results of the interrupted run are added to the version instead.
    """
    version = site.backend.read_version(serial)
    if version.site_id != site.site_id:
        raise StateError(
            f"version {serial} belongs to site {version.site_id}, not to {site.site_id}",
            where=site.backend.location,
            do="choose another version: galleryctl state versions",
        )
    try:
        # Without a current state, the lineage of the version continues.
        current = site.backend.read() or version
    except StateError:
        return _replace_damaged_state(site, version)
    if read_journal(site.journal, current).run:
        raise StateError(
            "an earlier run was interrupted; its changes are not yet reconciled",
            where=site.journal.location,
            do="run `galleryctl apply` first, then restore",
        )
    return save_state(site, current, version.bindings)


def _replace_damaged_state(site: Site, previous: State) -> State:
    """Write `previous` with the results of the interrupted run, and a serial higher than the damaged state's."""
    newest = max((version.serial for version in site.backend.versions()), default=previous.serial)
    journal = read_journal(site.journal, previous)
    bindings = replay(previous.bindings, journal)
    return save_state(site, replace(previous, serial=newest + 1), bindings, keep_journal=bool(journal.pending))
