"""`--report FORMAT=FILE`: the result of a command in further formats, in files, whatever becomes of standard output."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from galleryctl.cli.options import CliSettings, ReportFile
from galleryctl.model.errors import GalleryctlError, InvalidInput

if TYPE_CHECKING:
    from galleryctl.report.results import ReportContext, SiteResult

_TEXT_WIDTH = 120
_METRICS_FORMAT = "openmetrics"
_NOTIFY_VARIABLE = "GALLERYCTL_NOTIFY_URL"
"""As in `galleryctl.forge.webhook`, which is imported only if it is set."""
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""Environment variable with the path of the summary of a step, to which each command of the step adds."""
_STARTS = {
    "text": rb"galleryctl [a-z]+(?: failed)?\n",
    "json": rb'\s*\{\s*"(?:format_version":\s*[0-9]+,\s*"site_id"|kind":\s*"(?:sites|report|failure|validation|lint|written|diagnosis)")',
    "markdown": rb"### galleryctl[ \n]",
    "html": rb"(?s)<!doctype html>.*<title>galleryctl",
    "github": rb"::(?:error|warning|notice)[ :]",
    "sarif": rb'\s*\{\s*"\$schema":\s*"[^"]*sarif[^"]*",\s*"version":\s*"2\.1\.0"(?s:.*)"name":\s*"galleryctl"',
    "junit": rb'<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="galleryctl',
    "terraform": rb'\{(?:"create": [0-9]+, "update": [0-9]+, "delete": [0-9]+)?\}\n',
    "codequality": rb'\[\s*(?:\]|\{\s*"check_name":)',
    "openmetrics": rb"# TYPE galleryctl_",
}
"""The first bytes of the reports in each format: only these files are overwritten."""


class UnwrittenReportError(GalleryctlError):
    """A report could not be written; the others were."""


def check_reports(settings: CliSettings) -> None:
    """Raise GalleryctlError if a report may not be written to its file, before anything is done."""
    for report in settings.reports:
        _check(settings, report)


def write_reports(settings: CliSettings, *results: SiteResult) -> UnwrittenReportError | None:
    """Write the results to the files of `--report`, and post a message about them to the address of the environment.

    Returns an error if one of the files could not be written.
    """
    if settings.notifies and os.environ.get(_NOTIFY_VARIABLE):
        from galleryctl.cli.notifications import notify

        notify(settings, results, site=_site_name(settings), page=_job_page())
    problems = list(_write(settings, results)) if settings.reports else []
    if not problems:
        return None
    first = problems[0]
    return UnwrittenReportError(first.what, where=first.where, why=first.why, do=first.do)


def report_context(settings: CliSettings) -> ReportContext:
    """Return the command of the run, the folder of the workspace in its repository, and the page of the CI job."""
    from galleryctl.report.results import ReportContext

    return ReportContext(command=settings.command, folder=_folder_in_repository(settings.directory), link=_job_page())


def _write(settings: CliSettings, results: Sequence[SiteResult]) -> Iterator[GalleryctlError]:
    from galleryctl.report.render import render_results

    context = report_context(settings)
    for report in settings.reports:
        try:
            path = _check(settings, report)
            if report.format == _METRICS_FORMAT:
                _write_text(path, _metrics(settings, results, path))
                continue
            text = render_results(
                results, report.format, width=_TEXT_WIDTH, verbose=settings.verbose > 0, context=context
            )
            if report.format == "text":
                text = f"{_title(settings, results)}\n\n{text}"
            _write_text(path, text)
        except GalleryctlError as error:
            yield error
        except Exception as error:  # noqa: BLE001 - the other reports, and the result of the command, must not be lost
            yield GalleryctlError("a report was not written", where=report.file, why=f"{type(error).__name__}: {error}")


def _metrics(settings: CliSettings, results: Sequence[SiteResult], path: Path) -> str:
    """Return the metrics of the file with the values of this run."""
    from galleryctl.report.openmetrics import updated_metrics

    try:
        former = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, ValueError) as error:
        raise GalleryctlError("cannot read the metrics", where=path, why=str(error)) from error
    return updated_metrics(former, results, site=_site_name(settings), now=time.time())


def _site_name(settings: CliSettings) -> str:
    """Return the site of the run, "" if it cannot be known."""
    from galleryctl.manifest.validate import partial_workspace

    if settings.site is not None:
        return settings.site
    try:
        sites = list(partial_workspace(settings.directory).sites)
    except InvalidInput:
        return ""
    return sites[0] if len(sites) == 1 else ""


def _title(settings: CliSettings, results: Sequence[SiteResult]) -> str:
    failed = " failed" if any(isinstance(result.subject, GalleryctlError) for result in results) else ""
    return f"galleryctl {settings.command}{failed}"


def _check(settings: CliSettings, report: ReportFile) -> Path:
    """Return the path of a report. Raises GalleryctlError if it may not be written."""
    from galleryctl.manifest.files.symlinks import ensure_inside
    from galleryctl.manifest.validate import partial_workspace
    from galleryctl.session.outputs import check_output

    path = settings.directory / report.file
    if _is_step_summary(path):
        return path
    try:
        patterns: Sequence[str] = partial_workspace(settings.directory).manifest_patterns
    except InvalidInput:
        patterns = ("**/*.yaml", "**/*.yml")  # the patterns are unknown
    ensure_inside(settings.directory, path)
    start = re.compile(_STARTS[report.format])
    check_output(path, root=settings.directory, patterns=patterns, start=start)
    return path


def _write_text(path: Path, text: str) -> None:
    """Write the file, or add to the summary of a step. A file of this kind is replaced as a whole."""
    from galleryctl.manifest.files.atomic_write import write_text_atomically
    from galleryctl.session.outputs import is_stream

    if not (is_stream(path) or _is_step_summary(path)):
        write_text_atomically(path, text)
        return
    try:
        if _is_this_stdout(path):
            click.echo(text, nl=False, color=True)  # in the order of what was printed before
            return
        with path.open("a", encoding="utf-8") as out:
            out.write(text if not path.is_file() or not path.stat().st_size else f"\n{text}")
    except BrokenPipeError:
        return  # the reader has exited, and wanted no more
    except OSError as error:
        raise GalleryctlError("a report was not written", where=path, why=error.strerror or str(error)) from error


def _is_this_stdout(path: Path) -> bool:
    return str(path) in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def _is_step_summary(path: Path) -> bool:
    """Return True if the environment of the job, which no file of a repository can change, names this file."""
    summary = os.environ.get(_SUMMARY_VARIABLE)
    try:
        return bool(summary) and path.resolve() == Path(summary or "").resolve() and stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError, ValueError):
        return False


def _folder_in_repository(directory: Path) -> str:
    """Return the path of the workspace from the top of its repository, "" if it is the top or there is none."""
    try:
        root = directory.resolve()
    except (OSError, RuntimeError):
        return ""
    top = next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)
    folder = root.relative_to(top).as_posix()
    return "" if folder == "." else folder


def _job_page() -> str:
    """Return the address of the page of the CI job, "" if the environment names none."""
    environ = os.environ
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return (
        f"{server}/{repository}/actions/runs/{run}" if server and repository and run else environ.get("CI_JOB_URL", "")
    )
