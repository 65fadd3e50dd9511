"""Tests that the two validators of the schemas agree: the fast one never accepts what the other one refuses."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.schema import load_schema, schema_names
from galleryctl.manifest.yaml.parse import parse_yaml_text

EXAMPLES = [
    path
    for path in sorted((Path(__file__).parents[3] / "examples").glob("*/**/*.yaml"))
    if "${" not in path.read_text(encoding="utf-8")
]

# characters on which engines of regular expressions, or readers of JSON, are known to differ
HOSTILE_TEXT = st.text(
    st.sampled_from("aZ09.-_/:!~\\ \n\r\t\x00\x1c\x1f\x7f\x85\xa0é٣\u200b\u2028\u3000\ufeff😀\ud800"), max_size=6
)
HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 1.0, 0.5, 1e300, 2**31, -(2**63), 10**40, float("nan"), float("inf"), -0.0]),
    HOSTILE_TEXT,
    st.lists(HOSTILE_TEXT, max_size=2),
    st.dictionaries(HOSTILE_TEXT, HOSTILE_TEXT, max_size=2),
)


def parts(value: Any) -> Iterator[Any]:
    yield value
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for member in members:
        yield from parts(member)


PATTERNS = sorted(
    {
        part["pattern"]
        for name in schema_names()
        for part in parts(load_schema(name))
        if isinstance(part, dict) and isinstance(part.get("pattern"), str)
    }
)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=HOSTILE_TEXT.filter(lambda text: "\ud800" not in text))
def test_engines_agree_on_each_pattern(pattern: str, text: str) -> None:
    accepted = jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)
    assert accepted == bool(re.search(pattern, text))


def accepts(schema: Any, value: Any) -> bool:
    try:
        return jsonschema_rs.Draft202012Validator(schema).is_valid(value)
    except ValueError:
        return False


def containers(value: Any) -> list[Any]:
    return [part for part in parts(value) if isinstance(part, dict | list) and part]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
@given(data=st.data())
def test_the_fast_validator_accepts_nothing_that_the_other_refuses(example: Path, data: st.DataObject) -> None:
    schema: Any = load_schema("workspace" if example.name == "galleryctl.yaml" else "gallery")
    root = parse_yaml_text(example.read_text(encoding="utf-8"), example.name).root
    assert root is not None
    document: Any = copy.deepcopy(root.value)
    assert accepts(schema, document)
    for _ in range(data.draw(st.integers(1, 3))):
        container = data.draw(st.sampled_from(containers(document)))
        keys = sorted(container) if isinstance(container, dict) else list(range(len(container)))
        container[data.draw(st.sampled_from(keys))] = data.draw(HOSTILE)
        if not containers(document):
            break
    assert jsonschema.Draft202012Validator(schema).is_valid(document) or not accepts(schema, document)
