"""`galleryctl doctor`: find the cause of a problem."""

from __future__ import annotations

import click

from galleryctl.cli.options import common_options, get_settings, report_option


@click.command("doctor")
@common_options
@report_option
@click.pass_context
def command(context: click.Context) -> int:
    """Diagnose the installation, workspace, state and API access.

    Nothing is changed.
    """
    from galleryctl.cli.output import print_checkup
    from galleryctl.cli.reports import check_reports
    from galleryctl.cli.run.doctor import diagnose

    settings = get_settings(context)
    check_reports(settings)
    diagnosis = diagnose(settings)
    print_checkup(diagnosis, settings)
    return diagnosis.exit_code
