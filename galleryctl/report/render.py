"""Entry point of the package: the results of a run, or of runs on several sites, in the requested format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.report import (
    checkup,
    codequality,
    github,
    html,
    json,
    junit,
    lint,
    markdown,
    problems,
    sarif,
    terraform,
    text,
)
from galleryctl.report.formatting import escape_control, escape_workflow_commands
from galleryctl.report.merge import merged_json
from galleryctl.report.results import ReportContext, SiteResult, Subject
from galleryctl.report.summary import results_summary

_NO_CONTEXT = ReportContext()


class OutputFormat(StrEnum):
    """Values of `--format`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"


class ReportFormat(StrEnum):
    """Values of FORMAT in `--report FORMAT=FILE`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"
    TERRAFORM = "terraform"
    CODE_QUALITY = "codequality"


def render(
    subject: Subject,
    format: str,  # noqa: A002 - the option's name
    *,
    drift: bool = False,
    color: bool = False,
    width: int = 100,
    verbose: bool = False,
    context: ReportContext = _NO_CONTEXT,
) -> str:
    """Return `subject` in a ReportFormat, ending with a newline; `drift` shows a plan as changes on the site.

    `color`, `width` (columns) and `verbose` apply to text only.
    """
    results = [SiteResult(subject=subject, drift=drift)]
    return render_results(results, format, color=color, width=width, verbose=verbose, context=context)


def render_results(
    results: Sequence[SiteResult],
    format: str,  # noqa: A002 - the option's name
    *,
    color: bool = False,
    width: int = 100,
    verbose: bool = False,
    context: ReportContext = _NO_CONTEXT,
) -> str:
    """Return the results in a ReportFormat as one report, ending with a newline.

    Several results of one site are those of one run, the first being the one that matters: a failure, and the plan that
    it made before.
    """
    requested = ReportFormat(format)
    if requested is ReportFormat.TEXT:
        return _results_text(results, color=color, width=width, verbose=verbose)
    if requested is ReportFormat.JSON:
        is_one = len({result.site for result in results}) == 1
        return _subject_json(results[0].subject) if is_one else merged_json(results)
    renderers: Mapping[ReportFormat, Callable[[Sequence[SiteResult], ReportContext], str]] = {
        ReportFormat.MARKDOWN: markdown.results_markdown,
        ReportFormat.HTML: html.results_html,
        ReportFormat.GITHUB: github.results_annotations,
        ReportFormat.SARIF: sarif.results_sarif,
        ReportFormat.JUNIT: junit.results_junit,
        ReportFormat.TERRAFORM: terraform.results_counts,
        ReportFormat.CODE_QUALITY: codequality.results_code_quality,
    }
    return renderers[requested](results, context)


def _subject_json(subject: Subject) -> str:
    match subject:
        case Plan():
            return json.plan_json(subject)
        case Report():
            return json.report_json(subject)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_json(subject)
        case LintReport():
            return lint.lint_json(subject)
        case GalleryctlError():
            return json.failure_json(subject)
        case _:
            assert_never(subject)


def _results_text(results: Sequence[SiteResult], *, color: bool, width: int, verbose: bool) -> str:
    """Return the texts one below the other, those of several sites with headings and a summary."""
    sites = {result.site for result in results}
    parts: list[str] = []
    for result in results:
        shown = _subject_text(result, color=color, width=width, verbose=verbose)
        parts.append(f"Site {escape_control(result.site)}:\n\n{shown}" if len(sites) > 1 else shown)
    if len(sites) > 1:
        parts.append(f"{results_summary(results)}\n")
    return escape_workflow_commands("\n".join(parts))


def _subject_text(result: SiteResult, *, color: bool, width: int, verbose: bool) -> str:
    subject = result.subject
    match subject:
        case Plan():
            return text.plan_text(subject, color=color, width=width, verbose=verbose, drift=result.drift)
        case Report():
            return text.report_text(subject, color=color, width=width, verbose=verbose)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_text(subject, color=color)
        case LintReport():
            return lint.lint_text(subject, color=color)
        case GalleryctlError():
            return problems.failure_text(subject, color=color)
        case _:
            assert_never(subject)
