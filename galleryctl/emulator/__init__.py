"""The Wix APIs on this machine: Pro Gallery, Media Manager, OAuth and webhooks, with faults on demand."""

from pathlib import Path

from galleryctl.emulator.app import Emulator, Ready, create_app
from galleryctl.emulator.gate import ConnectionCut
from galleryctl.emulator.settings import Settings


def serve(data_dir: Path | None, port: int, ready_file: Path | None, host: str = "127.0.0.1") -> None:
    """Serve until SIGINT or SIGTERM; see `server.serve`."""
    from galleryctl.emulator import server  # noqa: PLC0415 - in process, nobody needs uvicorn

    server.serve(data_dir, port, ready_file, host)


__all__ = ["ConnectionCut", "Emulator", "Ready", "Settings", "create_app", "serve"]
