"""The work of `ci comment`: render the documents, and write the section of this job into the comment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.ci_job import CiResult, current_job, forge_timing, read_results
from galleryctl.forge.client import Forge
from galleryctl.forge.comments import CommentMode, CommentResult, CommentTarget, WrittenComment, write_section
from galleryctl.forge.errors import ForgeForbidden
from galleryctl.forge.job import CiJob
from galleryctl.forge.open import open_forge
from galleryctl.forge.sections import MAX_SECTION_NAME, Section, new_section
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.report.formatting import shorten
from galleryctl.report.markdown_text import escape_markdown, link_target
from galleryctl.report.render import render_results
from galleryctl.report.results import ReportContext, SiteResult
from galleryctl.report.summary import results_summary

_NO_RIGHTS = "the token may not comment here, as in a pull request from a fork"
_MESSAGES = {
    CommentResult.CREATED: "Created the comment.",
    CommentResult.UPDATED: "Updated the comment.",
    CommentResult.UNCHANGED: "The comment is up to date.",
    CommentResult.SUPERSEDED: "A later run has commented; nothing was written.",
    CommentResult.SKIPPED: "No changes; no comment was created.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOptions:
    """The options of `ci comment`."""

    mode: CommentMode
    key: str
    section: str
    drift: bool
    pull_request: int | None
    login: str


async def comment_results(settings: CliSettings, files: Sequence[str], options: CommentOptions) -> CiResult:
    """Write the comment and return what was done; missing rights are no failure."""
    if options.mode is CommentMode.OFF:
        return CiResult(action="skipped", message="Comments are off.")
    results = read_results(settings, files, drift=options.drift)
    job = current_job()
    if job.is_fork and job.is_pull_request:
        output.info(settings, "Note: the pull request comes from a fork, whose jobs may not comment.")
        return CiResult(action="skipped", message="No comment was written.")
    own = _section(job, results, options.section)
    try:
        async with open_forge(job, timing=forge_timing(settings), login=options.login) as forge:
            written = await _write(settings, forge, job, own, options, has_changes=any(map(_has_changes, results)))
    except ForgeForbidden as error:
        output.info(settings, f"Note: {_NO_RIGHTS} ({error.where}{f': {error.why}' if error.why else ''}).")
        return CiResult(action="skipped", message="No comment was written.")
    if written is None:
        output.info(
            settings, f"Note: the commit {job.commit[:12]} belongs to no pull request; name it with --pull-request."
        )
        return CiResult(action="skipped", message="No comment was written.")
    return CiResult(action=written.result.value, message=_MESSAGES[written.result], url=written.url)


async def _write(
    settings: CliSettings, forge: Forge, job: CiJob, own: Section, options: CommentOptions, *, has_changes: bool
) -> WrittenComment | None:
    """Write the comment; return None if the commit belongs to no pull request, as after a push to the branch."""
    pull = options.pull_request or job.pull_request or await _merged_pull(forge, job)
    if pull is None:
        return None
    key = f"{options.key}@{job.run}" if options.mode is CommentMode.NEW else options.key
    may_create = has_changes or options.mode is not CommentMode.CHANGES_ONLY
    target = CommentTarget(pull=pull, key=key, more=rest_is_in_job(job), may_create=may_create)
    return await write_section(forge, target, own, forge_timing(settings))


async def _merged_pull(forge: Forge, job: CiJob) -> int | None:
    """Return the pull request that brought the commit, for a job that runs after the merge."""
    pulls = await forge.pulls_of_commit(job.commit)
    return next((pull.number for pull in sorted(pulls, key=lambda pull: not pull.is_merged)), None)


def render_comment(results: Sequence[SiteResult], link: str) -> str:
    """Return the results as one Markdown document within the limit of a comment."""
    return render_results(results, "markdown", context=ReportContext(link=link))


def _section(job: CiJob, results: Sequence[SiteResult], name: str) -> Section:
    name = name or ", ".join(sorted({result.site for result in results}))
    if len(name) > MAX_SECTION_NAME:
        name = shorten(name, MAX_SECTION_NAME)
    return new_section(
        name=name,
        run=job.run,
        attempt=job.attempt,
        title=escape_markdown(name),
        summary=escape_markdown(results_summary(results)),
        text=render_comment(results, job.page),
    )


def rest_is_in_job(job: CiJob) -> str:
    """Return Markdown that says where to find what did not fit."""
    target = link_target(job.page)
    return f"The rest is in [the job]({target})." if target else "The rest is in the job."


def _has_changes(result: SiteResult) -> bool:
    match result.subject:
        case Plan():
            plan = result.subject
            return bool(plan.held or (plan.drift if result.drift else not plan.is_empty or plan.refusals))
        case Report():
            return bool(result.subject.outcomes or result.subject.state_changes or result.subject.exit_code)
        case GalleryctlError():
            return True
        case _:
            return False
