"""Entry point of the package: a plan, a report, a checkup or a failure in the requested format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import assert_never

from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.report import checkup, github, html, json, lint, markdown, problems, text
from galleryctl.report.formatting import escape_workflow_commands

Subject = Plan | Report | Validation | WriteResult | Diagnosis | LintReport | GalleryctlError


class OutputFormat(StrEnum):
    """Values of `--format`."""

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
    """Return `subject` in an OutputFormat, ending with a newline; `drift` shows a plan as changes on the site.

    `color`, `width` (columns) and `verbose` apply to text only.
    """
    renderers: Mapping[OutputFormat, Callable[[], str]]
    match subject:
        case Plan():
            renderers = {
                OutputFormat.TEXT: lambda: text.plan_text(
                    subject, color=color, width=width, verbose=verbose, drift=drift
                ),
                OutputFormat.JSON: lambda: json.plan_json(subject),
                OutputFormat.MARKDOWN: lambda: markdown.plan_markdown(subject, drift=drift),
                OutputFormat.HTML: lambda: html.plan_html(subject, drift=drift),
                OutputFormat.GITHUB: lambda: github.plan_annotations(subject, drift=drift),
            }
        case Report():
            renderers = {
                OutputFormat.TEXT: lambda: text.report_text(subject, color=color, width=width, verbose=verbose),
                OutputFormat.JSON: lambda: json.report_json(subject),
                OutputFormat.MARKDOWN: lambda: markdown.report_markdown(subject),
                OutputFormat.HTML: lambda: html.report_html(subject),
                OutputFormat.GITHUB: lambda: github.report_annotations(subject),
            }
        case Validation() | WriteResult() | Diagnosis():
            renderers = {
                OutputFormat.TEXT: lambda: checkup.command_result_text(subject, color=color),
                OutputFormat.JSON: lambda: checkup.command_result_json(subject),
                OutputFormat.MARKDOWN: lambda: checkup.command_result_markdown(subject),
                OutputFormat.HTML: lambda: checkup.command_result_html(subject),
                OutputFormat.GITHUB: lambda: checkup.command_result_annotations(subject),
            }
        case LintReport():
            renderers = {
                OutputFormat.TEXT: lambda: lint.lint_text(subject, color=color),
                OutputFormat.JSON: lambda: lint.lint_json(subject),
                OutputFormat.MARKDOWN: lambda: lint.lint_markdown(subject),
                OutputFormat.HTML: lambda: lint.lint_html(subject),
                OutputFormat.GITHUB: lambda: lint.lint_annotations(subject),
            }
        case GalleryctlError():
            renderers = {
                OutputFormat.TEXT: lambda: problems.failure_text(subject, color=color),
                OutputFormat.JSON: lambda: json.failure_json(subject),
                OutputFormat.MARKDOWN: lambda: markdown.failure_markdown(subject),
                OutputFormat.HTML: lambda: html.failure_html(subject),
                OutputFormat.GITHUB: lambda: github.failure_annotations(subject),
            }
        case _:
            assert_never(subject)
    rendered = renderers[OutputFormat(format)]()
    return escape_workflow_commands(rendered) if format == OutputFormat.TEXT else rendered
