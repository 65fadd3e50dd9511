"""Where bytes may go: the API answers upload URLs, and they are followed only where nobody can listen in."""

from __future__ import annotations

from galleryctl.http import httpx

_MAX_PORT = 65535
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def resolve_upload_url(location: str, base: str, api: httpx.URL) -> str | None:
    """The URL `answered`, relative to `base`; None unless it is https, or http where the API itself is plain.

    An API elsewhere sends no bytes to what listens on this machine only.
    """
    try:
        url = httpx.URL(base).join(location)
    except (httpx.InvalidURL, ValueError):
        return None
    if not url.host or "%" in url.host or url.userinfo or (url.port or 0) > _MAX_PORT:
        return None
    at_api = (url.scheme, url.host, url.port) == (api.scheme, api.host, api.port)
    both_here = {url.host, api.host} <= _LOOPBACK_HOSTS
    safe = url.scheme == "https" or (url.scheme == "http" and (at_api or both_here))
    return str(url) if safe else None
