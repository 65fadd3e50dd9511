"""Upload URLs from the API are used only if the connection is private."""

from __future__ import annotations

from galleryctl.http import httpx

_MAX_PORT = 65535
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def resolve_upload_url(location: str, base: str, api: httpx.URL) -> str | None:
    """Return the absolute URL of `location` relative to `base`, or None if it must not be used.

    Allowed are https, and http to the API's own address or between two loopback addresses (the emulator).
    """
    try:
        url = httpx.URL(base).join(location)
    except (httpx.InvalidURL, ValueError):
        return None
    if not url.host or "%" in url.host or url.userinfo or (url.port or 0) > _MAX_PORT:
        return None
    same_origin = (url.scheme, url.host, url.port) == (api.scheme, api.host, api.port)
    both_loopback = {url.host, api.host} <= _LOOPBACK_HOSTS
    safe = url.scheme == "https" or (url.scheme == "http" and (same_origin or both_loopback))
    return str(url) if safe else None
