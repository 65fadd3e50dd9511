"""The emulator on a port: uvicorn, and connections that can be aborted."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Scope

from galleryctl.emulator.app import Emulator, ReadyInfo, create_emulator
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved

_SHUTDOWN_SECONDS = 5  # for requests in progress at a signal
_LOCK_FILE = "server.lock"


def serve(
    data_dir: Path,
    listener: socket.socket,
    base_url: str,
    *,
    on_ready: Callable[[ReadyInfo], None],
    switches: Mapping[str, Any] | None = None,
    on_wait: WaitObserver = unobserved,
) -> None:
    """Serve on a bound socket until SIGINT, SIGTERM or SIGHUP; calls `on_ready` once it listens.

    `switches` replace those that are stored with the data. Raises GalleryctlError if the data cannot be used or another server has locked it, and what `on_ready` raises.
    """
    with _exclusive_access(data_dir):
        emulator = create_emulator(data_dir, base_url=base_url, switches=switches)
        try:
            _run(emulator, listener, on_ready, on_wait)
        finally:
            emulator.close()


@contextmanager
def _exclusive_access(data_dir: Path) -> Iterator[None]:
    """Lock the data against other servers: the undo log for stale reads is in the memory of one process."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as cause:
        what, do = "the emulator's data cannot be used", "choose another directory"
        raise GalleryctlError(what, where=data_dir, why=str(cause), do=do) from cause
    try:
        _acquire_lock(descriptor, data_dir)
        yield
    finally:
        os.close(descriptor)


def _acquire_lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as cause:
        what, do = "another emulator is using this data", "stop it, or choose another directory"
        raise GalleryctlError(what, where=data_dir, do=do) from cause


class _EmulatorServer(uvicorn.Server):
    """A server with a callback for the moment it listens, and with connections that can be aborted."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_wait: WaitObserver) -> None:
        super().__init__(config)
        self.on_ready = on_ready
        self.on_wait = on_wait

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then call `on_ready`."""
        await super().startup(sockets)
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for the requests in progress, then stop."""
        what, seconds = "the requests in progress to end", _SHUTDOWN_SECONDS
        with self.on_wait(Waiting(kind=WaitKind.SERVER, what=what, seconds=seconds, at_most=True)):
            await super().shutdown(sockets)

    async def cut(self, scope: Scope) -> None:
        """Abort the connection of a request."""
        for connection in list(self.server_state.connections):
            protocol: Any = connection  # uvicorn has no common type for its protocols
            if protocol.client == scope["client"]:
                protocol.transport.abort()
        await asyncio.sleep(0)  # let the protocol process the lost connection
        await asyncio.sleep(0)


def _run(
    emulator: Emulator, listener: socket.socket, on_ready: Callable[[ReadyInfo], None], on_wait: WaitObserver
) -> None:
    config = uvicorn.Config(
        emulator.app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    server = _EmulatorServer(config, lambda: on_ready(emulator.ready), on_wait)
    emulator.pipeline.cut_connection = server.cut
    with _quiet_signals(server):
        server.run(sockets=[listener])


@contextmanager
def _quiet_signals(server: uvicorn.Server) -> Iterator[None]:
    """Ignore the signals that uvicorn raises again after its shutdown: here they are the normal end, SIGHUP, too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored below nohup
        previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, server.handle_exit)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
