"""Restore a previous version of the state as the basis of the next plan."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.site import Site, highest_serial, save_state
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.model.last_applied import LastApplied, Origin
from galleryctl.model.variable_text import displayed
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
            f"version {serial} belongs to site {version.site_id}, not to {displayed(site.site_id)}",
            where=site.backend.location,
            do="choose another version: " + command_line("state", "versions"),
        )
    try:
        current = site.backend.read() or version  # without a current state, its lineage continues
    except StateError:
        return _replace_damaged_state(site, version)
    if read_journal(site.journal, current).run:
        raise StateError(
            "an earlier run did not finish; its changes are not yet reconciled",
            where=site.journal.location,
            do="apply first, then restore: " + command_line("apply"),
        )
    return save_state(site, current, merge_version(current.bindings, version.bindings))


def merge_version(current: Bindings, version: Bindings) -> Bindings:
    """Return the current bindings, with the keys of a previous version and with what only that version knows.

    A resource that both know gets the key of the version, if no other resource has that key now. One that only the
    version knows is added as restored: a manifest that names it manages it, and otherwise it is forgotten, never
    deleted, because it is unknown why a later version no longer had it:

        version a → 1, b → 2, c → 3      current x → 1, c → 4      result a → 1, b → 2 (restored), c → 4
    """
    keys = {id_: address for address, id_ in current.ids.items()}
    new_keys = {
        keys[id_]: address
        for address, id_ in version.ids.items()
        if id_ in keys and address not in current.ids and _may_rename(keys[id_], address)
    }
    renamed = current.renamed(lambda address: new_keys.get(address, address))
    known = {*renamed.ids.values(), *renamed.deposed}
    restored = {address: id_ for address, id_ in version.ids.items() if id_ not in known and address not in renamed.ids}
    return replace(
        renamed,
        ids={**renamed.ids, **restored},
        media={**version.media, **renamed.media},
        protected=renamed.protected | version.protected.intersection(restored),
        records={**renamed.records, **dict.fromkeys(restored, LastApplied(origin=Origin.RESTORED))},
    )


def _may_rename(now: Address, then: Address) -> bool:
    """Return True for two items of one gallery; a gallery keeps its key, because its items would have to follow."""
    return now.item is not None and then.item is not None and now.gallery == then.gallery


def _replace_damaged_state(site: Site, previous: State) -> State:
    """Write `previous` with the results of the interrupted run, and a serial higher than the damaged state's."""
    newest = highest_serial(site, previous)
    journal = read_journal(site.journal, previous)
    bindings = replay(previous.bindings, journal)
    return save_state(site, replace(previous, serial=newest + 1), bindings, keep_journal=bool(journal.pending))
