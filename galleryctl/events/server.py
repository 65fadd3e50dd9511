"""The receiver on a port: uvicorn, with bounds for what strangers send, and an end that somebody else decides."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_SHUTDOWN_TIMEOUT = 5
"""Seconds for deliveries under way when it ends."""
_MAX_CONNECTIONS = 100
"""At once; more are answered with 503, and the vendor tries again."""
CONNECTION_LIFETIME = 15.0
"""Seconds that a connection has for all its requests: whoever never ends one would keep its place from the others."""


class _Connection(H11Protocol):
    """A connection that ends, at the latest with the answer to the request that it is in then."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, and count the time."""
        super().connection_made(transport)
        self._lifetime_timer = self.loop.call_later(CONNECTION_LIFETIME, self.shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        self._lifetime_timer.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """A server that tells when it listens, and leaves the signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The command has handlers of its own."""
        yield


@asynccontextmanager
async def serve_receiver(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve on a bound socket while the block runs, which begins once it listens.

    What is under way at its end gets `GRACE` seconds.
    """
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # what strangers send is no news; refusals are counted
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    server = _Server(config)
    serve = asyncio.create_task(server.serve([listener]))
    listens = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({serve, listens}, return_when=asyncio.FIRST_COMPLETED)
        if not serve.done():
            yield
    finally:
        listens.cancel()
        server.should_exit = True
        await serve
