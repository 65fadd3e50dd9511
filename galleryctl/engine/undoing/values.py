"""Compare what a manifest says now with what a run sent, and with what the site showed before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from galleryctl.engine.undoing.sent import equals_sent, is_sent_media
from galleryctl.model.desired import DesiredItem
from galleryctl.model.fields import Fields, Json, canonical, is_empty
from galleryctl.model.last_applied import value_digest
from galleryctl.model.media import Kind, LocalFile, Media, RemoteFile
from galleryctl.plan.changes import Cause, Change
from galleryctl.plan.history.record import FormerResource
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.leaves import field_of, leaves_of, value_at, with_leaves


def names_value(fields: Fields, name: str, value: Json) -> bool:
    """Return True if the manifest names the field with that value; of a structure, the members that it names count."""
    return name in fields and all(
        equals_sent(leaf, value_at({name: value}, path)) for path, leaf in leaves_of(name, fields[name])
    )


def has_value(fields: Fields, name: str, value: Json) -> bool:
    """Return True if the manifest names the field with that value, or does not name it and the value is empty."""
    return names_value(fields, name, value) if name in fields else is_empty(value)


def has_value_of_run(fields: Fields, name: str, change: Change) -> bool:
    """Return True if the manifest says what the run sent; a field that the run cleared may be unnamed."""
    if name in fields:
        return names_value(fields, name, change.write.get(name))
    causes = {part.cause for part in change.fields if field_of(part.path) == name}
    return causes == {Cause.CLEARED} or is_empty(change.write.get(name))


def with_former_leaves(name: str, now: Json, former: Fields, change: Change) -> Json:
    """Return the value of a field with its former leaves: those that the manifest names, and those that the run cleared."""
    if not isinstance(now, Mapping):
        return canonical(name, former.get(name))
    cleared = {part.path for part in change.fields if part.cause is Cause.CLEARED and field_of(part.path) == name}
    paths = {path for path, _ in leaves_of(name, now)} | cleared
    return with_leaves(name, now, {path: value_at(former, path) for path in paths})


def was_edited(fields: Fields, name: str, former: FormerResource) -> bool:
    """Return True if people changed the field on a site that showed `former`, and the manifest says what was applied."""
    differing = _differing_leaves(fields, name, former)
    return bool(differing) and all(former.sent.get(path) == value_digest(leaf) for path, leaf in differing.items())


def with_edited_leaves(name: str, now: Json, former: FormerResource) -> Json:
    """Return the value of a field with those leaves that the manifest names as they were on the site."""
    if not isinstance(now, Mapping):
        return canonical(name, former.fields.get(name))
    return with_leaves(name, now, {path: value_at(former.fields, path) for path, _ in leaves_of(name, now)})


def _differing_leaves(fields: Fields, name: str, former: FormerResource) -> Mapping[str, Json]:
    """Return path → value of what the manifest names of a field, and the site showed otherwise."""
    leaves = leaves_of(name, fields[name]) if name in fields else ()
    return {path: leaf for path, leaf in leaves if not equals_sent(leaf, value_at(former.fields, path))}


def is_former_media(now: Media, former: FormerResource) -> bool:
    """Return True if the media of an entry is that of the item before the run."""
    sources = now.sources if isinstance(now, LocalFile | RemoteFile) else ()
    return media_digest(now) == media_digest(former.media) or former.source in sources


def is_same_item(entry: DesiredItem, change: Change, former: FormerResource) -> bool:
    """Return True if the entry declares the media or the text that the item had after the run."""
    if entry.kind is not change.kind or entry.kind is Kind.TEXT:
        html = change.write.get("html", former.fields.get("html"))
        return entry.kind is change.kind and names_value(entry.fields, "html", html)
    return is_sent_media(entry.media, change.media) if change.media else is_former_media(entry.media, former)


def shows_former_media(entry: DesiredItem, former: FormerResource) -> bool:
    """Return True if the entry declares the kind and the media of the item before the run."""
    return entry.kind is former.kind and (entry.kind is Kind.TEXT or is_former_media(entry.media, former))


def shows_former_item(entry: DesiredItem, former: FormerResource) -> bool:
    """Return True if the entry declares what the item showed before the run."""
    named: Iterator[bool] = (names_value(entry.fields, name, value) for name, value in former.fields.items())
    return shows_former_media(entry, former) and all(named)
