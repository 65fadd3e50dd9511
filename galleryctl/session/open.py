"""Open one site of a workspace: its configuration, its backend, its state and the client that reaches it."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from galleryctl.engine.site import Site
from galleryctl.manifest.files.symlinks import GALLERYCTL_FOLDER
from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.workspace import WorkspaceConfig, check_links, load_workspace
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.secret import Secret
from galleryctl.model.waiting import WaitObserver, unobserved
from galleryctl.session.backends import SiteBackend, SiteEndpoint, site_backend
from galleryctl.session.locking import write_guard
from galleryctl.session.outputs import check_output
from galleryctl.state.backend import LockInfo, StateBackend
from galleryctl.state.encryption import EncryptedBackend, Encryption
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.state.process import current_process
from galleryctl.wix.client import WixClient, open_client
from galleryctl.wix.transport import Observer, Timing
from galleryctl.wix.write_guard import WriteGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSite:
    """One site of a workspace, as galleryctl.yaml configures it.

    `on_request` observes every request, `on_wait` every wait; `timing` replaces the clock of the machine.
    """

    config: WorkspaceConfig
    name: str
    on_request: Observer | None = None
    on_wait: WaitObserver = unobserved
    timing: Timing | None = None

    @property
    def backend(self) -> SiteBackend:
        """Return the API that serves the site."""
        return site_backend(self.config, self.name, on_wait=self.on_wait)

    def load(self) -> Desired:
        """Return what the manifests declare for the site. Raises InvalidInput with all their problems."""
        return load_manifests(self.config, self.name)

    def passphrases(self) -> tuple[Secret | None, Secret | None]:
        """Return the passphrase of the state and the former one. Raises InvalidInput if a variable is not set."""
        return self.config.state.passphrases(self.config.environ)

    def state(self, *, plaintext: bool = False) -> StateBackend:
        """Return the storage of the state; `plaintext` accepts an unencrypted state despite a passphrase.

        Raises InvalidInput if a variable of the setting is not set or not valid, StateError if it cannot be used.
        """
        setting = self.config.state
        location = setting.location_for(self.name, self.config.environ)
        if setting.uses_variables:
            check_links(self.config.root, [location])
        passphrase, former = self.passphrases()
        layer = Encryption(passphrase, former_passphrase=former, accept_plaintext=plaintext)
        if "://" not in location:
            path, root, patterns = self.config.root / location, self.config.root, self.config.manifest_patterns
            check_output(path, root=root, patterns=patterns, start=None, on_wait=self.on_wait)
            return EncryptedBackend(FileStateBackend(path, max_versions=setting.versions), layer)
        from galleryctl.state.bucket import open_bucket
        from galleryctl.state.object_backend import ObjectStateBackend

        bucket, key = open_bucket(location, on_wait=self.on_wait)
        return EncryptedBackend(ObjectStateBackend(bucket, key, max_versions=setting.versions), layer)

    @asynccontextmanager
    async def open(self, *, plaintext: bool = False) -> AsyncIterator[Site]:
        """Connect to the site; `plaintext` is passed to `state`. Raises GalleryctlError."""
        state = self.state(plaintext=plaintext)
        journal = state.journal(self.config.root / GALLERYCTL_FOLDER / f"journal-{self.name}.jsonl")
        async with self.backend.open() as endpoint:
            guard = write_guard(state.state_lock)
            async with connect(
                endpoint, on_request=self.on_request, on_wait=self.on_wait, timing=self.timing, before_write=guard
            ) as client:
                yield Site(
                    site_id=endpoint.site_id,
                    root=self.config.root,
                    client=client,
                    backend=state,
                    journal=journal,
                    folder=self.config.media_folder,
                    workers=self.config.limits.concurrency,
                    read_lag=endpoint.read_lag,
                    api_host=endpoint.api_host,
                )


def select_site(
    directory: Path,
    name: str | None,
    environ: Mapping[str, str],
    *,
    on_request: Observer | None = None,
    on_wait: WaitObserver = unobserved,
) -> WorkspaceSite:
    """Return the site with this name in the workspace in `directory`; without a name, the only one.

    Raises InvalidInput with all problems of galleryctl.yaml, GalleryctlError for an unknown site.
    """
    config = load_workspace(directory, environ)
    if name is None and len(config.sites) > 1:
        raise GalleryctlError(
            "the workspace has several sites", do=f"select one (--site; in Python: site=…): {', '.join(config.sites)}"
        )
    name = next(iter(config.sites)) if name is None else name
    config.check_site(name)
    return WorkspaceSite(config=config, name=name, on_request=on_request, on_wait=on_wait)


def connect(
    endpoint: SiteEndpoint,
    *,
    on_request: Observer | None = None,
    on_wait: WaitObserver = unobserved,
    timing: Timing | None = None,
    before_write: WriteGuard | None = None,
) -> AbstractAsyncContextManager[WixClient]:
    """Return a client of the endpoint, to use in an `async with`; `before_write` may refuse to send a write."""
    return open_client(
        endpoint.base_url,
        auth=endpoint.auth,
        limits=endpoint.limits,
        transport=endpoint.transport,
        timing=timing,
        on_request=on_request,
        on_wait=on_wait,
        before_write=before_write,
    )


def lock_owner(operation: str) -> LockInfo:
    """Return the lock entry of a new run: its id, user, host, process, start and operation."""
    process = current_process()
    return LockInfo(
        run=uuid.uuid4().hex[:12],
        who=f"{getpass.getuser()}@{socket.gethostname()}",
        pid=os.getpid(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        operation=operation,
        boot=process.boot,
        namespace=process.namespace,
        started=process.started,
    )
