"""The receiver on a port: uvicorn with limits against hostile senders, stopped by the caller instead of signals."""

from __future__ import annotations

import asyncio
import resource
import socket
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from galleryctl.events.admission import ConnectionTable
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved

_SHUTDOWN_TIMEOUT = 5.0
"""Seconds that incomplete requests get when the server stops."""
_MAX_CONNECTIONS = 512
"""Concurrent connections; an idle one takes about 20 KB."""
_MIN_CONNECTIONS = 16
"""The fewest concurrent connections with which it starts."""
_NETWORK_SHARE = 8
"""The part of the connections, an eighth, that a network has before others' connections are closed for its own."""
_ACCEPTED_AT_ONCE = 64
"""Connections that are accepted before the connections they displace are closed."""
_RESERVED_FILES = 2 * _ACCEPTED_AT_ONCE + 64
"""Files that a process may open beside its connections: those just accepted, those that close, and all others."""
_BACKLOG = 1024
"""Connections that wait in the system until they are accepted."""
_MAX_REQUEST_BYTES = 32_000_000
"""Bytes of all incomplete requests together, so that they do not exhaust the memory."""
CONNECTION_LIFETIME = 15.0
"""Seconds in which a connection must deliver, from its opening or the begin of its next request."""
_IDLE_TIMEOUT = 75
"""Seconds between two deliveries of a connection; reverse proxies close theirs earlier, mostly after 60."""

_Table = ConnectionTable["_Connection"]


class _Connection(H11Protocol):
    """A connection that closes after its lifetime, or with the response to the request it then handles.

    It keeps its record in the table: uvicorn tells it what arrives, its wrapper around the application what is answered.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        app: ASGIApp,
        table: _Table,
        on_overload: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._table = table
        self._on_overload = on_overload
        self._application = app
        self.app = self._run
        self._lifetime_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the lifetime, and close the connection that this one displaces."""
        super().connection_made(transport)
        self._start_lifetime()
        self._evict(self._table.open(self, self.client[0] if self.client else "", self.loop.time()))

    def data_received(self, data: bytes) -> None:
        """Count the bytes, and close the connections that have sent too many."""
        self._continue_request(len(data))
        if not self.transport.is_closing():
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the lifetime and remove the record."""
        self._end_lifetime()
        self._table.close(self)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the message would disclose what failed
        """Close the connection of a sender that does not send HTTP."""
        self.transport.close()

    def on_response_complete(self) -> None:
        """Go on with what has arrived of the next request."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.conn.trailing_data[0]:
            self._continue_request(0)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and record when the request is complete and what the response is."""

        async def recorded_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                self._table.complete(self)
            return message

        async def recorded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                delivered = message["status"] == HTTPStatus.OK
                self._table.respond(self, self.loop.time(), delivered=delivered)
                if delivered:
                    self._end_lifetime()
                else:
                    message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        self._continue_request(0)  # it may have arrived together with the one before
        await self._application(scope, recorded_receive, recorded_send)

    def _continue_request(self, size: int) -> None:
        """Record bytes of a request; the first ones after a delivery start a new lifetime."""
        if self._lifetime_timer is None:
            self._start_lifetime()
        self._evict(self._table.receive(self, size, self.loop.time()))

    def _evict(self, connections: list[_Connection]) -> None:
        _abort(connections)
        if connections and self._table.evicted == len(connections):
            self._on_overload()  # the first time

    def _start_lifetime(self) -> None:
        self._lifetime_timer = self.loop.call_later(CONNECTION_LIFETIME, self.shutdown)

    def _end_lifetime(self) -> None:
        if self._lifetime_timer is not None:
            self._lifetime_timer.cancel()
            self._lifetime_timer = None


def _abort(connections: list[_Connection]) -> None:
    for connection in connections:
        connection.transport.abort()


class _Server(uvicorn.Server):
    """A server that reports when it is listening and installs no signal handlers."""

    def __init__(self, config: uvicorn.Config, table: _Table) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._table = table

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then set `listening`."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_BACKLOG)  # the backlog in the configuration is also how many are accepted at once
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: complete requests get their response, incomplete ones end after `_SHUTDOWN_TIMEOUT`."""
        timer = asyncio.get_running_loop().call_later(_SHUTDOWN_TIMEOUT, lambda: _abort(self._table.waiting()))
        await super().shutdown(sockets)
        timer.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: the command has its own handlers."""
        yield


@asynccontextmanager
async def serve_receiver(
    app: ASGIApp,
    listener: socket.socket,
    *,
    on_overload: Callable[[], None],
    on_wait: WaitObserver = unobserved,
) -> AsyncIterator[ConnectionTable[Any]]:
    """Serve on a bound socket for the length of the `with`, which starts once the server is listening.

    `on_overload` is called when a connection is closed for another one for the first time. Requests that are complete at
    the end get their response. Raises GalleryctlError if the process may open too few files.
    """
    limit = _connection_limit()
    allowance = limit // _NETWORK_SHARE
    table: _Table = ConnectionTable(max_connections=limit, allowance=allowance, max_bytes=_MAX_REQUEST_BYTES)
    config = uvicorn.Config(
        app,
        http=partial(_Connection, app=app, table=table, on_overload=on_overload),  # type: ignore[arg-type]  # uvicorn only calls it
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # malformed requests are not logged; rejections are counted
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_ACCEPTED_AT_ONCE,
        timeout_keep_alive=_IDLE_TIMEOUT,
    )
    server = _Server(config, table)
    serve = asyncio.create_task(server.serve([listener]))
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({serve, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not serve.done():
            yield table
    finally:
        listening.cancel()
        server.should_exit = True
        what, seconds = "the deliveries in progress to end", _SHUTDOWN_TIMEOUT
        with on_wait(Waiting(kind=WaitKind.SERVER, what=what, seconds=seconds, at_most=True)):
            await serve


def _connection_limit() -> int:
    """Return how many connections this process can hold. Raises GalleryctlError if these are too few."""
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if open_files == resource.RLIM_INFINITY:
        return _MAX_CONNECTIONS
    if open_files < _RESERVED_FILES + _MIN_CONNECTIONS:
        raise GalleryctlError(
            "the limit of open files is too low for the receiver",
            why=f"it is {open_files}, and {_RESERVED_FILES + _MIN_CONNECTIONS} are needed",
            do="raise the limit, as with `ulimit -n 1024`",
        )
    return min(_MAX_CONNECTIONS, open_files - _RESERVED_FILES)
