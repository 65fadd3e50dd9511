"""Reports of many sites from the documents that their runs have printed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from galleryctl.manifest.schema import load_schema
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Action, Cause, Plan
from galleryctl.report.merge import read_result
from galleryctl.report.render import ReportFormat, render, render_results
from galleryctl.report.results import SiteResult, Subject
from tests.support.report_plans import ALL_ACTIONS, held_of, plan_of, report_of
from tests.unit.report.test_hostile import FAILURES, REPORTS

DOWN = GalleryctlError("the API does not respond", where="GET /galleries", why="timeout", do="try again")
BAD = InvalidInput((Problem(SourcePosition("galleries/a.yaml", 3, 5), "quality 20 is below 30"),), do="correct it")


def document(subject: Subject) -> Any:
    return json.loads(render(subject, "json"))


def fleet() -> list[SiteResult]:
    """Return the results of runs on six sites, read from their documents."""
    subjects: dict[str, Subject] = {
        "quiet": Plan(site_id="q", changes=(), unchanged=4),
        "busy": plan_of(8, *ALL_ACTIONS, notices=1),
        "rejected": plan_of(3, Action.DELETE, refusals=2),
        "applied": report_of(2, OutcomeStatus.DONE),
        "down": DOWN,
        "bad": BAD,
    }
    return [read_result(document(subject), site=site) for site, subject in subjects.items()]


@pytest.mark.parametrize("subject", [plan_of(8, *ALL_ACTIONS, notices=2, refusals=1), DOWN, BAD])
@pytest.mark.parametrize("format_", ReportFormat)
def test_a_document_shows_what_the_run_showed(subject: Subject, format_: ReportFormat) -> None:
    read = read_result(document(subject), site="")
    if format_ is ReportFormat.JSON:
        mine, other = document(read.subject), document(subject)
        assert {**mine, "error": ""} == {**other, "error": ""}
    else:
        assert render(read.subject, format_) == render(subject, format_)


@settings(max_examples=50)
@given(st.one_of(REPORTS, FAILURES))
def test_reports_and_failures_come_back(subject: Report | GalleryctlError) -> None:
    read = read_result(document(subject), site="")
    assert {**document(read.subject), "error": ""} == {**document(subject), "error": ""}


@pytest.mark.parametrize(
    "broken",
    [
        None, [], "text", {}, {"kind": "validation"}, {"kind": "report"}, {"kind": 3}, {"format_version": 1},
        {**document(DOWN), "problems": [{"file": 1}]}, {**document(report_of(1, OutcomeStatus.DONE)), "format_version": 2},
    ],
)  # fmt: skip
def test_another_document_is_one_clear_error(broken: Any) -> None:
    with pytest.raises(InvalidInput):
        read_result(broken, site="north")


def test_markdown_has_a_row_for_each_site_and_the_dangerous_of_all_first() -> None:
    text = render_results(fleet(), "markdown")
    assert text.startswith(
        "### galleryctl plan: 6 sites\n\n**6 sites: 1 rejected, 2 failed, 1 with changes, 1 applied, 1 without changes; 2 creates, 2 updates, 2 replacements, 7 deletes.**"
    )
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == [
        "rejected", "down", "bad", "busy", "applied", "quiet",
    ]  # fmt: skip
    order = ["#### Failed (3)", "Rejected by safety checks (2)", "#### Deletes and clears (5)", "#### Replacements (2)"]
    places = [text.index(heading) for heading in order]
    assert places == sorted(places)
    assert "**rejected: gallery-0000/photo-00000** delete" in text
    assert "bad: `galleries/a.yaml:3:5`: quality 20 is below 30" in text


def test_json_has_the_documents_and_counts_by_site() -> None:
    merged = json.loads(render_results(fleet(), "json"))
    Draft202012Validator(load_schema("report")).validate(merged)
    sites = {each["site"]: each for each in merged["sites"]}
    assert sites["busy"]["counts"] == {"create": 2, "update": 2, "replace": 2, "delete": 2}
    assert sites["down"] | {"documents": []} == {
        "site": "down", "result": "failed", "needs_attention": True, "documents": [],
        "counts": {"create": 0, "update": 0, "replace": 0, "delete": 0},
    }  # fmt: skip
    again = [read_result(each, site=site) for site, entry in sites.items() for each in entry["documents"]]
    assert render_results(again, "markdown") == render_results(fleet(), "markdown")


@pytest.mark.parametrize("format_", ["text", "html"])
def test_other_formats_have_all_sites(format_: str) -> None:
    text = render_results(fleet(), format_)
    for word in ("quiet", "busy", "rejected", "applied", "down", "the API does not respond", "photo-00004"):
        assert word in text


def test_annotations_name_the_site() -> None:
    lines = render_results(fleet(), "github").splitlines()
    assert ",title=rejected%3A gallery-0000/photo-00000 rejected::" in lines[0]
    assert any("title=down%3A GET /galleries::the API does not respond" in line for line in lines)


def test_drift_of_many_sites_counts_the_sites_with_drift() -> None:
    drifted = document(plan_of(3, Action.UPDATE, cause=Cause.DRIFT))
    quiet = document(Plan(site_id="q", changes=()))
    results = [read_result(each, site=site, drift=True) for site, each in {"a": drifted, "b": quiet}.items()]
    text = render_results(results, "markdown")
    assert text.startswith("### galleryctl drift: 2 sites\n\n**2 sites: 1 with drift, 1 without drift; 3 updates.**")
    assert "#### Changed on the site (3)" in text


def test_held_items_of_many_sites_are_counted() -> None:
    held = replace(Plan(site_id="h", changes=()), held=held_of(2))
    applied = replace(report_of(1, OutcomeStatus.HELD), has_written=False)
    subjects: dict[str, Subject] = {"quiet": Plan(site_id="q", changes=()), "held": held, "applied": applied}
    direct = [SiteResult(subject=subject, site=site) for site, subject in subjects.items()]
    read = [read_result(document(subject), site=site) for site, subject in subjects.items()]
    text = render_results(direct, "markdown")
    assert "**3 sites: 1 applied in part, 2 without changes; 3 held items.**" in text
    assert "#### Held, left as they are (1)" in text
    assert "- **held: gallery-0000/photo-00001**" in text
    assert render_results(read, "markdown") == text
    assert [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")][2:] == [
        "| applied", "| held", "| quiet",
    ]  # fmt: skip


def test_counts_for_gitlab_are_added_up() -> None:
    ok = [result for result in fleet() if result.site in ("busy", "applied", "quiet")]
    assert json.loads(render_results(ok, "terraform")) == {"create": 4, "update": 2, "delete": 6}
    assert json.loads(render_results(fleet(), "terraform")) == {}
