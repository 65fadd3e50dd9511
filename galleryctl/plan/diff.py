"""Differences between the desired and the live fields of a resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.model.fields import FIELDS, MEDIA_FIELD, Fields, Json, canonical, is_empty, values_equal
from galleryctl.model.last_applied import NEVER_APPLIED, FieldBase, LastApplied, value_digest
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import Cause, FieldChange
from galleryctl.plan.leaves import all_leaves, field_of, value_at, without_leaf
from galleryctl.plan.three_way import Decision, decide_named, decide_unnamed, rebased

MEDIA_PATH = MEDIA_FIELD
"""The path of the base of an item's media, which is compared separately."""

_CAUSES = {
    Decision.UPDATE: Cause.MANIFEST,
    Decision.DRIFT: Cause.DRIFT,
    Decision.CONFLICT: Cause.CONFLICT,
    Decision.INTERRUPTED: Cause.INTERRUPTED,
}
_FIELD_ORDER = {field.name: place for place, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The values to write, the same changes part by part for display, and the bases for the state.

    `named` are the leaves of `write` that the manifest names, `cleared` those that it no longer names. `bases` are all
    bases of the resource to record before the write; `rebased` and `released` are the paths of their changes that a plan
    shows: the value is equal but has another base, and the value is not ours any more.
    """

    write: Fields
    fields: tuple[FieldChange, ...]
    named: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    bases: Mapping[str, FieldBase] = field(default_factory=dict)
    rebased: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


def diff(
    desired: Fields,
    live: Fields,
    record: LastApplied = NEVER_APPLIED,
    ignore: frozenset[str] = frozenset(),
    *,
    first_cause: Cause = Cause.FIRST_MANAGED,
) -> Difference:
    """Return the difference between the desired and the live fields, given the last applied ones.

    Only what the manifest names, or named at the last apply, is compared. The API replaces a structure as a whole, so
    the value to write keeps the other parts:

        desired focal_point: {x: 0.5}, live {x: 0.1, y: 0.2}   →   write {x: 0.5, y: 0.2}, shown as focal_point.x

    `first_cause` is the cause of a difference in a field without a base.
    """
    wanted = desired if not ignore else {name: value for name, value in desired.items() if name not in ignore}
    leaves = all_leaves(wanted)
    new_bases: dict[str, FieldBase] = {}
    changes: list[FieldChange] = []
    changed_bases: list[str] = []
    for path, leaf in leaves.items():
        base = record.fields.get(path)
        if base is not None and _is_unchanged(leaf, live.get(path), base):
            continue
        found = value_at(live, path)
        decision, new_base = _decide_leaf(leaf, found, base)
        if new_base is not None:
            new_bases[path] = new_base
        if decision is Decision.REBASE:
            changed_bases.append(path)
        elif cause := cause_of(decision, first_cause):
            changes.append(FieldChange(path=path, before=found, after=leaf, cause=cause))
    ended = _end_unnamed(leaves, live, record.fields, ignore)
    bases: Mapping[str, FieldBase] = record.fields
    if new_bases or ended.paths:
        bases = {path: base for path, base in {**record.fields, **new_bases}.items() if path not in ended.paths}
    rebased_paths, released = tuple(sorted(changed_bases)), tuple(sorted(ended.released))
    if not (changes or ended.clears):
        return Difference(write={}, fields=(), bases=bases, rebased=rebased_paths, released=released)
    write = _values_to_write(wanted, live, changes, ended.clears)
    return Difference(
        write=write,
        fields=tuple(_displayed(sorted((*changes, *ended.clears), key=_display_key))),
        named=tuple(sorted(path for path in leaves if field_of(path) in write)),
        cleared=tuple(change.path for change in ended.clears),
        bases=bases,
        rebased=rebased_paths,
        released=released,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """The leaves with bases that the manifest does not name: those to clear, and the paths whose bases are dropped.

    `paths` are the `released` ones, and those that are replaced by the bases of other leaves of the same structure.
    """

    clears: tuple[FieldChange, ...] = ()
    released: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()


_NOTHING_ENDED = _Ended()


def _end_unnamed(
    leaves: Mapping[str, Json], live: Fields, bases: Mapping[str, FieldBase], ignore: frozenset[str]
) -> _Ended:
    """Return what becomes of the leaves that the manifest named at the last apply only."""
    unnamed = [path for path in bases if path not in leaves and path != MEDIA_PATH]
    if not unnamed:
        return _NOTHING_ENDED
    superseded = {path for path in unnamed if any(_overlap(path, named) for named in leaves)}
    remaining = [path for path in unnamed if path not in superseded]
    cleared = (_cleared(path, live, bases[path]) for path in remaining if field_of(path) not in ignore)
    clears = tuple(change for change in cleared if change is not None)
    released = frozenset(remaining).difference(change.path for change in clears)
    return _Ended(clears=clears, released=released, paths=released | superseded)


def _is_unchanged(wanted: Json, found: Json, base: FieldBase) -> bool:
    """Return True for the most frequent case, a value that is as sent and as answered; False if it may be another.

    `found` need not be canonical: if it equals a canonical value, it is.
    """
    if type(wanted) not in (str, tuple) or found != wanted or base.doubt or base.sent != base.answered:
        return False
    return base.sent == value_digest(wanted)


def _overlap(path: str, named: str) -> bool:
    """Return True if one path is within the other: `exif.lens` was a text and is a structure now, or the reverse."""
    return named.startswith(f"{path}.") or path.startswith(f"{named}.")


def cause_of(decision: Decision, first_cause: Cause) -> Cause | None:
    """Return the cause of the change that a decision makes; None if it makes none."""
    return first_cause if decision is Decision.FIRST_MANAGED else _CAUSES.get(decision)


def _decide_leaf(wanted: Json, found: Json, base: FieldBase | None) -> tuple[Decision, FieldBase | None]:
    """Return the decision for a leaf that the manifest names, and its base if that changes without a write."""
    equal = values_equal(found, wanted)
    sent = value_digest(wanted)
    answered = sent if equal else value_digest(found)
    decision = decide_named(sent, answered, base, equal=equal)
    changes_base = decision in (Decision.RECORD, Decision.REBASE)
    return decision, rebased(base, sent, answered) if changes_base else None


def _cleared(path: str, live: Fields, base: FieldBase) -> FieldChange | None:
    """Return the change that clears a leaf that the manifest no longer names, None if it is released instead."""
    found = value_at(live, path)
    if path == "tags":
        tags = found if isinstance(found, tuple) else ()
        others = tuple(tag for tag in tags if value_digest(tag) not in base.ours)
        cause = Cause.CLEARED if value_digest(found) == base.answered else Cause.CONFLICT
        return None if others == tags else FieldChange(path=path, before=tags, after=others, cause=cause)
    # A gallery without a name could not be found by it.
    if path == "name" or decide_unnamed(value_digest(found), base, live_is_empty=is_empty(found)) is Decision.RELEASE:
        return None
    return FieldChange(path=path, before=found, after=canonical(path, None), cause=Cause.CLEARED)


def _values_to_write(
    wanted: Fields, live: Fields, changes: Sequence[FieldChange], clears: Sequence[FieldChange]
) -> dict[str, Json]:
    """Return the new value of each field that changes: structures whole, with unnamed leaves as on the site."""
    write: dict[str, Json] = {}
    for name in ordered_fields({field_of(change.path): None for change in (*changes, *clears)}):
        current = canonical(name, live.get(name))
        write[name] = merge_over(current, wanted[name]) if name in wanted else current
    for change in clears:
        name = field_of(change.path)
        write[name] = change.after if change.path == name else without_leaf(write[name], change.path[len(name) + 1 :])
    return write


def _display_key(change: FieldChange) -> tuple[int, str, str]:
    name = field_of(change.path)
    return _FIELD_ORDER.get(name, len(_FIELD_ORDER)), name, change.path


def _displayed(changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """Yield the changes, those of tags and of whole structures part by part."""
    for change in changes:
        if isinstance(change.before, str) and isinstance(change.after, str) and "\\" not in change.path:
            yield change  # the most frequent case
            continue
        for part in field_changes(change.path.replace("\\.", "."), change.before, change.after):
            yield replace(part, cause=change.cause)


def merge_over(live: Json, desired: Json) -> Json:
    """Return `desired` with the parts of the live structure that it does not set."""
    if isinstance(live, Mapping) and isinstance(desired, Mapping):
        return {**live, **{name: merge_over(live.get(name), part) for name, part in desired.items()}}
    return desired


def diff_for_create(desired: Fields) -> Difference:
    """Return all desired fields, as a create writes them."""
    write = {name: desired[name] for name in ordered_fields(desired)}
    fields = (
        FieldChange(path=name, before=None, after=value) for name, value in write.items() if value not in ("", (), None)
    )
    return Difference(write=write, fields=tuple(fields), named=tuple(all_leaves(write)))


def ordered_fields(fields: Fields) -> list[str]:
    """Return the names of the fields in display order, fields without a row in `FIELDS` last."""
    return sorted(fields, key=lambda name: (_FIELD_ORDER.get(name, len(_FIELD_ORDER)), name))


def field_changes(name: str, before: Json, after: Json) -> Iterator[FieldChange]:
    """Yield the parts of a composite value that differ, each under its dotted path; else the whole value."""
    parts: list[FieldChange] = []
    if name == "tags":
        parts = list(_tag_changes(name, before, after))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        parts = list(_structure_changes(name, before, after))
    elif isinstance(before, tuple) and isinstance(after, tuple):
        parts = list(_parts_at(name, before, after, _changed_paths(before, after)))
    yield from parts or [FieldChange(path=name, before=before, after=after)]


def _tag_changes(name: str, before: Json, after: Json) -> Iterator[FieldChange]:
    """Yield a change for each tag that is added or removed."""
    old, new = (_texts(tags) for tags in (before, after))
    removed, added = old - new, new - old
    for tag in sorted(removed | added):
        path = f"{name}.{displayed(tag)}"
        yield FieldChange(path=path, before=tag if tag in removed else None, after=tag if tag in added else None)


def _texts(tags: Json) -> frozenset[str]:
    return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, tuple) else frozenset()


def _structure_changes(name: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
    # deepdiff takes seconds for 10,000 focal points, so it compares only structures of more than one level.
    flat = not any(isinstance(value, Mapping | list | tuple) for value in (*before.values(), *after.values()))
    paths: list[list[str | int]] = [[key] for key in {**before, **after}] if flat else _changed_paths(before, after)
    yield from _parts_at(name, before, after, paths)


def _parts_at(name: str, before: Json, after: Json, paths: Iterable[list[str | int]]) -> Iterator[FieldChange]:
    for path in sorted(paths, key=str):
        old, new = _value_at(before, path), _value_at(after, path)
        if not values_equal(old, new):
            yield FieldChange(path=".".join(map(str, (name, *path))), before=old, after=new)


def _changed_paths(before: Json, after: Json) -> list[list[str | int]]:
    from deepdiff import DeepDiff  # noqa: PLC0415 - heavy, and most plans compare no deep structures

    found = DeepDiff(before, after, view="tree", ignore_numeric_type_changes=True, threshold_to_diff_deeper=0)
    return [node.path(output_format="list") for parts in found.values() for node in parts]


def _value_at(value: Json, path: list[str | int]) -> Json:
    """Return the part of `value` at `path`, None if there is none."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list | tuple) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
