"""The work of `emulator`: serve it on a port until a signal."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path

from galleryctl.cli import output
from galleryctl.cli.listener import base_url, bind_socket, check_ready_file, is_loopback, write_ready_file
from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import print_waits
from galleryctl.cli.workspace import get_workspace
from galleryctl.manifest.api_url import API_URL_VARIABLE
from galleryctl.manifest.profile import read_profile
from galleryctl.model.errors import GalleryctlError


def serve_emulator(
    settings: CliSettings, *, port: int, data: Path | None, ready_file: Path | None, host: str, profile: Path | None
) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP. Raises GalleryctlError if the port or the data is not available."""
    try:
        from galleryctl.emulator.app import ReadyInfo
        from galleryctl.emulator.server import serve
    except ImportError as error:
        raise GalleryctlError(
            "the emulator is not installed",
            why=str(error),
            do="in the checkout of galleryctl: python -m pip install '.[emulator]'",
        ) from error
    on_wait = print_waits(settings)
    folder = _emulator_folder(settings) if data is None else settings.directory / data
    switches = None if profile is None else read_profile(settings.directory, str(profile)).switches
    path = None if ready_file is None else settings.directory / ready_file
    if path is not None:
        patterns = () if data is not None else get_workspace(settings).config.manifest_patterns
        check_ready_file(path, root=settings.directory, patterns=patterns, on_wait=on_wait)
    if not is_loopback(host):
        output.warning(
            f"the emulator listens on {host}: anyone who can reach this machine can read and change its data and use its "
            "control API without a key"
        )

    with closing(bind_socket(host, port, "the emulator")) as listener, ExitStack() as stack:

        def on_ready(ready: ReadyInfo) -> None:
            stack.enter_context(write_ready_file(path, asdict(ready)))
            output.info(settings, f"Serving site {ready.site_id} at {ready.base_url}, data in {folder}.")
            output.info(settings, f"To use it: export {API_URL_VARIABLE}={ready.base_url}")
            output.info(settings, f"The keys are in {folder / 'credentials.json'}. Press Ctrl-C to stop.")

        url = base_url(host, listener)
        serve(folder, listener, url, on_ready=on_ready, switches=switches, on_wait=on_wait)


def _emulator_folder(settings: CliSettings) -> Path:
    folder = get_workspace(settings).backend.data_folder
    if folder is None:
        raise GalleryctlError("this workspace uses the Wix API, not the emulator", do="give a data folder: --data DIR")
    return folder
