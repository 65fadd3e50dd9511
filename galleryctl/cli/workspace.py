"""The workspace that the options name; a warning about it, and with -vv every request, is printed."""

from __future__ import annotations

import os

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.session.open import WorkspaceSite, select_site
from galleryctl.wix.transport import Attempt, Phase

_PLAINTEXT_WARNING = "state has a former_passphrase and no passphrase: whatever is written is readable from now on."


def get_workspace(settings: CliSettings) -> WorkspaceSite:
    """Return the site of `--site`, or the only one, of the workspace in the folder of `-C`."""
    observer = _print_exchange if settings.verbose > 1 else None
    workspace = select_site(settings.directory, settings.site, os.environ, on_request=observer)
    if workspace.config.state.former_passphrase and not workspace.config.state.passphrase:
        output.info(settings, _PLAINTEXT_WARNING)
    return workspace


def _print_exchange(exchange: Attempt) -> None:
    """Print a line for each try of a request, once it is over."""
    if exchange.phase is Phase.AFTER:
        end = exchange.status or "no answer"
        output.stderr(f"{exchange.call} → {end} {exchange.seconds:.3f} s {exchange.request_id}".rstrip())
