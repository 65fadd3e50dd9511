"""`galleryctl fmt`: the one format of manifests."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings


@click.command("fmt")
@common_options
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; end with 1 and list what is not formatted.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.pass_context
def command(context: click.Context, files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Rewrite manifests in the canonical format, keeping comments; - reads standard input and prints the result.

    Without FILE: galleryctl.yaml and every manifest of the workspace.
    """
    from galleryctl.cli import output
    from galleryctl.cli.run.fmt import STDIN, format_files, not_formatted_error, select_files, unified_diff
    from galleryctl.manifest.files.atomic_write import write_text_atomically
    from galleryctl.model.checkup import WriteAction, WriteResult

    piped = STDIN in files
    if piped and len(files) > 1:
        raise click.UsageError("- stands alone: it prints what it reads, and files are rewritten.", context)
    prints = diff or (piped and not check)
    settings = get_settings(context, unused=("--site", *(("--format",) if prints else ())))
    texts = format_files(select_files(settings.directory, files))
    changed = [text for text in texts if text.before != text.after]
    if diff:
        output.raw("".join(map(unified_diff, changed)))
    elif prints:
        output.raw(texts[0].after)
    if check and changed:
        raise not_formatted_error(changed)
    if not (check or prints):
        for text in changed:
            write_text_atomically(text.path, text.after)
    if not prints:
        done = tuple(text.name for text in changed)
        output.print_checkup(
            WriteResult(action=WriteAction.FORMATTED, files=done, unchanged=len(texts) - len(done)), settings
        )
    return 0
