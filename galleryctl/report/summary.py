"""The results in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from galleryctl.model.checkup import Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, problems, view
from galleryctl.report.checkup import command_result_summary
from galleryctl.report.lint import lint_summary
from galleryctl.report.results import SiteResult
from galleryctl.report.site_table import site_rows, sites_summary


def results_summary(results: Sequence[SiteResult]) -> str:
    """Return the summary of one result, or the number of sites with each result; escaped."""
    rows = site_rows(results)
    return sites_summary(rows) if len(rows) > 1 else " ".join(map(result_summary, results))


def result_summary(result: SiteResult) -> str:
    """Return the summary of a result, escaped."""
    match result.subject:
        case Plan():
            return view.plan_summary(result.subject, drift=result.drift)
        case Report():
            return outcomes.report_summary(result.subject)
        case Validation() | WriteResult() | Diagnosis():
            return command_result_summary(result.subject)
        case LintReport():
            return lint_summary(result.subject)
        case GalleryctlError():
            return problems.failure_summary(result.subject)
        case _:
            assert_never(result.subject)
