"""How long reports are: within the limits of comments and annotations for any plan, the dangerous always named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Action, Cause, Plan
from galleryctl.report.budget import ReportBlock, fit_blocks
from galleryctl.report.markdown import MAX_MARKDOWN
from galleryctl.report.render import ReportFormat, render, render_results
from galleryctl.report.results import ReportContext, SiteResult, Subject
from tests.support.report_plans import (
    ALL_ACTIONS,
    BIG,
    SIZES,
    failure_of,
    held_of,
    lint_of,
    plan_of,
    report_of,
    validation_of,
)

LINK = "https://forge.example/owner/repository/actions/runs/1"
CONTEXT = ReportContext(command="plan", link=LINK)
LIMITS: Mapping[ReportFormat, tuple[int, int]] = {
    ReportFormat.TEXT: (4_000, 400),
    ReportFormat.JSON: (6_000, 2_000),
    ReportFormat.HTML: (8_000, 1_200),
    ReportFormat.SARIF: (2_000, 1),
    ReportFormat.JUNIT: (70_000, 250),
    ReportFormat.TERRAFORM: (100, 0),
    ReportFormat.CODE_QUALITY: (2_000, 1),
    ReportFormat.MARKDOWN: (MAX_MARKDOWN, 0),
    ReportFormat.GITHUB: (40_000, 0),
}
"""The most characters of a report, and how many more for each change or gallery."""


@pytest.mark.parametrize("format_", ReportFormat)
@pytest.mark.parametrize("count", SIZES)
def test_a_report_is_as_long_as_its_format_allows(count: int, format_: ReportFormat) -> None:
    fixed, each = LIMITS[format_]
    assert len(render(plan_of(count, *ALL_ACTIONS), format_, context=CONTEXT)) <= fixed + count * each


@pytest.mark.parametrize("format_", ReportFormat)
def test_so_is_that_of_3000_galleries(format_: ReportFormat) -> None:
    fixed, each = LIMITS[format_]
    assert len(render(plan_of(3_000, *ALL_ACTIONS, galleries=3_000), format_, context=CONTEXT)) <= fixed + 6_000 * each


@pytest.mark.parametrize("drift", [False, True])
@pytest.mark.parametrize("name", BIG)
def test_markdown_fits_into_a_comment_whatever_it_shows(name: str, drift: bool) -> None:
    subject = BIG[name]()
    text = render(subject, "markdown", drift=drift and isinstance(subject, Plan), context=CONTEXT)
    assert len(text) <= MAX_MARKDOWN
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("name", BIG)
def test_a_forge_shows_all_annotations(name: str) -> None:
    lines = render(BIG[name](), "github", context=CONTEXT).splitlines()
    levels = Counter(re.split(r"[ :]+", line)[1] for line in lines)
    assert max(levels.values()) <= 10


def named_deletes(text: str) -> set[str]:
    """Return the items under the heading of deletes, with a line for each or with those of a gallery on one line."""
    (part,) = re.findall(r"^#### Deletes and clears .*?(?=^####|^<details>|\Z)", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"photo-\d{5}", part))


@pytest.mark.parametrize("count", [1, 50, 1_000])
def test_each_delete_is_named(count: int) -> None:
    assert len(named_deletes(render(plan_of(count * 4, *ALL_ACTIONS), "markdown"))) == count


def test_so_are_3000_in_one_gallery() -> None:
    assert len(named_deletes(render(plan_of(3_000, Action.DELETE), "markdown"))) == 3_000


def test_three_deletes_among_600_creates_come_first_and_all_creates_are_named() -> None:
    text = render(plan_of(603, Action.DELETE, *[Action.CREATE] * 200), "markdown", context=CONTEXT)
    assert text.index("#### Deletes and clears (3)") < text.index("Creates (600)")
    assert len(re.findall(r"\*\* delete, image", text)) == 3
    assert len(re.findall(r"\*\* create", text)) == 600
    assert LINK not in text


def test_deletes_beyond_the_limit_are_counted_at_the_top_with_a_link() -> None:
    text = render(plan_of(10_000, Action.DELETE), "markdown", context=CONTEXT)
    head = text[:400]
    assert "Plan: 0 to create, 0 to update, 0 to replace, 10,000 to delete" in head
    assert "#### Deletes and clears (10,000)" in head
    (listed,) = re.findall(rf"([\d,]+) of 10,000 are listed here; \[the full report\]\({LINK}\) has all\.", head)
    assert len(named_deletes(text)) == int(listed.replace(",", "")) > 4_000


def test_without_a_link_it_says_where_the_rest_is() -> None:
    text = render(plan_of(10_000, Action.DELETE), "markdown")
    assert "are listed here; the report as text, HTML or JSON has all." in text


def test_one_kind_of_danger_does_not_push_another_out() -> None:
    plan = plan_of(9_000, Action.DELETE)
    others = plan_of(12, Action.REPLACE, Action.UPDATE, galleries=3, cause=Cause.CONFLICT, refusals=5)
    text = render(Plan(site_id="s", changes=(*plan.changes, *others.changes), refusals=others.refusals), "markdown")
    assert len(re.findall(r"^> - \*\*gallery-", text, re.MULTILINE)) == 5
    assert len(re.findall(r"\*\* replace, image", text)) == 6
    assert len(re.findall(r"\*\* update, image", text)) == 6


def test_held_items_are_named_or_counted_before_deletes() -> None:
    plan = replace(plan_of(9_000, Action.DELETE, refusals=1), held=held_of(40))
    text = render(plan, "markdown")
    assert text.index("Rejected by safety checks") < text.index("#### Held, left as they are (40)")
    assert text.index("#### Held, left as they are (40)") < text.index("#### Deletes and clears (9,000)")
    assert len(re.findall(r"^- \*\*gallery-0000/photo-\d{5}\*\*: ", text, re.MULTILINE)) == 40
    many = render(replace(plan, held=held_of(10_000)), "markdown", context=CONTEXT)
    assert "#### Held, left as they are (10,000)" in many
    assert "10,000 held)." in many[:400]


def test_warnings_of_a_validation_and_findings_of_lint_come_before_the_rest() -> None:
    valid = render(validation_of(200), "markdown")
    assert valid.index("#### Warnings (200)") < valid.index(": gallery-0000`")
    found = render(lint_of(3_000), "markdown")
    places = [found.index(f"#### {title} (1,000)") for title in ("Errors", "Warnings", "Notes")]
    assert places == sorted(places)
    assert len(re.findall("^- `galleries/weddings.yaml", found[: places[1]], re.MULTILINE)) >= 300


def test_the_dangerous_is_never_cut_from_a_text() -> None:
    text = render(plan_of(4_000, *ALL_ACTIONS), "text")
    assert len(re.findall(r"^    - photo-", text, re.MULTILINE)) == 1_000
    assert len(re.findall(r"^    \+ photo-", text, re.MULTILINE)) == 50


def test_notes_that_say_the_same_are_one_line() -> None:
    for format_ in ("text", "markdown"):
        text = render(plan_of(1, notices=98), format_)
        assert "98 items" in text
        assert text.count("by title and kind") == 1


def test_annotations_name_the_dangerous_first_and_count_the_rest() -> None:
    plan = plan_of(200, Action.CREATE, Action.DELETE, notices=50, refusals=40)
    lines = render(plan, "github", context=ReportContext(folder="clients/north")).splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    warnings = [line for line in lines if line.startswith("::warning")]
    notices = [line for line in lines if line.startswith("::notice")]
    assert lines == [*errors, *warnings, *notices]
    assert errors[-1] == "::error title=galleryctl::and 31 more"
    assert warnings[-1] == "::warning title=galleryctl::and 91 more"
    assert all("will be deleted" in line for line in warnings[:-1])
    assert notices[1].startswith("::notice file=clients/north/galleries/gallery-0000.yaml,line=7,col=5,title=")


def test_a_merged_report_of_a_thousand_sites_fits() -> None:
    subjects: list[Subject] = [plan_of(40, *ALL_ACTIONS), report_of(20, OutcomeStatus.FAILED), failure_of(9)]
    results = [SiteResult(subject=subjects[number % 3], site=f"client-{number:04}") for number in range(1_000)]
    text = render_results(results, "markdown", context=CONTEXT)
    assert len(text) <= MAX_MARKDOWN
    assert "666 failed" in text
    assert text.index("#### Failed") < text.index("#### Deletes and clears (3,340)")


BLOCKS = st.lists(
    st.builds(
        lambda number, entries, dangerous: ReportBlock(
            order=(number, 0),
            title=f"part {number}",
            full=tuple(entry * 3 for entry in entries),
            short=tuple(entries),
            heading=f"#### part {number}",
            is_dangerous=dangerous,
        ),
        st.integers(0, 9),
        st.lists(st.text("abc", min_size=1, max_size=40), min_size=1, max_size=40),
        st.booleans(),
    ),
    max_size=8,
)


@given(BLOCKS, st.integers(2_500, 6_000), st.sampled_from(["", LINK]))
def test_blocks_fit_and_all_is_named_where_there_is_room(blocks: list[ReportBlock], limit: int, link: str) -> None:
    texts = fit_blocks(blocks, limit, link)
    assert sum(map(len, texts)) <= limit
    needed = sum(sum(len(entry) + 1 for entry in block.full) + block.frame + len(link) for block in blocks)
    for block, text in zip(blocks, texts, strict=True):
        assert f"({len(block.full):,})" in text
        if needed <= limit:
            assert all(entry in text.splitlines() for entry in block.full)


@given(BLOCKS, st.integers(2_500, 6_000))
def test_what_is_not_dangerous_takes_no_room_from_what_is(blocks: list[ReportBlock], limit: int) -> None:
    alone = [block for block in blocks if block.is_dangerous]
    others = sum(block.frame for block in blocks if not block.is_dangerous)
    texts = dict(zip([id(block) for block in blocks], fit_blocks(blocks, limit, ""), strict=True))
    assert [texts[id(block)] for block in alone] == fit_blocks(alone, limit - others, "")
