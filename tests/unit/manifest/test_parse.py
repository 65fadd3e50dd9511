"""YAML parses to values with positions; every error is a problem, never a traceback."""

from __future__ import annotations

import tracemalloc

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml, parse_yaml_text
from galleryctl.manifest.yaml.scalars import format_float, is_plain, resolve_scalar


def messages(text: str | bytes) -> list[str]:
    document = parse_yaml(text if isinstance(text, bytes) else text.encode(), "f")
    return [str(problem) for problem in document.problems]


def root(text: str) -> YamlNode:
    document = parse_yaml_text(text, "f")
    assert document.problems == ()
    assert document.root is not None
    return document.root


def test_every_key_and_value_has_its_place() -> None:
    top = root("a: 1\nb:\n  - x\n  - {c: 'é', d: [2.5]}\n")
    assert top.value == {"a": 1, "b": ["x", {"c": "é", "d": [2.5]}]}
    assert top.keys == {"a": (1, 1), "b": (2, 1)}
    listed = (top.parts or {})["b"].items
    assert listed is not None
    assert [(node.line, node.column) for node in listed] == [(3, 5), (4, 5)]
    inner = (listed[1].parts or {})["d"]
    assert (inner.line, inner.column) == (4, 17)
    assert (listed[1].keys or {})["d"] == (4, 14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("true", True), ("False", False), ("12", 12), ("-3", -3), ("0", 0),
        ("1.5", 1.5), ("1.5e+3", 1500.0), ("1.0e-2", 0.01), (".5", 0.5), ("1.", 1.0), ("x", "x"), ("==", "=="), ("1a", "1a"), ("-", "-"),
        ("1.2.3", "1.2.3"), ("+", "+"), ("2026-11", "2026-11"), ("12:60", "12:60"), ("Yesterday", "Yesterday"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert resolve_scalar(text) == value
    assert type(resolve_scalar(text)) is type(value)


@pytest.mark.parametrize(
    "trap",
    ["yes", "No", "ON", "off", "y", "N", "12:30", "1:02:03", "010", "-07", "08", "0o17", "0x1F", "0b11", "1_000", "2026-11-24", "2026-1-2 10:00:00", "2026-01-02T10:00:00Z", ".inf", "-.INF", ".nan", "1e999", "=", "<<"],
)  # fmt: skip
def test_what_yaml_readers_disagree_on_has_to_be_quoted(trap: str) -> None:
    (message,) = messages(f"title: {trap}\n")
    assert message.startswith("f:1:8: ")
    assert f'"{trap}"' in message
    assert messages(f"title: '{trap}'\n") == []
    assert not is_plain(trap)


@pytest.mark.parametrize(
    ("trap", "instead"),
    [
        ("1e3", "1000"), ("1.5e3", "1500"), ("1e-7", "1.0e-07"), ("-.5", "-0.5"), ("+.5e-3", "0.0005"), (".5E2", "50"),
        ("1e300", "1.0e+300"),
    ],
)  # fmt: skip
def test_numbers_that_are_texts_to_older_readers_are_told_with_what_to_write(trap: str, instead: str) -> None:
    assert messages(f"a: {trap}\n") == [
        f"f:1:4: ambiguous scalar {trap}: YAML parsers may read it as a string; quote it, or write {instead}"
    ]
    assert messages(f"a: {instead}\n") == []
    assert float(str(yaml.safe_load(instead))) == float(trap)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_as_every_reader_reads_it(value: float) -> None:
    assert resolve_scalar(format_float(value)) == value
    assert yaml.safe_load(format_float(value)) == value


def test_a_key_is_a_text_however_it_looks() -> None:
    assert root("{x: 1, y: 2, 010: 3, ~: 4}").value == {"x": 1, "y": 2, "010": 3, "~": 4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f:3:1: duplicate key 'a', first defined at 1:1"]),
        ("{a: 1, a: 2}", ["f:1:8: duplicate key 'a', first defined at 1:2"]),
        (
            "a: 1\n---\nb: 2\n",
            ["f:2:1: only one YAML document per file is allowed; remove this line, or split the file"],
        ),
        ("a: !secret x\n", ["f:1:4: the tag !secret is not allowed; quote a text that begins with !"]),
        (
            "a: !!python/object:os.system x\n",
            ["f:1:4: the tag !!python/object:os.system is not allowed; quote a text that begins with !"],
        ),
        ("a: !!binary aGk=\n", ["f:1:4: the tag !!binary is not allowed; quote a text that begins with !"]),
        ("a: !!set {x}\n", ["f:1:4: the tag !!set is not allowed"]),
        ("a: !!int x\n", ["f:1:4: the tag !!int does not fit this value"]),
        ("a: *b\n", ["f:1:4: undefined alias *b: no anchor &b precedes it; quote a text that begins with *"]),
        ("a: &a [*a]\n", ["f:1:8: the alias *a refers to a value that contains it"]),
        ("? [a]\n: b\n", ["f:1:3: a key must be a string; quote it if it contains { or ["]),
        ("a:\n\t- b\n", ["f:2:1: tabs are not allowed for indentation; use spaces"]),
        ("a: @b\n", ["f:1:4: quote the text: it begins with '@'"]),
        ("a: b\0c\n", ["f:1:5: the character U+0000 is not allowed in YAML"]),
        (b"a: 1\nb: \xff\n", ["f:2:4: the byte 0xff is not valid UTF-8; save the file as UTF-8"]),
        ("<<: 1\n", ["f:1:5: << must be a mapping or a list of mappings"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str | bytes, expected: list[str]) -> None:
    assert messages(text) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbfa: 1\n", []),
        (b"a: 1\r\nb: [\r\n  2]\r\n", []),
        (b"a:\t1\nb: [\n\t2]\n", []),
        (b"---\na: 1\n...\n", []),
        (b"%YAML 1.1\n---\na: 1\n", []),
        ("a: 1\n".encode("utf-16"), ["f:1:1: the file is UTF-16; save it as UTF-8"]),
        (b"\xfe\xff\0a", ["f:1:1: the file is UTF-16; save it as UTF-8"]),
        ("a: 1\n".encode("utf-16-le"), ["f:1:1: the file is UTF-16; save it as UTF-8"]),
        (b"a: \xed\xa0\x80\n", ["f:1:4: the byte 0xed is not valid UTF-8; save the file as UTF-8"]),
        (b"a: \x1b[2J\n", ["f:1:4: the character U+001B is not allowed in YAML"]),
        (b"a: 1\r\nb: yes\r\n", ['f:2:4: ambiguous scalar yes: YAML parsers may read it as true; write "yes" or true']),
        (b"a: |\n  x\n\ty\n", ["f:3:1: tabs are not allowed for indentation; use spaces"]),
        (b"%TAG ! tag:x,2000:\n---\na: !y 1\n", ["f:3:4: the tag tag:x,2000:y is not allowed; quote a text that begins with !"]),
        (b"a: 1\n...\n--- b\n", ["f:3:1: only one YAML document per file is allowed; remove this line, or split the file"]),
        (b"a: <<\n", ['f:1:4: ambiguous scalar <<: YAML parsers may read it as a merge key; quote it: "<<"']),
        (b"a: " + b"0" * 500 + b"\n", [f'f:1:4: ambiguous scalar {"0" * 100}…: YAML parsers may read it as an octal number; quote it: "{"0" * 100}…"']),
    ],
)  # fmt: skip
def test_whatever_an_editor_saves(data: bytes, expected: list[str]) -> None:
    assert messages(data) == expected


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
def test_half_a_character_is_refused_by_either_parser(monkeypatch: pytest.MonkeyPatch, loader: object) -> None:
    monkeypatch.setattr("galleryctl.manifest.yaml.parse._LOADER", loader)
    (message,) = messages('a: "b\\ud800"\n')
    assert message.startswith("f:1:")


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "{a: " * 5000])
def test_either_parser_stops_where_it_gets_too_deep(monkeypatch: pytest.MonkeyPatch, loader: object, text: str) -> None:
    monkeypatch.setattr("galleryctl.manifest.yaml.parse._LOADER", loader)
    (message,) = messages(text)
    assert message.endswith("nested more than 64 levels deep")


def test_aliases_merge_keys_core_tags_and_a_byte_order_mark_are_fine() -> None:
    text = "\ufeffa: &a {x: 1, z: !!str 12}\nb: {<<: *a, x: 2}\nc: {<<: [*a, {w: 3}]}\nd: *a\n"
    assert root(text).value == {
        "a": {"x": 1, "z": "12"},
        "b": {"x": 2, "z": "12"},
        "c": {"x": 1, "z": "12", "w": 3},
        "d": {"x": 1, "z": "12"},
    }


LINE = "{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n"


def test_a_bomb_of_aliases_is_refused() -> None:
    text = "a: &a [lol, lol]\n" + "".join(LINE.format(n, m) for m, n in zip("abcdefgh", "bcdefghi", strict=True))
    (message,) = messages(text)
    assert "keys and values, with aliases expanded" in message


def test_a_bomb_of_merges_is_refused() -> None:
    text = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(500)) + "}\nb:\n" + "  - {<<: *a}\n" * 2000
    (message,) = messages(text)
    assert "keys and values, with aliases expanded" in message


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "? " * 100_000])
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    (message,) = messages(text)
    assert "nested more than" in message or "must be a string" in message


def test_a_chain_of_aliases_counts_as_depth() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 80))
    (message,) = messages(text)
    assert "nested more than" in message


@pytest.mark.parametrize(
    "piece", [b"a,", b"{},", b"a: b,", b"[[]],", b"'',", b"\xc3\xa9, ", b"&a x,", b'"\\n",', b"k : ,"]
)
def test_what_is_dense_takes_memory_in_proportion(piece: bytes) -> None:
    data = b"[" + piece * (20_000 // len(piece)) + b"]"
    tracemalloc.start()
    try:
        parse_yaml(data, "f")
        assert tracemalloc.get_traced_memory()[1] < 200 * len(data)
    finally:
        tracemalloc.stop()


def test_no_file_has_more_values_than_a_manifest_needs() -> None:
    (message,) = messages("[" + "a," * 300_000)
    assert message.endswith("more than 300,000 keys and values, with aliases expanded")


def test_a_file_that_is_too_large_is_not_parsed() -> None:
    assert messages(b"#" * 10_000_001) == ["f:1:1: the file has 10,000,001 bytes; the limit is 10,000,000"]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_no_bytes_raise(data: bytes) -> None:
    parse_yaml(data, "f")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:- \n\t#&*!|>'\"[]{},?%@`~<$0123.eE_", max_size=40))
def test_no_yaml_like_text_raises(text: str) -> None:
    parse_yaml_text(text, "f")
