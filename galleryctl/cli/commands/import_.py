"""`galleryctl import`: write manifests of live galleries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, common_options, get_settings, lock_timeout_option

if TYPE_CHECKING:
    from galleryctl.engine.importing.run import Draft, ImportResult


@click.command("import")
@common_options
@click.argument("gallery", required=False)
@click.option("--id", "id_", metavar="ID", help="ID of the gallery on the site.")
@click.option("--name", metavar="NAME", help="Name of the gallery on the site.")
@click.option(
    "--out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the manifest to FILE."
)
@click.option("--all", "all_", is_flag=True, help="Import all unmanaged galleries.")
@click.option("--dry-run", is_flag=True, help="Print the manifests without writing anything.")
@lock_timeout_option
@click.pass_context
def command(
    context: click.Context,
    gallery: str | None,
    id_: str | None,
    name: str | None,
    out: Path | None,
    all_: bool,
    dry_run: bool,
    lock_timeout: float,
) -> int:
    """Write the manifest of a live gallery and record it in state.

    GALLERY is the key of the gallery; without --id and --name, it can also be its ID or name on the site. An existing
    manifest keeps its comments.
    """
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.engine.importing.select import GallerySelector
    from galleryctl.session.run import import_galleries

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    if all_ and (gallery or id_ or name or out):
        raise click.UsageError("--all cannot be combined with GALLERY, --id, --name or --out.")
    if id_ and name:
        raise click.UsageError("--id and --name cannot be combined.")
    if not (all_ or gallery or id_ or name):
        raise click.UsageError("Missing gallery: give GALLERY, --id, --name or --all.")
    selector = None if all_ else GallerySelector(text=gallery, id=id_, name=name)
    file = None if out is None else settings.directory / out
    imported = run_async(
        import_galleries(get_workspace(settings), selector, out=file, dry_run=dry_run, lock_timeout=lock_timeout)
    )
    _print_results(imported, settings, dry_run=dry_run)
    return 0


def _print_results(imported: Sequence[ImportResult], settings: CliSettings, *, dry_run: bool) -> None:
    from galleryctl.report.formatting import escape_control

    if settings.format == "json":
        from galleryctl.report.json import dump_safe_json

        documents = [_json_document(each, dry_run=dry_run) for each in imported]
        output.result(
            dump_safe_json({"kind": "import", "format_version": 1, "written": not dry_run, "galleries": documents})
        )
    elif not imported:
        output.result("All galleries of the site are already managed.")
    elif dry_run:
        output.result(
            "\n".join(f"# {escape_control(str(each.draft.path))}\n{each.draft.manifest.text}" for each in imported)
        )
    else:
        output.result(
            "\n".join(f"Wrote {escape_control(str(each.draft.path))}: {_summary(each.draft)}" for each in imported)
        )
    for each in imported:
        for line in _messages(each):
            output.info(settings, line)


def _summary(draft: Draft) -> str:
    from galleryctl.report.formatting import escape_control, pluralize

    id_ = escape_control(draft.live.id)
    name = f"{escape_control(draft.live.name)} ({id_})" if draft.live.name else id_
    return f"gallery {draft.key}, {name}, {pluralize(len(draft.manifest.keys), 'item')}"


def _messages(imported: ImportResult) -> list[str]:
    """Return the remarks on an import."""
    from galleryctl.report.formatting import escape_control, pluralize

    draft = imported.draft
    lines = []
    if draft.left_out:
        names = ", ".join(escape_control(name) for name in draft.left_out)
        lines.append(f"{draft.key}: left out, because a manifest cannot declare it: {names}")
    if imported.removed:
        lines.append(
            f"{draft.key}: removed from the manifest, because it is not on the site: {', '.join(imported.removed)}"
        )
    if draft.file is None:
        lines.append(f"{draft.key}: not managed yet, because no pattern in `galleries:` matches {draft.path}")
    if imported.changes:
        changes = pluralize(imported.changes, "change")
        lines.append(
            f"{draft.key}: the next plan has {changes}, because the site differs from the manifest; see: galleryctl plan"
        )
    return lines


def _json_document(imported: ImportResult, *, dry_run: bool) -> dict[str, object]:
    draft = imported.draft
    return {
        "key": draft.key,
        "id": draft.live.id,
        "name": draft.live.name,
        "file": str(draft.path),
        "managed": draft.file is not None,
        "items": {key: id_ for id_, key in draft.manifest.keys.items()},
        "left_out": list(draft.left_out),
        "removed": list(imported.removed),
        "changes": imported.changes,
        "text": draft.manifest.text if dry_run else None,
    }
