"""Hostile captions, file names and API responses control no terminal, page or workflow, in any format."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.address import Address
from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery, WriteAction, WriteResult
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.keyed import KeyedGallery, KeyedSite
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, Kind, MediaFile, RemoteFile, UploadedFile, VideoHost, WixFile
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Action, Change, FieldChange, Notice, Plan, Refusal
from galleryctl.report.formatting import shorten
from galleryctl.report.json import dump_safe_json
from galleryctl.report.live import live_json, live_markdown, live_text
from galleryctl.report.media import media_json, media_text
from galleryctl.report.render import OutputFormat, render
from galleryctl.report.results import Subject

HOSTILE = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8"), max_size=6),
        st.sampled_from(
            ["\x1b[2J", "\x9b31m", "<script>", "</script>", "<img src=x>", "\n::error::x", "\r", "\x00", "`", "``", "|",
             "\u202e", "\u2066", "\u061c", "\u200b", "\u00ad", "\U000e0041", "\u2028", "\x85", "\x1b]8;;http://x\x07", "@anna",
             "\n| a |", "{{7*7}}", "[bold]", "](javascript:x)", "</details>"]
        ),
    ),
    max_size=4,
).map("".join)  # fmt: skip
ADDRESS = Address("weddings", "film")
MEDIA = st.one_of(
    st.builds(RemoteFile, url=HOSTILE),
    st.builds(WixFile, id=HOSTILE, filename=HOSTILE),
    st.builds(HostedVideo, host=st.just(VideoHost.VIMEO), url=HOSTILE),
)
CHANGES = st.builds(
    Change,
    address=st.sampled_from([ADDRESS, Address("weddings")]),
    action=st.sampled_from([Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE]),
    kind=st.just(Kind.IMAGE),
    name=HOSTILE,
    fields=st.lists(
        st.builds(FieldChange, path=HOSTILE, before=HOSTILE, after=st.one_of(st.none(), HOSTILE, st.tuples(HOSTILE))),
        max_size=2,
    ).map(tuple),
    media=st.none() | MEDIA,
    media_before=st.none() | HOSTILE,
    reason=HOSTILE,
)
PLANS = st.builds(
    Plan,
    site_id=HOSTILE,
    changes=st.lists(CHANGES, max_size=3).map(tuple),
    refusals=st.builds(Refusal, address=st.none(), why=HOSTILE, allow=HOSTILE).map(lambda one: (one,)),
    notices=st.builds(Notice, address=st.none(), message=HOSTILE).map(lambda one: (one,)),
)
REPORTS = st.builds(
    Report,
    outcomes=st.builds(
        Outcome,
        address=st.just(ADDRESS),
        action=st.just("update"),
        status=st.sampled_from(OutcomeStatus),
        id=HOSTILE,
        reason=HOSTILE,
    ).map(lambda one: (one,)),
    requests=st.dictionaries(HOSTILE, st.just(1), max_size=2),
)
FAILURES = st.one_of(
    st.builds(GalleryctlError, HOSTILE, where=HOSTILE, why=HOSTILE, do=HOSTILE),
    st.builds(
        lambda file, message, do: InvalidInput((Problem(SourcePosition(file, 1, 1), message),), do=do),
        HOSTILE,
        HOSTILE,
        HOSTILE,
    ),
)
CHECKUPS = st.one_of(
    st.builds(WriteResult, action=st.sampled_from(WriteAction), files=st.lists(HOSTILE, max_size=2).map(tuple)),
    st.builds(Check, name=HOSTILE, status=st.sampled_from(CheckStatus), finding=HOSTILE, do=HOSTILE).map(
        lambda check: Diagnosis(checks=(check,))
    ),
    st.builds(ValidGallery, key=HOSTILE, file=HOSTILE, items_by_kind=st.just({Kind.IMAGE: 1})).map(
        lambda gallery: Validation(sites=("main",), galleries=(gallery,), media_files=1, media_bytes=1)
    ),
)
SUBJECTS: st.SearchStrategy[Subject] = st.one_of(PLANS, REPORTS, FAILURES, CHECKUPS)
TAG = re.compile(r"<\s*(script|img)", re.IGNORECASE)


def controls(text: str) -> set[str]:
    """Return the control, invisible and direction characters; joiners are allowed, as emoji and scripts need them."""
    odd = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return odd - {"\n", "\u200c", "\u200d"}


@given(SUBJECTS, st.sampled_from(OutputFormat), st.booleans())
def test_no_format_lets_control_characters_through(subject: Subject, format_: OutputFormat, drift: bool) -> None:
    assert not controls(render(subject, format_, drift=drift, verbose=True))


@given(SUBJECTS)
def test_in_colour_there_are_colours_only(subject: Subject) -> None:
    assert not controls(re.sub(r"\x1b\[[0-9;]*m", "", render(subject, "text", color=True)))


@given(SUBJECTS)
def test_no_page_and_no_json_holds_a_foreign_tag(subject: Subject) -> None:
    for format_ in ("html", "markdown", "json"):
        assert not TAG.search(render(subject, format_))


LIVE_ITEMS = st.builds(
    LiveItem,
    id=HOSTILE,
    kind=st.just(Kind.IMAGE),
    media=st.one_of(st.none(), st.builds(WixFile, id=HOSTILE, filename=HOSTILE)),
    fields=st.dictionaries(st.sampled_from(["title", "description", "alt_text"]), HOSTILE),
    sort_order=st.none(),
    raw=st.just({}),
)
LIVE = st.builds(
    lambda gallery_id, name, item, site, alone: KeyedSite(
        site_id=site,
        galleries=(
            KeyedGallery(
                key=None,
                gallery=LiveGallery(
                    id=gallery_id, fields={"name": name}, sort_order=None, total_items=1, items=(item,), raw={}
                ),
            ),
        ),
        item=item if alone else None,
    ),
    HOSTILE, HOSTILE, LIVE_ITEMS, HOSTILE, st.booleans(),
)  # fmt: skip
FILES = st.builds(MediaFile, id=HOSTILE, display_name=HOSTILE, ready=st.booleans(), failed=st.booleans(), url=HOSTILE).map(
    lambda file: (UploadedFile(file=file, in_state=True, referenced=False, shown_in=()),)
)  # fmt: skip


@given(LIVE, FILES)
def test_texts_of_the_site_control_nothing(site: KeyedSite, files: tuple[UploadedFile, ...]) -> None:
    shown = (
        live_text(site, color=False, width=80), live_markdown(site), live_json(site),
        media_text(files, color=False, width=80), media_json("site", files),
    )  # fmt: skip
    assert not controls("".join(shown))
    json.loads(live_json(site))
    json.loads(media_json("site", files))


@given(LIVE)
def test_each_row_of_a_table_has_the_cells_of_its_head(site: KeyedSite) -> None:
    rows = [line for line in live_markdown(site).splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1


@pytest.mark.parametrize("word", ["::error::x", "  ::add-mask::y", "##[error]z"])
def test_no_line_of_a_text_is_a_command_to_a_workflow(word: str) -> None:
    failed = Outcome(
        address=Address("weddings"), action="update", status=OutcomeStatus.FAILED, reason=f"no\n{word}", id=""
    )
    text = render(Report(outcomes=(failed,)), OutputFormat.TEXT)
    assert f"\\{word.strip()}" in text
    assert not any(line.strip().startswith(("::", "##[")) for line in text.splitlines())


@given(SUBJECTS)
def test_no_hostile_word_makes_a_table_or_an_annotation_of_its_own(subject: Subject) -> None:
    for format_ in OutputFormat:
        begun = [line.strip() for line in render(subject, format_).splitlines()]
        # Only Markdown has tables: in a text the word stands as it is.
        made = ("::error::x",) if format_ is OutputFormat.TEXT else ("| a |", "::error::x")
        assert not any(line.startswith(made) for line in begun)


@given(st.text(st.characters(codec="utf-8")))
def test_json_holds_any_text(text: str) -> None:
    assert json.loads(dump_safe_json({"text": text})) == {"text": text}


@pytest.mark.parametrize("format_", OutputFormat)
def test_a_file_name_is_cleaned_where_a_problem_names_it(format_: OutputFormat) -> None:
    error = InvalidInput((Problem(SourcePosition("a\x1b[31m\u202e<b>\n::error::.yaml", 1, 1), "broken"),))
    shown = render(error, format_)
    assert not controls(shown)
    assert "<b>" not in shown or format_ in (OutputFormat.TEXT, OutputFormat.GITHUB, OutputFormat.MARKDOWN)
    assert not any(line.startswith("::error::.yaml") for line in shown.splitlines())


@given(SUBJECTS)
def test_json_is_json(subject: Subject) -> None:
    json.loads(render(subject, "json"))


@given(SUBJECTS)
def test_each_line_for_github_is_one_command(subject: Subject) -> None:
    for line in render(subject, "github").splitlines():
        assert re.match(r"::(error|warning|notice)( [^:]*)?::", line)


@given(SUBJECTS)
def test_details_are_closed_as_often_as_opened(subject: Subject) -> None:
    text = render(subject, "markdown")
    assert text.count("<details>") == text.count("</details>")


@given(st.text(), st.integers(8, 40))
def test_what_is_shortened_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
