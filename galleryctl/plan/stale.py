"""The fields that changed on the site since a plan was made.

A plan records the values before only of what it changes. A structure is written as a whole, so the written value also
has the previous values of the parts that do not change:

    the plan writes    exif: {iso: 200, lens: L}, for iso 100 → 200
    the site has now   exif: {iso: 100, lens: M}
    result             exif.lens L → M
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from galleryctl.model.fields import Json, canonical, values_equal
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.plan.changes import Action, Change, FieldChange
from galleryctl.plan.diff import field_changes
from galleryctl.plan.identity.evidence import media_reference


def changed_since(change: Change, live: LiveItem | LiveGallery) -> Iterator[FieldChange]:
    """Yield the fields, or parts of them, that an update writes and that no longer have the value the plan recorded.

    A replacement writes all fields to a new item, so only a change of its media is reported.
    """
    if change.action is Action.UPDATE:
        for name, written in change.write.items():
            yield from _changed_parts(name, written, canonical(name, live.fields.get(name)), change.fields)
    if isinstance(live, LiveItem) and change.media_before is not None:
        now = media_reference(live.media)
        if now != change.media_before:
            yield FieldChange(path="media", before=change.media_before, after=now)


def _changed_parts(name: str, written: Json, now: Json, changes: tuple[FieldChange, ...]) -> Iterator[FieldChange]:
    planned = [part for part in changes if _within(part.path, name)]
    for part in planned:
        live = _part(now, part.path[len(name) + 1 :])
        if not values_equal(part.before, live):
            yield from field_changes(part.path, part.before, live)
    if not values_equal(written, now):
        for part in field_changes(name, written, now):
            if not any(_within(part.path, p.path) or _within(p.path, part.path) for p in planned):
                yield part


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith(f"{outer}.")


def _part(value: Json, path: str) -> Json:
    """Return the part of a field's value at a dotted path, None if there is none; keys may contain dots."""
    if not path:
        return value
    if isinstance(value, Mapping):
        parts = (_part(value[key], path[len(key) + 1 :]) for key in value if _within(path, key))
    elif isinstance(value, list | tuple):
        # The path of a tag is the tag itself; the path of another list's entry is its index.
        parts = (
            part if part == path else _part(part, path[len(str(index)) + 1 :])
            for index, part in enumerate(value)
            if part == path or _within(path, str(index))
        )
    else:
        return None
    return next((part for part in parts if part is not None), None)
