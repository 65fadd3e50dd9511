"""The credentials of a site, as they are sent to the API."""

from __future__ import annotations

from dataclasses import dataclass

from galleryctl.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCredentials:
    """An API key of the account."""

    api_key: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """An app's client credentials, for one of its instances."""

    app_id: str
    app_secret: Secret
    instance_id: str


SiteCredentials = ApiKeyCredentials | AppCredentials
