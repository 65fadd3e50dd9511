"""The output about manifests that `drift --accept` or `undo` has written: lines, differences, the JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from galleryctl.cli import output
from galleryctl.cli.file_diff import unified_diff
from galleryctl.engine.rewriting import RewrittenManifest
from galleryctl.report.formatting import list_names, pluralize
from galleryctl.report.json import dump_safe_json


def summarize_manifest(expanded: int, changes: Iterable[tuple[Sequence[str], str, str, str]]) -> str:
    """Return the changes of a manifest in one line.

    `expanded` is the number of entries that replaced `from:`; each change is the names of what changed, a verb, and the
    noun in singular and plural.
    """
    parts = [f"replaced from: by {pluralize(expanded, 'entry', 'entries')}"] if expanded else []
    parts += [
        f"{verb} {pluralize(len(names), one, many)} ({list_names(names)})"
        for names, verb, one, many in changes
        if names
    ]
    return "; ".join(parts)


def manifest_diff(file: RewrittenManifest) -> str:
    """Return the difference that a rewrite makes to a manifest, which may be new or deleted."""
    return unified_diff(file.file, file.before or "", file.after or "")


def print_document(document: dict[str, object], *, written: bool) -> int:
    """Print the report as JSON and return the exit code: after files were written, an output that fails is not an error."""
    text = dump_safe_json(document)
    if written:
        return output.outcome(text)
    output.result(text)
    return 0
