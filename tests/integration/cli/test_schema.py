"""`schema` prints the published schemas as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from galleryctl.cli.main import run
from tests.support.cli_harness import CommandResult

SCHEMAS = Path(__file__).parents[3] / "schemas"
NAMES = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.iterdir())


def printed(capture: pytest.CaptureFixture[str], *args: str) -> CommandResult:
    code = run(["schema", *args])
    out, err = capture.readouterr()
    return CommandResult(code=code, out=out, err=err)


def test_without_a_name_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"gallery", "plan", "report", "state", "workspace"} <= set(NAMES)
    assert printed(capsys) == CommandResult(code=0, out="".join(f"{name}\n" for name in NAMES), err="")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_printed_whole(capsys: pytest.CaptureFixture[str], name: str) -> None:
    ran = printed(capsys, name)
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    Draft202012Validator.check_schema(schema)
    assert schema == json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def anchored(schema: object) -> Iterator[str]:
    """Yield the patterns that match the end of a text."""
    if isinstance(schema, list):
        for part in schema:
            yield from anchored(part)
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name == "pattern" and isinstance(part, str) and "$" in part:
                yield part
            yield from anchored(part)


PATTERNS = sorted(
    {p for name in NAMES for p in anchored(json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")))}
)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=5)
@given(data=st.data())
def test_no_text_may_end_with_a_line_end_that_nobody_sees(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern)).rstrip("\n")
    assert re.search(pattern, text)
    assert not re.search(pattern, f"{text}\n")


@pytest.mark.parametrize("name", ["galery", "../report", "a b", ""])
def test_an_unknown_name_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str], name: str) -> None:
    ran = printed(capsys, name)
    assert (ran.code, ran.out) == (1, "")
    assert f"unknown schema {name!r}" in ran.err
    assert all(known in ran.err for known in NAMES)


@pytest.mark.parametrize("option", ["-C.", "--site=main", "--format=json"])
def test_options_that_mean_nothing_here_are_refused(capsys: pytest.CaptureFixture[str], option: str) -> None:
    ran = printed(capsys, "plan", option)
    assert ran.code == 1
    assert "has no effect on `schema`" in ran.out + ran.err
