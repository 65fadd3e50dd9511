"""A live gallery is written as a manifest that matches it."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.workspace import load_workspace
from galleryctl.manifest.write.format import format_text
from galleryctl.manifest.write.placement import KnownKeys
from galleryctl.manifest.write.templates import sample_manifest, workspace_files
from galleryctl.manifest.write.update import render_manifest
from galleryctl.manifest.yaml.variables import MASK_CLOSE, MASK_OPEN
from galleryctl.model.bindings import Bindings
from galleryctl.model.characters import is_hidden
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.model.fields import FIELDS_BY_KIND, Json, canonical, values_equal
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import HostedVideo, Kind, VideoHost, WixFile
from galleryctl.plan.identity.identify import identify_site
from galleryctl.plan.make import make_plan

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"


def live_item(id_: str, kind: Kind = Kind.IMAGE, media: Any = None, **fields: Json) -> LiveItem:
    if kind is Kind.IMAGE and media is None:
        media = WixFile(id=f"{id_}~mv2.jpg", filename=f"{id_} photo.jpg", width=1200, height=800)
    every = {
        field.name: canonical(field.name, fields.get(field.name.replace(".", "_"))) for field in FIELDS_BY_KIND[kind]
    }
    return LiveItem(id=id_, kind=kind, media=media, fields=every, sort_order=None, raw={})


def live_gallery(*items: LiveItem, name: str = "Weddings") -> LiveGallery:
    ordered = tuple(
        LiveItem(id=i.id, kind=i.kind, media=i.media, fields=i.fields, sort_order=float(n), raw={})
        for n, i in enumerate(items, 1)
    )
    return LiveGallery(id="g-1", fields={"name": name}, sort_order=1.0, total_items=len(items), items=ordered, raw={})


def rendered(
    gallery: LiveGallery, keys: Mapping[str, str] | None = None, text: str | None = None, applied: Collection[str] = ()
) -> str:
    """Return the manifest of a gallery of which state has the items, so that none has to be adopted."""
    in_state = {item.id for item in gallery.items or ()}
    known = KnownKeys(by_id=keys or {}, in_state=in_state, declared=(keys or {}).values(), applied=applied)
    return render_manifest("weddings", gallery, known, text, site="main").text


def read_back(root: Path, text: str) -> Desired:
    (root / "galleries").mkdir(exist_ok=True)
    (root / "galleryctl.yaml").write_text(WORKSPACE, encoding="utf-8")
    (root / "galleries" / "weddings.yaml").write_text(text, encoding="utf-8")
    return load_manifests(load_workspace(root, {}), "main")


def only(desired: Desired) -> DesiredGallery:
    (gallery,) = desired.galleries
    return gallery


def changes(desired: Desired, gallery: LiveGallery) -> tuple[Any, ...]:
    snapshot = SiteSnapshot(site_id="s", galleries=(gallery,))
    return make_plan(desired, snapshot, identify_site(desired, snapshot, Bindings())).changes


texts = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters=MASK_OPEN + MASK_CLOSE),
        st.sampled_from("\n\t :#-'\"&*!|>%@`{}[],?$~\\\x85\u2028\ufeff\0\x07"),
        st.sampled_from(string.digits + ".:eE_-+xob"),
    ),
    max_size=30,
) | st.sampled_from(
    ["yes", "NO", "~", "null", "12:30", "010", "0x1f", "2026-11-24", "1e3", "1_000", ".inf", "=", "<<", "- a", "${X}", "$${X}", "a\nb\n", "a\nb\nc", "a\n\n  b\n", " a\nb\nc", "a \nb\nc\n", "true", "1", "a: b", "a #b", "", "'", "---", "..."]
)  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
structures = st.none() | st.dictionaries(texts, json_values.filter(lambda v: v is not None), min_size=1, max_size=3)
unit = st.floats(0, 1)


@st.composite
def live_items(draw: st.DrawFn, number: int = 1) -> LiveItem:
    kind = draw(st.sampled_from(Kind))
    common = {
        "title": draw(texts),
        "description": draw(texts),
        "link_url": draw(texts),
        "link_text": draw(texts),
        "tags": draw(st.lists(texts.filter(bool), max_size=3).map(tuple)),
    }
    if kind is Kind.TEXT:
        return live_item(f"i{number}", kind, html=draw(texts), css=draw(structures), **common)
    if kind is Kind.VIDEO:
        hosted = HostedVideo(host=VideoHost.VIMEO, url=f"https://vimeo.com/{draw(st.integers(1, 10**9))}")
        file = WixFile(id=f"v{number}", filename=draw(texts))
        return live_item(f"i{number}", kind, draw(st.sampled_from([hosted, file])), **common)
    return live_item(
        f"i{number}",
        kind,
        WixFile(id=f"m{number}~mv2.jpg", filename=draw(texts), width=draw(st.integers(0, 5000)), height=100),
        alt_text=draw(texts),
        focal_point=draw(st.none() | st.fixed_dictionaries({"x": unit, "y": unit})),
        quality=draw(st.none() | st.integers(30, 100)),
        sharpen=draw(st.none() | st.fixed_dictionaries({"amount": unit, "radius": unit, "threshold": unit})),
        exif=draw(structures),
        **common,
    )


UNCHECKED = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
]


@settings(max_examples=150, deadline=None, suppress_health_check=UNCHECKED)
@given(item=live_items(), name=texts)
def test_whatever_is_live_is_read_back_as_it_is(tmp_path: Path, item: LiveItem, name: str) -> None:
    text = rendered(live_gallery(item, name=name))
    gallery = only(read_back(tmp_path, text))
    assert gallery.fields.get("name", "") == name
    (read,) = gallery.items
    assert read.kind is item.kind
    assert {n: v for n, v in read.fields.items() if not values_equal(v, item.fields[n])} == {}
    assert {n for n, v in item.fields.items() if v not in ("", (), None)} <= set(read.fields)
    assert only(read_back(tmp_path, format_text(text, "f"))).items == gallery.items


@settings(max_examples=40, deadline=None, suppress_health_check=UNCHECKED)
@given(data=st.data(), count=st.integers(1, 5))
def test_the_plan_after_an_import_is_empty(tmp_path: Path, data: st.DataObject, count: int) -> None:
    items = [data.draw(live_items(number)) for number in range(count)]
    text = rendered(live_gallery(*items))
    desired = read_back(tmp_path, text)
    assert len(only(desired).items) == count
    again = rendered(live_gallery(*items), keys_of(desired, items), text)
    assert again == text


def keys_of(desired: Desired, items: list[LiveItem]) -> dict[str, str]:
    return {live.id: read.address.item or "" for live, read in zip(items, only(desired).items, strict=True)}


@settings(max_examples=60, deadline=None, suppress_health_check=UNCHECKED)
@given(before=live_items(), after=live_items())
def test_an_import_over_a_manifest_takes_the_live_values(tmp_path: Path, before: LiveItem, after: LiveItem) -> None:
    text = rendered(live_gallery(before), {"i1": "a"})
    text = rendered(live_gallery(after), {"i1": "a"}, text)
    (read,) = only(read_back(tmp_path, text)).items
    assert read.kind is after.kind
    assert {n: v for n, v in read.fields.items() if not values_equal(v, after.fields[n])} == {}
    assert {n for n, v in after.fields.items() if v not in ("", (), None)} <= set(read.fields)


def test_a_new_manifest_looks_as_people_write_it() -> None:
    gallery = live_gallery(
        live_item("a", title="First dance", tags=("b", "a"), link_url="https://example.com", quality=90),
        live_item("b", Kind.VIDEO, HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/1"), title="yes"),
        live_item("c", Kind.TEXT, html="<p>\nThank\nyou\n</p>", link_url="u", link_text="t"),
    )
    assert rendered(gallery, {"c": "words"}) == (
        "gallery: weddings\n"
        "bind: {id: g-1}\n"
        "name: Weddings\n"
        "items:\n"
        "  - key: first-dance\n"
        "    image: wix:image://v1/a~mv2.jpg/a%20photo.jpg\n"
        "    title: First dance\n"
        "    link: https://example.com\n"
        "    tags: [a, b]\n"
        "    quality: 90\n"
        '  - key: "yes"\n'
        "    video: https://vimeo.com/1\n"
        '    title: "yes"\n'
        "  - key: words\n"
        "    text: |-\n      <p>\n      Thank\n      you\n      </p>\n"
        "    link: {url: u, text: t}\n"
    )


EXISTING = """\
# our weddings
gallery: weddings
bind: {id: g-1}
defaults: {tags: [wedding]}   # for all
items:
  # the dance
  - title: Old title   # to be found out
    image: photos/dance.jpg
    key: dance
    description: ${INTRO}

  # gone tomorrow
  - {key: gone, text: bye}
  - from: photos/more/*.jpg
  - key: words
    text: hello
# the end
"""


@pytest.mark.parametrize(
    "title",
    [
        "\u202egnp.exe",
        "a\u2066b\u2069",
        "zero\u200bwidth",
        "tag\U000e0041",
        "soft\u00ad",
        "a\nb\u202ec\nd\n",
        "# x\u2028y",
    ],
    ids=ascii,
)
def test_misleading_characters_are_written_as_escapes(tmp_path: Path, title: str) -> None:
    gallery = live_gallery(live_item("a", title=title, description="👩\u200d👩\u200d👧"), name=title)
    text = rendered(gallery)
    assert not any(is_hidden(character) for character in text.replace("\n", ""))
    assert "👩\u200d👩\u200d👧" in text
    assert format_text(text, "weddings.yaml") == text
    assert changes(read_back(tmp_path, text), gallery) == ()
    before = rendered(live_gallery(live_item("a", title="A")))
    again = rendered(gallery, {"a": "a"}, before)
    assert not any(is_hidden(character) for character in again.replace("\n", ""))


def test_an_existing_manifest_keeps_what_people_wrote() -> None:
    gallery = live_gallery(
        live_item("a", title="New title", description="anything", quality=80),
        live_item("m", title="of the pattern"),
        live_item("w", Kind.TEXT, html="hello", tags=("wedding",)),
        live_item("n", Kind.TEXT, html="new"),
    )
    keys = {"a": "dance", "m": "more-1", "w": "words"}
    assert (
        rendered(gallery, keys, EXISTING, applied={"gone", "dance"})
        == """\
# our weddings
gallery: weddings
bind: {id: g-1}
name: Weddings
defaults: {tags: [wedding]}   # for all
items:
  # the dance
  - title: New title   # to be found out
    image: photos/dance.jpg
    key: dance
    description: ${INTRO}
    tags: null
    quality: 80
  - from: photos/more/*.jpg
  - key: words
    text: hello
  - key: text-1
    text: new
    tags: null
# the end
"""
    )


def test_a_renamed_gallery_is_bound_by_its_new_name() -> None:
    text = "bind: {name: Old, create: true}   # ours\nname: Old\nitems: []\n"
    result = rendered(live_gallery(name="New"), {}, text)
    assert result == "bind: {name: New, create: true}   # ours\nname: New\nitems: []\n"
    text = "bind: {name: '${N}'}\nname: ${N}\nitems: []\n"
    assert rendered(live_gallery(name="New"), {}, text) == text


def test_items_are_put_into_live_order() -> None:
    a, b, c = (live_item(name, title=name) for name in "abc")
    text = rendered(live_gallery(a, b))
    text = rendered(live_gallery(c, b, a), {"a": "a", "b": "b"}, text)
    assert [line for line in text.splitlines() if "key:" in line] == [
        "  - key: c",
        "  - key: b",
        "  - key: a",
    ]


@pytest.mark.parametrize(
    "field",
    [{"quality": 7}, {"focal_point": {"x": 2, "y": 0}}, {"sharpen": {"amount": 9}}, {"title": "\ud800"}],
)
def test_what_a_manifest_cannot_say_is_left_out(tmp_path: Path, field: dict[str, Json]) -> None:
    gallery = live_gallery(live_item("a", Kind.IMAGE, None, **field))
    (read,) = only(read_back(tmp_path, rendered(gallery))).items
    assert read.fields == {}


def test_the_files_of_init_are_a_workspace(tmp_path: Path) -> None:
    for path, text in workspace_files("local", sample_manifest()).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
        if path.endswith(".yaml"):
            assert format_text(text, path) == text
    gallery = only(load_manifests(load_workspace(tmp_path, {}), "main"))
    assert [str(item.address) for item in gallery.items] == ["first/film", "first/words"]


def test_the_plan_for_what_was_imported_has_no_changes(tmp_path: Path) -> None:
    gallery = live_gallery(live_item("a", title="A", tags=("x",)), live_item("b", Kind.TEXT, html="hi"))
    assert changes(read_back(tmp_path, rendered(gallery)), gallery) == ()


def test_a_focal_point_is_written_as_people_write_it() -> None:
    text = rendered(live_gallery(live_item("a", focal_point={"x": 0.5, "y": 0.25})))
    assert "focal_point: {x: 0.5, y: 0.25}\n" in text
