"""The backend of a site: the Wix API over the network, or the emulator in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from galleryctl.engine.refresh.fetch import READ_LAG
from galleryctl.http import httpx
from galleryctl.manifest.files.symlinks import GALLERYCTL_FOLDER
from galleryctl.manifest.workspace import WORKSPACE_FILE, AppConfig, SiteConfig, WorkspaceConfig
from galleryctl.model.desired import Limits
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.secret import Secret
from galleryctl.wix.auth import ApiKeyAuth, AppAuth, Auth

if TYPE_CHECKING:
    from galleryctl.emulator import Emulator

UNLIMITED = 1_000_000_000
"""Requests per minute where there is no quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEndpoint:
    """The URL, the site id and the credentials for requests to a site.

    `transport` replaces the network; `read_lag` is the number of seconds that a read may lag behind a write.
    """

    base_url: str
    site_id: str
    auth: Auth
    limits: Limits
    transport: httpx.AsyncBaseTransport | None = None
    read_lag: float = READ_LAG


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

    def webhook_sender(self) -> WebhookSender:
        """Return the app whose webhooks to accept by default."""
        ...

    def open(self) -> AbstractContextManager[SiteEndpoint]:
        """Return a context manager for the endpoint. Raises GalleryctlError."""
        ...


def site_backend(config: WorkspaceConfig, site_name: str) -> SiteBackend:
    """Return the backend that the workspace configures for the site."""
    if config.backend.type == "local":
        folder = config.root / GALLERYCTL_FOLDER / "emulator" / site_name
        return EmulatorBackend(data_folder=folder, limits=config.limits)
    return WixBackend(config=config, site_name=site_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class WixBackend:
    """The Wix API over the network."""

    config: WorkspaceConfig
    site_name: str
    data_folder: Path | None = None
    extras: frozenset[str] = frozenset()

    @property
    def description(self) -> str:
        """Return the base URL."""
        return self.config.backend.base_url

    url = description

    @property
    def _site(self) -> SiteConfig:
        return self.config.sites[self.site_name]

    def webhook_sender(self) -> WebhookSender:
        """Return the app instance in the site's credentials; the API does not expose the public key."""
        auth = self._site.auth
        return WebhookSender(instance_id=auth.instance_id if isinstance(auth, AppConfig) else None)

    def open(self) -> AbstractContextManager[SiteEndpoint]:
        """Return the endpoint. Raises GalleryctlError if the site has no id or credentials."""
        site_id, auth = self._site.site_id, self._site.auth
        if site_id is None or auth is None:
            raise GalleryctlError(
                f"site {self.site_name} has no site_id or no auth",
                where=self.config.root / WORKSPACE_FILE,
                do="add both, which backend: {type: wix} requires; use ${NAME} for environment variables",
            )
        credentials: Auth
        if isinstance(auth, AppConfig):
            credentials = AppAuth(auth.app_id, auth.app_secret, auth.instance_id)
        else:
            credentials = ApiKeyAuth(auth.api_key, site_id)
        return nullcontext(
            SiteEndpoint(
                base_url=self.config.backend.base_url, site_id=site_id, auth=credentials, limits=self.config.limits
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorBackend:
    """The emulator in this process, with its data in `data_folder`."""

    data_folder: Path
    limits: Limits
    description: str = "the embedded emulator"
    url: str | None = None
    extras: frozenset[str] = frozenset({"emulator"})

    def webhook_sender(self) -> WebhookSender:
        """Return the emulated app, which is created if the site is new. Raises GalleryctlError."""
        from galleryctl.emulator.credentials import load_credentials

        self.data_folder.mkdir(parents=True, exist_ok=True)
        credentials = load_credentials(self.data_folder)
        return WebhookSender(public_key=credentials.public_key.encode(), instance_id=credentials.instance_id)

    @contextmanager
    def open(self) -> Iterator[SiteEndpoint]:
        """Return the endpoint. Raises GalleryctlError if the emulator is not installed."""
        try:
            from galleryctl.emulator import create_emulator
        except ImportError as error:
            raise GalleryctlError(
                "backend: {type: local} requires the embedded emulator, which is not installed",
                why=str(error),
                do="pip install 'galleryctl[emulator]'",
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
