"""The `adopt` lines of a manifest are written in order, and everything else stays where it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.manifest.write.adopt import write_adopted
from galleryctl.manifest.write.format import format_text
from galleryctl.manifest.yaml.interpolate import keep_variables
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.errors import InvalidInput
from galleryctl.model.fields import Json
from tests.unit.manifest.test_format import comments, lines

PARTY = """\
# the party
gallery: party
bind: {id: g-1}
name: Party   # in the Editor

# our photos
items:
  - {key: dance, text: x}
# the end
"""


def adopted(text: str, lines: dict[str, str], site: str = "main", *, by_site: bool = False, dropped: str = "") -> str:
    return write_adopted(text, "party.yaml", lines, site=site, by_site=by_site, dropped=dropped.split())


def adopt_of(text: str) -> Json:
    root = keep_variables(parse_yaml_text(text, "f"), ()).root
    node = root.part("adopt") if root else None
    return node.value if node else {}


def test_new_lines_are_sorted_and_have_their_place() -> None:
    result = adopted(PARTY, {"dance": "id-2", "cake": "id-1"})
    lines = "name: Party   # in the Editor\nadopt:\n  cake: id-1\n  dance: id-2\n\n# our photos\n"
    assert result == PARTY.replace("name: Party   # in the Editor\n\n# our photos\n", lines)
    assert format_text(result, "f") == result
    assert adopted(result, {"cake": "id-1", "dance": "id-2"}) == result
    assert adopted(result, {}) == PARTY


def test_lines_come_and_go_between_comments() -> None:
    before = """\
adopt:
  # the dance
  dance: id-2   # eol

  # two lines
  # about the cake
  cake: "id-1"  # baked
  elm: id-3
  # nothing follows
foreign: [z]
items: []
"""
    after = """\
adopt:
  apple: id-4
  # the dance
  dance: id-2   # eol
  dog: id-5

  # two lines
  # about the cake
  elm: id-3
  # nothing follows
foreign: [z]
items: []
"""
    wanted = {"dance": "id-2", "dog": "id-5", "elm": "id-3", "apple": "id-4"}
    assert adopted(before, wanted) == after
    assert adopted(after, wanted) == after
    assert adopted(after, {}) == (
        "# the dance\n\n# two lines\n# about the cake\n# nothing follows\nforeign: [z]\nitems: []\n"
    )


def test_another_id_replaces_the_line() -> None:
    assert adopted("adopt:\n  a: id-1 # gone\n  b: id-2\nitems: []\n", {"a": "id-3", "b": "id-2"}) == (
        "adopt:\n  a: id-3\n  b: id-2\nitems: []\n"
    )


def test_lines_of_other_sites_stay() -> None:
    text = adopted("name: Party\nitems: []\n", {"dance": "id-1"}, "stage", by_site=True)
    assert text == "name: Party\nadopt:\n  stage:\n    dance: id-1\nitems: []\n"
    text = adopted(text.replace("stage:", "stage:  # of Ana"), {"dance": "id-2", "cake": "id-3"}, "live", by_site=True)
    assert text == (
        "name: Party\nadopt:\n  live:\n    cake: id-3\n    dance: id-2\n  stage:  # of Ana\n    dance: id-1\nitems: []\n"
    )
    one = adopted(text, {"dance": "id-2"}, "live", by_site=True)
    assert one == text.replace("    cake: id-3\n", "")
    assert adopted(one, {}, "live", by_site=True) == text.replace("  live:\n    cake: id-3\n    dance: id-2\n", "")
    assert adopted(one, {}, "live", by_site=True, dropped="dance") == "name: Party\nitems: []\n"


def test_a_workspace_with_one_site_keeps_the_form_of_the_manifest() -> None:
    text = "adopt:\n  main: {b: id-1}\nitems: []\n"
    assert adopted(text, {"b": "id-1", "a": "id-2"}) == "adopt:\n  main: {a: id-2, b: id-1}\nitems: []\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: P\nadopt: {b: id-1} # ours\nitems: []\n", "name: P\nadopt: {a: id-2, b: id-1} # ours\nitems: []\n"),
        ("name: P\nadopt: {}\nitems: []\n", "name: P\nadopt:\n  a: id-2\n  b: id-1\nitems: []\n"),
        ("{name: P, items: []}\n", "{name: P, adopt: {a: id-2, b: id-1}, items: []}\n"),
        ("items: []", "adopt:\n  a: id-2\n  b: id-1\nitems: []"),
    ],
)
def test_other_forms_are_kept(before: str, after: str) -> None:
    assert adopted(before, {"b": "id-1", "a": "id-2"}) == after


def test_ids_and_keys_that_look_like_other_values_are_quoted_and_variables_stay() -> None:
    text = adopted("adopt:\n  b: ${ID}\nitems: []\n", {"yes": "1e5", "b": "id-1", "c": "${X}"})
    assert text == 'adopt:\n  b: ${ID}\n  c: "$${X}"\n  "yes": "1e5"\nitems: []\n'


keys = st.sampled_from(["a", "b", "c", "b-2", "yes", "10", "live"])
ids = st.sampled_from(["x", "y1", "1e5", "null", "0b1c2d3e-7d1b-4b8e", "${A}", "a:b"])


@settings(max_examples=400, deadline=None)
@given(text=st.lists(lines, max_size=14).map("\n".join), wanted=st.dictionaries(keys, ids), by_site=st.booleans())
def test_only_adopt_changes_and_comments_are_kept(text: str, wanted: dict[str, str], by_site: bool) -> None:
    before = parse_yaml_text(text, "f")
    if before.problems or before.root is None or before.root.parts is None:
        return
    current = adopt_of(text) or {}
    if not isinstance(current, dict) or not all(
        isinstance(part, dict if by_site else str) for part in current.values()
    ):
        return
    try:
        result = adopted(text, wanted, by_site=by_site)
    except InvalidInput:
        return
    after = parse_yaml_text(result, "f")
    assert not after.problems
    assert after.root is not None
    assert isinstance(after.root.value, dict)
    assert isinstance(before.root.value, dict)
    rest = {key: value for key, value in before.root.value.items() if key != "adopt"}
    assert {key: value for key, value in after.root.value.items() if key != "adopt"} == rest
    written = adopt_of(result)
    if by_site:
        written = written.get("main", {}) if isinstance(written, dict) else {}
    assert (written or {}) == wanted
    assert sorted(comments(result)) == sorted(comments(text))
    assert adopted(result, wanted, by_site=by_site) == result
