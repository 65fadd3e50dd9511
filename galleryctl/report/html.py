"""Plans, reports and failures as a self-contained page without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, view
from galleryctl.report.formatting import escape_control, escaped_lines, list_addresses
from galleryctl.report.problems import count_problems
from galleryctl.report.view import ACTION_SYMBOLS, DisplayAction

if TYPE_CHECKING:
    from jinja2 import Environment

_MAX_VALUE_LENGTH = 300
"""Characters of a value."""


def plan_html(plan: Plan, *, drift: bool = False) -> str:
    """Return the plan as a page, gallery by gallery."""
    return render_template(
        "plan.html.j2",
        title="galleryctl drift" if drift else "galleryctl plan",
        summary=view.plan_summary(plan, drift=drift),
        site=displayed(plan.site_id),
        legend={action: view.DRIFT_LABELS[action] if drift else action.value for action in DisplayAction},
        symbols=ACTION_SYMBOLS,
        groups=view.group_changes(plan, drift=drift, limit=_MAX_VALUE_LENGTH),
        plan=plan,
        state_changes=() if drift else view.state_change_lines(plan),
        remarks=tuple(view.remarks(plan, drift=drift)),
        targets=list_addresses(plan.targets),
        refusals=() if drift else plan.refusals,
    )


def report_html(report: Report) -> str:
    """Return the outcome of an apply as a page; failures come first."""
    status = OutcomeStatus
    ranks = (status.FAILED, status.NOT_TAKEN, status.HELD, status.SKIPPED, status.DONE)
    return render_template(
        "report.html.j2",
        title="galleryctl apply",
        summary=outcomes.report_summary(report),
        takeover=outcomes.takeover_line(report),
        figures=outcomes.run_figures(report),
        warnings=report.warnings,
        outcomes=sorted(report.outcomes, key=lambda outcome: ranks.index(outcome.status)),
        describe=outcomes.describe_outcome,
        lines=escaped_lines,
        requests=sorted(report.requests.items()),
    )


def failure_html(error: GalleryctlError) -> str:
    """Return the failure as a page; problems of the input have their positions."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return render_template(
        "failure.html.j2",
        title="galleryctl failed",
        summary=count_problems(problems) if problems else " ".join(escaped_lines(error.what)),
        problems=problems,
        where=error.where,
        why=escaped_lines(error.why),
        do=escaped_lines(error.do),
    )


def render_template(template: str, **values: object) -> str:
    """Return the filled template; all values are escaped."""
    return _template_environment().get_template(template).render(**values).strip() + "\n"


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
