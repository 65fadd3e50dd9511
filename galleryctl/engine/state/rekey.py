"""Encrypt the state with the current passphrase of the workspace, or decrypt it if there is none."""

from __future__ import annotations

from galleryctl.engine.site import Site, save_state
from galleryctl.engine.state.load import load_complete_state
from galleryctl.model.errors import StateError
from galleryctl.state.backend import StateBackend
from galleryctl.state.state_file import State
from galleryctl.state.versions import Version


async def rekey_state(site: Site) -> State:
    """Write the state as its next version, with the current passphrase; the caller holds the lock.

    Raises StateError if there is no state, or if an interrupted run is not yet reconciled.
    """
    loaded = await load_complete_state(site)
    if not loaded.state.lineage:
        raise StateError("no state exists yet", where=site.backend.location, do="run `galleryctl apply` first")
    return save_state(site, loaded.state, loaded.bindings)


def undecryptable_versions(backend: StateBackend) -> tuple[Version, ...]:
    """Return the previous versions that `backend` cannot read. Raises StateError if it cannot read the state."""
    backend.read()
    return tuple(version for version in backend.versions() if not _is_readable(backend, version))


def _is_readable(backend: StateBackend, version: Version) -> bool:
    try:
        backend.read_version(version.serial)
    except StateError:
        return False
    return True
