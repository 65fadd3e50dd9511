from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.fields import FIELDS_BY_KIND, Json, canonical, values_equal
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, MediaFile, VideoHost, WixFile
from galleryctl.wix.items import ItemMedia, NewItem, decode_item, item_patch, item_payload

Doc = dict[str, Any]
PHOTO = MediaFile(id="f-2", display_name="new.jpg", ready=True, failed=False, width=64, height=48)
YOUTUBE = HostedVideo(host=VideoHost.YOUTUBE, url="https://youtu.be/x")
IMAGE: Doc = {
    "id": "i-1",
    "type": "IMAGE",
    "sortOrder": 1.5,
    "title": "Dance",
    "unknown": {"top": 1},
    "link": {"url": "https://a.test", "text": "A", "type": "EXTERNAL", "target": "_blank"},
    "tags": {"values": ["b", "_fileOrigin_uploaded", "a", "_fileOrigin_x"], "unknown": 1},
    "secondaryMedia": {"image": {"imageInfo": {"id": "f-9"}}},
    "image": {
        "type": "WIX_MEDIA",
        "imageInfo": {
            "id": "f-1", "width": 10, "height": 20, "altText": "undefined", "filename": "f-1",
            "url": "wix:image://v1/f-1/f-1#originWidth=10&originHeight=20", "unknown": [1],
        },
        "focalPoint": {"x": 0.5, "y": 0.25, "width": 7},
        "quality": 90,
        "unsharpMasking": {"amount": 1, "radius": None, "threshold": 0.5, "unknown": True},
        "exif": {"Model": "X", "Lens": None, "GPS": {"lat": 1}},
        "unknown": {"deep": [None, {"a": 1}]},
    },
}  # fmt: skip
WIX_VIDEO: Doc = {
    "id": "i-2",
    "type": "VIDEO",
    "video": {
        "type": "WIX_MEDIA",
        "durationInMillis": 1000,
        "videoInfo": {
            "id": "v-1", "filename": "film.mp4", "posters": [{"id": "p"}],
            "resolutions": [{"url": "https://v.test", "width": 1, "height": 1, "format": "mp4"}],
        },
        "unknown": 1,
    },
}  # fmt: skip
TEXT: Doc = {
    "id": "i-3",
    "type": "TEXT",
    "text": {
        "html": "<p>x</p>",
        "css": {"color": "#333", "font": "A"},
        "editorHtml": "<e>",
        "editorFontId": "f",
    },
}


def decoded(raw: Mapping[str, Any]) -> LiveItem:
    item = decode_item(raw)
    assert item is not None
    return item


def patch(raw: Doc, write: Mapping[str, Json], file: ItemMedia = None, sort_order: float | None = None) -> Doc:
    return dict(item_patch(decoded(raw), write, file, sort_order))


def merged(old: Any, new: Any) -> Any:
    """Return the result of a PATCH by an API that merges nested objects."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    both = {**old, **{name: merged(old.get(name), part) for name, part in new.items()}}
    return {name: part for name, part in both.items() if part is not None}


def test_an_image_is_read_as_real_sites_send_it() -> None:
    item = decoded(IMAGE)
    assert (item.id, item.kind, item.sort_order) == ("i-1", Kind.IMAGE, 1.5)
    assert item.media == WixFile(id="f-1", filename="", width=10, height=20)
    assert item.fields == {
        "title": "Dance",
        "description": "",
        "link.url": "https://a.test",
        "link.text": "A",
        "tags": ("a", "b"),
        "alt_text": "",
        "focal_point": {"x": 0.5, "y": 0.25},
        "quality": 90,
        "sharpen": {"amount": 1, "threshold": 0.5},
        "exif": {"Model": "X", "GPS": {"lat": 1}},
    }
    assert item.raw is IMAGE


@pytest.mark.parametrize("raw", [IMAGE, WIX_VIDEO, TEXT], ids=["image", "video", "text"])
def test_a_live_item_has_every_field_of_its_kind_and_no_other(raw: Doc) -> None:
    item = decoded(raw)
    assert set(item.fields) == {field.name for field in FIELDS_BY_KIND[item.kind]}


@pytest.mark.parametrize("kind", ["IMAGE", "VIDEO", "TEXT"])
def test_nulls_are_as_absent(kind: str) -> None:
    names = ("title", "description", "link", "tags", "sortOrder", kind.lower())
    bare = decoded({"id": "i", "type": kind})
    nulls = decoded({"id": "i", "type": kind, **dict.fromkeys(names)})
    assert (nulls.fields, nulls.media, nulls.sort_order) == (bare.fields, bare.media, None)
    inner: Doc = {"id": "i", "type": kind, "link": {"url": None}, "tags": {"values": None}}
    assert decoded(inner).fields == bare.fields


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"type": "IMAGE"}, Kind.IMAGE),
        ({"image": {}}, Kind.IMAGE),
        ({"type": "UNDEFINED", "video": {}}, Kind.VIDEO),
        ({"type": None, "text": {}}, Kind.TEXT),
        ({"image": None, "text": {}}, Kind.TEXT),
        ({"type": "AUDIO"}, None),
        ({"image": {}, "text": {}}, None),
        ({}, None),
    ],
)
def test_the_kind_is_what_the_type_says_or_the_one_media_there_is(raw: Doc, kind: Kind | None) -> None:
    item = decode_item({"id": "i", **raw})
    assert (item and item.kind) == kind


@pytest.mark.parametrize("ident", [None, "", 7, {}])
def test_an_item_without_an_id_is_none(ident: Json) -> None:
    assert decode_item({**TEXT, "id": ident}) is None


@pytest.mark.parametrize(
    ("info", "media"),
    [
        ({"id": "f~mv2.jpg"}, WixFile(id="f~mv2.jpg")),
        ({"id": "wix:image://v1/f~mv2.jpg/a.jpg#originWidth=1&originHeight=2"}, WixFile(id="f~mv2.jpg")),
        ({"url": "wix:image://v1/f%20g/a.jpg#originWidth=1"}, WixFile(id="f g")),
        ({"url": "wix:image://v1/f#originWidth=1"}, WixFile(id="f")),
        ({"url": "wix:image://v1/"}, None),
        ({"url": "wix:nonsense"}, None),
        ({"url": "https://static.test/f"}, None),
        ({"id": "f", "filename": "undefined", "altText": "undefined"}, WixFile(id="f")),
        ({"id": "f", "filename": "f"}, WixFile(id="f")),
        ({"id": "f", "filename": "a.jpg", "width": "8", "height": 9.0}, WixFile(id="f", filename="a.jpg", width=8, height=9)),
        ({"id": "f", "width": -1, "height": "x"}, WixFile(id="f")),
        ({"id": "f", "width": 10**400, "height": True}, WixFile(id="f")),
        # the SDK's shape
        ({"id": "f", "width": 1, "height": 2, "altText": "a.jpg", "filename": "a.jpg", "url": "wix:image://v1/f/a.jpg"},
         WixFile(id="f", filename="a.jpg", width=1, height=2)),
    ],
)  # fmt: skip
def test_an_images_file(info: Doc, media: WixFile | None) -> None:
    assert decoded({"id": "i", "type": "IMAGE", "image": {"imageInfo": info}}).media == media


@pytest.mark.parametrize(
    ("video", "media"),
    [
        ({"type": "YOUTUBE", "videoInfo": {"url": "https://youtu.be/x"}}, YOUTUBE),
        ({"videoInfo": {"url": "https://youtu.be/x"}}, YOUTUBE),
        ({"type": "UNDEFINED", "videoInfo": {"url": "https://www.youtube-nocookie.com/embed/x"}},
         HostedVideo(host=VideoHost.YOUTUBE, url="https://www.youtube-nocookie.com/embed/x")),
        ({"videoInfo": {"url": "https://player.vimeo.com/1"}},
         HostedVideo(host=VideoHost.VIMEO, url="https://player.vimeo.com/1")),
        ({"videoInfo": {"url": "https://notyoutube.com/x"}}, None),
        ({"videoInfo": {"url": "https://youtube.com.evil.test/x"}}, None),
        ({"videoInfo": {"url": "https://[bad"}}, None),
        ({"videoInfo": {"id": "v-1", "url": "https://video.test/v.mp4", "filename": "a.mp4"}}, WixFile(id="v-1", filename="a.mp4")),
        ({"type": "WIX_MEDIA", "videoInfo": {"id": "wix:video://v1/v-1/a.mp4#posterUri=p"}}, WixFile(id="v-1")),
        ({"type": "WIX_MEDIA", "videoInfo": {"url": "wix:video://v1/v-1/a.mp4#posterUri=p"}}, WixFile(id="v-1")),
        ({"type": "YOUTUBE", "videoInfo": {}}, None),
        ({"type": "YOUTUBE"}, None),
    ],
)  # fmt: skip
def test_a_videos_source(video: Doc, media: WixFile | HostedVideo | None) -> None:
    assert decoded({"id": "i", "type": "VIDEO", "video": video}).media == media


def test_half_a_character_is_shown_as_one_that_is_none_and_kept_in_what_is_raw() -> None:
    item = decoded({**TEXT, "title": "Dance \ud83d"})
    assert item.fields["title"] == "Dance \ufffd"
    assert item.raw["title"] == "Dance \ud83d"
    assert decoded({**TEXT, "title": "Dance \ud83d\udc83"}).fields["title"] == "Dance 💃"


def test_numbers_that_no_double_holds_are_none() -> None:
    assert decoded({**TEXT, "sortOrder": 10**400}).sort_order is None
    assert decoded({**TEXT, "sortOrder": "NaN"}).sort_order is None
    assert decoded({**TEXT, "sortOrder": True}).sort_order is None
    assert decoded({**TEXT, "sortOrder": 2**53 + 1}).sort_order == float(2**53 + 1)


def test_an_update_sends_only_what_changed() -> None:
    assert patch(IMAGE, {}) == {}
    assert patch(IMAGE, {"title": "New"}) == {"title": "New"}
    assert patch(IMAGE, {"description": ""}) == {"description": None}
    assert patch(IMAGE, {}, sort_order=7.5) == {"sortOrder": 7.5}
    assert patch(WIX_VIDEO, {"title": "x"}) == {"title": "x"}
    assert patch(TEXT, {"tags": ("b", "a")}) == {"tags": {"values": ["b", "a"]}}


def test_new_tags_leave_the_vendors_own_in_front() -> None:
    assert patch(IMAGE, {"tags": ("c",)})["tags"] == {
        "values": ["_fileOrigin_uploaded", "_fileOrigin_x", "c"],
        "unknown": 1,
    }
    assert patch(IMAGE, {"tags": ()})["tags"]["values"] == ["_fileOrigin_uploaded", "_fileOrigin_x"]
    assert patch({**IMAGE, "tags": ["_fileOrigin_x", "a"]}, {"tags": ("c",)})["tags"] == {
        "values": ["_fileOrigin_x", "c"]
    }


def test_a_changed_link_keeps_its_type_and_target() -> None:
    assert patch(IMAGE, {"link.text": "B"})["link"] == {**IMAGE["link"], "text": "B"}
    assert patch(IMAGE, {"link.url": "", "link.text": ""})["link"] == {
        **IMAGE["link"],
        "url": None,
        "text": None,
    }
    assert patch(TEXT, {"link.url": "https://b.test"})["link"] == {"url": "https://b.test"}
    plain = {**TEXT, "link": {"url": "https://b.test"}}
    assert patch(plain, {"link.url": ""})["link"] is None


def test_a_changed_image_is_sent_whole_with_all_that_is_unknown() -> None:
    sent = patch(IMAGE, {"quality": 80})
    assert sent == {"image": {**IMAGE["image"], "quality": 80}}
    sent = patch(IMAGE, {"alt_text": "A dance"})
    assert sent["image"] == {
        **IMAGE["image"],
        "imageInfo": {**IMAGE["image"]["imageInfo"], "altText": "A dance"},
    }
    assert patch(IMAGE, {"alt_text": ""})["image"]["imageInfo"]["altText"] is None


def test_a_changed_part_of_an_image_keeps_its_unknown_members() -> None:
    assert patch(IMAGE, {"focal_point": {"x": 0.1, "y": 0.2}})["image"]["focalPoint"] == {
        "x": 0.1,
        "y": 0.2,
        "width": 7,
    }
    assert patch(IMAGE, {"sharpen": {"amount": 2}})["image"]["unsharpMasking"] == {
        "amount": 2,
        "threshold": None,
        "unknown": True,
    }
    assert patch(IMAGE, {"focal_point": None})["image"]["focalPoint"] is None


def test_what_goes_from_free_structures_is_sent_as_null() -> None:
    assert patch(IMAGE, {"exif": {"Model": "Y"}})["image"]["exif"] == {
        "Model": "Y",
        "Lens": None,
        "GPS": None,
    }
    assert patch(IMAGE, {"exif": {"GPS": {"lon": 2}}})["image"]["exif"] == {
        "Model": None,
        "Lens": None,
        "GPS": {"lat": None, "lon": 2},
    }
    assert patch(TEXT, {"css": {"color": "#000"}})["text"]["css"] == {"color": "#000", "font": None}


@pytest.mark.parametrize("merges", [True, False])
def test_what_was_taken_out_of_a_free_structure_is_no_difference_later(merges: bool) -> None:
    desired = {"exif": {"GPS": {"lon": 2}}}
    sent = patch(IMAGE, desired)
    after = decoded(merged(IMAGE, sent) if merges else {**IMAGE, **sent})
    assert values_equal(after.fields["exif"], desired["exif"])


def test_reserved_members_of_a_text_are_kept_and_never_set() -> None:
    assert patch(TEXT, {"html": "<p>y</p>"}) == {"text": {**TEXT["text"], "html": "<p>y</p>"}}
    new = item_payload(NewItem(kind=Kind.TEXT, fields={"html": "<p>x</p>", "css": {"color": "#000"}}, sort_order=1.0))
    assert new == {"sortOrder": 1.0, "text": {"html": "<p>x</p>", "css": {"color": "#000"}}}


def test_secondary_media_is_never_sent() -> None:
    everything = dict(decoded(IMAGE).fields)
    assert "secondaryMedia" not in patch(IMAGE, everything, PHOTO, 1.0)


def test_another_photo_keeps_what_is_said_of_the_item() -> None:
    sent = patch(IMAGE, {}, PHOTO)
    info = {"id": "f-2", "width": 64, "height": 48, "filename": "new.jpg", "altText": "undefined"}
    assert sent == {"image": {**IMAGE["image"], "imageInfo": info, "type": "WIX_MEDIA"}}
    external = {**IMAGE, "image": {**IMAGE["image"], "type": "EXTERNAL"}}
    assert patch(external, {}, PHOTO)["image"]["type"] == "WIX_MEDIA"
    sent = patch(IMAGE, {"alt_text": "New"}, PHOTO)
    assert sent["image"]["imageInfo"]["altText"] == "New"
    untyped = {"id": "i", "type": "IMAGE", "image": {"imageInfo": {"id": "f-1"}}}
    assert patch(untyped, {}, PHOTO) == {
        "image": {"imageInfo": {"id": "f-2", "width": 64, "height": 48, "filename": "new.jpg"}}
    }


@pytest.mark.parametrize(
    "file",
    [WixFile(id="f"), WixFile(id="f", width=1), MediaFile(id="f", display_name="", ready=True, failed=False)],
)
def test_an_image_without_its_size_is_not_sent(file: ItemMedia) -> None:
    with pytest.raises(GalleryctlError, match="width and height"):
        item_payload(NewItem(kind=Kind.IMAGE, file=file, sort_order=1.0))


def test_an_image_cannot_show_a_video() -> None:
    with pytest.raises(GalleryctlError, match="cannot show a video"):
        item_payload(NewItem(kind=Kind.IMAGE, file=YOUTUBE, sort_order=1.0))


def test_another_video_takes_away_what_described_the_one_before() -> None:
    sent = patch(WIX_VIDEO, {}, YOUTUBE)["video"]
    assert sent == {
        "type": "YOUTUBE",
        "unknown": 1,
        "durationInMillis": None,
        "videoInfo": {
            "id": None,
            "filename": None,
            "posters": None,
            "resolutions": [],
            "url": "https://youtu.be/x",
        },
    }
    back = patch({"id": "i", "type": "VIDEO", "video": sent}, {}, WixFile(id="v-2", filename="b.mp4"))["video"]
    assert back["type"] == "WIX_MEDIA"
    assert (back["videoInfo"]["id"], back["videoInfo"]["url"]) == ("v-2", None)


def test_a_new_item_says_what_is_set_and_nothing_else() -> None:
    fields = {
        "title": "A",
        "description": "",
        "link.url": "",
        "link.text": "",
        "tags": (),
        "quality": None,
        "exif": None,
    }
    new = NewItem(kind=Kind.IMAGE, fields=fields, file=PHOTO, sort_order=1.0)
    info = {"id": "f-2", "width": 64, "height": 48, "filename": "new.jpg"}
    assert item_payload(new) == {"title": "A", "image": {"imageInfo": info}, "sortOrder": 1.0}
    video = NewItem(kind=Kind.VIDEO, file=YOUTUBE, sort_order=2.0)
    assert item_payload(video) == {
        "video": {"type": "YOUTUBE", "videoInfo": {"url": "https://youtu.be/x"}},
        "sortOrder": 2.0,
    }


# --- laws

strings = st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace").decode())
numbers = st.integers(0, 100) | st.floats(0, 1)
keys = st.sampled_from(["Model", "GPS", "lat"])
free: st.SearchStrategy[Any] = st.dictionaries(
    keys,
    st.recursive(numbers | strings, lambda inner: st.dictionaries(keys, inner, min_size=1, max_size=2), max_leaves=4),
    min_size=1,
    max_size=3,
)
points = st.fixed_dictionaries({"x": numbers, "y": numbers})
masks = st.fixed_dictionaries({"amount": numbers}, optional={"radius": numbers, "threshold": numbers})
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "title": strings,
    "description": strings,
    "link.url": strings,
    "link.text": strings,
    "tags": st.lists(strings, max_size=3).map(lambda tags: canonical("tags", tags)),
    "alt_text": strings.filter(lambda text: text != "undefined"),
    "focal_point": st.none() | points,
    "quality": st.none() | st.integers(30, 100),
    "sharpen": st.none() | masks,
    "exif": st.none() | free,
    "html": strings,
    "css": st.none() | free,
}
FILES: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.IMAGE: st.just(PHOTO),
    Kind.VIDEO: st.sampled_from([YOUTUBE, WixFile(id="v-1", filename="a.mp4")]),
    Kind.TEXT: st.none(),
}


@st.composite
def wishes(draw: st.DrawFn, kind: Kind) -> dict[str, Json]:
    """Generate canonical values for some fields of the kind."""
    names = draw(st.sets(st.sampled_from([field.name for field in FIELDS_BY_KIND[kind]])))
    return {name: draw(VALUES[name]) for name in sorted(names)}


kinds = st.sampled_from(list(Kind))


@given(st.data(), kinds)
def test_what_is_created_is_read_back(data: st.DataObject, kind: Kind) -> None:
    desired, file = data.draw(wishes(kind)), data.draw(FILES[kind])
    payload = item_payload(NewItem(kind=kind, fields=desired, file=file, sort_order=1.5))
    live = decoded({"id": "i", "type": kind.value.upper(), **payload})
    assert live.sort_order == 1.5
    assert {name: live.fields[name] for name in desired} == desired
    assert _same_media(live.media, file)


@given(st.data(), kinds, st.booleans())
def test_a_patch_makes_what_was_wished_whether_the_api_merges_or_replaces(
    data: st.DataObject, kind: Kind, merges: bool
) -> None:
    start, desired = data.draw(wishes(kind)), data.draw(wishes(kind))
    file = data.draw(st.none() | FILES[kind])
    payload = item_payload(NewItem(kind=kind, fields=start, file=data.draw(FILES[kind]), sort_order=1.5))
    before = decoded({"id": "i", "type": kind.value.upper(), **payload})
    sent = dict(item_patch(before, desired, file))
    after = decoded(merged(dict(before.raw), sent) if merges else {**before.raw, **sent})
    for name, value in {**before.fields, **desired}.items():
        assert values_equal(after.fields[name], value), name
    assert _same_media(after.media, file or before.media)


@given(st.data(), st.sampled_from([IMAGE, WIX_VIDEO, TEXT]), st.booleans())
def test_a_patch_loses_nothing_that_is_unknown(data: st.DataObject, raw: Doc, merges: bool) -> None:
    before = decoded(raw)
    desired = {n: v for n, v in data.draw(wishes(before.kind)).items() if v is not None}
    sent = dict(item_patch(before, desired))
    after = merged(raw, sent) if merges else {**raw, **sent}
    for path in (
        ("unknown",), ("secondaryMedia",), ("link", "type"), ("link", "target"), ("tags", "unknown"),
        ("image", "type"), ("image", "unknown"), ("image", "imageInfo", "unknown"), ("image", "focalPoint", "width"),
        ("image", "unsharpMasking", "unknown"), ("video", "unknown"), ("text", "editorHtml"), ("text", "editorFontId"),
    ):  # fmt: skip
        assert _at(after, path) == _at(raw, path), path
    kept = [tag for tag in raw.get("tags", {}).get("values", []) if tag.startswith("_fileOrigin_")]
    assert [tag for tag in (_at(after, ("tags", "values")) or []) if tag.startswith("_fileOrigin_")] == kept


def _at(doc: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        doc = (doc or {}).get(name)
    return doc


def _same_media(live: WixFile | HostedVideo | None, sent: ItemMedia) -> bool:
    if isinstance(sent, HostedVideo) or sent is None:
        return live == sent
    return isinstance(live, WixFile) and live.id == sent.id
