"""One way in: a plan, a report, a checkup or a failure in the format that was asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan

Subject = Plan | Report | Validation | WriteResult | Diagnosis | GalleryctlError


class OutputFormat(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"


def render(
    subject: Subject,
    format: str,  # noqa: A002 - the option's name
    *,
    drift: bool = False,
    color: bool = False,
    width: int = 100,
    verbose: bool = False,
) -> str:
    """`subject` in a Format, ending with a newline; `drift` tells a plan as what changed on the site.

    `color`, `width` (columns) and `verbose` are for text.
    """
    match OutputFormat(format):
        case OutputFormat.TEXT:
            from galleryctl.report.formatting import escape_workflow_commands  # noqa: PLC0415 - as in _text

            return escape_workflow_commands(
                _render_text(subject, drift=drift, color=color, width=width, verbose=verbose)
            )
        case OutputFormat.JSON:
            return _render_json(subject)
        case OutputFormat.MARKDOWN:
            return _render_markdown(subject, drift=drift)
        case OutputFormat.HTML:
            return _render_html(subject, drift=drift)
        case OutputFormat.GITHUB:
            return _render_github(subject, drift=drift)
        case unknown:
            assert_never(unknown)


def _render_text(subject: Subject, *, drift: bool, color: bool, width: int, verbose: bool) -> str:
    from galleryctl.report import checkup, problems, text  # noqa: PLC0415 - only the renderer that is used is loaded

    match subject:
        case Plan():
            return text.plan_text(subject, color=color, width=width, verbose=verbose, drift=drift)
        case Report():
            return text.report_text(subject, color=color, width=width, verbose=verbose)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_text(subject, color=color)
        case GalleryctlError():
            return problems.failure_text(subject, color=color)
        case _:
            assert_never(subject)


def _render_json(subject: Subject) -> str:
    from galleryctl.report import checkup, json  # noqa: PLC0415 - as in _text

    match subject:
        case Plan():
            return json.plan_json(subject)
        case Report():
            return json.report_json(subject)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_json(subject)
        case GalleryctlError():
            return json.failure_json(subject)
        case _:
            assert_never(subject)


def _render_markdown(subject: Subject, *, drift: bool) -> str:
    from galleryctl.report import checkup, markdown  # noqa: PLC0415 - as in _text

    match subject:
        case Plan():
            return markdown.plan_markdown(subject, drift=drift)
        case Report():
            return markdown.report_markdown(subject)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_markdown(subject)
        case GalleryctlError():
            return markdown.failure_markdown(subject)
        case _:
            assert_never(subject)


def _render_html(subject: Subject, *, drift: bool) -> str:
    from galleryctl.report import checkup, html  # noqa: PLC0415 - as in _text

    match subject:
        case Plan():
            return html.plan_html(subject, drift=drift)
        case Report():
            return html.report_html(subject)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_html(subject)
        case GalleryctlError():
            return html.failure_html(subject)
        case _:
            assert_never(subject)


def _render_github(subject: Subject, *, drift: bool) -> str:
    from galleryctl.report import checkup, github  # noqa: PLC0415 - as in _text

    match subject:
        case Plan():
            return github.plan_annotations(subject, drift=drift)
        case Report():
            return github.report_annotations(subject)
        case Validation() | WriteResult() | Diagnosis():
            return checkup.command_result_annotations(subject)
        case GalleryctlError():
            return github.failure_annotations(subject)
        case _:
            assert_never(subject)
