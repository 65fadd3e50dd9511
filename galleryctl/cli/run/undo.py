"""The work of `undo`: write the manifests, report."""

from __future__ import annotations

from galleryctl.cli import output
from galleryctl.cli.manifest_summary import manifest_diff, print_document, summarize_manifest
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.rewriting import RewrittenManifest
from galleryctl.engine.undoing.run import UndoneRun
from galleryctl.report.formatting import escape_control, pluralize
from galleryctl.session.run import undo_workspace_run


async def run_undo(settings: CliSettings, number: int, *, dry_run: bool) -> int:
    """Undo a run in the manifests and report it; return the exit code, 3 if some of it was left."""
    output.require_format(settings, "text", "json")
    undone = await undo_workspace_run(get_workspace(settings), number, dry_run=dry_run)
    code = _print_undone(undone, settings, dry_run=dry_run)
    return 3 if undone.left else code


def _print_undone(undone: UndoneRun, settings: CliSettings, *, dry_run: bool) -> int:
    """Print the files that changed, or in a dry run their differences, and what was left; return the exit code."""
    if settings.format == "json":
        document = _document(undone, dry_run=dry_run)
        return print_document(document, written=bool(undone.files) and not dry_run)
    code, number = 0, undone.record.number
    if not undone.files:
        output.result(f"Nothing of run {number} was undone." if undone.left else f"Nothing of run {number} to undo.")
    elif dry_run:
        output.raw("".join(map(manifest_diff, undone.files)))
    else:
        code = output.outcome("\n".join(map(_summary, undone.files)))
    for left in undone.left:
        output.warning(f"{left.address} was not undone: {left.why}")
    if undone.not_applied:
        changes = pluralize(undone.not_applied, "change")
        output.info(settings, f"{changes} that run {number} did not apply: the manifests keep them.")
    if undone.files and not dry_run:
        output.info(settings, "The site is not changed yet: review the next plan, and apply it.")
    return code


def _summary(file: RewrittenManifest) -> str:
    changes = summarize_manifest(
        file.expanded,
        (
            (file.values, "restored", "value", "values"),
            (file.removed, "removed", "entry", "entries"),
            (file.added, "brought back", "entry", "entries"),
        ),
    )
    verb = "Wrote" if file.before is not None and file.after is not None else "Deleted" if file.before else "Created"
    return f"{verb} {escape_control(file.file)}: {changes}"


def _document(undone: UndoneRun, *, dry_run: bool) -> dict[str, object]:
    return {
        "kind": "undone",
        "format_version": 1,
        "run": undone.record.number,
        "written": bool(undone.files) and not dry_run,
        "files": [
            {
                "gallery": each.gallery,
                "file": each.file,
                "expanded": each.expanded,
                "restored": list(each.values),
                "removed": list(each.removed),
                "back": list(each.added),
                "diff": manifest_diff(each),
            }
            for each in undone.files
        ],
        "left": [{"address": str(left.address), "why": left.why} for left in undone.left],
        "not_applied": undone.not_applied,
    }
