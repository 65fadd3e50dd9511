"""The work of `ci run`: a command on several sites, with all that a job needs of it: reports, outputs, an exit code."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import click

from galleryctl.cli import output
from galleryctl.cli.failure import print_failure
from galleryctl.cli.options import CliSettings, ReportFile
from galleryctl.cli.reports import check_reports, write_reports
from galleryctl.cli.run.ci_job import MERGED_FILE, SITES_FOLDER, read_results
from galleryctl.cli.run.ci_outputs import write_outputs
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.validate import partial_workspace
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.model.errors import GalleryctlError
from galleryctl.report.results import SiteResult
from galleryctl.report.run_outputs import result_outputs

_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ALL = "all"
_LOCK_SECONDS = 600
"""How long an apply waits for the run of another job."""
_GUARDS = ("max-delete-percent", "allow-empty", "allow-recreate", "adopt-guesses")
_APPLY_GUARDS = ("overwrite-conflicts", "require-undiverged")
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_REPORTS = {
    "json": MERGED_FILE,
    "markdown": "report.md",
    "html": "report.html",
    "junit": "junit.xml",
    "terraform": "terraform.json",
}
_INTERRUPTED, _INCOMPLETE, _FAILED, _CHANGES = 130, 3, 1, 2

RunCommand = Callable[[Sequence[str]], int]
"""Runs `galleryctl ARGS`, and returns the exit code."""


class CiCommand(StrEnum):
    """Commands of `ci run`; `accept` is `drift --accept`."""

    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"
    ACCEPT = "accept"


class FailOn(StrEnum):
    """Results with which the job fails: errors only, changes and drift as well, or none."""

    ERROR = "error"
    CHANGES = "changes"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiRunOptions:
    """The options of `ci run`; lists are separated by blanks or commas, and "" is the default."""

    command: CiCommand
    sites: str
    targets: str
    guards: str
    expect_digest: str
    fail_on: FailOn | None
    annotations: bool
    folder: Path
    outputs: str


def run_sites(settings: CliSettings, options: CiRunOptions, run: RunCommand) -> int:
    """Run the command on each site, and write the reports and the outputs; return the exit code of the job."""
    codes: list[int] = []
    results: list[SiteResult] = []
    try:
        sites = _sites(settings, options.sites)
        command_lines = {site: _arguments(settings, options, site, is_one=len(sites) == 1) for site in sites}
        _prepare(settings, options, sites)
    except GalleryctlError as error:
        codes.append(print_failure(error, settings))
        results.append(SiteResult(subject=error))
    else:
        for site, arguments in command_lines.items():
            if len(sites) > 1:
                output.info(settings, f"Site {site}:")
            codes.append(run(arguments))
            if options.command is not CiCommand.ACCEPT:
                results.append(_result(settings, options, site))
            if codes[-1] == _INTERRUPTED:
                break
    code = _joined_code(codes, options.command)
    unwritten = _write(settings, options, results, code)
    if unwritten is None:
        return _job_code(code, options)
    print_failure(unwritten, settings)
    is_written = code == 0 and options.command in (CiCommand.APPLY, CiCommand.ACCEPT)
    return _INCOMPLETE if is_written else code if code not in (0, _CHANGES) else _FAILED


def _sites(settings: CliSettings, requested: str) -> Sequence[str]:
    """Return the names of the sites to run on. Raises GalleryctlError."""
    known = list(partial_workspace(settings.directory).sites)
    names = list(dict.fromkeys(_words(requested)))
    listed = ", ".join(known)
    sites = known if names == [_ALL] or (not names and len(known) == 1) else names
    if not sites:
        raise GalleryctlError(
            "the workspace has several sites",
            where=settings.directory,
            do=f"select some of them with --sites, or all: {listed}",
        )
    for name in (each for each in sites if each not in known or not _SITE.fullmatch(each)):
        raise GalleryctlError(f"unknown site {name!r:.100}", where=WORKSPACE_FILE, do=f"select one of {listed}")
    return sites


def _arguments(settings: CliSettings, options: CiRunOptions, site: str, *, is_one: bool) -> list[str]:
    """Return the command line for a site. Raises click.UsageError."""
    arguments = ["-C", str(settings.directory), "--site", site]
    arguments += [name for name, is_on in (("-q", settings.quiet), ("--no-color", settings.no_color)) if is_on]
    arguments += ["-v"] * settings.verbose
    targets = [word for target in _words(options.targets) for word in ("--target", target)]
    report = ["--report", f"json={_result_file(options, site)}"]
    guards = list(_guards(options))
    match options.command:
        case CiCommand.PLAN:
            plan = ["--out", str(_plan_file(options, site)), "--detailed-exitcode"]
            return [*arguments, "plan", *targets, *guards, *plan, *report]
        case CiCommand.APPLY:
            digest = _expected_digests(options, site, is_one=is_one)
            waiting = ["--auto-approve", "--lock-timeout", str(_LOCK_SECONDS)]
            return [*arguments, "apply", *targets, *guards, *waiting, *digest, *report]
        case CiCommand.DRIFT:
            return [*arguments, "drift", *targets, *report]
        case CiCommand.ACCEPT:
            return [*arguments, "drift", "--accept", *targets]


def _guards(options: CiRunOptions) -> Iterator[str]:
    """Yield the options of the command that override safety checks. Raises click.UsageError."""
    for word in _words(options.guards):
        name, is_valued, value = word.removeprefix("--").partition("=")
        if name not in (*_GUARDS, *_APPLY_GUARDS) or bool(is_valued) != (name == "max-delete-percent"):
            known = ", ".join(("max-delete-percent=N", *_GUARDS[1:], *_APPLY_GUARDS))
            raise click.UsageError(f"--guards: {word!r} is not one of {known}.")
        if options.command is CiCommand.APPLY or (options.command is CiCommand.PLAN and name in _GUARDS):
            yield f"--{name}={value}" if is_valued else f"--{name}"


def _expected_digests(options: CiRunOptions, site: str, *, is_one: bool) -> Sequence[str]:
    """Return the option with the digest of a site. Raises GalleryctlError if other sites have one, but this one not."""
    digests = dict(_split_digest(word) for word in _words(options.expect_digest))
    if not digests:
        return ()
    found = digests.get(site) or (digests.get("") if is_one else None)
    if not found:
        raise GalleryctlError(
            "this site has no reviewed plan", where=site, do="plan again with the same sites, and review it"
        )
    return ("--expect-digest", found)


def _split_digest(word: str) -> tuple[str, str]:
    name, _, digest = word.rpartition("=")
    return name, digest


def _prepare(settings: CliSettings, options: CiRunOptions, sites: Sequence[str]) -> None:
    """Remove the results of an earlier run: none of them may be taken for that of this one. Raises GalleryctlError."""
    if options.command is CiCommand.ACCEPT:
        return
    files = [ReportFile(format="json", file=_result_file(options, site)) for site in sites]
    check_reports(replace(settings, reports=tuple(files)))
    for each in files:
        (settings.directory / each.file).unlink(missing_ok=True)
    if options.command is CiCommand.PLAN:
        folder = settings.directory / _plan_file(options, "")
        ensure_inside(settings.directory, folder).parent.mkdir(parents=True, exist_ok=True)


def _result(settings: CliSettings, options: CiRunOptions, site: str) -> SiteResult:
    """Return the result that the command has written, or the error that it has not."""
    try:
        (result,) = read_results(
            settings, [f"{site}={_result_file(options, site)}"], drift=options.command is CiCommand.DRIFT
        )
    except GalleryctlError as error:
        return SiteResult(subject=error, site=site)
    return result


def _write(
    settings: CliSettings, options: CiRunOptions, results: Sequence[SiteResult], code: int
) -> GalleryctlError | None:
    """Write the reports and the outputs; return an error if one of them could not be written."""
    names = {**_REPORTS, **({"codequality": "codequality.json"} if options.annotations else {})}
    files = [ReportFile(format=name, file=options.folder / file) for name, file in names.items()]
    if summary := os.environ.get(_SUMMARY_VARIABLE):
        files.append(ReportFile(format="markdown", file=Path(summary)))
    if options.annotations and os.environ.get("GITHUB_ACTIONS") == "true":
        files.append(ReportFile(format="github", file=Path("/dev/stdout")))
    unwritten: GalleryctlError | None = None
    if results:
        shown = replace(settings, reports=tuple(files), notifies=False, command=options.command.value)
        unwritten = write_reports(shown, *results)
    try:
        write_outputs(settings, options.outputs, _outputs(settings, options, results, code))
    except GalleryctlError as error:
        unwritten = unwritten or error
    return unwritten


def _outputs(
    settings: CliSettings, options: CiRunOptions, results: Sequence[SiteResult], code: int
) -> Mapping[str, str]:
    if not results:
        accepted = {0: "accepted", _INCOMPLETE: "partial"}
        return {"result": accepted.get(code, "failed"), "exit-code": str(code)}
    plans = {_plan_file(options, result.site) for result in results} if options.command is CiCommand.PLAN else set()
    plan = next(iter(plans)) if len(plans) == 1 else options.folder / "plans"
    files = {"plan": plan} if plans else {}
    files |= {name: options.folder / _REPORTS[name] for name in ("json", "markdown", "html")}
    return {
        **result_outputs(results),
        "exit-code": str(code),
        **{name: _from_here(settings.directory / file) for name, file in files.items()},
    }


def _from_here(path: Path) -> str:
    """Return the path from the folder in which the job runs, or as it was given, "" if it does not exist."""
    found = path if path.is_absolute() else Path(os.path.relpath(path))
    return str(found) if path.exists() else ""


def _joined_code(codes: Sequence[int], command: CiCommand) -> int:
    """Return the exit code of the runs on all sites: 3 if an apply was done on some of them only."""
    if _INTERRUPTED in codes:
        return _INTERRUPTED
    if command is CiCommand.APPLY and _FAILED in codes and {0, _INCOMPLETE} & set(codes):
        return _INCOMPLETE
    return next((code for code in (_INCOMPLETE, _FAILED, _CHANGES) if code in codes), 0)


def _job_code(code: int, options: CiRunOptions) -> int:
    """Return the exit code of the job: 0 for what it does not fail on."""
    fail_on = options.fail_on or (FailOn.CHANGES if options.command is CiCommand.DRIFT else FailOn.ERROR)
    is_tolerated = fail_on is FailOn.NEVER or (fail_on is FailOn.ERROR and code == _CHANGES)
    return 0 if is_tolerated and code != _INTERRUPTED else code


def _result_file(options: CiRunOptions, site: str) -> Path:
    return options.folder / SITES_FOLDER / f"{site}.json"


def _plan_file(options: CiRunOptions, site: str) -> Path:
    return options.folder / "plans" / f"{site}.json"


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()
