"""Plans, reports and failures as a self-contained page without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from galleryctl.model.checkup import CheckStatus, Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Report
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, view
from galleryctl.report.checkup import checkup_rows
from galleryctl.report.formatting import escape_control, escaped_lines, list_addresses
from galleryctl.report.lint import lint_page_values
from galleryctl.report.notes import note_lines
from galleryctl.report.ranked_changes import rank_changes
from galleryctl.report.results import ReportContext, SiteResult, command_of
from galleryctl.report.site_table import SITE_COLUMNS, by_attention, site_rows
from galleryctl.report.summary import result_summary, results_summary
from galleryctl.report.view import ACTION_SYMBOLS, DisplayAction

if TYPE_CHECKING:
    from jinja2 import Environment

_MAX_VALUE_LENGTH = 300
"""Characters of a value."""
_CHECK_CLASSES = {CheckStatus.OK: "done", CheckStatus.WARN: "skipped", CheckStatus.FAIL: "failed"}


def results_html(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return the results as a page: a section for each, those that need attention first."""
    from markupsafe import Markup  # noqa: PLC0415 - as below

    environment = _template_environment()
    rows = site_rows(results)
    order = {row.site: number for number, row in enumerate(by_attention(rows))}
    ordered = sorted(results, key=lambda result: order[result.site])
    has_failed = len(rows) == 1 and any(isinstance(result.subject, GalleryctlError) for result in results)
    command = " ".join(filter(None, ("galleryctl", command_of(results, context), "failed" if has_failed else "")))
    page = environment.get_template("page.html.j2").render(
        title=command,
        summary=results_summary(results),
        columns=SITE_COLUMNS if len(rows) > 1 else (),
        rows=by_attention(rows) if len(rows) > 1 else (),
        parts=[
            {
                "heading": ": ".join(filter(None, (result.site, result_summary(result)))) if len(results) > 1 else "",
                "body": Markup(environment.get_template(template).render(values)),  # noqa: S704 - escaped by the template
            }
            for result in ordered
            for template, values in [_body(result)]
        ],
    )
    return page.strip() + "\n"


def _body(result: SiteResult) -> tuple[str, dict[str, object]]:
    """Return the template of a result and its values."""
    match result.subject:
        case Plan():
            return "plan.html.j2", _plan_values(result.subject, drift=result.drift)
        case Report():
            return "report.html.j2", _report_values(result.subject)
        case Validation() | WriteResult() | Diagnosis():
            return "checkup.html.j2", {"rows": checkup_rows(result.subject), "css_classes": _CHECK_CLASSES}
        case LintReport():
            return "checkup.html.j2", lint_page_values(result.subject)
        case GalleryctlError():
            error = result.subject
            return "failure.html.j2", {
                "problems": error.problems if isinstance(error, InvalidInput) else (),
                "where": error.where,
                "why": escaped_lines(error.why),
                "do": escaped_lines(error.do),
            }
        case _:
            assert_never(result.subject)


def _plan_values(plan: Plan, *, drift: bool) -> dict[str, object]:
    return {
        "site": displayed(plan.site_id),
        "legend": {action: view.DRIFT_LABELS[action] if drift else action.value for action in DisplayAction},
        "symbols": ACTION_SYMBOLS,
        "ranked": rank_changes(plan, drift=drift, limit=_MAX_VALUE_LENGTH),
        "notes": note_lines(plan.notices),
        "state_changes": () if drift else view.state_change_lines(plan),
        "remarks": tuple(view.remarks(plan, drift=drift)),
        "targets": list_addresses(plan.targets),
        "refusals": () if drift else plan.refusals,
        "held": plan.held,
    }


def _report_values(report: Report) -> dict[str, object]:
    return {
        "takeover": outcomes.takeover_line(report),
        "figures": outcomes.run_figures(report),
        "errors": report.errors,
        "warnings": report.warnings,
        "outcomes": outcomes.by_danger(report.outcomes),
        "describe": outcomes.describe_outcome,
        "lines": escaped_lines,
        "requests": sorted(report.requests.items()),
    }


def _template_environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - heavy, for HTML only

    return Environment(
        loader=PackageLoader("galleryctl", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # addresses and file positions are not str, but contain user input
        finalize=lambda value: value if hasattr(value, "__html__") else escape_control(str(value)),
    )
