"""Galleries as on real sites: with unknown fields, and values that the API itself would reject."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

Doc = dict[str, Any]

WORDS = st.sampled_from(
    [
        "", "First dance", "first dance", "Ünïcödé 🎉👩‍👩‍👧", "שלום עולם", "مرحبا", "a\nb\n\n c", "  padded  ", "\ttab", "yes", "~", "null",
        "undefined", "12:30", "${HOME}", "$${X}", "- a: b #c", "x" * 3000, "'\"\\", "a\u2028b", "\u202eevil", "<b>&amp;</b>",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # fmt: skip
HTML = st.sampled_from(
    [
        "",
        " ",
        "<p>Hi</p>",
        "<p>a</p>\n<p>b</p>\n",
        "\n\n<p> x </p>\t\n ",
        "<p>a\r\nb</p>",
        "plain",
        "<p>&nbsp;</p>",
    ]
)
IDS = st.sampled_from(["91f6fc_a~mv2.jpg", "91f6fc_b~mv2.png", "odd id.jpg", "c%7Emv2.jpg"])
LATER: st.SearchStrategy[Doc] = st.sampled_from(
    [{}, {"futureField": {"a": [1, None]}}, {"link": None, "tags": None, "secondaryMedia": {"image": None}}]
)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def either(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Doc]:
    """Return a field that is present, null or missing."""
    return st.just({}) | optional(values).map(lambda value: {name: value})


@st.composite
def images(draw: st.DrawFn) -> Doc:
    ident = draw(IDS)
    url = f"wix:image://v1/{ident}/undefined#originWidth=4&originHeight=3"
    info = {
        "id": draw(st.sampled_from([ident, url])),
        "width": draw(st.sampled_from([0, 4, 4000])),
        "height": 3,
        **draw(either("altText", WORDS)),
        **draw(either("filename", st.sampled_from(["undefined", ident, "photo 1.jpg"]))),
        **draw(either("url", st.just(url))),
    }
    unit = st.floats(0, 1)
    return {
        "imageInfo": info,
        **draw(either("type", st.just("WIX_MEDIA"))),
        **draw(either("focalPoint", st.fixed_dictionaries({"x": unit, "y": unit}))),
        **draw(either("quality", st.integers(0, 100))),
        **draw(either("exif", st.dictionaries(WORDS, WORDS | st.integers() | st.none(), max_size=2))),
        **draw(either("unsharpMasking", st.fixed_dictionaries({"amount": st.floats(0, 6), "radius": unit}))),
    }


VIDEOS: st.SearchStrategy[Doc] = st.sampled_from(
    [
        {"type": "VIMEO", "videoInfo": {"url": "https://vimeo.com/378840916"}},
        {"type": "YOUTUBE", "videoInfo": {"url": "http://youtu.be/abcdefghijk"}},
        {"type": "YOUTUBE", "videoInfo": {"url": "https://www.youtube.com/watch?v=abcdefghijk&t=3"}},
        {"type": "YOUTUBE", "videoInfo": {"url": "https://example.com/nothing"}},
        {
            "type": "WIX_MEDIA",
            "videoInfo": {"id": "91f6fc_v", "posters": [{"id": "p.jpg"}], "filename": "undefined"},
            "durationInMillis": 5,
        },
        {"type": "VIMEO", "videoInfo": {}},
    ]
)


@st.composite
def items(draw: st.DrawFn) -> Doc:
    kind = draw(st.sampled_from(["IMAGE", "IMAGE", "VIDEO", "TEXT", "AUDIO"]))
    media: Doc = {}
    if kind == "IMAGE":
        media = {"image": draw(st.one_of(images(), images(), st.none()))}
    elif kind == "VIDEO":
        media = {"video": draw(VIDEOS)}
    elif kind == "TEXT":
        media = {"text": {"html": draw(HTML), **draw(either("css", st.just({"color": "red"}))), "editorHtml": "x"}}
    tags = st.lists(st.sampled_from(["_fileOrigin_uploaded", "b", "a", "a", "🎉", ""]), max_size=4)
    return {
        "type": kind,
        **media,
        **draw(either("title", WORDS)),
        **draw(either("description", WORDS)),
        **draw(either("tags", tags.map(lambda values: {"values": values}))),
        **draw(either("link", st.fixed_dictionaries({"type": st.just("EXTERNAL"), "url": WORDS, "text": WORDS}))),
        **draw(LATER),
    }


@st.composite
def sort_orders(draw: st.DrawFn, count: int) -> list[float | None]:
    """Return distinct values of one unit, some rounded to 32 bits; sometimes some items have none."""
    base, step = draw(st.sampled_from([(1700000000.0, 1000.0), (1.7e12, 1e6), (-5.0, 0.125), (0.1, 0.1), (1.0, 1.0)]))
    values = [base + step * place for place in draw(st.permutations(range(count)))]
    if draw(st.booleans()):
        values = [struct.unpack("f", struct.pack("f", value))[0] for value in values]
    bare = draw(st.sets(st.integers(0, count), max_size=2)) if draw(st.booleans()) else set()
    return [None if place in bare else value for place, value in enumerate(values)]


@st.composite
def galleries(draw: st.DrawFn, number: int) -> list[Doc]:
    """Return the edits that create one gallery with the id `g<number>`."""
    some: list[Doc] = draw(st.lists(items(), max_size=5))
    some += some[:1] * draw(st.sampled_from([0, 2]))
    orders = draw(sort_orders(len(some)))
    ident = f"00000000-0000-4000-8000-{number:012}"
    head = {
        "gallery": ident,
        "set": {
            **draw(either("name", WORDS)),
            **draw(st.sampled_from([{}, {"sortOrder": 5.5 + number}])),
            "odd": 1,
        },
    }
    made = [
        {"gallery": ident, "item": None, "set": item if order is None else {**item, "sortOrder": order}}
        for item, order in zip(some, orders, strict=True)
    ]
    return [head, *made]
