"""Plans, reports and failures as one page that loads nothing and runs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, view
from galleryctl.report.problems import count
from galleryctl.report.view import SYMBOLS, Look
from galleryctl.report.wording import clean, lines

if TYPE_CHECKING:
    from jinja2 import Environment

VALUE = 300
"""Characters of a value."""


def plan_html(plan: Plan, *, drift: bool = False) -> str:
    """The plan, gallery by gallery."""
    return page(
        "plan.html.j2",
        title="galleryctl drift" if drift else "galleryctl plan",
        summary=view.summary(plan, drift=drift),
        site=plan.site_id,
        legend={look: view.DRIFTED[look] if drift else look.value for look in Look},
        symbols=SYMBOLS,
        groups=view.groups(plan, drift=drift, limit=VALUE),
        plan=plan,
        refusals=() if drift else plan.refusals,
    )


def report_html(report: Report) -> str:
    """What an apply did; what went wrong comes first."""
    ranks = (OutcomeStatus.FAILED, OutcomeStatus.SKIPPED, OutcomeStatus.DONE)
    return page(
        "report.html.j2",
        title="galleryctl apply",
        summary=outcomes.summary(report),
        figures=outcomes.figures(report),
        outcomes=sorted(report.outcomes, key=lambda outcome: ranks.index(outcome.status)),
        told=outcomes.told,
        lines=lines,
        requests=sorted(report.requests.items()),
    )


def failure_html(error: GalleryctlError) -> str:
    """What went wrong; every problem of the input with its place."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return page(
        "failure.html.j2",
        title="galleryctl failed",
        summary=count(problems) if problems else " ".join(lines(error.what)),
        problems=problems,
        where=error.where,
        why=lines(error.why),
        do=lines(error.do),
    )


def page(template: str, **values: object) -> str:
    """The template, filled; every value is escaped."""
    return _environment().get_template(template).render(**values).strip() + "\n"


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - heavy, for HTML only

    return Environment(
        loader=PackageLoader("galleryctl", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # addresses and places of files are no str, and hold what people wrote all the same
        finalize=lambda value: value if hasattr(value, "__html__") else clean(str(value)),
    )
