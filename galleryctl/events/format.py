"""An event as a line for people, or as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping

from galleryctl.events.event import (
    Event,
    GalleryCreated,
    GalleryDeleted,
    GalleryUpdated,
    ItemCreated,
    ItemDeleted,
    ItemUpdated,
)
from galleryctl.events.inbox import InboxEntry
from galleryctl.report.formatting import escape_control, shorten
from galleryctl.report.json import dump_safe_json

_MAX_TITLE_LENGTH = 60
"""Characters of a name or a title in a line."""
_CHANGES: Mapping[type[Event], str] = {
    GalleryCreated: "gallery created",
    GalleryUpdated: "gallery updated",
    GalleryDeleted: "gallery deleted",
    ItemCreated: "item created",
    ItemUpdated: "item updated",
    ItemDeleted: "item deleted",
}


def format_event(entry: InboxEntry) -> str:
    """When, what, and which: by its name or title where the event has it, always by its id."""
    event = entry.event
    if type(event) not in _CHANGES:
        return escape_control(f"{_time(event)} {event.type or 'an event without a type'} {event.entity}".rstrip())
    words = [_time(event), _CHANGES[type(event)], _title(event), event.item or event.entity]
    if event.item is not None:
        words.append(f"in gallery {event.entity}")
    if event.origin:
        words.append(f"({event.origin})")
    if entry.stale:
        words.append("(stale: a later event of it came before)")
    return escape_control(" ".join(word for word in words if word))


def format_event_json(entry: InboxEntry) -> str:
    """The event as `schemas/event.schema.json` describes it, on one line."""
    event = entry.event
    known = type(event) in _CHANGES
    return dump_safe_json(
        {
            "kind": "event",
            "format_version": 1,
            "id": event.id,
            "type": event.type,
            "change": _CHANGES[type(event)].replace(" ", "_") if known else "unknown",
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


def _time(event: Event) -> str:
    return event.time or "at no known time"


def _title(event: Event) -> str:
    title = event.document.get("title" if event.item else "name")
    return f'"{shorten(title, _MAX_TITLE_LENGTH)}"' if isinstance(title, str) and title else ""
