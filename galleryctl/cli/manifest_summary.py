"""The line about a manifest that a command has written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from galleryctl.report.formatting import list_names, pluralize


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
