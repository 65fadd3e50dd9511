"""Read the galleries of a site before a workspace exists, for the manifests that `init` writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from galleryctl.engine.refresh.listing import read_galleries
from galleryctl.manifest.settings import Setting
from galleryctl.manifest.site_settings import ApiKeyConfig, SiteConfig
from galleryctl.manifest.workspace import DEFAULT_SITE, WORKSPACE_FILE, BackendConfig, WorkspaceConfig
from galleryctl.manifest.yaml.places import AllowedVariables
from galleryctl.model.position import SourcePosition
from galleryctl.model.waiting import WaitObserver
from galleryctl.session.backends import site_backend
from galleryctl.session.open import connect

API_KEY_VARIABLE, SITE_ID_VARIABLE = "WIX_API_KEY", "WIX_SITE_ID"
"""The variables that a new workspace takes."""


async def read_gallery_names(
    root: Path, environ: Mapping[str, str], on_wait: WaitObserver
) -> tuple[tuple[str, str], ...] | None:
    """Return the names and ids of the site's galleries; None if the environment has no key or no site id.

    Raises GalleryctlError if the site cannot be read.
    """
    if not environ.get(API_KEY_VARIABLE) or not environ.get(SITE_ID_VARIABLE):
        return None
    at = SourcePosition(WORKSPACE_FILE, 1, 1)
    key, site_id = (
        Setting(text=f"${{{name}}}", at=at, uses_variables=True) for name in (API_KEY_VARIABLE, SITE_ID_VARIABLE)
    )
    config = WorkspaceConfig(
        root=root,
        backend=BackendConfig(),
        sites={DEFAULT_SITE: SiteConfig(site_id=site_id, auth=ApiKeyConfig(api_key=key))},
        manifest_patterns=(),
        environ=environ,
        allowed=AllowedVariables.read(environ),
    )
    async with site_backend(config, DEFAULT_SITE).open() as endpoint, connect(endpoint, on_wait=on_wait) as client:
        return tuple((gallery.name, gallery.id) for gallery in await read_galleries(client))
