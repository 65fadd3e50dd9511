"""The CI job of this process, and its documents: what the commands of `galleryctl ci` begin with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from json import JSONDecodeError
from pathlib import Path

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.wait_lines import print_waits
from galleryctl.forge.job import CiJob, read_job
from galleryctl.forge.rest import ForgeTiming
from galleryctl.manifest.files.tree import open_regular_file
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import Json
from galleryctl.model.json_document import parse_json
from galleryctl.report.json import dump_safe_json
from galleryctl.report.merge import read_result
from galleryctl.report.results import SiteResult
from galleryctl.waits import Waits

_EVENT_VARIABLE = "GITHUB_EVENT_PATH"
SITES_FOLDER, MERGED_FILE = "sites", "report.json"
"""Where `ci run` writes the result of each site, and that of all, in its folder of reports."""
_MAX_EVENT_BYTES = 32 * 1024 * 1024
_MAX_DOCUMENT_BYTES = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CiResult:
    """The result of a command of `ci`: a word, and a sentence for people."""

    action: str
    message: str
    url: str = ""


def current_job() -> CiJob:
    """Return the job of the environment. Raises GalleryctlError outside of a CI job."""
    path = os.environ.get(_EVENT_VARIABLE, "")
    event = _read(Path(path), _MAX_EVENT_BYTES, "the event of the job") if path else None
    return read_job(os.environ, event)


def forge_timing(settings: CliSettings) -> ForgeTiming:
    """Return the clock of this machine, with lines about long waits."""
    return ForgeTiming(waits=Waits(observer=print_waits(settings)))


def read_results(settings: CliSettings, files: Sequence[str], *, drift: bool) -> list[SiteResult]:
    """Return the results in JSON files, each given as FILE or NAME=FILE. Raises InvalidInput with all problems.

    FILE may be the folder of reports of `ci run`: the results of its sites, or the failure before the first of them.
    """
    results: list[SiteResult] = []
    problems: list[Problem] = []
    for argument in chain.from_iterable(_files_in(settings.directory, file) for file in files):
        name, file = split_label(argument)
        try:
            document = _read(settings.directory / file, _MAX_DOCUMENT_BYTES, "a document")
            results.append(read_result(document, site=name, drift=drift))
        except InvalidInput as error:
            problems += error.problems
    names = [result.site for result in results]
    problems += [Problem(None, f"two files are called {name!r}: use NAME=FILE") for name in _repeated(names)]
    if problems:
        raise InvalidInput(tuple(problems), do="give files that plan, drift, apply or destroy wrote with --format json")
    return results


def _files_in(directory: Path, argument: str) -> Sequence[str]:
    """Return the files of results in a folder of reports, else the argument itself."""
    folder = directory / argument
    if not folder.is_dir():
        return [argument]
    sites = sorted((folder / SITES_FOLDER).glob("*.json"))
    return [str(path.absolute()) for path in sites] or [f"galleryctl={(folder / MERGED_FILE).absolute()}"]


def split_label(argument: str) -> tuple[str, str]:
    """Return the label and the path of FILE or NAME=FILE; without a label it is the name of the file."""
    name, separator, file = argument.partition("=")
    if separator and name and file and "/" not in name:
        return name, file
    return Path(argument).stem, argument


def print_ci_result(settings: CliSettings, result: CiResult, outputs: str) -> int:
    """Print what was done, and add it to the file of outputs, "" for none; return the exit code."""
    from galleryctl.cli.run.ci_outputs import write_outputs

    write_outputs(
        settings,
        outputs,
        {f"{settings.command}-{name}": value for name, value in (("action", result.action), ("url", result.url))},
    )
    if settings.format == "json":
        members = {"action": result.action, "message": result.message, "url": result.url}
        return output.outcome(dump_safe_json({"kind": "ci", "format_version": 1, **members}))
    shown = f"{result.message} {result.url}".rstrip()
    if settings.quiet and result.action in ("skipped", "unchanged"):
        return 0
    from galleryctl.report.formatting import escape_control, escape_workflow_commands

    return output.outcome(escape_workflow_commands(escape_control(shown)))


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _read(path: Path, limit: int, what: str) -> Json:
    """Return the JSON value of a file. Raises InvalidInput."""
    try:
        return parse_json(_content(path, limit))
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror or error}"
    except (UnicodeDecodeError, JSONDecodeError):
        problem = f"{path} is not JSON, so it is not {what}"
    except ValueError as error:
        problem = f"{path} is not {what}: {error}"
    raise InvalidInput((Problem(None, problem),))


def _content(path: Path, limit: int) -> bytes:
    with open_regular_file(path) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"longer than {limit:,} bytes")
    return content


def checked_key(key: str) -> str:
    """Return the key of a comment or issue. Raises click.UsageError if it is not valid."""
    from galleryctl.forge.sections import KEY_FORM

    if not KEY_FORM.fullmatch(key):
        raise click.UsageError(
            "--key must be 1 to 100 letters, digits, '.', '_', '@' or '-', and begin with a letter or digit."
        )
    return key


def require_ci_format(settings: CliSettings) -> None:
    """Raise click.UsageError for a format that the commands of `ci` do not have."""
    output.require_format(settings, "text", "json")
