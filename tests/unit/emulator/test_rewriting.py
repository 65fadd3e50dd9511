"""What the emulator stores of a write: examples for each switch, and laws for all of them together."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.emulator.api.rewriting import keep_unwritten, rewrite_document, rewrite_sort_order
from galleryctl.emulator.faults.settings import EmulatorSettings, update_settings
from tests.support.rewriting_switches import CHOICES, SWITCHES

Doc = dict[str, Any]
SETTINGS = SWITCHES.map(partial(update_settings, EmulatorSettings()))
ACUTE = "\u0301"

# Texts made of what the switches look for.
TEXTS = st.one_of(
    st.text(max_size=10),
    st.lists(
        st.sampled_from(
            [" ", "\n", "<", ">", "</", "p", "b", "<p>", "<P ", " class=", '"x"', "<p class='a'>", "e", ACUTE, "\u0338", "é",
             "A", "İ", "Σ", "ß", "_fileOrigin_", "https://", "HTTP://", "Example.COM", "@", "/", "?", "#", "\u212a"]
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**40), 2**40)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=5
)


def objects(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Doc]:
    return st.fixed_dictionaries({}, optional={name: st.none() | value for name, value in members.items()})


NUMBER_PAIRS = objects(x=NUMBERS, y=NUMBERS)
DOCUMENTS = objects(
    name=TEXTS,
    title=TEXTS,
    description=TEXTS,
    sortOrder=NUMBERS,
    link=objects(url=TEXTS, text=TEXTS),
    tags=objects(values=st.lists(TEXTS, max_size=4)),
    image=objects(
        imageInfo=objects(id=st.sampled_from("ab"), altText=TEXTS), focalPoint=NUMBER_PAIRS, quality=NUMBERS, exif=JSON
    ),
    video=objects(videoInfo=objects(url=TEXTS | NUMBERS)),
    text=objects(html=TEXTS, css=JSON),
    later=JSON,
)


def stored(sent: Doc, **switches: Any) -> Doc:
    return rewrite_document(sent, EmulatorSettings(**switches))


def html(text: str) -> Doc:
    return {"text": {"html": text}}


def tags(*values: str) -> Doc:
    return {"tags": {"values": list(values)}}


def link(url: str) -> Doc:
    return {"link": {"url": url}}


@pytest.mark.parametrize(
    ("switch", "sent", "expected"),
    [
        ("add_html_class", html('<p>a</p><P id="b">c</P>'), html('<p class="font_8">a</p><P class="font_8" id="b">c</P>')),
        ("add_html_class", html("<p class='x'>a</p><pre>b</pre><p/>"), html("<p class='x'>a</p><pre>b</pre><p/>")),
        ("add_html_class", {"title": "<p>a</p>"}, {"title": "<p>a</p>"}),
        ("strip_html_tags", {"title": "<b>Cake</b> 1 < 2"}, {"title": "Cake 1 < 2"}),
        ("strip_html_tags", {"description": "<<b>i>x"}, {"description": "x"}),
        ("strip_html_tags", html("<p>a</p>"), html("<p>a</p>")),
        ("trim_texts", {"title": " Rings\n", "name": " W "}, {"title": "Rings", "name": "W"}),
        ("trim_texts", {**html(" <p> a</p> "), **tags(" a", "a")}, {**html("<p> a</p>"), **tags("a", "a")}),
        ("normalize_unicode", {"title": f"Cafe{ACUTE}", **tags(f"e{ACUTE}")}, {"title": "Café", **tags("é")}),
        ("normalize_tags", tags("Dance", "b", "dance", "_fileOrigin_X"), tags("dance", "b", "_fileOrigin_X")),
        ("normalize_urls", link("HTTPS://Me@Example.COM:80"), link("https://Me@example.com:80/")),
        ("normalize_urls", link("https://a.B/C?D#E"), link("https://a.b/C?D#E")),
        ("normalize_urls", link("https://a.b?c"), link("https://a.b/?c")),
        ("normalize_urls", link("mailto:A@B.C"), link("mailto:A@B.C")),
        ("normalize_urls", {"video": {"videoInfo": {"url": "https://Vimeo.com/1"}}},
         {"video": {"videoInfo": {"url": "https://vimeo.com/1"}}}),
        ("round_numbers", {"image": {"focalPoint": {"x": 0.1}, "quality": 90}, "sortOrder": 0.1},
         {"image": {"focalPoint": {"x": 0.10000000149011612}, "quality": 90}, "sortOrder": 0.1}),
        ("round_numbers", {"later": [0.1, 1e300, 2**40]}, {"later": [0.10000000149011612, 1e300, 2**40]}),
    ],
)  # fmt: skip
def test_a_switch_rewrites_what_it_names(switch: str, sent: Doc, expected: Doc) -> None:
    assert stored(sent, **{switch: True}) == expected
    assert stored(sent) == sent


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("double", 1234567.8), ("float32", 1234567.75), ("six_digits", 1234570.0), ("whole", 1234568.0)],
)
def test_sort_orders_are_stored_in_four_ways(precision: Any, expected: float) -> None:
    assert rewrite_sort_order(1234567.8, EmulatorSettings(sort_order_precision=precision)) == expected


@pytest.mark.parametrize(
    ("ignored", "old", "new", "expected"),
    [
        ("item.title", {"title": "a"}, {"title": "b"}, {"title": "a"}),
        ("item.title", {"title": "a"}, {}, {"title": "a"}),
        ("item.title", {}, {"title": "b"}, {}),
        ("item.title", {"title": None}, {"title": "b"}, {"title": None}),
        ("gallery.title", {"title": "a"}, {"title": "b"}, {"title": "b"}),
        (
            "item.link.text",
            {"link": {"url": "u", "text": "t"}},
            {"link": {"url": "v"}},
            {"link": {"url": "v", "text": "t"}},
        ),
        ("item.link.text", {"link": {"url": "u", "text": "t"}}, {}, {"link": {"text": "t"}}),
        ("item.link.text", {"link": {"url": "u"}}, {}, {}),
        ("item.link.text", {}, {"link": {"text": "t"}}, {}),
        ("item.link.text", {}, {"link": {}}, {"link": {}}),
        ("item.link.text.x", {"link": {"text": "t"}}, {"link": {"text": "s"}}, {"link": {"text": "s"}}),
    ],
)
def test_an_ignored_write_leaves_the_field_as_it_is(ignored: str, old: Doc, new: Doc, expected: Doc) -> None:
    assert keep_unwritten(EmulatorSettings(ignore_writes=(ignored,)), "item", old, new) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"title": "a", "tags": {"values": ["b"]}}, {"title": "", "tags": {"values": []}}),
        ({"title": "a", "link": {"url": "u", "text": "t"}}, {"link": None}),
        ({"image": {"imageInfo": {"id": "1", "altText": "a"}, "quality": 90}}, {"image": {"imageInfo": {"id": "1"}}}),
    ],
)
def test_an_ignored_clear_leaves_the_field_as_it_is(old: Doc, new: Doc) -> None:
    assert keep_unwritten(EmulatorSettings(ignore_clears=True), "item", old, new) == old


def test_the_members_of_another_photo_are_not_clears() -> None:
    old = {"image": {"imageInfo": {"id": "1", "altText": "a"}}, "title": "t"}
    new = {"image": {"imageInfo": {"id": "2"}}, "title": "s"}
    assert keep_unwritten(EmulatorSettings(ignore_clears=True), "item", old, new) == new


def test_a_create_leaves_out_what_it_ignores_unless_it_is_required() -> None:
    sent = {"title": "t", "image": {"imageInfo": {"id": "1", "altText": "a"}, "quality": 90}}
    settings = EmulatorSettings(ignore_writes=("item.title", "item.image", "item.image.imageInfo.altText"))
    left = {"image": {"imageInfo": {"id": "1"}, "quality": 90}}
    assert keep_unwritten(settings, "item", None, sent) == left
    assert keep_unwritten(EmulatorSettings(ignore_writes=("item.text.html",)), "item", None, html("x")) == html("x")


@given(DOCUMENTS, SETTINGS)
def test_a_rewritten_document_is_rewritten_to_itself(document: Doc, settings: EmulatorSettings) -> None:
    once = rewrite_document(document, settings)
    assert rewrite_document(once, settings) == once


@given(DOCUMENTS)
def test_without_switches_nothing_is_rewritten(document: Doc) -> None:
    assert rewrite_document(document, EmulatorSettings()) == document
    assert keep_unwritten(EmulatorSettings(), "item", {"title": "old"}, document) == document


@given(NUMBERS, SETTINGS)
def test_a_rewritten_sort_order_is_rewritten_to_itself(value: float, settings: EmulatorSettings) -> None:
    try:
        once = rewrite_sort_order(value, settings)
    except OverflowError:
        return
    assert math.isfinite(once)
    assert rewrite_sort_order(once, settings) == once


@given(DOCUMENTS, DOCUMENTS, SETTINGS)
def test_a_write_that_is_not_taken_can_be_repeated(old: Doc, new: Doc, settings: EmulatorSettings) -> None:
    once = keep_unwritten(settings, "item", old, new)
    assert keep_unwritten(settings, "item", old, once) == once
    assert keep_unwritten(settings, "item", once, once) == once


def test_the_first_choice_of_each_switch_is_its_default() -> None:
    first = {name: choices[0] for name, choices in CHOICES.items()}
    assert update_settings(EmulatorSettings(), first) == EmulatorSettings()
