"""The strict reader of JSON documents: a problem has its path, and nothing that JSON parsers read differently."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from math import nan
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model import json_document as doc
from galleryctl.model.address import Address
from galleryctl.model.media import Kind

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


class Photo(NamedTuple):
    width: int
    id: str


read_photo = doc.record(Photo, width=doc.integer, id=doc.string)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"width": 1}, "photos.a[0] has no member id"),
        ({"width": 1, "id": "x", "more": 2}, "photos.a[0] has the unknown member 'more'"),
        ({"width": 1, "id": "x", 2: 2}, "photos.a[0] has the unknown member 2"),
        ({"width": True, "id": "x"}, "photos.a[0].width is not an integer from 0 to 9007199254740991"),
        (["width", "id"], "photos.a[0] is not an object"),
    ],
)
def test_an_object_has_exactly_its_members_and_a_problem_its_path(value: Any, problem: str) -> None:
    read = doc.record(dict[str, Any], photos=doc.mapping(doc.string, doc.array(read_photo)))
    assert read({"photos": {"a": [{"id": "x", "width": 2}], "b": []}}) == {"photos": {"a": (Photo(2, "x"),), "b": ()}}
    with pytest.raises(doc.InvalidDocumentError) as caught:
        read({"photos": {"a": [value]}})
    assert str(caught.value) == problem


def test_a_member_selects_the_reader_of_the_others() -> None:
    read = doc.tagged("type", {"photo": read_photo, "tags": doc.record(dict[str, Any], names=doc.array(doc.string))})
    assert read({"id": "x", "type": "photo", "width": 2}) == Photo(2, "x")
    assert read({"type": "tags", "names": ["a"]}) == {"names": ("a",)}
    for wrong, problem in (
        ({}, "type is not one of photo, tags"),
        ({"type": "photo"}, "the document has no member"),
        ([], "the document is not an object"),
    ):
        with pytest.raises(doc.InvalidDocumentError, match=problem):
            read(wrong)


def test_a_version_selects_the_reader_of_the_other_members() -> None:
    read = doc.versioned("version", {1: read_photo, 2: doc.record(dict[str, Any], name=doc.string)})
    assert read({"version": 1, "id": "x", "width": 2}) == Photo(2, "x")
    assert read({"version": 2, "name": "y"}) == {"name": "y"}
    with pytest.raises(doc.UnsupportedVersionError) as caught:
        read({"version": 3, "unheard-of": True})
    assert caught.value.version == 3
    wrong: tuple[Any, ...] = (True, -1, 1.5, "1", None, 10**30)
    for version in wrong:
        with pytest.raises(doc.InvalidDocumentError, match="version is not an integer"):
            read({"version": version, "id": "x", "width": 2})


@pytest.mark.parametrize(
    ("read", "wrong", "problem"),
    [
        (doc.string, 1, "is not a string"),
        (doc.matching(re.compile("[a-z]+"), "lower case"), "ab\n", "is not lower case"),
        (doc.boolean, 1, "is not true or false"),
        (doc.integer, "1", f"is not an integer from 0 to {doc.MAX_SAFE_INTEGER}"),
        (doc.integer, True, f"is not an integer from 0 to {doc.MAX_SAFE_INTEGER}"),
        (doc.integer, doc.MAX_SAFE_INTEGER + 1, f"is not an integer from 0 to {doc.MAX_SAFE_INTEGER}"),
        (doc.integer, 0.5, f"is not an integer from 0 to {doc.MAX_SAFE_INTEGER}"),
        (doc.integer, nan, f"is not an integer from 0 to {doc.MAX_SAFE_INTEGER}"),
        (doc.integer_from(1, 9), 0, "is not an integer from 1 to 9"),
        (doc.number, nan, "is not a finite number"),
        (doc.number, 10**400, "is not a finite number"),
        (doc.number, True, "is not a finite number"),
        (doc.base64_bytes, "a", "is not valid base64"),
        (doc.base64_bytes, "é", "is not valid base64"),
        (doc.one_of(Kind), "film", "is not one of image, video, text"),
        (doc.one_of(("a", "b")), ["a"], "is not one of a, b"),
        (doc.address, "a/b/c", "is not a valid address; use GALLERY or GALLERY/ITEM"),
        (doc.key, "a/b", "is not a valid key"),
        (doc.array(doc.string), {}, "is not an array"),
        (doc.mapping(doc.string, doc.string), [], "is not an object"),
        (doc.optional(doc.string), 0, "is not a string"),
        (doc.json_value, nan, "is not a JSON value"),
        (doc.json_value, b"x", "is not a JSON value"),
    ],
)
def test_a_wrong_value_is_named(read: doc.Reader[Any], wrong: Any, problem: str) -> None:
    with pytest.raises(doc.InvalidDocumentError) as caught:
        read(wrong)
    assert str(caught.value) == f"the document {problem}"


def test_values_are_read_as_canonical_ones() -> None:
    assert doc.json_value({"a": [1, {"b": [None, True, 2.5, "c"]}]}) == {"a": (1, {"b": (None, True, 2.5, "c")})}
    assert doc.integer(3.0) == 3
    assert doc.one_of(Kind)("video") is Kind.VIDEO
    assert doc.mapping(doc.address, doc.integer)({"g/i": 1}) == {Address("g", "i"): 1}
    assert doc.optional(doc.string)(None) is None


def nested(levels: int) -> Any:
    value: Any = 1
    for i in range(levels):
        value = [value] if i % 2 else {"a": value}
    return value


def test_depth_has_a_bound() -> None:
    assert doc.json_value(nested(doc.MAX_DEPTH)) is not None
    with pytest.raises(doc.InvalidDocumentError, match="is nested too deeply"):
        doc.json_value(nested(doc.MAX_DEPTH + 1))
    assert doc.parse_json(json.dumps(nested(doc.MAX_DEPTH))) == nested(doc.MAX_DEPTH)
    with pytest.raises(ValueError, match="nested too deeply"):
        doc.parse_json(json.dumps(nested(doc.MAX_DEPTH + 1)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 1}', "duplicate name 'a' in an object"),
        ('[{"b": {"a": 1, "b": 2, "a": 3}}]', "duplicate name 'a' in an object"),
        ("[NaN]", "NaN is not a finite number"),
        ("-Infinity", "-Infinity is not a finite number"),
        ("1e999", "1e999 is not a finite number"),
        ("9" * 400, "9{20} is not a finite number"),
        ("[" * 100_000, "the JSON is nested too deeply"),
        ("{", "Expecting property name"),
        (b'"\xff"', "invalid start byte"),
        ('{"a": 1}'.encode("utf-16"), "invalid start byte"),
        (b'\xef\xbb\xbf"x"', "BOM"),
    ],
)
def test_what_parsers_treat_differently_is_an_error(text: str | bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        doc.parse_json(text)


@given(VALUES)
def test_what_json_writes_is_read(value: Any) -> None:
    assert doc.parse_json(json.dumps(value)) == doc.parse_json(json.dumps(value).encode()) == value


@given(VALUES)
def test_any_value_is_read_or_named(value: Any) -> None:
    reads: tuple[doc.Reader[Any], ...] = (
        doc.string, doc.integer, doc.number, doc.boolean, doc.address, doc.json_value, doc.array(doc.address),
        doc.base64_bytes, doc.mapping(doc.address, doc.array(doc.string)), doc.one_of(("a", "b")), read_photo,
    )  # fmt: skip
    for read in reads:
        with suppress(doc.InvalidDocumentError):
            read(value)
