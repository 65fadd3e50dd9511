"""The work of `drift --accept`: parse the addresses, write the manifests, report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from galleryctl.cli import output
from galleryctl.cli.manifest_summary import manifest_diff, print_document, summarize_manifest
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.plan import parse_pattern
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.accepting.run import Acceptance
from galleryctl.engine.rewriting import RewrittenManifest
from galleryctl.model.command import command_line
from galleryctl.report.formatting import escape_control, pluralize
from galleryctl.report.view import pending_changes, undeclared_values
from galleryctl.session.run import accept_workspace_drift


async def run_accept(settings: CliSettings, targets: Sequence[str], *, added: bool, dry_run: bool) -> int:
    """Accept the drift and report it; return the exit code, 3 if some of it was not accepted."""
    output.require_format(settings, "text", "json")
    patterns = tuple(map(parse_pattern, targets))
    accepted = await accept_workspace_drift(get_workspace(settings), patterns, added=added, dry_run=dry_run)
    code = _print_acceptance(accepted, settings, added=added, dry_run=dry_run, is_part=bool(patterns))
    return 3 if accepted.left else code


def _print_acceptance(accepted: Acceptance, settings: CliSettings, *, added: bool, dry_run: bool, is_part: bool) -> int:
    """Print the files that changed, or in a dry run their differences, and what was left; return the exit code."""
    if settings.format == "json":
        document = _document(accepted, dry_run=dry_run)
        return print_document(document, written=bool(accepted.files) and not dry_run)
    code = 0
    if not accepted.files:
        output.result("No drift was accepted." if accepted.left else "No drift to accept.")
    elif dry_run:
        output.raw("".join(map(manifest_diff, accepted.files)))
    else:
        code = output.outcome(
            "\n".join(f"Wrote {escape_control(each.file)}: {_summary(each)}" for each in accepted.files)
        )
    for left in accepted.left:
        output.warning(f"{left.address} was not accepted: {left.why}")
    for line in _remarks(accepted, added=added, is_part=is_part):
        output.info(settings, settings.for_this_workspace(line))
    return code


def _summary(file: RewrittenManifest) -> str:
    return summarize_manifest(
        file.expanded,
        (
            (file.values, "took", "value", "values"),
            (file.removed, "removed", "entry", "entries"),
            (file.added, "added", "item", "items"),
        ),
    )


def _remarks(accepted: Acceptance, *, added: bool, is_part: bool) -> Iterator[str]:
    """Yield what was left alone; `is_part` if addresses were given, to which the counts are limited."""
    if accepted.pending:
        yield f"{pending_changes(accepted.pending, is_part=is_part)}, kept; see: " + command_line("plan")
    if accepted.tolerated:
        differences = pluralize(accepted.tolerated, "tolerated difference")
        yield f"{differences}, left alone; to accept one, give its own address."
    if accepted.unmanaged and not added:
        items = pluralize(accepted.unmanaged, "item")
        yield f"{items} in managed galleries on the site only, left alone; to take them, use --added."
    if accepted.undeclared:
        yield f"{undeclared_values(accepted.undeclared)}, left alone; to take them: " + command_line(
            "import", "GALLERY"
        )


def _document(accepted: Acceptance, *, dry_run: bool) -> dict[str, object]:
    return {
        "kind": "accepted",
        "format_version": 1,
        "written": bool(accepted.files) and not dry_run,
        "files": [
            {
                "gallery": each.gallery,
                "file": each.file,
                "expanded": each.expanded,
                "taken": list(each.values),
                "removed": list(each.removed),
                "added": list(each.added),
                "diff": manifest_diff(each),
            }
            for each in accepted.files
        ],
        "left": [{"address": str(left.address), "why": left.why} for left in accepted.left],
        "pending": accepted.pending,
        "tolerated": accepted.tolerated,
        "unmanaged": accepted.unmanaged,
        "undeclared": accepted.undeclared,
    }
