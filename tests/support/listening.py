"""An ASGI application on a loopback port, in a thread of the test."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn


@contextmanager
def listening(app: Callable[..., object], listener: socket.socket, *, dated: bool = True) -> Iterator[None]:
    """Serve an application in a thread."""
    config = uvicorn.Config(app, lifespan="off", log_level="error", ws="none", http="h11", date_header=dated)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
