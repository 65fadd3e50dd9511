"""The outputs of a job: `NAME=VALUE` lines, in the file and the form that the forge reads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.ci_matrix import detected_kind
from galleryctl.forge.job import ForgeKind
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.validate import partial_workspace
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.session.outputs import check_output

_GITHUB_VARIABLE = "GITHUB_OUTPUT"
"""Environment variable with the path of the file for the outputs of a step, which every command of it adds to."""
_START = re.compile(rb"(?:GALLERYCTL_[A-Z_]+|[a-z-]+)=")
_PREFIX = "GALLERYCTL_"


def write_outputs(settings: CliSettings, file: str, values: Mapping[str, str]) -> None:
    """Add the values to a file, "" for none: as outputs of a step, on GitLab as a dotenv report.

    Raises GalleryctlError if the file may not be written.
    """
    if not file:
        return
    path = settings.directory / file
    _check(settings, path)
    form = _dotenv_line if detected_kind() is ForgeKind.GITLAB else _step_line
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as out:
            out.writelines(form(name, " ".join(value.splitlines())) for name, value in values.items())
    except OSError as error:
        raise GalleryctlError("the outputs were not written", where=path, why=error.strerror or str(error)) from error


def _step_line(name: str, value: str) -> str:
    return f"{name}={value}\n"


def _dotenv_line(name: str, value: str) -> str:
    return f"{_PREFIX}{name.upper().replace('-', '_')}={value}\n"


def _check(settings: CliSettings, path: Path) -> None:
    """Raise GalleryctlError unless the job names the file, or a report could be written there."""
    named = os.environ.get(_GITHUB_VARIABLE)
    if named and path.resolve() == Path(named).resolve():
        return
    try:
        patterns = partial_workspace(settings.directory).manifest_patterns
    except InvalidInput:
        patterns = ("**/*.yaml", "**/*.yml")  # the patterns are unknown
    ensure_inside(settings.directory, path)
    check_output(path, root=settings.directory, patterns=patterns, start=_START)
