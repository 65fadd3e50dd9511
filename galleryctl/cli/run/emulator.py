"""The emulator on a port, with a person in front of it."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path

from galleryctl.cli import output
from galleryctl.cli.listener import base_url, bind_socket, is_loopback, write_ready_file
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.model.errors import GalleryctlError


def serve_emulator(settings: CliSettings, *, port: int, data: Path | None, ready_file: Path | None, host: str) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises GalleryctlError when the port or the data cannot be had."""
    try:
        from galleryctl.emulator.app import ReadyInfo
        from galleryctl.emulator.server import serve
    except ImportError as error:
        raise GalleryctlError(
            "the emulator is not installed", why=str(error), do="pip install 'galleryctl[emulator]'"
        ) from error
    folder = _emulator_folder(settings) if data is None else settings.directory / data
    path = None if ready_file is None else settings.directory / ready_file
    if not is_loopback(host):
        output.warning(
            f"the emulator listens on {host}: everybody who can reach this machine can use it, change its data and "
            "read what its control calls tell, without a key"
        )

    with closing(bind_socket(host, port, "the emulator")) as listener, ExitStack() as to_the_end:

        def tell(ready: ReadyInfo) -> None:
            to_the_end.enter_context(write_ready_file(path, asdict(ready)))
            output.info(settings, f"Serving the site {ready.site_id} at {ready.base_url}, its data in {folder}.")
            output.info(settings, f"Its keys are in {folder / 'credentials.json'}. Ctrl-C ends it.")

        serve(folder, listener, base_url(host, listener), on_ready=tell)


def _emulator_folder(settings: CliSettings) -> Path:
    folder = get_workspace(settings).backend.data_folder
    if folder is None:
        raise GalleryctlError(
            "this workspace has the real API as its backend", do="say where the data shall be: --data DIR"
        )
    return folder
