"""Messages about runs that changed a site, found drift or failed, to the address in GALLERYCTL_NOTIFY_URL."""

from __future__ import annotations

import os
from collections.abc import Sequence

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import print_waits
from galleryctl.forge.webhook import RunMessage, Webhook, post_message
from galleryctl.model.errors import GalleryctlError
from galleryctl.report.results import SiteResult
from galleryctl.report.site_table import COUNTED_ACTIONS, site_rows
from galleryctl.report.summary import results_summary
from galleryctl.session.background import run_blocking

_COMMANDS = ("apply", "destroy", "drift")
_UNREMARKABLE = ("no drift", "no changes")


def notify(settings: CliSettings, results: Sequence[SiteResult], *, site: str, page: str) -> None:
    """Post a message about the results, unless nothing has happened; a failure to do so is a warning."""
    if settings.command not in _COMMANDS:
        return
    (row,) = site_rows(results)
    if row.result in _UNREMARKABLE or (row.result == "applied" and not any(row.counts)):
        return
    message = RunMessage(
        command=settings.command,
        site=site,
        result=row.result,
        summary=results_summary(results),
        counts={action.value: row.counts[index] for index, action in enumerate(COUNTED_ACTIONS)},
        page=page,
    )
    try:
        if webhook := Webhook.read(os.environ):
            run_blocking(lambda: post_message(webhook, message, on_wait=print_waits(settings)))
    except GalleryctlError as error:
        output.warning(f"{error.where}: {error.what}" if error.where else error.what)
