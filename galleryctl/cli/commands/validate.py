"""`galleryctl validate`: check the files of a workspace."""

from __future__ import annotations

import os

import click

from galleryctl.cli.options import common_options, get_settings, report_option


@click.command("validate")
@common_options
@report_option
@click.pass_context
def command(context: click.Context) -> int:
    """Check whether the workspace is valid.

    All files are checked for all sites. The site and the state are not accessed.
    """
    from galleryctl.cli.output import print_checkup
    from galleryctl.cli.reports import check_reports
    from galleryctl.manifest.validate import validate

    settings = get_settings(context)
    check_reports(settings)
    print_checkup(validate(settings.directory, os.environ, settings.site), settings)
    return 0
