from __future__ import annotations

import pytest

from galleryctl.model.address import Address
from galleryctl.model.fields import Fields
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, WixFile
from galleryctl.plan.changes import Action, Change, FieldChange
from galleryctl.plan.diff import diff
from galleryctl.plan.stale import changed_since


def item(fields: Fields, media: WixFile | HostedVideo | None = None) -> LiveItem:
    return LiveItem(id="i", kind=Kind.IMAGE, media=media, fields=fields, sort_order=1.0, raw={})


def update(desired: Fields, live: Fields) -> Change:
    found = diff(desired, live)
    return Change(address=Address("g", "i"), action=Action.UPDATE, id="i", write=found.write, fields=found.fields)


def changed(desired: Fields, before: Fields, now: Fields) -> list[tuple[str, object, object]]:
    parts = changed_since(update(desired, before), item(now))
    return [(part.path, part.before, part.after) for part in parts]


LENS = {"camera": {"lens": {"mm": 35, "name": "L"}, "iso": 100}, "notes": ("a", {"size": 1})}


@pytest.mark.parametrize(
    ("desired", "before", "now", "found"),
    [
        ({"title": "B"}, {"title": "A"}, {"title": "C"}, [("title", "A", "C")]),
        ({"title": "B"}, {"title": "A"}, {"title": "B"}, [("title", "A", "B")]),
        ({"title": "B"}, {"title": "A"}, {"title": "A", "description": "theirs"}, []),
        ({"link.url": "b"}, {"link.url": "a"}, {"link.url": "c"}, [("link.url", "a", "c")]),
        (
            {"tags": ("b", "c.d")},
            {"tags": ("a", "b")},
            {"tags": ("c.d", "e")},
            [("tags.a", "a", None), ("tags.c.d", None, "c.d"), ("tags.b", "b", None), ("tags.e", None, "e")],
        ),
        (
            {"focal_point": {"x": 0.75}},
            {"focal_point": {"x": 0.5, "y": 0.5}},
            {"focal_point": {"x": 0.5, "y": 0.25}},
            [("focal_point.y", 0.5, 0.25)],
        ),
        (
            {"focal_point": None},
            {"focal_point": {"x": 0.5, "y": 0.5}},
            {"focal_point": {"x": 0.5, "y": 0.25}},
            [("focal_point.y", 0.5, 0.25)],
        ),
        (
            {"exif": {"camera": {"lens": {"mm": 50}}}},
            {"exif": LENS},
            {"exif": {"camera": {"lens": {"mm": 35, "name": "M"}, "iso": 200}, "notes": ("a", {"size": 2})}},
            [("exif.camera.iso", 100, 200), ("exif.camera.lens.name", "L", "M"), ("exif.notes.1.size", 1, 2)],
        ),
        (
            {"exif": {"camera": {"lens": {"mm": 50}}}},
            {"exif": LENS},
            {"exif": {"camera": {"lens": None, "iso": 100}, "notes": LENS["notes"]}},
            [("exif.camera.lens.mm", 35, None)],
        ),
        (
            {"exif": {"a.b": {"c": (1, 2)}}},
            {"exif": {"a.b": {"c": (1,)}}},
            {"exif": {"a.b": {"c": (1,)}}},
            [],
        ),
    ],
)
def test_the_parts_that_changed_are_named(
    desired: Fields, before: Fields, now: Fields, found: list[tuple[str, object, object]]
) -> None:
    assert changed(desired, before, now) == found
    assert changed(desired, before, before) == []


def test_media_that_was_replaced_on_the_site_is_named() -> None:
    change = Change(
        address=Address("g", "i"), action=Action.UPDATE, id="i", media=WixFile(id="new"), media_before="old"
    )
    assert list(changed_since(change, item({}, WixFile(id="old")))) == []
    assert list(changed_since(change, item({}, WixFile(id="third")))) == [
        FieldChange(path="media", before="old", after="third")
    ]


def test_a_replaced_resource_has_no_values_before() -> None:
    created = (FieldChange(path="title", before=None, after="B"),)
    change = Change(address=Address("g", "i"), action=Action.REPLACE, id="i", write={"title": "B"}, fields=created)
    assert list(changed_since(change, item({"title": "A"}))) == []
