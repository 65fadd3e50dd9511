"""Support for commands that listen: the socket, its base URL and the ready file."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import WaitObserver, unobserved
from galleryctl.session.outputs import check_output, is_stream
from galleryctl.state.durable_files import replace_file

_READY_FILE_START = re.compile(rb'\s*\{\s*"(?:site_id|url)":')
"""The first member of the ready files of `emulator` and `events`."""


def bind_socket(host: str, port: int, server_name: str) -> socket.socket:
    """Return a bound socket that does not listen yet; port 0 selects a free one. Raises GalleryctlError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError, TypeError) as error:  # TypeError: the host contains a null character
        listener.close()
        raise GalleryctlError(
            f"{server_name} cannot listen on {host}:{port}",
            why=str(error),
            do="choose another address or port; port 0 selects a free port",
        ) from error
    return listener


def base_url(host: str, listener: socket.socket) -> str:
    """Return the URL at which this machine reaches the listener."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - reached, not listened on
    return f"http://{name}:{listener.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Return True if only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_ready_file(
    path: Path, *, root: Path, patterns: Iterable[str] = (), on_wait: WaitObserver = unobserved
) -> None:
    """Raise GalleryctlError unless a ready file may be written to `path`; the arguments are those of `check_output`."""
    check_output(path, root=root, patterns=patterns, start=_READY_FILE_START, on_wait=on_wait)


@contextmanager
def write_ready_file(path: Path | None, content: Mapping[str, str]) -> Iterator[None]:
    """Keep `content` in the ready file while the block runs, readable by its owner only, as it may hold keys.

    A pipe or a device gets the content once.
    """
    if path is None:
        yield
        return
    text, stream = f"{json.dumps(content, indent=2)}\n", is_stream(path)
    try:
        if stream:
            path.write_text(text, encoding="utf-8")
        else:
            replace_file(path, text.encode())
    except OSError as error:
        raise GalleryctlError("cannot write the ready file", where=path, why=str(error)) from error
    try:
        yield
    finally:
        if not stream:
            path.unlink(missing_ok=True)
