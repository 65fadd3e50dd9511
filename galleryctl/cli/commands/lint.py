"""`galleryctl lint`: find what is valid and may still be wrong."""

from __future__ import annotations

import os

import click

from galleryctl.cli.options import common_options, get_settings, report_option


@click.command("lint")
@click.option(
    "--fail-on",
    type=click.Choice(["note", "warning", "error"]),
    help="Exit with 1 for findings of this severity or a higher one.  [default: error]",
)
@click.option("--strict", is_flag=True, help="The same as --fail-on warning.")
@common_options
@report_option
@click.pass_context
def command(context: click.Context, fail_on: str | None, *, strict: bool) -> int:
    """Find missing alt texts, locations, repeated photos and more.

    The site and the state are not accessed. The rules and their severities are set under lint: in galleryctl.yaml.
    """
    from galleryctl.cli.output import print_lint
    from galleryctl.cli.reports import check_reports
    from galleryctl.manifest.lint import lint_workspace
    from galleryctl.model.lint import Severity

    if strict and fail_on is not None:
        raise click.UsageError("--strict and --fail-on cannot be combined.", context)
    settings = get_settings(context)
    check_reports(settings)
    threshold = Severity.WARNING if strict else Severity(fail_on or Severity.ERROR)
    report = lint_workspace(settings.directory, os.environ, settings.site, fail_on=threshold)
    print_lint(report, settings)
    return report.exit_code
