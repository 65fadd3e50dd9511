"""An event as a line of text, or as one JSON object."""

from __future__ import annotations

from galleryctl.events.event import Event
from galleryctl.events.inbox import InboxEntry
from galleryctl.report.formatting import escape_control, shorten
from galleryctl.report.json import dump_safe_json

_MAX_TITLE_LENGTH = 60
"""Characters of a name or a title in a line."""


def format_event(entry: InboxEntry) -> str:
    """Return time, change, name or title if the event has one, and id."""
    event = entry.event
    time = event.time or "unknown time"
    if event.change is None:
        return escape_control(f"{time} {event.type or 'unknown event'} {event.entity}".rstrip())
    words = [time, event.change.replace("_", " "), _title(event), event.item or event.entity]
    if event.item is not None:
        words.append(f"in gallery {event.entity}")
    if event.origin:
        words.append(f"({event.origin})")
    if entry.stale:
        words.append("(stale: a later event arrived first)")
    return escape_control(" ".join(word for word in words if word))


def format_event_json(entry: InboxEntry) -> str:
    """Return the event as one line of JSON, described by `schemas/event.schema.json`."""
    event = entry.event
    return dump_safe_json(
        {
            "kind": "event",
            "format_version": 1,
            "id": event.id,
            "type": event.type,
            "change": event.change or "unknown",
            "gallery": event.gallery,
            "item": event.item,
            "time": event.time,
            "sequence": event.sequence,
            "stale": entry.stale,
            "origin": event.origin,
            "raw": dict(event.raw),
        },
        indent=None,
    )


def _title(event: Event) -> str:
    title = event.document.get("title" if event.item else "name")
    return f'"{shorten(title, _MAX_TITLE_LENGTH)}"' if isinstance(title, str) and title else ""
