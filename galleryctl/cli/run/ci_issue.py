"""The work of `ci issue`: one drift issue for each site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.ci_comment import render_comment, rest_is_in_job
from galleryctl.cli.run.ci_job import CiResult, current_job, forge_timing, read_results
from galleryctl.forge.drift_issues import IssueResult, SiteDrift, SyncedIssue, sync_issues
from galleryctl.forge.job import CiJob
from galleryctl.forge.open import open_forge
from galleryctl.forge.sections import MAX_COMMENT
from galleryctl.forge.shorten import fit_texts, text_units
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.tolerated import ToleratedDrift, TolerationStatus
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.review import drift_digest
from galleryctl.report.formatting import escape_control, format_value, shorten
from galleryctl.report.markdown_text import code_span, escape_markdown
from galleryctl.report.results import SiteResult

_MAX_TOLERATED = 20
_MAX_VALUE = 80
_MAX_REASON = 200
_CHANGED = (IssueResult.CREATED, IssueResult.UPDATED, IssueResult.REOPENED, IssueResult.CLOSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueOptions:
    """The options of `ci issue`."""

    key: str
    labels: tuple[str, ...]
    max_new: int
    login: str


async def report_drift(settings: CliSettings, files: Sequence[str], options: IssueOptions) -> CiResult:
    """Create, update, reopen and close issues, and return what was done. Raises GalleryctlError."""
    results = read_results(settings, files, drift=True)
    job = current_job()
    if job.is_fork:
        output.info(settings, "Note: the pull request comes from a fork, whose jobs may not write issues.")
        return CiResult(action="skipped", message="No issue was written.")
    checks = list(_checks(settings, job, results))
    async with open_forge(job, timing=forge_timing(settings), login=options.login) as forge:
        synced = await sync_issues(forge, options.key, checks, labels=options.labels, max_new=options.max_new)
    for each in synced:
        _mention(settings, each, options)
    counts = Counter(each.result for each in synced)
    changed = [result for result in _CHANGED if counts[result]]
    message = ", ".join(f"{counts[result]:,} {result}" for result in changed)
    return CiResult(
        action="updated" if changed else "unchanged",
        message=f"Issues: {message}." if changed else "The issues are up to date.",
        url=next((each.url for each in synced if each.result in _CHANGED), ""),
    )


def _mention(settings: CliSettings, synced: SyncedIssue, options: IssueOptions) -> None:
    if synced.result is IssueResult.OVER_LIMIT:
        output.warning(f"{synced.site} has drift, but no issue: {options.max_new:,} were opened in this run")
    elif synced.result is IssueResult.NOT_COVERED:
        output.info(settings, f"Note: the issue of {synced.site} is kept, because the check covered only a part of it.")


def _checks(settings: CliSettings, job: CiJob, results: Sequence[SiteResult]) -> Iterator[SiteDrift]:
    for result in results:
        if isinstance(result.subject, Plan):
            yield _check(job, result.site, result.subject)
        else:
            what = result.subject.what if isinstance(result.subject, GalleryctlError) else "not a result of drift"
            output.info(settings, f"Note: the issue of {result.site} is kept, because the check failed: {what}.")


def _check(job: CiJob, site: str, plan: Plan) -> SiteDrift:
    shown = render_comment([SiteResult(subject=plan, site=site, drift=True)], job.page)
    tolerated = [each for each in plan.tolerated if each.status is TolerationStatus.TOLERATED]
    return SiteDrift(
        site=site,
        title=f"Drift on {_plain(site)}",
        text=_text(job, shown.rstrip(), _tolerated_list(tolerated) if tolerated else ""),
        digest=drift_digest(plan),
        scope=tuple(map(str, plan.targets)),
        has_drift=bool(plan.drift),
        is_complete=not plan.held,
    )


def _text(job: CiJob, drift: str, tolerated: str) -> str:
    """Return both parts within the limit of an issue, of which the drift gives way."""
    (fitted,) = fit_texts([drift], MAX_COMMENT - text_units(tolerated), rest_is_in_job(job))
    return "\n\n".join(filter(None, [fitted, tolerated])) + "\n"


def _tolerated_list(tolerated: Sequence[ToleratedDrift]) -> str:
    """Return the tolerated differences with their reasons and dates."""
    lines = [
        f"- **{each.address}** {escape_markdown(each.field)} {code_span(format_value(each.value, _MAX_VALUE))}: "
        f"until {escape_markdown(each.until)}, {escape_markdown(shorten(each.reason, _MAX_REASON))}"
        for each in tolerated[:_MAX_TOLERATED]
    ]
    left = len(tolerated) - _MAX_TOLERATED
    more = [f"- … and {left:,} more"] if left > 0 else []
    return "\n".join(["#### Tolerated, left out above", "", *lines, *more])


def _plain(name: str) -> str:
    """Return a name for a title, which is not Markdown, in which nobody is mentioned."""
    return shorten(escape_control(name), _MAX_VALUE).replace("@", "@\u200b").replace("#", "#\u200b")
