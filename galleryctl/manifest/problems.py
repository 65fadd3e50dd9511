"""Documents from the workspace, and problems in the order of the files."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from galleryctl.manifest.files.tree import open_regular_file
from galleryctl.manifest.yaml.compose import MAX_PROBLEMS_PER_FILE
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.manifest.yaml.parse import MAX_YAML_BYTES, parse_yaml
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition


def read_document(root: Path, file: str) -> YamlDocument:
    """The YAML file at a path relative to the workspace; what is wrong with it, or with reading it, is in `problems`."""
    try:
        with open_regular_file(root / file) as stream:
            data = stream.read(MAX_YAML_BYTES + 1)
    except OSError as error:
        why = error.strerror or str(error)
        return YamlDocument(file, None, (Problem(SourcePosition(file, 1, 1), f"cannot be read: {why}"),))
    document = parse_yaml(data, file)
    if not document.problems and (document.root is None or document.root.value is None):
        return document._replace(root=None, problems=(Problem(SourcePosition(file, 1, 1), "the file is empty"),))
    return document


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and place; those without a place first. Of one file the first MAX_PROBLEMS."""

    def place(problem: Problem) -> tuple[str, int, int, str]:
        at = problem.at
        return ("", 0, 0, problem.message) if at is None else (at.file, at.line, at.column, problem.message)

    shown: list[Problem] = []
    for _, found in groupby(sorted(set(problems), key=place), key=lambda problem: place(problem)[0]):
        of_one_file = list(found)
        shown += of_one_file[: MAX_PROBLEMS_PER_FILE + 1]
        if len(of_one_file) > MAX_PROBLEMS_PER_FILE + 1:
            left = len(of_one_file) - MAX_PROBLEMS_PER_FILE
            shown[-1] = Problem(shown[-1].at, f"{left:,} more problems of this file are not listed")
    return tuple(shown)
