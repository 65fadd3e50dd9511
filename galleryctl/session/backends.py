"""The backend of a site: the Wix API over the network, or the emulator in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from galleryctl.engine.refresh.fetch import READ_LAG
from galleryctl.http import httpx
from galleryctl.manifest.api_url import VENDOR_HOST, api_host
from galleryctl.manifest.files.symlinks import GALLERYCTL_FOLDER
from galleryctl.manifest.site_settings import AppConfig, SiteConfig, resolve_credentials
from galleryctl.manifest.workspace import WORKSPACE_FILE, WorkspaceConfig
from galleryctl.model.credentials import AppCredentials, SiteCredentials
from galleryctl.model.desired import Limits
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.secret import Secret
from galleryctl.model.waiting import WaitObserver, unobserved
from galleryctl.session.credential_command import CREDENTIAL_COMMAND, run_credential_command
from galleryctl.wix.auth import ApiKeyAuth, AppAuth, Auth

if TYPE_CHECKING:
    from galleryctl.emulator import Emulator

UNLIMITED = 1_000_000_000
"""Requests per minute where there is no quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEndpoint:
    """The URL, the site id and the credentials for requests to a site.

    `transport` replaces the network; `read_lag` is the number of seconds that a read may lag behind a write. `api_host`
    is the host of another API than the vendor's, "" for the vendor's, None for the emulator in this process.
    """

    base_url: str
    site_id: str
    auth: Auth
    limits: Limits
    transport: httpx.AsyncBaseTransport | None = None
    read_lag: float = READ_LAG
    api_host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSender:
    """The app that sends a site's webhooks, as far as the backend can identify it; the public key is PEM."""

    public_key: bytes | None = None
    instance_id: str | None = None


class SiteBackend(Protocol):
    """The API that serves a site."""

    @property
    def description(self) -> str:
        """Return its display name."""
        ...

    @property
    def url(self) -> str | None:
        """Return the base URL of requests with the site's credentials; None if it needs neither."""
        ...

    @property
    def data_folder(self) -> Path | None:
        """Return the folder with the site's data on this machine; None for a remote site."""
        ...

    @property
    def extras(self) -> frozenset[str]:
        """Return the extras of this package that it needs."""
        ...

    async def webhook_sender(self) -> WebhookSender:
        """Return the app whose webhooks to accept by default."""
        ...

    def open(self) -> AbstractAsyncContextManager[SiteEndpoint]:
        """Return a context manager for the endpoint. Raises GalleryctlError."""
        ...


def site_backend(config: WorkspaceConfig, site_name: str, *, on_wait: WaitObserver = unobserved) -> SiteBackend:
    """Return the backend that the workspace configures for the site; `on_wait` observes the credential command."""
    if config.backend.type == "local":
        folder = config.root / GALLERYCTL_FOLDER / "emulator" / site_name
        return EmulatorBackend(data_folder=folder, limits=config.limits)
    return WixBackend(config=config, site_name=site_name, on_wait=on_wait)


@dataclass(frozen=True, slots=True, kw_only=True)
class WixBackend:
    """The Wix API over the network."""

    config: WorkspaceConfig
    site_name: str
    on_wait: WaitObserver = unobserved
    data_folder: Path | None = None
    extras: frozenset[str] = frozenset()

    @property
    def description(self) -> str:
        """Return the base URL. Raises GalleryctlError unless the job allows it."""
        return self.config.api_url

    url = description

    @property
    def _site(self) -> SiteConfig:
        return self.config.sites[self.site_name]

    async def webhook_sender(self) -> WebhookSender:
        """Return the app instance in the site's credentials; the API does not expose the public key."""
        credentials, auth = await self._command_credentials(), self._site.auth
        if isinstance(credentials, AppCredentials):
            return WebhookSender(instance_id=credentials.instance_id)
        if credentials is None and isinstance(auth, AppConfig):
            return WebhookSender(instance_id=auth.instance_id.value(self.config.environ))
        return WebhookSender()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SiteEndpoint]:
        """Return the endpoint. Raises GalleryctlError if the site has no id or credentials."""
        url, site_id = self.config.api_url, self.config.site_id(self.site_name)
        credentials = await self._credentials()
        auth: Auth
        if isinstance(credentials, AppCredentials):
            auth = AppAuth(credentials.app_id, credentials.app_secret, credentials.instance_id)
        else:
            auth = ApiKeyAuth(credentials.api_key, site_id)
        host = api_host(url)
        yield SiteEndpoint(
            base_url=url,
            site_id=site_id,
            auth=auth,
            limits=self.config.limits,
            api_host="" if host == VENDOR_HOST else host,
        )

    async def _command_credentials(self) -> SiteCredentials | None:
        environ, root = self.config.environ, self.config.root
        return await run_credential_command(environ, self.site_name, root=root, on_wait=self.on_wait)

    async def _credentials(self) -> SiteCredentials:
        """Return the credentials that a command of the job prints, else those that galleryctl.yaml names."""
        if printed := await self._command_credentials():
            return printed
        auth = self._site.auth
        if auth is None:
            raise GalleryctlError(
                f"site {self.site_name} has no credentials",
                where=self.config.root / WORKSPACE_FILE,
                do=f"add auth, with ${{NAME}} for environment variables, or set {CREDENTIAL_COMMAND} in the environment",
            )
        return resolve_credentials(auth, self.config.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorBackend:
    """The emulator in this process, with its data in `data_folder`."""

    data_folder: Path
    limits: Limits
    description: str = "the embedded emulator"
    url: str | None = None
    extras: frozenset[str] = frozenset({"emulator"})

    async def webhook_sender(self) -> WebhookSender:
        """Return the emulated app, which is created if the site is new. Raises GalleryctlError."""
        from galleryctl.emulator.credentials import load_credentials

        self.data_folder.mkdir(parents=True, exist_ok=True)
        credentials = load_credentials(self.data_folder)
        return WebhookSender(public_key=credentials.public_key.encode(), instance_id=credentials.instance_id)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SiteEndpoint]:
        """Return the endpoint. Raises GalleryctlError if the emulator is not installed."""
        try:
            from galleryctl.emulator import create_emulator
        except ImportError as error:
            raise GalleryctlError(
                "backend: {type: local} requires the embedded emulator, which is not installed",
                why=str(error),
                do="in the checkout of galleryctl: python -m pip install '.[emulator]'",
            ) from error
        emulator = create_emulator(self.data_folder)
        try:
            yield emulator_endpoint(emulator, self.limits)
        finally:
            emulator.close()


def emulator_endpoint(emulator: Emulator, limits: Limits) -> SiteEndpoint:
    """Return the endpoint of an emulator in this process: no network, no quota, no read lag."""
    ready = emulator.ready
    return SiteEndpoint(
        base_url=ready.base_url,
        site_id=ready.site_id,
        auth=ApiKeyAuth(Secret(ready.api_key), ready.site_id),
        limits=replace(limits, max_requests_per_minute=UNLIMITED),
        transport=httpx.ASGITransport(app=emulator.app),
        read_lag=0.0,
    )
