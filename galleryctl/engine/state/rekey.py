"""State sealed anew with the passphrase that the workspace has now, or made readable when it has none any more."""

from __future__ import annotations

from galleryctl.engine.site import Site, save_state
from galleryctl.engine.state.load import load_complete_state
from galleryctl.model.errors import StateError
from galleryctl.state.backend import StateBackend
from galleryctl.state.state_file import State
from galleryctl.state.versions import Version


async def rekey_state(site: Site) -> State:
    """What state knows, written as its next version, with all former ones; the caller holds the lock.

    Raises StateError when there is no state, and while a run is broken off.
    """
    known = await load_complete_state(site)
    if not known.state.lineage:
        raise StateError("there is no state yet", where=site.backend.location, do="run `galleryctl apply` first")
    return save_state(site, known.state, known.bindings)


def undecryptable_versions(backend: StateBackend) -> tuple[Version, ...]:
    """The former versions that `backend` cannot read. Raises StateError when it cannot read the state itself."""
    backend.read()
    return tuple(version for version in backend.versions() if not _is_readable(backend, version))


def _is_readable(backend: StateBackend, version: Version) -> bool:
    try:
        backend.read_version(version.serial)
    except StateError:
        return False
    return True
