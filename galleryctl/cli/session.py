"""Open the workspace that the options name: its configuration, its manifests, and its site with client and state."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from galleryctl.cli import output
from galleryctl.cli.options import Settings
from galleryctl.engine.fetch import SETTLED
from galleryctl.engine.site import Site
from galleryctl.http import httpx
from galleryctl.manifest.links import INNER
from galleryctl.manifest.workspace import App, SiteConfig, WorkspaceConfig, load_workspace
from galleryctl.model.desired import Limits
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.secret import Secret
from galleryctl.state.backend import LockInfo, StateBackend
from galleryctl.state.file import FileState
from galleryctl.state.seal import Cipher
from galleryctl.wix.auth import ApiKeyAuth, AppAuth, Auth
from galleryctl.wix.client import open_client
from galleryctl.wix.transport import Exchange, Phase

UNLIMITED = 1_000_000_000
"""Requests a minute where there is no quota."""
READABLE_SOON = (
    "state has a former_passphrase and no passphrase: whatever is written is readable from now on."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The workspace and which of its sites is meant."""

    config: WorkspaceConfig
    site_name: str

    @property
    def site_config(self) -> SiteConfig:
        """The configuration of the site that is meant."""
        return self.config.sites[self.site_name]


def open_workspace(settings: Settings) -> Workspace:
    """The workspace in the folder that the options name, with its one site or the one of `--site`."""
    config = load_workspace(settings.directory, os.environ)
    names = list(config.sites)
    if settings.site is None and len(names) > 1:
        raise GalleryctlError("the workspace has several sites", do=f"give --site: {', '.join(names)}")
    if settings.site is not None and settings.site not in names:
        raise GalleryctlError(
            f"the workspace has no site {settings.site!r}", do=f"it has: {', '.join(names)}"
        )
    if config.state.former_passphrase and not config.state.passphrase:
        output.remark(settings, READABLE_SOON)
    return Workspace(config=config, site_name=settings.site or names[0])


@asynccontextmanager
async def open_site(
    workspace: Workspace, *, trace: bool = False, readable: bool = False
) -> AsyncIterator[Site]:
    """The site, reachable: over the network, or the embedded emulator in this process.

    `trace` prints each request; `readable` is for `state_backend`.
    """
    backend = state_backend(workspace, readable=readable)
    with _endpoint(workspace) as endpoint:
        async with open_client(
            endpoint.base_url,
            auth=endpoint.auth,
            limits=endpoint.limits,
            transport=endpoint.transport,
            on_request=_print_exchange if trace else None,
        ) as client:
            yield Site(
                site_id=endpoint.site_id,
                root=workspace.config.root,
                client=client,
                backend=backend,
                journal=backend.journal(
                    workspace.config.root / INNER / f"journal-{workspace.site_name}.jsonl"
                ),
                folder=workspace.config.media_folder,
                workers=workspace.config.limits.concurrency,
                settled=endpoint.settled,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    base_url: str
    site_id: str
    auth: Auth
    limits: Limits
    transport: httpx.AsyncBaseTransport | None
    settled: float
    """Seconds after which every read shows a write."""


@contextmanager
def _endpoint(workspace: Workspace) -> Iterator[_Endpoint]:
    """Where requests go, and as whom."""
    config, site = workspace.config, workspace.site_config
    if config.backend.type == "local":
        with _embedded(emulator_data(workspace), config.limits) as endpoint:
            yield endpoint
        return
    if site.site_id is None or site.auth is None:
        raise GalleryctlError(
            f"site {workspace.site_name} has no site_id or no auth",
            where=config.root / "galleryctl.yaml",
            do="backend: {type: wix} needs both; write them as ${NAME}",
        )
    auth: Auth
    if isinstance(site.auth, App):
        auth = AppAuth(site.auth.app_id, site.auth.app_secret, site.auth.instance_id)
    else:
        auth = ApiKeyAuth(site.auth.api_key, site.site_id)
    yield _Endpoint(
        base_url=config.backend.base_url,
        site_id=site.site_id,
        auth=auth,
        limits=config.limits,
        transport=None,
        settled=SETTLED,
    )


def emulator_data(workspace: Workspace) -> Path:
    """Where the embedded emulator keeps the site."""
    return workspace.config.root / INNER / "emulator" / workspace.site_name


@contextmanager
def _embedded(data: Path, limits: Limits) -> Iterator[_Endpoint]:
    """The emulator in this process, its data under `data`; it is ours alone, so no quota is kept."""
    try:
        from galleryctl.emulator import create_app
    except ImportError as error:
        raise GalleryctlError(
            "backend: {type: local} needs the embedded emulator, which is not installed",
            why=str(error),
            do="pip install 'galleryctl[emulator]'",
        ) from error
    emulator = create_app(data)
    try:
        yield _Endpoint(
            base_url=emulator.ready.base_url,
            site_id=emulator.ready.site_id,
            auth=ApiKeyAuth(Secret(emulator.ready.api_key), emulator.ready.site_id),
            limits=replace(limits, max_requests_per_minute=UNLIMITED),
            transport=httpx.ASGITransport(app=emulator.app),
            settled=0.0,
        )
    finally:
        emulator.close()


def state_backend(workspace: Workspace, *, readable: bool = False) -> StateBackend:
    """Where the site's state lives; `readable`: what is not sealed is believed although there is a passphrase."""
    setting = workspace.config.state
    location = setting.of(workspace.site_name)
    cipher = Cipher(setting.passphrase, former=setting.former_passphrase, readable=readable)
    if "://" not in location:
        return FileState(workspace.config.root / location, versions=setting.versions, cipher=cipher)
    from galleryctl.state.bucket import open_bucket
    from galleryctl.state.objects import ObjectState

    bucket, key = open_bucket(location)
    return ObjectState(bucket, key, versions=setting.versions, cipher=cipher)


def without_former(workspace: Workspace) -> Workspace:
    """The workspace as it is once the former passphrase is taken away."""
    state = replace(workspace.config.state, former_passphrase=None)
    return replace(workspace, config=replace(workspace.config, state=state))


def lock_owner(operation: str) -> LockInfo:
    """Who locks the state, from where and for what; the run's id is new."""
    return LockInfo(
        run=uuid.uuid4().hex[:12],
        who=f"{getpass.getuser()}@{socket.gethostname()}",
        pid=os.getpid(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        operation=operation,
    )


def _print_exchange(exchange: Exchange) -> None:
    """A line for each try of a request, once it is over."""
    if exchange.phase is Phase.AFTER:
        end = exchange.status or "no answer"
        output.aside(f"{exchange.call} → {end} {exchange.seconds:.3f} s {exchange.request_id}".rstrip())
