"""Differences between the desired and the live fields of a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from galleryctl.model.fields import FIELDS, Fields, Json, canonical, values_equal
from galleryctl.plan.changes import FieldChange

_FIELD_ORDER = {field.name: place for place, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The values to write, and the same changes part by part for display."""

    write: Fields
    fields: tuple[FieldChange, ...]


def diff(desired: Fields, live: Fields, ignore: frozenset[str] = frozenset()) -> Difference:
    """Return the desired fields that the live resource does not have.

    Only what the manifest sets and does not ignore is compared. The API replaces a structure as a whole, so the value
    to write keeps the other parts:

        desired focal_point: {x: 0.5}, live {x: 0.1, y: 0.2}   →   write {x: 0.5, y: 0.2}, shown as focal_point.x
    """
    write = {
        name: merge_over(_live_value(live, name), desired[name])
        for name in ordered_fields(desired)
        if name not in ignore and not satisfies(_live_value(live, name), desired[name])
    }
    parts = (part for name, value in write.items() for part in field_changes(name, _live_value(live, name), value))
    return Difference(write=write, fields=tuple(parts))


def satisfies(live: Json, desired: Json) -> bool:
    """Return True if `live` has every value that `desired` sets; an absent structure satisfies {} and {x: null}."""
    if isinstance(desired, Mapping) and (live is None or isinstance(live, Mapping)):
        return all(satisfies(live and live.get(name), part) for name, part in desired.items())
    return values_equal(live, desired)


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
    return Difference(write=write, fields=tuple(fields))


def ordered_fields(fields: Fields) -> list[str]:
    """Return the names of the fields in display order, fields without a row in `FIELDS` last."""
    return sorted(fields, key=lambda name: (_FIELD_ORDER.get(name, len(_FIELD_ORDER)), name))


def field_changes(name: str, before: Json, after: Json) -> Iterator[FieldChange]:
    """Yield the parts of a composite value that differ, each under its dotted path; else the whole value."""
    parts: list[FieldChange] = []
    if isinstance(before, tuple) and isinstance(after, tuple):
        parts = list(_tag_changes(name, before, after))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        parts = list(_structure_changes(name, before, after))
    yield from parts or [FieldChange(path=name, before=before, after=after)]


def _live_value(live: Fields, name: str) -> Json:
    return canonical(name, live.get(name))


def _tag_changes(name: str, before: tuple[Json, ...], after: tuple[Json, ...]) -> Iterator[FieldChange]:
    """Yield a change for each tag that is added or removed."""
    removed = {str(tag) for tag in before if tag not in after}
    added = {str(tag) for tag in after if tag not in before}
    for tag in sorted(removed | added):
        path = f"{name}.{tag}"
        yield FieldChange(path=path, before=tag if tag in removed else None, after=tag if tag in added else None)


def _structure_changes(name: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
    # deepdiff takes seconds for 10,000 focal points, so it compares only structures of more than one level.
    flat = not any(isinstance(value, Mapping | list | tuple) for value in (*before.values(), *after.values()))
    paths: list[list[str | int]] = [[key] for key in {**before, **after}] if flat else _changed_paths(before, after)
    for path in sorted(paths, key=str):
        old, new = _value_at(before, path), _value_at(after, path)
        if not values_equal(old, new):
            yield FieldChange(path=".".join(map(str, (name, *path))), before=old, after=new)


def _changed_paths(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[list[str | int]]:
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
