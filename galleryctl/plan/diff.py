"""Which of the named fields differ, and how to say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from galleryctl.model.fields import FIELDS, Fields, Json, canonical, values_equal
from galleryctl.plan.changes import FieldChange

_FIELD_ORDER = {field.name: place for place, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The values to write, whole, and the same told part by part."""

    write: Fields
    fields: tuple[FieldChange, ...]


def diff(desired: Fields, live: Fields, ignore: frozenset[str] = frozenset()) -> Difference:
    """What of `wanted` the live resource does not have.

    Fields that are not named or ignored never differ, nor do parts of a structure that are not named: a structure is
    written whole, so those go along as they are.
    """
    write = {
        name: merge_over(_live_value(live, name), desired[name])
        for name in ordered_fields(desired)
        if name not in ignore and not satisfies(_live_value(live, name), desired[name])
    }
    parts = (part for name, value in write.items() for part in field_changes(name, _live_value(live, name), value))
    return Difference(write=write, fields=tuple(parts))


def satisfies(live: Json, desired: Json) -> bool:
    """Whether `live` has all that `wanted` names; what names nothing, or only that nothing be there, an absent one has."""
    if isinstance(desired, Mapping) and (live is None or isinstance(live, Mapping)):
        return all(satisfies(live and live.get(name), part) for name, part in desired.items())
    return values_equal(live, desired)


def merge_over(live: Json, desired: Json) -> Json:
    """`wanted`, with those parts of the live structure that it does not name."""
    if isinstance(live, Mapping) and isinstance(desired, Mapping):
        return {**live, **{name: merge_over(live.get(name), part) for name, part in desired.items()}}
    return desired


def diff_for_create(desired: Fields) -> Difference:
    """All the named fields, as a create writes them."""
    write = {name: desired[name] for name in ordered_fields(desired)}
    fields = (
        FieldChange(path=name, before=None, after=value) for name, value in write.items() if value not in ("", (), None)
    )
    return Difference(write=write, fields=tuple(fields))


def ordered_fields(fields: Fields) -> list[str]:
    """The fields' names as people read them, those unknown to us last."""
    return sorted(fields, key=lambda name: (_FIELD_ORDER.get(name, len(_FIELD_ORDER)), name))


def field_changes(name: str, before: Json, after: Json) -> Iterator[FieldChange]:
    """The parts of a composite value that differ, each under its dotted path; else the value whole."""
    parts: list[FieldChange] = []
    if isinstance(before, tuple) and isinstance(after, tuple):
        parts = list(_tag_changes(name, before, after))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        parts = list(_structure_changes(name, before, after))
    yield from parts or [FieldChange(path=name, before=before, after=after)]


def _live_value(live: Fields, name: str) -> Json:
    return canonical(name, live.get(name))


def _tag_changes(name: str, before: tuple[Json, ...], after: tuple[Json, ...]) -> Iterator[FieldChange]:
    """A list of tags is a set: one entry for each that goes or comes."""
    gone = {str(tag) for tag in before if tag not in after}
    new = {str(tag) for tag in after if tag not in before}
    for tag in sorted(gone | new):
        path = f"{name}.{tag}"
        yield FieldChange(path=path, before=tag if tag in gone else None, after=tag if tag in new else None)


def _structure_changes(name: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
    # A focal point moved on 10,000 pictures is seconds of deepdiff; it is for what lies deeper than one level.
    flat = not any(isinstance(value, Mapping | list | tuple) for value in (*before.values(), *after.values()))
    paths: list[list[str | int]] = [[key] for key in {**before, **after}] if flat else _changed_paths(before, after)
    for path in sorted(paths, key=str):
        old, new = _value_at(before, path), _value_at(after, path)
        if not values_equal(old, new):
            yield FieldChange(path=".".join(map(str, (name, *path))), before=old, after=new)


def _changed_paths(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[list[str | int]]:
    """The paths of the parts that differ, whichever way they do."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - heavy, and most plans compare no deep structures

    found = DeepDiff(before, after, view="tree", ignore_numeric_type_changes=True, threshold_to_diff_deeper=0)
    return [node.path(output_format="list") for parts in found.values() for node in parts]


def _value_at(value: Json, path: list[str | int]) -> Json:
    """The part of `value` at `path`, None where it ends early."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list | tuple) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
