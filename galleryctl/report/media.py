"""The uploaded files as text and JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from galleryctl.model.media import UploadedFile
from galleryctl.model.variable_text import displayed
from galleryctl.report.formatting import escape_control, pluralize, shorten
from galleryctl.report.json import dump_safe_json
from galleryctl.report.text import render_table

_MAX_NAME_LENGTH = 48
"""Limit for a file name, in characters."""


def media_text(files: Sequence[UploadedFile], *, color: bool, width: int) -> str:
    """Return a table of the files: size, galleries that show them, whether manifests and state reference them."""
    rows = [
        (
            shorten(escape_control(each.file.display_name), _MAX_NAME_LENGTH),
            f"{each.file.size:,}",
            pluralize(len(each.shown_in), "gallery", "galleries") if each.shown_in else "none",
            "yes" if each.referenced else "no",
            "yes" if each.in_state else "no",
            escape_control(each.file.id),
        )
        for each in files
    ]
    total = f"{sum(each.file.size for each in files):,} bytes"
    title = f"{pluralize(len(files), 'uploaded file')}, {total}"
    head = ("name", "bytes", "shown in", "referenced", "in state", "id")
    return render_table(title, head, rows, color=color, width=width)


def media_json(site_id: str, files: Sequence[UploadedFile], deleted: Collection[str] = ()) -> str:
    """Return the document that `media.schema.json` describes."""
    documents: list[dict[str, Any]] = [
        {
            "id": each.file.id,
            "name": each.file.display_name,
            "size": each.file.size,
            "status": "failed" if each.file.failed else "ready" if each.file.ready else "pending",
            "labels": list(each.file.labels),
            "shown_in": list(each.shown_in),
            "wanted": each.referenced,
            "known": each.in_state,
            "deleted": each.file.id in deleted,
        }
        for each in files
    ]
    return dump_safe_json({"kind": "media", "format_version": 1, "site_id": displayed(site_id), "files": documents})
