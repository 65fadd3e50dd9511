"""The work of `fmt`: select files, format them and show the differences."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import find_manifests
from galleryctl.manifest.problems import sort_problems
from galleryctl.manifest.validate import partial_workspace
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.manifest.write.format import format_text
from galleryctl.manifest.yaml.parse import parse_yaml
from galleryctl.model.command import command_line
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.position import SourcePosition

STDIN = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormattedFile:
    """A file before and after formatting; `name` is its name in messages."""

    path: Path
    name: str
    before: str
    after: str


def select_files(directory: Path, files: Sequence[Path]) -> Sequence[tuple[Path, str]]:
    """Return the path and name of each file to format: those given, or all YAML files of the workspace in `directory`.

    Raises InvalidInput if `directory` is not a workspace.
    """
    if files:
        return [(file if file == STDIN else directory / file, str(file)) for file in dict.fromkeys(files)]
    if not (directory / WORKSPACE_FILE).is_file():
        problem = Problem(None, f"{directory / WORKSPACE_FILE} does not exist")
        raise InvalidInput((problem,), do="give FILE, or the workspace with -C")
    problems: list[Problem] = []
    manifests = find_manifests(partial_workspace(directory), WorkspaceFiles(directory), problems)
    if problems:
        raise InvalidInput(sort_problems(problems))
    return [(directory / name, name) for name in (WORKSPACE_FILE, *manifests)]


def format_files(files: Iterable[tuple[Path, str]]) -> Sequence[FormattedFile]:
    """Return the formatted files. Raises InvalidInput with the problems of all files that cannot be formatted."""
    texts: list[FormattedFile] = []
    problems: list[Problem] = []
    for path, name in files:
        try:
            before = _read(path, name)
            texts.append(FormattedFile(path=path, name=name, before=before, after=format_text(before, name)))
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(sort_problems(problems), do="correct these files; nothing was written")
    return texts


def _read(path: Path, name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    except OSError as error:
        raise InvalidInput((Problem(SourcePosition(name, 1, 1), f"cannot read the file: {error.strerror}"),)) from error
    document = parse_yaml(data, name)
    if document.problems:
        raise InvalidInput(document.problems)
    return data.decode()


def not_formatted_error(texts: Iterable[FormattedFile]) -> InvalidInput:
    """Return the error of `--check`, with the first line that differs in each file."""
    problems = tuple(Problem(SourcePosition(text.name, _first_difference(text), 1), "not formatted") for text in texts)
    return InvalidInput(
        problems, do="format the files: " + command_line("fmt") + "; show the changes: " + command_line("fmt", "--diff")
    )


def _first_difference(text: FormattedFile) -> int:
    before, after = text.before.splitlines(), text.after.splitlines()
    pairs = enumerate(zip(before, after, strict=False), 1)
    return next((line for line, (old, new) in pairs if old != new), max(1, min(len(before), len(after))))
