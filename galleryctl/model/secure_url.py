"""The addresses to which credentials may be sent: https, and http of this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_secure_url(url: str, *, allow_query: bool = False) -> bool:
    """Return True for an https URL, and for an http URL of this machine, without a user, a query or a fragment.

    `allow_query` allows a query.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = bool(host) and parts.port != 0
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
    forbidden = {" ", "#"} if allow_query else {" ", "@", "?", "#"}
    plain = url.isascii() and url.isprintable() and not forbidden & set(url) and "@" not in parts.netloc
    return usable and secure and plain
