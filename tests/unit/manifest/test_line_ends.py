"""Files keep their line ends, of one kind, and the comments behind anchors stay where they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.manifest.files.atomic_write import with_line_ends_of
from galleryctl.manifest.write.format import format_text
from galleryctl.manifest.write.tolerated import write_tolerated
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip
from galleryctl.model.address import Address
from galleryctl.model.position import SourcePosition
from galleryctl.model.tolerated import Toleration
from tests.unit.manifest.test_update_comments import imported, text_item

COMMENTED = """\
# head
gallery: party # c1
bind: {id: g-1}
items: # c2
  # above
  - {title: A,   key: a, text: <p>a</p>} # beside
  - key: b
    text: |
      one

      two
    # end
    title: B
name: Party
# tail
"""
ANCHORED = """\
gallery: party
bind: {id: g-1}
name: Party
defaults: &all  # the defaults
  tags: &tags # the tags
    - x
items:
  - &first # the first
    key: a
    text: <p>a</p>
    title: &title A # why
  - key: b
    text: <p>b</p>
    title: B
    description: *title  # as above
    tags: *tags # alias, "# quoted"
"""


def tolerated(text: str) -> str:
    entry = Toleration(
        address=Address("party", "c"), field="title", value="x", digest="", until=date(2027, 1, 1), reason="r",
        at=SourcePosition("f", 1, 1),
    )  # fmt: skip
    return write_tolerated(text, [entry], site="main", by_site=False)


TOLERATED = "tolerated:\n  # one\n  - {address: party/b, field: title, value: y, until: 2026-12-31, reason: r} # two\n"
ITEMS = [text_item("b"), text_item("c"), text_item("a")]


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda text: format_text(text, "f"), COMMENTED),
        (lambda text: imported(text, ITEMS), COMMENTED),
        (lambda text: imported(text, ITEMS), ANCHORED),
        (tolerated, TOLERATED),
    ],
    ids=["fmt", "import", "import with anchors", "tolerated"],
)
def test_a_file_of_windows_is_written_like_one_of_unix(write: Callable[[str], str], text: str) -> None:
    written = write(text)
    assert written != text
    assert write(text.replace("\n", "\r\n")) == written.replace("\n", "\r\n")
    first, rest = text.split("\n", 1)
    assert write(first + "\r\n" + rest) == written
    assert write(first + "\n" + rest.replace("\n", "\r\n")) == written.replace("\n", "\r\n")
    assert write(text.replace("\n", "\r")) == written


@given(st.lists(st.sampled_from(["a", "\n", "\r\n", "\r"])), st.lists(st.sampled_from(["b", "\n", "\r\n"])))
def test_one_kind_of_line_end_is_left(text: list[str], before: list[str]) -> None:
    result = with_line_ends_of("".join(text), "".join(before))
    assert {result.count("\r\n"), 0} == {result.count("\r"), 0}
    assert result.count("\r") in (0, result.count("\n"))


def test_comments_behind_anchors_stay_where_they_are() -> None:
    assert format_text(ANCHORED, "f") == ANCHORED
    untouched = imported(ANCHORED, [text_item("a", ["x"]), text_item("b", ["x"])])
    for line in ("defaults: &all  # the defaults", "  tags: &tags # the tags", "  - &first # the first"):
        assert f"{line}\n" in untouched


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: &x # c\n  one\nb: *x\n", "a: &x one # c\nb: *x\n"),
        ("a: &x # c\n  - b\nc: &x # d\n  - e\nf: *x # g\n", None),
        ("- &x # c\n  a: 1\n- *x # d\n- <<: *x # e\n  b: 2\n", None),
        ("a: '&x # c'\nb: \"*y # d\"\nc: &z '*y # d' # e\n", None),
        ("a: |\n  &x # c\nb: 1 # &x # d\n", None),
        ("a: &x # \u00e4 &y *z\n  - b\n", None),
    ],
)
def test_anchors_and_comments_are_written_as_they_were(text: str, written: str | None) -> None:
    found = dump_round_trip(load_round_trip(text, "f"), "f")
    assert " ".join(found.split()) == " ".join((written or text).split())
    again = dump_round_trip(load_round_trip(found, "f"), "f")
    assert again == found
