"""Checkups in every format."""

from __future__ import annotations

import re

import pytest
from syrupy.assertion import SnapshotAssertion

from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery, WriteAction, WriteResult
from galleryctl.model.media import Kind
from galleryctl.report.render import OutputFormat, render
from galleryctl.report.results import Subject
from tests.support.reports import parse_report

VALID = Validation(
    sites=("north", "south"),
    galleries=(
        ValidGallery(
            key="weddings",
            file="galleries/weddings.yaml",
            items_by_kind={Kind.IMAGE: 1200, Kind.VIDEO: 1, Kind.TEXT: 0},
        ),
        ValidGallery(key="b", file="galleries/b.yaml", items_by_kind={Kind.IMAGE: 0, Kind.VIDEO: 0, Kind.TEXT: 0}),
    ),
    media_files=1100,
    media_bytes=3_456_789_000,
)
WRITTEN = WriteResult(action=WriteAction.FORMATTED, files=("galleryctl.yaml", "galleries/a|b.yaml"), unchanged=1)
DIAGNOSIS = Diagnosis(
    checks=(
        Check(name="python", status=CheckStatus.OK, finding="3.14.0 on Linux"),
        Check(name="clock", status=CheckStatus.WARN, finding="it is 90 seconds behind", do="set the clock"),
        Check(name="read galleries", status=CheckStatus.FAIL, finding="401 <no> key", do="check the key\nand the site"),
    )
)
SUBJECTS: dict[str, Subject] = {"validation": VALID, "written": WRITTEN, "diagnosis": DIAGNOSIS}


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("format_", ["text", "json", "markdown", "github"])
def test_a_checkup_in_words(name: str, format_: str, snapshot: SnapshotAssertion) -> None:
    assert render(SUBJECTS[name], format_) == snapshot


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_checkup_as_a_page(name: str, snapshot: SnapshotAssertion) -> None:
    page = render(SUBJECTS[name], OutputFormat.HTML)
    assert page[page.index("<main>") :] == snapshot


@pytest.mark.parametrize("name", SUBJECTS)
def test_json_is_by_the_published_schema(name: str) -> None:
    assert parse_report(render(SUBJECTS[name], "json"))["kind"] == name


@pytest.mark.parametrize("name", SUBJECTS)
def test_colours_change_nothing_but_colours(name: str) -> None:
    coloured = render(SUBJECTS[name], "text", color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(SUBJECTS[name], "text")


def test_only_a_failure_ends_with_1() -> None:
    assert DIAGNOSIS.exit_code == 1
    assert Diagnosis(checks=DIAGNOSIS.checks[:2]).exit_code == 0
    assert Diagnosis().exit_code == 0
