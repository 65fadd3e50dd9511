"""The address of the API: the vendor's, or the one that an environment variable of the job names.

A pull request can change galleryctl.yaml, so an address there does not decide where credentials are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.secure_url import LOOPBACK_HOSTS, is_secure_url

API_URL_VARIABLE = "GALLERYCTL_API_URL"
VENDOR_URL = "https://www.wixapis.com"
LOOPBACK_HOST = "localhost"
"""The one name of this machine in a state: an emulator has another port, and another site id, each time."""


def api_host(url: str) -> str:
    """Return the host of a valid URL, with its port if the URL has one; LOOPBACK_HOST for this machine."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if host in LOOPBACK_HOSTS:
        return LOOPBACK_HOST
    return f"{host}:{parts.port}" if parts.port not in (None, 443) else host


VENDOR_HOST = api_host(VENDOR_URL)


def resolve_api_url(in_file: str | None, environ: Mapping[str, str], *, where: object) -> str:
    """Return the URL that requests are sent to, without a trailing slash; `in_file` is `backend.base_url`.

    Raises GalleryctlError if the file names another address than the job does.
    """
    allowed = environ.get(API_URL_VARIABLE, "").rstrip("/")
    if allowed and not is_secure_url(allowed):
        raise GalleryctlError(
            f"{API_URL_VARIABLE} is not a valid address of the API",
            do="set an https URL, or an http URL of this machine (127.0.0.1), without a user name and a query",
        )
    url = allowed or VENDOR_URL
    if in_file is not None and _comparable(in_file) != _comparable(url):
        raise GalleryctlError(
            "backend.base_url is not the address that the job names",
            where=where,
            why=f"credentials are sent to another host than the vendor's only if {API_URL_VARIABLE} names it",
            do=f"remove base_url, or, if you trust this address: export {API_URL_VARIABLE}={in_file.rstrip('/')}",
        )
    return url


def _comparable(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower(), parts.path.rstrip("/")
