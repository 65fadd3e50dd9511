"""A mistake in YAML is reported where it is, with what to write instead: every row of docs/reference/yaml.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.manifest.yaml.mistakes import find_mistake
from galleryctl.manifest.yaml.parse import parse_yaml, parse_yaml_text
from galleryctl.manifest.yaml.remarks import split_lines

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/yaml.md").read_text(encoding="utf-8")
SIGNS = {"⏎": "\n", "·": " ", "⇥": "\t", "⍽": "\u00a0"}
HEAD = "gallery: w\nbind: {create: true}\nname: W\nitems:\n"


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its first two lines; code spans are unwrapped."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell(each) for each in re.split(r" \| ", line.strip("| "))] for line in lines]


def cell(text: str) -> str:
    code = re.fullmatch(r"(`+)(.*?)\1", text)
    return code[2].strip(" ") if code else text.replace("\\*", "*").strip()


def real(text: str) -> str:
    for sign, character in SIGNS.items():
        text = text.replace(sign, character)
    return text + "\n"


def messages(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return [str(problem).removeprefix("f:") for problem in parse_yaml(data, "f").problems]


@pytest.mark.parametrize(("name", "wrong", "message", "right"), rows("Mistakes and messages"))
def test_every_mistake_of_the_page_has_its_message_and_its_place(
    name: str, wrong: str, message: str, right: str
) -> None:
    assert messages(real(wrong)) == [message], name
    assert messages(real(right)) == [], name


def test_the_page_has_the_twenty_most_common_mistakes_and_more() -> None:
    assert len(rows("Mistakes and messages")) >= 40


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (f'{HEAD}  - key: a\n    title: "Best day\n    description: "x"\n', "6:12: the quote that opens here"),
        (f"{HEAD}  - key: a\n    title: 'Best day\n    description: 'x'\n", "6:12: the quote that opens here"),
        (f"{HEAD}  - key: a\n    tags: [a, b\n  - key: b\n", "6:11: the bracket '['"),
        (f"{HEAD}  - {{key: a, tags: [a, b}}\n", "5:20: the bracket '['"),
        (f"{HEAD}  - key: a\n    title: x\n    - key: b\n", "7:5: indent this list item by 2 spaces"),
        (f"{HEAD}  - key: a\n     title: x\n", "6:6: indent this key by 4 spaces"),
        (f"{HEAD}  - key: a\n    description: one\n      two: three\n", "7:7: indent this key by 4 spaces"),
        (f"{HEAD}  - key: a\n    description: one\n      two and: three\n", "7:14: quote the text"),
        (" gallery: w\nname: x\n", "2:1: indent this key by 1 space"),
        ("gallery: w\n name: x\n", "2:2: indent this key by nothing"),
        (f"{HEAD}  - key:a\n    title: x\n", "5:8: add a space after this colon"),
        (f"{HEAD}  - key: a\n    title:Hello\n", "6:10: add a space after this colon"),
        ("gallery:w\nname: x\n", "1:8: add a space after this colon"),
        ("the weddings\nname: x\n", "1:1: write ': ' between a key and its value"),
        (f"{HEAD}  - key: a\n    : x\n", "6:5: a key is missing before the colon"),
        (f'{HEAD}  - {{key: "a" title: Hello}}\n', "5:15: add a comma before this text"),
        (f'{HEAD}  - image: "photos\\alps\\x.jpg"\n', "5:19: a backslash begins a special character"),
        (f"{HEAD}  -\u00a0key: a\n    title: x\n", "5:4: replace a non-breaking space (U+00A0)"),
        (f"{HEAD}  - key: a\n\u00a0\u00a0\u00a0\u00a0title: x\n", "6:1: replace a non-breaking space (U+00A0)"),
        (f"{HEAD}  - key: a\n    title\u200b: x\n", "6:5: remove a zero-width space (U+200B)"),
        ("tags: [a]\u00a0\nname: b\n", "1:10: replace a non-breaking space (U+00A0)"),
        ("name: a\n\ufeffgallery: b\n", "2:1: remove a byte order mark (U+FEFF)"),
        (f"{HEAD}  - key: a\n    title: @x\n".replace("\n", "\r\n"), "6:12: quote the text: it begins with '@'"),
        (f"{HEAD}  - key: a\n    title: *x\n", "6:12: undefined alias *x: no anchor &x precedes it; quote a text"),
        ("{a: ${X} y, b: [${Y} z], c: @d}\n", "1:29: quote the text: it begins with '@'"),
        ("text: ${NAME}: x\n", "1:14: quote the text: it contains ': '"),
        ("a: |\n  it's \"fine: here\n# b\nc: @d\n", "4:4: quote the text: it begins with '@'"),
        ("a: >-\n  - x: y: z\n\n  b\nc: @d\n", "5:4: quote the text: it begins with '@'"),
        ('a: "x\n  y: z"\nc: @d\n', "3:4: quote the text: it begins with '@'"),
        ("a: [x, # ]\n  'y: ]',\n  {z: 1}]\nc: @d\n", "4:4: quote the text: it begins with '@'"),
        ("a: &b !!str x\n\"c\": *b\n'd' : http://x.y\ne: @f\n", "4:4: quote the text: it begins with '@'"),
        ("a:\n- b\n- c: d\ne:\n  - - f\n    - g\nh: @i\n", "7:4: quote the text: it begins with '@'"),
        ("a: b\n  c\n\n  d # e\nf: @g\n", "5:4: quote the text: it begins with '@'"),
    ],
)  # fmt: skip
def test_the_place_is_that_of_the_mistake(text: str, at: str) -> None:
    (message,) = messages(text)
    assert message.startswith(at)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32")],
)
def test_another_encoding_is_named(encoding: str, name: str) -> None:
    assert messages(HEAD.encode(encoding)) == [f"1:1: the file is {name}; save it as UTF-8"]


def test_a_mistake_that_is_not_known_has_the_words_of_the_parser() -> None:
    (message,) = messages("%YAML x\n---\na: 1\n")
    assert "invalid YAML: check the quotes, brackets and indentation" in message


EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_nothing_is_a_mistake_in_a_valid_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert find_mistake(split_lines(text)) is None
    assert parse_yaml_text(text, "f").remarks == {}


VALUES = st.recursive(
    st.one_of(st.text(max_size=12), st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(VALUES, st.sampled_from([None, False, True]))
def test_nothing_is_a_mistake_in_what_a_library_writes(value: object, flow: bool | None) -> None:
    text = yaml.safe_dump({"a": value}, allow_unicode=True, default_flow_style=flow)
    if "? " not in text:  # keys on lines of their own, which nobody writes by hand
        assert find_mistake(split_lines(text)) is None


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:- \n\t#&*!|>'\"[]{},?%@`\\\u00a0“", max_size=40))
def test_every_text_has_a_place_for_its_mistake(text: str) -> None:
    lines = split_lines(text)
    mistake = find_mistake(lines)
    assert mistake is None or 0 <= mistake.column <= len(lines[mistake.line])
