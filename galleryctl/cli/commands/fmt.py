"""`galleryctl fmt`: format manifests."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings, report_option


@click.command("fmt")
@common_options
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and list unformatted files.")
@click.option("--diff", is_flag=True, help="Write nothing; print the changes as a diff.")
@report_option
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Reformat manifests in the standard style.

    Comments are kept. Without FILE: galleryctl.yaml and all manifests of the workspace. With -: read standard input
    and print the result.
    """
    from galleryctl.cli import output
    from galleryctl.cli.file_diff import unified_diff
    from galleryctl.cli.reports import check_reports
    from galleryctl.cli.run.fmt import STDIN, format_files, not_formatted_error, select_files
    from galleryctl.manifest.files.atomic_write import write_text_atomically
    from galleryctl.model.checkup import WriteAction, WriteResult

    piped = STDIN in files
    if piped and len(files) > 1:
        raise click.UsageError("- (standard input) cannot be combined with files.", context)
    prints = diff or (piped and not check)
    settings = get_settings(context, unused=("--site", *(("--format",) if prints else ())))
    if settings.reports and not check:
        raise click.UsageError("--report needs --check.", context)
    check_reports(settings)
    texts = format_files(select_files(settings.directory, files))
    changed = [text for text in texts if text.before != text.after]
    if diff:
        output.raw("".join(unified_diff(text.name, text.before, text.after) for text in changed))
    elif prints:
        output.raw(texts[0].after)
    if check and changed:
        raise not_formatted_error(changed)
    if prints:
        return 0
    names, unchanged = tuple(text.name for text in changed), len(texts) - len(changed)
    result = WriteResult(action=WriteAction.FORMATTED, files=names, unchanged=unchanged)
    if check or not changed:
        output.print_checkup(result, settings)
        return 0
    for text in changed:
        write_text_atomically(text.path, text.after)
    return output.print_written(result, settings)
