"""The emulator on a port: uvicorn, a ready file, and sockets that can really be cut."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Scope

from galleryctl.emulator.app import Emulator, Ready, create_app
from galleryctl.model.errors import GalleryctlError

GRACE = 5  # seconds for requests under way after a signal


LOCK = "server.lock"
OnReady = Callable[[Ready], None]


def serve(
    data_dir: Path | None,
    port: int,
    ready_file: Path | None,
    host: str = "127.0.0.1",
    *,
    on_ready: OnReady = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM; port 0 takes a free one.

    Once the port listens, the ready file is written, to be removed at the end, and `on_ready` is called. Raises
    GalleryctlError if the port or the data cannot be had, or another server has the data.
    """
    with closing(_bound(host, port)) as listener, _alone(data_dir):
        emulator = create_app(data_dir, base_url=_base_url(host, listener.getsockname()[1]))
        try:
            _run(emulator, listener, ready_file, on_ready)
        finally:
            emulator.close()


@contextmanager
def _alone(data_dir: Path | None) -> Iterator[None]:
    """Keeps other servers off the data: what a stale read shows is known to one process only."""
    if data_dir is None:
        yield
        return
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as cause:
        raise GalleryctlError(
            "the emulator's data cannot be used", where=data_dir, why=str(cause), do="choose another folder"
        ) from cause
    try:
        _lock(descriptor, data_dir)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as cause:
        raise GalleryctlError(
            "another emulator serves this data", where=data_dir, do="stop it, or choose another folder"
        ) from cause


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as cause:
        listener.close()
        raise GalleryctlError(
            f"the emulator cannot listen on {host}:{port}",
            why=str(cause),
            do="choose another port; 0 takes a free one",
        ) from cause
    return listener


def _base_url(host: str, port: int) -> str:
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"


class _Server(uvicorn.Server):
    """A server that tells when it listens, and cuts connections for the gate."""

    def __init__(
        self, config: uvicorn.Config, emulator: Emulator, ready_file: Path | None, on_ready: OnReady
    ) -> None:
        super().__init__(config)
        self.emulator = emulator
        self.ready_file = ready_file
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then write the ready file and tell."""
        await super().startup(sockets)
        if self.ready_file is not None:
            write_ready(self.ready_file, self.emulator.ready)
        self.on_ready(self.emulator.ready)

    async def cut(self, scope: Scope) -> None:
        """Abort the connection of a request."""
        for connection in list(self.server_state.connections):
            protocol: Any = connection  # both of uvicorn's protocols have `client` and `transport`
            if protocol.client == scope["client"]:
                protocol.transport.abort()
        await asyncio.sleep(0)  # lets the protocol learn that its connection is lost
        await asyncio.sleep(0)


def _run(emulator: Emulator, listener: socket.socket, ready_file: Path | None, on_ready: OnReady) -> None:
    config = uvicorn.Config(
        emulator.app,
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, emulator, ready_file, on_ready)
    emulator.gate.cutter = server.cut
    try:
        with _quiet_signals():
            server.run(sockets=[listener])
    finally:
        if ready_file is not None and ready_file.exists():  # not where it could not be written
            ready_file.unlink(missing_ok=True)


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """Uvicorn raises the signals it took once more when it is done: here they are the normal end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)


def write_ready(path: Path, ready: Ready) -> None:
    """Write the ready file in one step, readable by its owner only, for it holds keys."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as out:
            json.dump(asdict(ready), out, indent=2)
        part.replace(path)
    except OSError as cause:
        raise GalleryctlError("the ready file cannot be written", where=path, why=str(cause)) from cause
