"""`galleryctl import`: write manifests of live galleries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, OutputFile, common_options, deadline_option, get_settings

if TYPE_CHECKING:
    from galleryctl.engine.importing.originals import Downloads
    from galleryctl.engine.importing.ownership import Skipped
    from galleryctl.engine.importing.run import Draft, ImportReport, ImportResult

_MAX_VALUES = 10
"""The number of values that a message lists."""


@click.command("import")
@common_options
@click.argument("gallery", required=False)
@click.option("--id", "id_", metavar="ID", help="ID of the gallery on the site.")
@click.option("--name", metavar="NAME", help="Name of the gallery on the site.")
@click.option("--out", metavar="FILE", type=OutputFile(), help="Write the manifest to FILE.")
@click.option("--all", "all_", is_flag=True, help="Import all unmanaged galleries.")
@click.option(
    "--download",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also download the original photos and videos to DIR.",
)
@click.option("--dry-run", is_flag=True, help="Print the manifests without writing anything.")
@deadline_option
@click.pass_context
def command(
    context: click.Context,
    gallery: str | None,
    id_: str | None,
    name: str | None,
    out: Path | None,
    all_: bool,
    download: Path | None,
    dry_run: bool,
    deadline: float | None,
) -> int:
    """Write the manifest of a live gallery.

    GALLERY is the key of the gallery; without --id and --name, it can also be its ID or name on the site. An existing
    manifest keeps its comments. Nothing else is written: the next apply adopts the items.
    """
    from galleryctl.cli.workspace import get_workspace
    from galleryctl.engine.importing.select import GallerySelector
    from galleryctl.report.formatting import pluralize
    from galleryctl.session.run import import_galleries

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    if all_ and (gallery or id_ or name or out):
        raise click.UsageError("--all cannot be combined with GALLERY, --id, --name or --out.")
    if download and dry_run:
        raise click.UsageError("--download and --dry-run cannot be combined.")
    if id_ and name:
        raise click.UsageError("--id and --name cannot be combined.")
    if not (all_ or gallery or id_ or name):
        raise click.UsageError("Missing gallery: give GALLERY, --id, --name or --all.")
    selector = None if all_ else GallerySelector(text=gallery, id=id_, name=name)
    file = None if out is None else settings.directory / out
    folder = None if download is None else settings.directory / download

    def announce(files: int, size: int) -> None:
        output.info(settings, f"Downloading {pluralize(files, 'file')} ({size / 1_000_000:,.1f} MB) to {folder} …")

    report = run_async(
        import_galleries(
            get_workspace(settings), selector, out=file, dry_run=dry_run, download=folder, on_download=announce
        ),
        deadline=deadline,
    )
    code = _print_report(report, settings, dry_run=dry_run)
    return 3 if report.downloads and report.downloads.failed else code


def _print_report(report: ImportReport, settings: CliSettings, *, dry_run: bool) -> int:
    """Print what was imported, also if standard output does not take it; return the exit code."""
    imported, code = report.results, 0
    if dry_run:
        output.result(_report_text(report, settings, dry_run=True))
    else:
        code = output.outcome(_report_text(report, settings, dry_run=False))
    for line in (
        *_skipped_messages("", report.skipped, settings),
        *(line for each in imported for line in _messages(each, settings, dry_run=dry_run)),
        *_download_messages(report.downloads),
    ):
        output.info(settings, settings.for_this_workspace(line))
    return code


def _report_text(report: ImportReport, settings: CliSettings, *, dry_run: bool) -> str:
    from galleryctl.report.formatting import escape_control

    imported = report.results
    if settings.format == "json":
        from galleryctl.report.json import dump_safe_json

        documents = [_json_document(each, settings, dry_run=dry_run) for each in imported]
        head = {"kind": "import", "format_version": 1, "written": not dry_run}
        skipped = _reasons(report.skipped, settings)
        return dump_safe_json(
            {**head, "galleries": documents, "skipped": skipped, **_downloads_document(report.downloads)}
        )
    if not imported:
        return "No unmanaged galleries to import."
    if dry_run:
        return "\n".join(f"# {escape_control(str(each.draft.path))}\n{each.draft.manifest.text}" for each in imported)
    return "\n".join(f"Wrote {escape_control(str(each.draft.path))}: {_summary(each.draft)}" for each in imported)


def _summary(draft: Draft) -> str:
    from galleryctl.report.formatting import escape_control, pluralize

    id_ = escape_control(draft.live.id)
    name = f"{escape_control(draft.live.name)} ({id_})" if draft.live.name else id_
    return f"gallery {draft.key}, {name}, {pluralize(len(draft.manifest.keys), 'item')}"


def _messages(imported: ImportResult, settings: CliSettings, *, dry_run: bool) -> list[str]:
    """Return the remarks on an import."""
    from galleryctl.model.command import command_line
    from galleryctl.report.formatting import pluralize

    draft, lines = imported.draft, []
    lines += _undeclarable_messages(draft)
    lines += _skipped_messages(f"{draft.key}: ", draft.skipped, settings)
    if draft.taken:
        lines.append(f"{draft.key}: took {_listed_values(draft.taken)} from the site")
    if draft.kept:
        verb = "is" if len(draft.kept) == 1 else "are"
        lines.append(
            f"{draft.key}: kept {_listed_values(draft.kept, ' of the manifest')}, which {verb} not applied yet"
        )
    if keys := draft.undeclared:
        entries = f"{pluralize(len(keys), 'entry', 'entries')} ({', '.join(keys)})"
        items, way = ("a managed item", "it") if len(keys) == 1 else ("managed items", "one")
        why = f"for {items} that the manifest did not declare; to delete {way}, remove its entry again and apply"
        lines.append(f"{draft.key}: added {entries} {why}")
    if removed := draft.manifest.removed:
        lines.append(f"{draft.key}: removed from the manifest, because it is not on the site: {', '.join(removed)}")
    if draft.file is None:
        lines.append(f"{draft.key}: not managed yet, because no pattern in `galleries:` matches {draft.path}")
    if imported.changes:
        changes = pluralize(imported.changes, "change")
        lines.append(
            f"{draft.key}: the next plan has {changes}, because the site differs from the manifest; see: "
            + command_line("plan")
        )
    if draft.manifest.adopted and draft.file is not None and not dry_run:
        items = pluralize(len(draft.manifest.adopted), "item")
        lines.append(f"{draft.key}: run " + command_line("apply") + f" (or merge this change) to adopt {items}")
    return lines


def _undeclarable_messages(draft: Draft) -> list[str]:
    """Return the remarks on items that a manifest cannot declare."""
    from galleryctl.report.formatting import escape_control

    found, lines = draft.undeclarable, []
    if found.left_out:
        names = ", ".join(escape_control(f"{each.title or each.id} ({each.why})") for each in found.left_out)
        lines.append(f"{draft.key}: left out, because a manifest cannot declare it: {names}")
    if found.lost:
        lines.append(
            f"{draft.key}: the next apply deletes {', '.join(found.lost)}; to keep an item, list its key under removed:"
        )
    lines += [
        f"{draft.key}: kept the entry {key} as it is, because a manifest cannot declare its item: {escape_control(why)}"
        for key, why in found.entries.items()
    ]
    return lines


def _download_messages(downloads: Downloads | None) -> list[str]:
    """Return what became of the downloads."""
    from galleryctl.report.formatting import escape_control, pluralize

    if downloads is None:
        return []
    lines = [f"not downloaded: {failure.address}: {escape_control(failure.why)}" for failure in downloads.failed]
    size = f"{pluralize(len(downloads.files), 'file')} ({downloads.bytes / 1_000_000:,.1f} MB)"
    there = f", {downloads.kept:,} there already" if downloads.kept else ""
    failed = f", {len(downloads.failed):,} failed" if downloads.failed else ""
    return [*lines, f"Downloaded {size} to {escape_control(str(downloads.folder))}{there}{failed}."]


def _downloads_document(downloads: Downloads | None) -> dict[str, object]:
    if downloads is None:
        return {}
    failed = {str(failure.address): failure.why for failure in downloads.failed}
    files = [str(path) for path in downloads.files]
    return {"downloads": {"files": files, "bytes": downloads.bytes, "kept": downloads.kept, "failed": failed}}


def _listed_values(values: Sequence[str], where: str = "") -> str:
    """Return their number and the first of them, such as "2 values (cake title, cake text)"."""
    from galleryctl.report.formatting import escape_control, pluralize

    more = [f"and {len(values) - _MAX_VALUES} more"] if len(values) > _MAX_VALUES else []
    listed = ", ".join([*map(escape_control, values[:_MAX_VALUES]), *more])
    return f"{pluralize(len(values), 'value')}{where} ({listed})"


def _skipped_messages(prefix: str, skipped: Sequence[Skipped], settings: CliSettings) -> list[str]:
    """Return a line for each live resource that is not imported."""
    from galleryctl.report.formatting import escape_control

    reasons = _reasons(skipped, settings)
    names = ((f"{each.title!r} ({each.id})" if each.title else each.id, reasons[each.id]) for each in skipped)
    return [f"{prefix}not imported: {escape_control(name)}: {escape_control(why)}" for name, why in names]


def _reasons(skipped: Iterable[Skipped], settings: CliSettings) -> dict[str, str]:
    return {each.id: settings.for_this_workspace(each.why) for each in skipped}


def _json_document(imported: ImportResult, settings: CliSettings, *, dry_run: bool) -> dict[str, object]:
    draft = imported.draft
    return {
        "key": draft.key,
        "id": draft.live.id,
        "name": draft.live.name,
        "file": str(draft.path),
        "managed": draft.file is not None,
        "items": {key: id_ for id_, key in draft.manifest.keys.items()},
        "adopt": dict(draft.manifest.adopted),
        "left_out": [each.title or each.id for each in draft.undeclarable.left_out],
        "undeclarable": dict(draft.undeclarable.entries),
        "skipped": _reasons(draft.skipped, settings),
        "removed": list(draft.manifest.removed),
        "taken": list(draft.taken),
        "kept": list(draft.kept),
        "undeclared": list(draft.undeclared),
        "changes": imported.changes,
        "text": draft.manifest.text if dry_run else None,
    }
