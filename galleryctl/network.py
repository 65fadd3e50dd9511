"""The network settings of the environment: proxies, hosts without proxy, certificate authorities.

They are read here only, and reported by the variable's name, never by its value, which may contain a password. The
library for object stores reads the same variables on its own: it ignores what it does not understand, and connects
directly, so its settings are checked here first.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from galleryctl.http import httpx
from galleryctl.model.errors import GalleryctlError

_ENTRY = re.compile(r"(?:\w+://)?\*?(?P<host>\.?[\w-]+(?:\.[\w-]+)*)\.?(?::(?P<port>[0-9]{1,5}))?")
"""A host name in NO_PROXY: `example.com`, `.example.com` and `*.example.com` all match its subdomains."""
_PROXY_SCHEMES = ("http", "https")
_NO_PROXY_FORMS = (
    "separate host names, IP addresses and networks with commas, for example localhost,.example.com,10.0.0.0/8"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyServer:
    """A proxy; `url` may contain a password, `variable` is the environment variable that names it."""

    url: str = field(repr=False)
    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """The network settings in `environ`. Every method raises GalleryctlError for a variable that cannot be used."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def proxy_for(self, url: str) -> ProxyServer | None:
        """Return the proxy for requests to `url`; None for direct ones, as to this machine."""
        target = urlsplit(url)
        host = (target.hostname or "").rstrip(".")
        found = self._variable(f"{target.scheme}_proxy") or self._variable("all_proxy")
        if found is None or _is_loopback(host):
            return None
        port = target.port or {"https": 443}.get(target.scheme, 80)
        if any(_matches(entry, host, port) for entry in self._no_proxy()):
            return None
        name, value = found
        return ProxyServer(url=_checked_proxy_url(name, value), variable=name)

    def ssl_context(self) -> ssl.SSLContext:
        """Return the settings of TLS, with the certificate authorities of SSL_CERT_FILE, SSL_CERT_DIR or httpx."""
        file, folder = self.environ.get("SSL_CERT_FILE"), self.environ.get("SSL_CERT_DIR")
        if file:
            try:
                return ssl.create_default_context(cafile=file)
            except ssl.SSLError as error:
                raise _unusable("SSL_CERT_FILE", f"{file} has no certificates in PEM format") from error
            except OSError as error:
                raise _unusable("SSL_CERT_FILE", f"{file} cannot be read: {error.strerror}") from error
        if folder:
            if not Path(folder).is_dir():
                raise _unusable("SSL_CERT_DIR", f"{folder} is not a folder")
            return ssl.create_default_context(capath=folder)
        return httpx.create_ssl_context(trust_env=False)

    def check(self, url: str) -> str:
        """Return a description of the settings for requests to `url`, for people."""
        proxy = self.proxy_for(url)
        parts = [f"the proxy of {proxy.variable}" if proxy else "no proxy"]
        if url.startswith("https:"):
            self.ssl_context()
            name = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if self.environ.get(name)), None)
            parts.append(f"the certificates of {name}" if name else "the usual certificates")
            if self.environ.get("SSLKEYLOGFILE"):  # read by Python's ssl module
                parts.append("the keys of connections written to SSLKEYLOGFILE: with them, the traffic can be read")
        return ", ".join(parts)

    def _variable(self, name: str) -> tuple[str, str] | None:
        """Return the name and value of a variable; the name in lower case has precedence, also if it is empty."""
        name = name if name in self.environ else name.upper()
        value = self.environ.get(name, "").strip()
        return (name, value) if value else None

    def _no_proxy(self) -> Iterator[str]:
        """Yield the entries of NO_PROXY, all of them valid."""
        name, value = self._variable("no_proxy") or ("", "")
        entries = [entry for each in value.split(",") if (entry := each.strip().lower())]
        for entry in entries:
            if entry != "*" and _network(entry) is None and not _ENTRY.fullmatch(entry):
                raise GalleryctlError(
                    f"{entry!r} is not a host, an IP address or a network",
                    where=f"{name} in the environment",
                    do=_NO_PROXY_FORMS,
                )
        yield from entries


def connection_advice(error: Exception) -> str:
    """Return what to do about a connection that failed; "" if nothing particular is known."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "if a proxy of your network decrypts the traffic, name the file with its certificate: SSL_CERT_FILE"
    if isinstance(error, httpx.ProxyError):
        return "check the proxy, or list the host in NO_PROXY if it can be reached without"
    return ""


def _unusable(name: str, what: str) -> GalleryctlError:
    do = f"correct the path, or unset {name} to use the usual certificates"
    return GalleryctlError(what, where=f"{name} in the environment", do=do)


def _checked_proxy_url(name: str, value: str) -> str:
    """Return the URL of a proxy. Raises GalleryctlError, which does not show it."""
    url = value if "://" in value else f"http://{value}"
    scheme, where = url.partition("://")[0].lower(), f"{name} in the environment"
    if scheme.startswith("socks"):
        do = f"set HTTPS_PROXY to an HTTP proxy, list the host in NO_PROXY, or unset {name} for this command"
        raise GalleryctlError("SOCKS proxies are not supported", where=where, do=do)
    do = "use http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with special characters as %XX"
    if scheme not in _PROXY_SCHEMES:
        raise GalleryctlError("unsupported kind of proxy", where=where, do=do)
    try:
        valid = httpx.URL(url).host and urlsplit(url).port != 0
    except (httpx.InvalidURL, ValueError):
        valid = False
    if not valid:
        raise GalleryctlError("invalid proxy URL", where=where, do=do)
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return an entry of NO_PROXY as a network, None if it is a name; the port of `[::1]:80` is not compared."""
    bracketed = re.fullmatch(r"\[(.*)\](?::[0-9]{1,5})?", entry)
    try:
        return ipaddress.ip_network(bracketed[1] if bracketed else entry, strict=False)
    except ValueError:
        return None


def _matches(entry: str, host: str, port: int) -> bool:
    """Return True if the entry of NO_PROXY, in lower case, is or contains the host."""
    if entry == "*":
        return True
    network = _network(entry)
    if network is not None:
        try:
            return ipaddress.ip_address(host) in network
        except ValueError:
            return False
    parts = _ENTRY.fullmatch(entry)
    if parts is None or (parts["port"] and int(parts["port"]) != port):
        return False
    name = parts["host"].lstrip(".")
    return host == name or host.endswith(f".{name}")
