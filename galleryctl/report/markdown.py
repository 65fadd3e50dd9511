"""Results as Markdown for comments and step summaries: the dangerous first, and never more than fits in a comment.

Values are shown as code, where Markdown has no effect; other text from the site or a file is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import assert_never

from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, view
from galleryctl.report.budget import ReportBlock, fit_blocks
from galleryctl.report.formatting import pluralize, shorten
from galleryctl.report.lint import lint_blocks
from galleryctl.report.markdown_blocks import checkup_blocks, failure_blocks, plan_blocks, report_blocks
from galleryctl.report.markdown_text import escape_markdown, link_target, table_head, table_row
from galleryctl.report.ranking import Rank
from galleryctl.report.results import ReportContext, SiteResult, command_of
from galleryctl.report.site_table import SITE_COLUMNS, SiteRow, by_attention, site_rows, sites_summary
from galleryctl.report.summary import result_summary

MAX_MARKDOWN = 60_000
"""Limit for a document, in characters: a comment on GitHub has at most 65,536, and its marker and frame need some."""
_MAX_TABLE = 8_000
_MAX_REMARKS = 4_000
_MAX_LABEL = 100
"""Characters of the name of a site."""
_MAX_HEADING = 400
"""Characters of a summary or a remark."""


def results_markdown(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return the results in one document: the summary, failures, and all changes in the order of their ranks."""
    command = " ".join(filter(None, ("galleryctl", command_of(results, context))))
    rows = site_rows(results)
    several = len(rows) > 1
    blocks = _in_order(chain.from_iterable(_blocks(result, several=several) for result in results))
    if several:
        heading = [f"### {command}: {pluralize(len(rows), 'site')}", f"**{escape_markdown(sites_summary(rows))}**"]
        blocks.insert(0, _site_table(rows))
    else:
        failed = any(isinstance(result.subject, GalleryctlError) for result in results)
        heading = [f"### {command}{' failed' if failed else ''}", *_summaries(results)]
    start = "\n\n".join(heading)
    separators = 2 * len(blocks) + 1
    texts = fit_blocks(blocks, MAX_MARKDOWN - len(start) - separators, link_target(context.link))
    return "\n\n".join([start, *texts]) + "\n"


def _site_table(rows: Sequence[SiteRow]) -> ReportBlock:
    """Return a row for each site, those that need attention first."""
    ordered = by_attention(rows)
    entries = tuple(table_row(escape_markdown(shorten(cell, _MAX_LABEL)) for cell in row.cells) for row in ordered)
    head = table_head(SITE_COLUMNS)
    return ReportBlock(
        order=(Rank.FAILURE, 0),
        title="sites",
        full=entries,
        short=entries,
        heading="#### Sites",
        after=f"\n\n{head}",
        limit=_MAX_TABLE,
    )


def _summaries(results: Sequence[SiteResult]) -> Iterator[str]:
    for result in results:
        summary = shorten(result_summary(result), _MAX_HEADING)
        # The summary of a plan has counts and words of ours only.
        yield f"**{summary if isinstance(result.subject, Plan) else escape_markdown(summary)}**"
        if isinstance(result.subject, Report):
            yield outcomes.run_figures(result.subject)


def _blocks(result: SiteResult, *, several: bool) -> list[ReportBlock]:
    label = f"{escape_markdown(shorten(result.site, _MAX_LABEL))}: " if several else ""
    match result.subject:
        case Plan():
            return [*plan_blocks(result.subject, drift=result.drift, label=label), *_remarks(result, label)]
        case Report():
            return [*report_blocks(result.subject, label=label), *_remarks(result, label)]
        case Validation() | WriteResult() | Diagnosis():
            return list(checkup_blocks(result.subject, label=label))
        case LintReport():
            return list(lint_blocks(result.subject, label=label))
        case GalleryctlError():
            return list(failure_blocks(result.subject, label=label))
        case _:
            assert_never(result.subject)


def _remarks(result: SiteResult, label: str) -> Iterator[ReportBlock]:
    match result.subject:
        case Plan():
            lines = list(view.remarks(result.subject, drift=result.drift))
        case Report():
            lines = list(filter(None, [outcomes.takeover_line(result.subject)]))
        case _:
            lines = []
    if lines:
        entries = tuple(f"- {label}{escape_markdown(shorten(line, _MAX_HEADING))}" for line in lines)
        yield ReportBlock(order=(Rank.STATE, 1), title="remarks", full=entries, short=entries, limit=_MAX_REMARKS)


def _in_order(blocks: Iterable[ReportBlock]) -> list[ReportBlock]:
    """Return the blocks in their order, those of several sites with the same title as one."""
    merged: dict[tuple[tuple[int, int], str], ReportBlock] = {}
    for block in blocks:
        key = (block.order, block.title)
        merged[key] = merged[key].joined(block) if key in merged else block
    return sorted(merged.values(), key=lambda block: block.order)
