"""The workspace that the options select, with lines about waits, and for each request with -vv."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from galleryctl.cli import output
from galleryctl.cli.interrupts import raise_before_writing
from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import print_waits
from galleryctl.model.waiting import Waiting, WaitObserver
from galleryctl.session.open import WorkspaceSite, select_site
from galleryctl.wix.transport import Attempt, Phase

_PLAINTEXT_WARNING = "state has former_passphrase but no passphrase: from now on it is written unencrypted."


def get_workspace(settings: CliSettings) -> WorkspaceSite:
    """Return the site of `--site`, or the only one, of the workspace in the folder of `-C`."""
    observer = _print_attempt if settings.verbose > 1 else None
    workspace = select_site(
        settings.directory, settings.site, os.environ, on_request=observer, on_wait=observe_waits(settings)
    )
    if workspace.config.state.former_passphrase and not workspace.config.state.passphrase:
        output.info(settings, _PLAINTEXT_WARNING)
    return workspace


def observe_waits(settings: CliSettings) -> WaitObserver:
    """Return the observer that prints lines about long waits, and lets a signal end those that block the event loop."""
    printed = print_waits(settings)

    @contextmanager
    def observe(waiting: Waiting) -> Iterator[None]:
        with raise_before_writing() if waiting.interruptible else nullcontext(), printed(waiting):
            yield

    return observe


def _print_attempt(attempt: Attempt) -> None:
    """Print a line for each attempt of a request, once it has ended."""
    if attempt.phase is Phase.AFTER:
        end = attempt.status or "no response"
        output.stderr(f"{attempt.call} → {end} {attempt.seconds:.3f} s {attempt.request_id}".rstrip())
