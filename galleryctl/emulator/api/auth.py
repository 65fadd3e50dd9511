"""Authentication and permissions: API keys, and OAuth client credentials."""

from __future__ import annotations

import secrets
from hmac import compare_digest

from galleryctl.emulator.api.rejection import Rejection, application_error
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.site import EmulatedSite

GALLERIES_READ, GALLERIES_MANAGE = "PRO_GALLERY.READ", "PRO_GALLERY.MANAGE"
MEDIA_READ, MEDIA_MANAGE = "MEDIA.READ", "MEDIA.MANAGE"
_READ_ONLY_PERMISSIONS = frozenset({GALLERIES_READ, MEDIA_READ})
_ALL_PERMISSIONS = _READ_ONLY_PERMISSIONS | {GALLERIES_MANAGE, MEDIA_MANAGE}


def require_permission(site: EmulatedSite, request: ServedRequest, permission: str) -> None:
    """Raise a 401 for an unknown caller and a 403 for a caller without the permission."""
    authorization = request.headers.get("authorization", "")
    if not authorization:
        raise application_error(401, "UNAUTHENTICATED", "no Authorization header")
    if permission not in _granted_permissions(site, request, authorization):
        description = f"permission {permission} is missing"
        raise application_error(403, "PERMISSION_DENIED", description, {"permission": permission})


def _granted_permissions(site: EmulatedSite, request: ServedRequest, authorization: str) -> frozenset[str]:
    keys = site.credentials
    for key, permissions in ((keys.api_key, _ALL_PERMISSIONS), (keys.read_api_key, _READ_ONLY_PERMISSIONS)):
        if compare_digest(authorization.encode(), key.encode()):
            _require_site(site, request)
            return permissions
    row = site.store.db.execute("SELECT expires FROM tokens WHERE token = ?", (authorization,)).fetchone()
    if row is None:
        raise application_error(401, "UNAUTHENTICATED", "the API key or access token is not known")
    if row[0] <= site.clock():
        raise application_error(401, "UNAUTHENTICATED", "the access token has expired")
    return _ALL_PERMISSIONS


def _require_site(site: EmulatedSite, request: ServedRequest) -> None:
    site_id = request.headers.get("wix-site-id", "")
    if site_id != site.credentials.site_id:
        problem = "is not a site of this API key" if site_id else "is missing"
        raise application_error(403, "PERMISSION_DENIED", f"wix-site-id {problem}")


class OAuthHandlers:
    """Handler of `/oauth2/token`."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def token(self, request: ServedRequest) -> ServedResponse:
        """Return an access token for the app's client credentials."""
        body = request.json()
        if body.get("grant_type") != "client_credentials":
            raise _oauth_error(400, "unsupported_grant_type", "grant_type must be client_credentials")
        keys = self.site.credentials
        expected = {"client_id": keys.app_id, "client_secret": keys.app_secret, "instance_id": keys.instance_id}
        for name, value in expected.items():
            if not compare_digest(str(body.get(name, "")).encode(), value.encode()):
                code = "invalid_grant" if name == "instance_id" else "invalid_client"
                raise _oauth_error(400 if name == "instance_id" else 401, code, f"{name} is not known")
        token, lifetime = f"OauthNG.JWS.{secrets.token_urlsafe(48)}", self.site.settings.token_ttl_seconds
        now = self.site.clock()
        with self.site.store.transaction():
            self.site.store.db.execute("DELETE FROM tokens WHERE expires <= ?", (now,))
            self.site.store.db.execute("INSERT INTO tokens VALUES (?, ?)", (token, now + lifetime))
        return json_response({"access_token": token, "token_type": "Bearer", "expires_in": lifetime})


def _oauth_error(status: int, code: str, description: str) -> Rejection:
    return Rejection(status, {"error": code, "error_description": description, "message": f"{code}: {description}"})
