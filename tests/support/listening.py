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


@contextmanager
def serve_app(app: Callable[..., object]) -> Iterator[str]:
    """Serve an application at a free port, and yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener, listening(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
