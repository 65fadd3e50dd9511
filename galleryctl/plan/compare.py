"""The comparison of one matched resource with its manifest and its last applied values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.fields import Fields, Json, is_empty
from galleryctl.model.last_applied import NEVER_APPLIED, FieldBase, LastApplied, value_digest
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import MediaFile
from galleryctl.plan.changes import Cause
from galleryctl.plan.diff import MEDIA_PATH, Difference, cause_of, diff
from galleryctl.plan.identity.evidence import former_media_digests, media_digest, same_content
from galleryctl.plan.leaves import all_leaves, field_of, leaves_of, value_at
from galleryctl.plan.three_way import Decision, decide_named, ignored_base, looks_same, loose_form, rebased


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDifference:
    """The difference in fields and in media, and the last applied values to record before a write.

    `media_cause` is None if the media does not differ. `other_form` are the paths of values that the site turned out to
    store in another form than it answered.
    """

    fields: Difference
    media_cause: Cause | None
    record: LastApplied
    other_form: tuple[str, ...] = ()


def compare_item(
    item: DesiredItem,
    live: LiveItem,
    record: LastApplied,
    *,
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> ItemDifference:
    """Return the difference of an item; `media` is source → file id, `files` are the descriptors by id."""
    if item.unknown:
        return _compare_known(item, live, record, media=media, files=files)
    record, other_form = with_stored_forms(item, live, record)
    first = first_cause(record)
    fields = diff(item.fields, live.fields, record, item.ignore, first_cause=first)
    media_cause = None
    if item.media is None or MEDIA_PATH in item.ignore:
        if MEDIA_PATH in fields.bases:
            bases = {path: base for path, base in fields.bases.items() if path != MEDIA_PATH}
            fields = replace(fields, bases=bases, released=(*fields.released, MEDIA_PATH))
    else:
        base, equal = media_base(item, record), same_content(item, live, media, files)
        sent, answered = media_digest(item.media), media_digest(live.media)
        decision = decide_named(sent, answered, base, equal=equal)
        if base is not None and base is not fields.bases.get(MEDIA_PATH):
            fields = replace(fields, bases={**fields.bases, MEDIA_PATH: base})
        media_cause = cause_of(decision, first)
        if decision in (Decision.RECORD, Decision.REBASE):
            paths = (*fields.rebased, MEDIA_PATH) if decision is Decision.REBASE else fields.rebased
            bases = {**fields.bases, MEDIA_PATH: rebased(base, sent, answered)}
            fields = replace(fields, bases=bases, rebased=paths)
    if fields.bases is not record.fields:
        record = replace(record, fields=fields.bases)
    return ItemDifference(fields=fields, media_cause=media_cause, record=record, other_form=other_form)


def media_base(item: DesiredItem, record: LastApplied) -> FieldBase | None:
    """Return the base of an item's media under the present name of what was sent."""
    base = record.fields.get(MEDIA_PATH)
    if base is None or base.sent not in former_media_digests(item.media):
        return base
    return replace(base, sent=media_digest(item.media))


def _compare_known(
    item: DesiredItem,
    live: LiveItem,
    record: LastApplied,
    *,
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> ItemDifference:
    """Return the difference without the fields whose source cannot be read; their bases stay as they are."""
    fields = {name: value for name, value in item.fields.items() if name not in item.unknown}
    known = replace(item, fields=fields, unknown=frozenset())
    kept = {path: base for path, base in record.fields.items() if field_of(path) in item.unknown}
    others = {path: base for path, base in record.fields.items() if path not in kept}
    difference = compare_item(known, live, replace(record, fields=others), media=media, files=files)
    bases = {**difference.record.fields, **kept}
    return replace(
        difference,
        fields=replace(difference.fields, bases=bases),
        record=replace(difference.record, fields=bases),
    )


def compare_gallery(
    desired: DesiredGallery, live: LiveGallery, record: LastApplied
) -> tuple[Difference, tuple[str, ...]]:
    """Return the difference in the gallery's own fields, and the paths of values that the site stores in another form."""
    # A gallery has no date of its last change: only a difference that nobody can see is certain to be the site's.
    record, other_form = _with_stored_forms(desired.fields, live.fields, record, looks_same)
    return diff(desired.fields, live.fields, record, first_cause=first_cause(record)), other_form


def first_cause(record: LastApplied) -> Cause:
    """Return the cause of a difference in a field without a base; a record of state format 1 has no bases at all."""
    return Cause.DRIFT if record == NEVER_APPLIED else Cause.FIRST_MANAGED


def changed_paths(live: LiveItem | LiveGallery, record: LastApplied) -> Iterable[str]:
    """Yield the paths of the values that are no longer what the site answered."""
    for path, base in record.fields.items():
        if path == MEDIA_PATH:
            found = media_digest(live.media) if isinstance(live, LiveItem) else base.answered
        else:
            found = value_digest(value_at(live.fields, path))
        if found != base.answered:
            yield path


def has_undeclared_values(item: DesiredItem, live: LiveItem, record: LastApplied) -> bool:
    """Return True if people may have edited the item where no manifest declares it: it has a value there.

    False if it was not changed since our last write, so that what a site fills in by itself does not count.
    """
    has_some = any(
        not is_empty(value) and name not in item.ignore and _is_undeclared(name, value, item.fields, record)
        for name, value in live.fields.items()
    )
    return has_some and not (record.revision and record.revision == value_digest(live.updated))


def _is_undeclared(name: str, value: Json, declared: Fields, record: LastApplied) -> bool:
    if not isinstance(value, Mapping):
        return name not in declared and name not in record.fields
    if name in declared and not isinstance(declared[name], Mapping):
        return False  # null declares the structure as a whole
    named = {*record.fields, *(path for path, _ in leaves_of(name, declared.get(name)))}
    return any(path not in named and not is_empty(leaf) for path, leaf in leaves_of(name, value))


def with_stored_forms(item: DesiredItem, live: LiveItem, record: LastApplied) -> tuple[LastApplied, tuple[str, ...]]:
    """Return the record with what the site made of our last write, if its answer had only repeated what was sent.

    That is seen if nobody changed the item since our answer. Also return the paths of values that the site stores in
    another form.
    """
    if not record.revision or record.revision != value_digest(live.updated):
        return _without_clears(record), ()
    record, other_form = _with_stored_forms(item.fields, live.fields, record, _is_similar)
    return _without_clears(_with_ignored_writes(live, record)), other_form


def _with_ignored_writes(live: LiveItem, record: LastApplied) -> LastApplied:
    """Return the record with the writes that the site answered and did not take."""
    ignored = {
        path: base
        for path, before in record.fields.items()
        if path != MEDIA_PATH and (base := ignored_base(before, value_at(live.fields, path))) is not None
    }
    return replace(record, fields={**record.fields, **ignored}) if ignored else record


def _without_clears(record: LastApplied) -> LastApplied:
    """Return the record without the bases of cleared fields that the manifest did not name, unless they were ignored."""
    cleared = {path for path, base in record.fields.items() if base.before and base.was_cleared}
    if not cleared:
        return record
    return replace(record, fields={path: base for path, base in record.fields.items() if path not in cleared})


def _is_similar(value: Json, other: Json) -> bool:
    return loose_form(value) == loose_form(other)


def _with_stored_forms(
    desired: Fields, live: Fields, record: LastApplied, is_form_of: Callable[[Json, Json], bool]
) -> tuple[LastApplied, tuple[str, ...]]:
    """Return the record with the forms that the site stores, if its answer had only repeated what was sent.

    That is seen when a value is not the answered one, and yet a form of the one that was sent.
    """
    wanted = all_leaves(desired)
    stored: dict[str, FieldBase] = {}
    for path, base in record.fields.items():
        if base.doubt or path not in wanted:
            continue
        if live.get(path) == wanted[path] and base.answered == base.sent:
            continue  # the most frequent case: it is the answered value, or the manifest has changed
        if value_digest(wanted[path]) != base.sent:
            continue
        found = value_at(live, path)
        answered = value_digest(found)
        if answered != base.answered and is_form_of(found, wanted[path]):
            stored[path] = replace(base, answered=answered)
    return (replace(record, fields={**record.fields, **stored}), tuple(stored)) if stored else (record, ())
