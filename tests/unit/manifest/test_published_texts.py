"""Texts that YAML reads otherwise than they look are warned of, where visitors see them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.published_texts import gallery_text_warnings, sidecar_text_warnings
from galleryctl.manifest.yaml.parse import parse_yaml_text
from tests.unit.manifest.test_mistakes import real, rows


def warnings(text: str) -> list[str]:
    document = parse_yaml_text(text, "f")
    assert document.problems == ()
    return [str(warning) for warning in gallery_text_warnings(document)]


def item(line: str) -> str:
    return f"items:\n  - key: a\n    {line}\n"


@pytest.mark.parametrize(("written", "published", "whole"), rows("Texts that are published differently"))
def test_every_row_of_the_page_is_a_warning(written: str, published: str, whole: str) -> None:
    (warning,) = warnings(item(real(written).rstrip("\n")))
    shown = published.partition(",")[0].strip("`")
    assert ("title is empty: " if shown == "nothing" else f'title is published as "{shown}') in warning
    right = whole.rstrip("`").rpartition("`")[2]
    assert warnings(item(real(right).rstrip("\n"))) == []


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("name: A # b\n", 'f:1:9: name is published as "A": # begins a comment; quote the text, or move the comment'),
        ("defaults:\n  alt_text: A # b\n", 'f:2:15: alt_text is published as "A"'),
        (item("description: A # b"), 'f:3:20: description is published as "A"'),
        (item("text: ${NAME} # b"), 'f:3:19: text is published as "${NAME}"'),
        (item("tags: [a, b # c\n     ]"), 'f:3:17: an entry of tags is published as "b"'),
        (item("tags:\n      - a\n      - b, # c"), 'f:5:12: an entry of tags is published as "b,"'),
        (item("link: {url: https://x.y, text: A, # b\n     }"), 'f:3:39: link.text is published as "A"'),
        (item("title: one\n      two # b"), 'f:4:11: title is published as "one two"'),
        (item("title: A # b").replace("\n", "\r\n"), 'f:3:14: title is published as "A"'),
        (item("title: # b"), "f:3:12: title is empty: # begins a comment"),
        (item("title: \u3000A"), 'f:3:12: title is published as "\u3000A": replace an ideographic space (U+3000)'),
    ],
)
def test_the_place_is_that_of_the_sign(text: str, starts: str) -> None:
    (warning,) = warnings(text)
    assert warning.startswith(starts)


@pytest.mark.parametrize(
    "text",
    [
        "gallery: a # b\nbind: {create: true} # c\nitems: # d\n  - image: x.jpg # e\n    quality: 80 # f\n",
        item('title: "A" # b'),
        item("title: 'A' # b"),
        item("title: | # b\n      A # c"),
        item("title: A#b"),
        item("title: A\n    # b"),
        item("image: x.jpg # b"),
        item("tags: [a, b] # c"),
        item("tags: # c\n      - a").replace("tags: # c", "tags:"),
        item("link: https://x.y # b"),
        item("title: &t A\n    description: *t"),
        item("title: &t\n    description: x").replace("title: &t", "title: x"),
        item("title: do not “quote” me"),
    ],
)
def test_everything_else_is_quiet(text: str) -> None:
    assert warnings(text) == []


def test_a_sidecar_has_texts_at_its_top() -> None:
    document = parse_yaml_text("key: a # b\ntitle: A # b\n", "f")
    assert [str(warning)[:31] for warning in sidecar_text_warnings(document)] == ['f:2:10: title is published as "']


@given(st.lists(st.text(alphabet="ab #\"'&!“\u00a0", max_size=8), max_size=4))
def test_a_warning_is_at_a_place_of_its_text(texts: list[str]) -> None:
    text = "items:\n" + "".join(f"  - text: {each}\n" for each in texts)
    document = parse_yaml_text(text, "f")
    for warning in gallery_text_warnings(document) if not document.problems else ():
        assert warning.at is not None
        assert warning.at.column <= len(text.split("\n")[warning.at.line - 1])
