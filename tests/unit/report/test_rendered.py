"""Plans, reports and failures in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import GalleryctlError, InvalidInput, Refused
from galleryctl.model.media import Kind
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.plan.changes import Action, Cause, Change, Plan
from galleryctl.plan.file.codec import encode_plan
from galleryctl.report.render import OutputFormat, render
from galleryctl.report.text import plan_text, render_table, state_list_text

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas/report.schema.json").read_text(encoding="utf-8"))
FORMATS = [f for f in OutputFormat if f is not OutputFormat.HTML]


def many(count: int) -> Plan:
    changes = (
        Change(
            address=Address("weddings", f"p{i}"),
            action=Action.CREATE,
            kind=Kind.IMAGE,
            name=f"P {i}",
            position=(0, i),
        )
        for i in range(1, count + 1)
    )
    return Plan(site_id="site-1", changes=tuple(changes))


@pytest.mark.parametrize("format_", FORMATS)
def test_a_plan(plan: Plan, format_: OutputFormat, snapshot: SnapshotAssertion) -> None:
    assert render(plan, format_) == snapshot


def drifted(plan: Plan) -> Plan:
    """The plan as if the site caused all changes but those of fields that have another cause."""
    changes = (
        replace(
            change,
            cause=Cause.DRIFT,
            media_cause=Cause.DRIFT,
            position_cause=Cause.DRIFT,
            fields=tuple(
                replace(part, cause=Cause.DRIFT) if part.cause is Cause.MANIFEST else part for part in change.fields
            ),
        )
        for change in plan.changes[:-1]
    )
    return replace(plan, changes=(*changes, plan.changes[-1]))


@pytest.mark.parametrize("format_", [OutputFormat.TEXT, OutputFormat.MARKDOWN, OutputFormat.GITHUB])
def test_a_drift(plan: Plan, format_: OutputFormat, snapshot: SnapshotAssertion) -> None:
    assert render(drifted(plan), format_, drift=True) == snapshot


@pytest.mark.parametrize("format_", FORMATS)
def test_a_report(report: Report, format_: OutputFormat, snapshot: SnapshotAssertion) -> None:
    assert render(report, format_) == snapshot


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_wrong_with_the_input(
    invalid: InvalidInput, format_: OutputFormat, snapshot: SnapshotAssertion
) -> None:
    assert render(invalid, format_) == snapshot


@pytest.mark.parametrize("format_", FORMATS)
def test_a_refusal(refused: Refused, format_: OutputFormat, snapshot: SnapshotAssertion) -> None:
    assert render(refused, format_) == snapshot


@pytest.mark.parametrize("format_", OutputFormat)
def test_warnings_of_a_report_are_shown(report: Report, format_: OutputFormat) -> None:
    assert "the disk is full" in render(replace(report, warnings=("the disk is full",)), format_)


def test_the_last_line_counts(plan: Plan) -> None:
    last = plan_text(plan, color=False, width=40).splitlines()[-1]
    assert last == "Plan: 1 to create, 3 to update, 1 to replace, 1 to delete, 2 in state only (42 unchanged)."


def test_an_empty_plan_is_one_line() -> None:
    plan = Plan(site_id="s", changes=(), unchanged=47)
    assert render(plan, "text") == "No changes. The site matches the manifests (47 resources).\n"
    assert (
        render(plan, "text", drift=True)
        == "No drift. Nothing that the manifests declare has changed on the site (47 in sync).\n"
    )


def test_ten_thousand_changes_are_still_read() -> None:
    text = plan_text(many(10_000), color=False, width=100)
    assert len(text.splitlines()) < 120
    assert "… and 9,950 more (-v shows all)" in text
    assert "Plan: 10,000 to create" in text
    assert len(plan_text(many(200), color=False, width=100, verbose=True).splitlines()) > 200


def test_no_change_is_wider_than_the_terminal(plan: Plan) -> None:
    lines = plan_text(replace(plan, notices=(), refusals=()), color=False, width=60).splitlines()
    assert max(map(len, lines[4:-1])) <= 60


@pytest.mark.parametrize("name", ["A field of wheat above the lake in the very last light", "花" * 40])
def test_in_a_narrow_terminal_a_long_name_leaves_room_for_the_action(name: str) -> None:
    (change,) = many(1).changes
    text = plan_text(Plan(site_id="s", changes=(replace(change, name=name),)), color=False, width=60)
    (line,) = (line for line in text.splitlines() if "p1  image" in line)
    assert line.endswith('"  create')
    assert line.count("…") == 1


def test_in_a_narrow_terminal_no_column_of_a_table_is_cut_to_nothing() -> None:
    rows = [("1", "a-key", "image", "A title that is rather long", "b.jpg", "6" * 36)]
    text = render_table("Items", ("#", "key", "kind", "title", "shows", "id"), rows, color=False, width=40)
    assert f"1  a-key  image  A title tha…  b.jpg  {'6' * 36}\n" in text


def test_colour_is_asked_for(plan: Plan) -> None:
    assert "\x1b[32m" in render(plan, "text", color=True)
    assert "\x1b" not in render(plan, "text", color=False)


def test_json_of_a_plan_is_its_document(plan: Plan) -> None:
    assert json.loads(render(plan, "json")) == encode_plan(plan)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_report_names_the_run_whose_lock_was_taken_over(report: Report, format_: OutputFormat) -> None:
    assert "anna" in render(replace(report, lock_taken_from="anna"), format_)
    assert "anna" not in render(report, format_)


def test_json_follows_the_published_schema(report: Report, invalid: InvalidInput, refused: Refused) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for subject in (report, invalid, refused, GalleryctlError("no", where="x")):
        Draft202012Validator(SCHEMA).validate(json.loads(render(subject, "json")))


@pytest.mark.parametrize(
    ("statuses", "interrupted", "told"),
    [
        ((), False, "Applied: no changes."),
        ((OutcomeStatus.DONE, OutcomeStatus.DONE), False, "Applied: 2 updated."),
        ((OutcomeStatus.DONE, OutcomeStatus.FAILED), False, "Partially applied: 1 of 2 done, 1 failed, 0 skipped."),
        ((OutcomeStatus.FAILED,), False, "Not applied: 0 of 1 done, 1 failed, 0 skipped."),
        ((OutcomeStatus.DONE, OutcomeStatus.SKIPPED), True, "Interrupted: 1 of 2 done, 0 failed, 1 skipped."),
    ],
)
def test_a_report_is_summed_up(statuses: tuple[OutcomeStatus, ...], interrupted: bool, told: str) -> None:
    outcomes = tuple(
        Outcome(address=Address("g", f"i{i}"), action="update", status=status) for i, status in enumerate(statuses)
    )
    last = render(Report(outcomes=outcomes, interrupted=interrupted), "text").splitlines()[-1]
    assert last.startswith(told)


def test_a_report_counts_changes_in_state_only() -> None:
    done = Outcome(address=Address("g", "i"), action="update", status=OutcomeStatus.DONE)
    last = render(Report(outcomes=(done,), state_changes=2), "text").splitlines()[-1]
    assert last == "Applied: 1 updated, 2 in state only."


def test_a_page_loads_and_runs_nothing(plan: Plan, report: Report, invalid: InvalidInput) -> None:
    for subject in (plan, report, invalid):
        page = render(subject, "html")
        assert "default-src 'none'" in page
        assert not any(word in page.lower() for word in ("<script", "src=", "href=", "@import", "url("))


def test_a_page_shows_what_changes(plan: Plan) -> None:
    page = render(plan, "html")
    assert "Plan: 1 to create" in page
    assert "&lt;script&gt;1&lt;/script&gt;" in page
    assert "photos/first-dance.jpg" in page
    assert "--max-delete-percent 50" in page


def test_state_is_listed() -> None:
    gallery, item = Address.parse("weddings"), Address.parse("weddings/film")
    listed = state_list_text(Bindings(ids={item: "i-1", gallery: "g-1"}, protected=frozenset({gallery})))
    assert [line.split() for line in listed.splitlines()] == [
        ["weddings", "g-1", "protected"],
        ["weddings/film", "i-1"],
    ]
    assert state_list_text(Bindings()) == ""


def test_a_reason_that_several_share_stands_once_and_failures_come_first() -> None:
    outcomes = [
        Outcome(address=Address("weddings", f"i{n}"), action="create", status=OutcomeStatus.SKIPPED, reason="no key")
        for n in range(3)
    ]
    failed = Outcome(address=Address("studio"), action="update", status=OutcomeStatus.FAILED, reason="too many")
    told = render(Report(outcomes=(*outcomes, failed)), OutputFormat.TEXT)
    assert told.splitlines()[:6] == [
        "  ✗ studio  failed to update",
        "      too many",
        "  · weddings/i0  skipped, not created",
        "  · weddings/i1  skipped, not created",
        "  · weddings/i2  skipped, not created",
        "      no key",
    ]


def test_quotes_in_names_and_values_are_escaped(plan: Plan) -> None:
    named = (replace(each, name='The "best" day') for each in plan.changes)
    shown = render(replace(plan, changes=tuple(named)), "text")
    assert '"The \\"best\\" day"' in shown
    assert '"The "best' not in shown
