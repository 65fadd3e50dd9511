"""Which of the named fields differ, and how a person is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import deepdiff
import pytest

from galleryctl.model.fields import Fields, Json, float32
from galleryctl.plan.changes import Cause, FieldChange
from galleryctl.plan.diff import diff, diff_for_create


def first(path: str, before: Json, after: Json) -> FieldChange:
    """A difference in a field that the state has no base for."""
    return FieldChange(path=path, before=before, after=after, cause=Cause.FIRST_MANAGED)


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"title": ""}, {}),
        ({"title": ""}, {"title": None}),
        ({"tags": ()}, {}),
        ({"tags": ("a",)}, {"tags": ("_fileOrigin_uploaded", "a", "a")}),
        ({"focal_point": None}, {}),
        ({"focal_point": {"x": 0.1, "y": 1}}, {"focal_point": {"x": float32(0.1), "y": 1.0}}),
        ({"focal_point": {"x": 0.5, "y": 0.5}}, {"focal_point": {"x": 0.5, "y": 0.5, "z": 1}}),
        ({"exif": {"lens": {"mm": 50}}}, {"exif": {"lens": {"mm": 50, "name": "L"}, "iso": 100}}),
        ({"quality": 0.123456789}, {"quality": 0.12345679}),
    ],
    ids=[
        "absent",
        "null",
        "no tags",
        "vendor tags",
        "none",
        "32 bits",
        "unknown part",
        "deep part",
        "short digits",
    ],
)
def test_what_means_the_same_does_not_differ(wanted: Fields, live: Fields) -> None:
    assert diff(wanted, live).write == {}
    assert diff(wanted, live).fields == ()


def test_only_named_fields_differ_and_none_that_is_ignored() -> None:
    live: Fields = {"title": "Old", "description": "theirs", "quality": 70}
    found = diff({"title": "New", "quality": 90}, live, ignore=frozenset({"quality"}))
    assert found.write == {"title": "New"}
    assert found.fields == (first("title", "Old", "New"),)


def test_a_structure_is_written_whole_with_what_it_does_not_name() -> None:
    live: Fields = {"exif": {"iso": 100, "lens": {"mm": 35, "name": "L"}}}
    found = diff({"exif": {"lens": {"mm": 50}}}, live)
    assert found.write == {"exif": {"iso": 100, "lens": {"mm": 50, "name": "L"}}}
    assert found.fields == (first("exif.lens.mm", 35, 50),)


def test_null_clears_a_structure() -> None:
    found = diff({"focal_point": None}, {"focal_point": {"x": 1}})
    assert found.write == {"focal_point": None}
    assert found.fields == (first("focal_point", {"x": 1}, None),)


def test_each_tag_is_told_alone() -> None:
    found = diff({"tags": ("b", "c")}, {"tags": ("a", "b", "_fileOrigin_x")})
    assert found.write == {"tags": ("b", "c")}
    assert found.fields == (
        first("tags.a", "a", None),
        first("tags.c", None, "c"),
    )


@pytest.mark.parametrize(
    ("before", "after"), [(True, 1), (0, False), ("1", 1), ("", 0), ((), ""), ({"a": 1}, (1,)), (1, 2)]
)
def test_different_types_differ(before: Json, after: Json) -> None:
    assert diff({"odd": after}, {"odd": before}).write == {"odd": after}


def test_deep_structures_are_told_part_by_part() -> None:
    live: Fields = {"css": {"p": {"font": ("a", {"size": 1}), "color": "red"}, "b": 1}}
    wanted: Fields = {"css": {"p": {"font": ("a", {"size": 2}), "margin": 3}, "b": 1}}
    assert diff(wanted, live).fields == (
        first("css.p.font.1.size", 1, 2),
        first("css.p.margin", None, 3),
    )


def test_people_read_the_fields_in_their_order() -> None:
    wanted: Fields = {"zoom": 1, "quality": 90, "link.url": "https://a", "title": "T"}
    assert list(diff(wanted, {}).write) == ["title", "link.url", "quality", "zoom"]


def test_what_is_made_is_told_without_what_is_empty() -> None:
    found = diff_for_create({"title": "T", "description": "", "tags": (), "focal_point": None})
    assert list(found.write) == ["title", "description", "tags", "focal_point"]
    assert found.fields == (FieldChange(path="title", before=None, after="T"),)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """The values that deepdiff compared."""
    asked: list[tuple[Any, Any]] = []
    real: Callable[..., Any] = deepdiff.DeepDiff

    def counted(before: Any, after: Any, **options: Any) -> Any:
        asked.append((before, after))
        return real(before, after, **options)

    monkeypatch.setattr(deepdiff, "DeepDiff", counted)
    return asked


def test_deepdiff_sees_only_lists_that_differ(calls: list[tuple[Any, Any]]) -> None:
    deep: Fields = {f"css{i}": {"p": ({"size": i},)} for i in range(100)}
    flat: Fields = {"title": "T", "tags": ("a",), "focal_point": {"x": 0.1, "y": 0.2}}
    assert diff({**deep, **flat}, {**deep, **flat}).write == {}
    assert calls == []
    wanted: Fields = {**deep, "css7": {"p": ({"size": 8},)}, "title": "U", "focal_point": {"x": 0.1, "y": 0.3}}
    assert len(diff(wanted, {**deep, **flat}).fields) == 3
    assert calls == [(({"size": 7},), ({"size": 8},))]


@pytest.mark.parametrize("wanted", [{}, {"Model": None}, {"Lens": {}}, {"Lens": {"Make": None}}])
def test_a_structure_that_asks_for_nothing_is_there_when_none_is(wanted: Json) -> None:
    assert diff({"exif": wanted}, {"exif": None}).write == {}
