"""The receiver on a port: uvicorn with limits against hostile senders, stopped by the caller instead of signals."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_SHUTDOWN_TIMEOUT = 5
"""Seconds that open requests get when the server stops."""
_MAX_CONNECTIONS = 100
"""Concurrent connections; more are answered with 503, and Wix retries."""
CONNECTION_LIFETIME = 15.0
"""Seconds that a connection may stay open: one that never ended would block others, as connections are limited."""


class _Connection(H11Protocol):
    """A connection that closes after its lifetime, or with the response to the request it then handles."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the lifetime timer."""
        super().connection_made(transport)
        self._lifetime_timer = self.loop.call_later(CONNECTION_LIFETIME, self.shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the lifetime timer."""
        self._lifetime_timer.cancel()
        super().connection_lost(exc)


class _Server(uvicorn.Server):
    """A server that reports when it is listening and installs no signal handlers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set `listening`."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: the command has its own handlers."""
        yield


@asynccontextmanager
async def serve_receiver(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve on a bound socket for the length of the `with`, which starts once the server is listening.

    Requests that are open at its end get `_SHUTDOWN_TIMEOUT` seconds.
    """
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # malformed requests are not logged; rejections are counted
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    server = _Server(config)
    serve = asyncio.create_task(server.serve([listener]))
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({serve, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not serve.done():
            yield
    finally:
        listening.cancel()
        server.should_exit = True
        await serve
