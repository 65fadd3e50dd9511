"""The workspace that the options select, with lines about waits, and for each request with -vv."""

from __future__ import annotations

import os

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import print_waits
from galleryctl.session.open import WorkspaceSite, select_site
from galleryctl.wix.transport import Attempt, Phase

_PLAINTEXT_WARNING = "state has former_passphrase but no passphrase: from now on it is written unencrypted."


def get_workspace(settings: CliSettings) -> WorkspaceSite:
    """Return the site of `--site`, or the only one, of the workspace in the folder of `-C`."""
    observer = _print_attempt if settings.verbose > 1 else None
    workspace = select_site(
        settings.directory, settings.site, os.environ, on_request=observer, on_wait=print_waits(settings)
    )
    if workspace.config.state.former_passphrase and not workspace.config.state.passphrase:
        output.info(settings, _PLAINTEXT_WARNING)
    return workspace


def _print_attempt(attempt: Attempt) -> None:
    """Print a line for each attempt of a request, once it has ended."""
    if attempt.phase is Phase.AFTER:
        end = attempt.status or "no response"
        output.stderr(f"{attempt.call} → {end} {attempt.seconds:.3f} s {attempt.request_id}".rstrip())
