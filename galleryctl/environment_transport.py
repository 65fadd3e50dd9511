"""HTTP by the network settings of the environment: directly, or through the proxy for the URL of each request."""

from __future__ import annotations

import ssl
from functools import cached_property

from galleryctl.http import httpx
from galleryctl.network import NetworkSettings, ProxyServer

_CONNECTION_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


class EnvironmentTransport(httpx.AsyncBaseTransport):
    """A transport with a pool of connections for each proxy, opened when it is first used."""

    def __init__(self, settings: NetworkSettings, *, limits: httpx.Limits | None = None) -> None:
        self._settings = settings
        self._limits = limits or httpx.Limits()
        self._pools: dict[tuple[str, str], httpx.AsyncHTTPTransport] = {}

    def prepare(self, url: str) -> None:
        """Raise GalleryctlError if a setting prevents requests to `url`."""
        self._pool(url, self._settings.proxy_for(url))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. Raises httpx.ProxyError with the name of the variable if the proxy does not connect."""
        url = str(request.url)
        proxy = self._settings.proxy_for(url)
        try:
            return await self._pool(url, proxy).handle_async_request(request)
        except _CONNECTION_ERRORS as error:
            if proxy is None:
                raise
            raise httpx.ProxyError(f"through the proxy of {proxy.variable}: {error}", request=request) from error

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    def _pool(self, url: str, proxy: ProxyServer | None) -> httpx.AsyncHTTPTransport:
        key = (proxy.url if proxy else "", url.partition(":")[0])
        if key not in self._pools:
            # Without TLS, no certificates are read: they take time, and need not exist.
            needs_context = _is_tls(url) or (proxy is not None and _is_tls(proxy.url))
            context = self._context if needs_context else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._pools[key] = httpx.AsyncHTTPTransport(
                verify=context,
                limits=self._limits,
                proxy=httpx.Proxy(proxy.url, ssl_context=context if _is_tls(proxy.url) else None) if proxy else None,
                trust_env=False,
            )
        return self._pools[key]

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._settings.ssl_context()


def _is_tls(url: str) -> bool:
    return url.lower().startswith("https:")
