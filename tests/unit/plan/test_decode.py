"""JSON from outside: every problem with its path, and defaults that harm nothing."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from galleryctl.model.address import Address
from galleryctl.model.errors import Problem
from galleryctl.model.media import Kind
from galleryctl.plan.file.decode import MAX_JSON_DEPTH, MAX_SAFE_INTEGER, JsonNode, parse_plan_json


def node(value: Any) -> JsonNode:
    return JsonNode(value, "x", [])


def problems(of: JsonNode) -> list[str]:
    return [problem.message for problem in of.problems]


def test_an_object_has_exactly_its_members() -> None:
    found = node({"a": 1, "c": 2})
    members = found.object_with(("a", "b"))
    assert members["a"].integer() == 1
    assert problems(found) == ["x: b is missing", "x: unknown member c"]
    # What is missing was noted once.
    assert members["b"].string() == ""
    assert len(found.problems) == 2


@pytest.mark.parametrize(
    ("read", "wrong", "default", "problem"),
    [
        (JsonNode.string, 1, "", "is not a string"),
        (JsonNode.integer, "1", 0, f"is not an integer from 0 to {MAX_SAFE_INTEGER}"),
        (JsonNode.integer, True, 0, f"is not an integer from 0 to {MAX_SAFE_INTEGER}"),
        (JsonNode.integer, MAX_SAFE_INTEGER + 1, 0, f"is not an integer from 0 to {MAX_SAFE_INTEGER}"),
        (JsonNode.integer, 0.5, 0, f"is not an integer from 0 to {MAX_SAFE_INTEGER}"),
        (JsonNode.number, nan, 0.0, "is not a finite number"),
        (JsonNode.number, 10**400, 0.0, "is not a finite number"),
        (JsonNode.number, True, 0.0, "is not a finite number"),
        (lambda n: n.one_of(Kind), "film", Kind.IMAGE, "is not one of image, video, text"),
        (JsonNode.address, "a/b/c", Address("unreadable"), "is not a valid address; use GALLERY or GALLERY/ITEM"),
        (lambda n: list(n.array()), {}, [], "is not an array"),
        (lambda n: list(n.members()), [], [], "is not an object"),
        (JsonNode.json, nan, nan, "is not a finite number"),
        (JsonNode.json, b"x", None, "is not a JSON value"),
    ],
)
def test_what_is_wrong_is_noted_and_reading_goes_on(read: Any, wrong: Any, default: Any, problem: str) -> None:
    found = node(wrong)
    assert read(found) is default or read(node(wrong)) == default
    assert found.problems == [Problem(at=None, message=f"x: {problem}")]


def test_values_are_read_as_canonical_ones() -> None:
    assert node({"a": [1, {"b": [None, True, 2.5, "c"]}]}).json() == {"a": (1, {"b": (None, True, 2.5, "c")})}
    assert node(3.0).integer() == 3


def test_depth_has_a_bound() -> None:
    value: Any = 1
    for _ in range(MAX_JSON_DEPTH):
        value = [value]
    assert node(value).json() is not None
    found = node([value])
    found.json()
    assert problems(found)[0].endswith("is nested too deeply")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 1}', "duplicate name 'a' in an object"),
        ('[{"b": {"a": 1, "b": 2, "a": 3}}]', "duplicate name 'a' in an object"),
        ("[NaN]", "NaN is not a JSON number"),
        ("-Infinity", "-Infinity is not a JSON number"),
        ("[" * 100_000, "the JSON is nested too deeply"),
        ("{", "Expecting property name"),
    ],
)
def test_what_readers_take_differently_is_an_error(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_plan_json(text)
