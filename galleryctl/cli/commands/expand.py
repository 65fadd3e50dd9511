"""`galleryctl expand`: replace `from:` in a manifest by the entries that it stands for."""

from __future__ import annotations

import click

from galleryctl.cli.options import common_options, get_settings


@click.command("expand")
@common_options
@click.argument("gallery")
@click.option("--dry-run", is_flag=True, help="Write nothing; print the changes as a diff.")
@click.pass_context
def command(context: click.Context, gallery: str, dry_run: bool) -> int:
    """Replace from: in a manifest by an entry for each file.

    GALLERY is the key of the gallery. The items keep their keys, values and order, so the next plan does not change.
    The site and the state are not accessed.
    """
    from galleryctl.cli import output
    from galleryctl.cli.file_diff import unified_diff
    from galleryctl.cli.run.expand import expand_gallery
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.manifest.files.atomic_write import replace_texts
    from galleryctl.manifest.files.symlinks import ensure_inside
    from galleryctl.report.formatting import escape_control, pluralize
    from galleryctl.report.json import dump_safe_json

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    workspace = get_workspace(settings)
    expanded = expand_gallery(workspace.config, workspace.name, gallery)
    path = ensure_inside(workspace.config.root, workspace.config.root / expanded.file)
    if expanded.entries and not dry_run:
        replace_texts({path: (expanded.before, expanded.after)})
    diff = unified_diff(expanded.file, expanded.before, expanded.after)
    file, entries = escape_control(expanded.file), pluralize(expanded.entries, "entry", "entries")
    if settings.format == "json":
        document = {
            "kind": "expand",
            "format_version": 1,
            "written": bool(expanded.entries) and not dry_run,
            "gallery": gallery,
            "file": expanded.file,
            "entries": expanded.entries,
            "diff": diff,
        }
        text = dump_safe_json(document)
    elif not expanded.entries:
        text = f"{file} has nothing to expand."
    elif dry_run:
        output.raw(diff)
        return 0
    else:
        text = f"Wrote {file}: from: replaced by {entries}."
    if expanded.entries and not dry_run:
        return output.outcome(text)
    output.result(text)
    return 0
