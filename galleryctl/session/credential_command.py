"""Credentials from a command that the job names: a secret store, in place of keys in the environment.

The name comes from the environment only. A command in the repository could be changed by a pull request, so it is not
run, and the working directory is the root of the file system, where a relative path leads nowhere.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from galleryctl.manifest.site_settings import is_header_value
from galleryctl.model.credentials import ApiKeyCredentials, AppCredentials, SiteCredentials
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.json_document import parse_json
from galleryctl.model.secret import Secret
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved

CREDENTIAL_COMMAND = "GALLERYCTL_CREDENTIAL_COMMAND"
_SECONDS = 30.0
_MAX_OUTPUT_BYTES = 64 * 1024
_FORMS = ("api_key",), ("app_id", "app_secret", "instance_id")
"""The members that the command prints: the same as those of `auth`."""


async def run_credential_command(
    environ: Mapping[str, str],
    site: str,
    *,
    root: Path,
    seconds: float = _SECONDS,
    on_wait: WaitObserver = unobserved,
) -> SiteCredentials | None:
    """Return the credentials that the command prints for a site; None if the job names no command.

    `root` is the workspace. A cancellation ends the command. Raises GalleryctlError, which shows nothing of what the command printed.
    """
    line = environ.get(CREDENTIAL_COMMAND, "")
    if not line:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            *_command(line, environ, root),
            site,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=dict(environ),
            cwd="/",
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _failure(f"it cannot be started: {error}") from error
    what = f"the command in {CREDENTIAL_COMMAND} to print the credentials of site {site}"
    with on_wait(Waiting(kind=WaitKind.PROGRAM, what=what, seconds=seconds, at_most=True)):
        output = await _read_output(process, seconds)
    if process.returncode:
        raise _failure(f"it ended with exit code {process.returncode}; its own messages are above")
    return _parse(output)


def _command(line: str, environ: Mapping[str, str], root: Path) -> list[str]:
    """Return the program, by its absolute path, and its arguments."""
    words = shlex.split(line)
    found = shutil.which(words[0], path=environ.get("PATH", os.defpath)) if words else None
    if found is None or not Path(found).is_absolute():
        raise _failure("its program is not found: give an absolute path, or a name on the PATH")
    top = root.resolve()
    outer = next((folder for folder in (top, *top.parents) if (folder / ".git").exists()), top)
    if Path(found).resolve().is_relative_to(outer):
        raise _failure("its program is in the repository, where a pull request can change it; install it elsewhere")
    return [found, *words[1:]]


async def _read_output(process: asyncio.subprocess.Process, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return (await process.communicate())[0]
    except TimeoutError:
        raise _failure(f"it did not end within {seconds:.0f} seconds") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(process.pid, signal.SIGKILL)  # with the programs that it started, which hold its output open
            await process.wait()


def _parse(output: bytes) -> SiteCredentials:
    try:
        document = parse_json(output) if len(output) <= _MAX_OUTPUT_BYTES else None
    except (ValueError, RecursionError):
        document = None  # the reason would show what was printed
    values = (
        {name: value for name, value in document.items() if isinstance(value, str)}
        if isinstance(document, Mapping)
        else {}
    )
    if not isinstance(document, Mapping) or tuple(sorted(document)) not in _FORMS or len(values) < len(document):
        raise _failure("it did not print a JSON object with api_key, or with app_id, app_secret and instance_id")
    if not all(value and is_header_value(value) for value in values.values()):
        raise _failure("it printed a value that is empty, or has a space, a line break or a non-ASCII character")
    if "api_key" in values:
        return ApiKeyCredentials(api_key=Secret(values["api_key"]))
    return AppCredentials(
        app_id=values["app_id"], app_secret=Secret(values["app_secret"]), instance_id=values["instance_id"]
    )


def _failure(why: str) -> GalleryctlError:
    return GalleryctlError(
        f"no credentials from the command in {CREDENTIAL_COMMAND}",
        why=why,
        do="run it by hand with the name of the site; it has to print the members of auth as JSON",
    )
