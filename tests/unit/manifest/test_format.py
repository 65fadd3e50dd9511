"""The canonical format of manifests."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.manifest.write.format import format_text
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.errors import InvalidInput

UNTIDY = """\
# yaml-language-server: $schema=x

# all about weddings
items:
    # the dance
    - title:   First   # eol
      # about tags
      tags: [b,
         a]
      image: photos/x.jpg
      exif: {F: 2.80, E: 1.0e-07}
      key: first

    # second one
    -
      text: |
        # no comment

        hello
      key: words
      description:
    - {title: ${A}, key: film, video: https://vimeo.com/1}
    - key: 'k'
      title: a text that goes
        on
# the name
name:   Weddings
gallery: w
bind: {create: true, name: x}
# end
"""
TIDY = """\
# yaml-language-server: $schema=x

# all about weddings
gallery: w
bind: {create: true, name: x}
# the name
name: Weddings
items:
    # the dance
  - key: first
    image: photos/x.jpg
    title: First       # eol
      # about tags
    tags: [b, a]
    exif: {F: 2.80, E: 1.0e-07}

    # second one
  - key: words
    text: |
      # no comment

      hello
    description: null
  - {key: film, video: https://vimeo.com/1, title: ${A}}
  - key: 'k'
    title: a text that goes on
# end
"""


def test_keys_are_in_order_and_comments_kept() -> None:
    assert format_text(UNTIDY, "f") == TIDY


def test_an_escape_stays_one_and_what_nobody_sees_in_quotes_becomes_one() -> None:
    text = 'gallery: w\nname: "a\\u202Eb\\U000E0041" # note\nitems: []\n'
    assert format_text(text, "f") == text
    assert format_text(text.replace(r"\u202E", "\u202e"), "f") == text


def test_what_is_tidy_stays_as_it_is() -> None:
    assert format_text(TIDY, "f") == TIDY


def test_the_workspace_file_has_its_own_order() -> None:
    text = "approvals: []\nremoved: [old]\nstate: s\ngalleries: g\nsites:\n    main: {site_id: ${A}}\ngalleryctl: 1\n"
    result = "galleryctl: 1\nsites:\n  main: {site_id: ${A}}\ngalleries: g\nstate: s\nremoved: [old]\napprovals: []\n"
    assert format_text(text, "f") == result


def test_ownership_keys_have_their_place_and_adopted_keys_are_sorted() -> None:
    text = """\
items: []
moved: [{from: a, to: c}]
# these stay
removed: [b, a]
adopt:
  # the dance
  dance: id-2   # eol

  # two lines
  # about the cake
  cake: id-1
  # nothing follows
foreign:
  - z  # the client's
  - x
name: Nm
"""
    assert (
        format_text(text, "f")
        == """\
name: Nm
adopt:
  # two lines
  # about the cake
  cake: id-1
  # the dance
  dance: id-2   # eol

  # nothing follows
foreign:
  - z  # the client's
  - x
# these stay
removed: [b, a]
moved: [{from: a, to: c}]
items: []
"""
    )


def test_adopted_keys_are_sorted_within_each_site() -> None:
    text = "adopt:\n  stage: {b: 1x, a: 2x}\n  # first\n  live:\n    b: 3x\n    # why\n    a: 4x\nitems: []\n"
    result = "adopt:\n  # first\n  live:\n    # why\n    a: 4x\n    b: 3x\n  stage: {a: 2x, b: 1x}\nitems: []\n"
    assert format_text(text, "f") == result
    assert format_text(result, "f") == result


def test_anchors_and_merge_keys_survive() -> None:
    text = "items:\n- &a {text: x, key: a}\n- <<: *a\n  key: b\nname: Nm\n"
    result = format_text(text, "f")
    assert parse_yaml_text(result, "f").root is not None
    assert "<<: *a" in result
    assert "&a" in result


@pytest.mark.parametrize("text", ["", "a: [", "a: yes", "a: 1\na: 2"])
def test_what_cannot_be_read_is_not_formatted(text: str) -> None:
    with pytest.raises(InvalidInput):
        format_text(text, "f")


# Lines that make manifests more often than random characters would.
lines = st.sampled_from(
    ["items:", "- key: a", "  title: x", "  # c", "# c", "", "- {text: x, key: b}", "  tags: [a, b]", "  text: |", "    # no", "    more", "name: x  # eol", "gallery: g", "bind: {id: a}", "  link:", "    url: u", "  - key: a", "    image: b", "defaults: &d {tags: [a]}", "- <<: *d", '  title: "a\\nb"', "  description: >-", "    folded", "   ", "      # odd", "? a", ": b", "  exif: {a: 1.50, b: ~}", "- a", "  - b", "adopt:", "  b: x", "  a: y1", "removed: [b, a]", "adopt: {b: x, a: y1}"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(lines, max_size=14).map("\n".join))
def test_formatting_keeps_meaning_and_comments_and_is_stable(text: str) -> None:
    try:
        result = format_text(text, "f")
    except InvalidInput:
        return
    before, after = parse_yaml_text(text, "f"), parse_yaml_text(result, "f")
    assert before.root is not None
    assert after.root is not None
    assert after.root.value == before.root.value
    assert format_text(result, "f") == result
    assert sorted(comments(result)) == sorted(comments(text))


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() in ("# c", "# odd")]


def test_a_comment_beside_a_value_is_not_lost() -> None:
    """ruamel loses one beside an entry of a list that is written as `[…]`."""
    entries = "{text: a, key: a}, # one\n  # above b\n  {text: b, key: b}, # two\n  {text: c, key: c} # three"
    text = f"gallery: a\nbind: {{id: x}}\nitems: [\n  # above a\n  {entries}\n]\n"
    with pytest.raises(InvalidInput) as rejected:
        format_text(text, "a.yaml")
    assert "would lose a comment" in rejected.value.problems[0].message
