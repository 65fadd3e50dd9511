"""Reads YAML documents of a workspace and sorts their problems."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from galleryctl.manifest.files.symlinks import is_outside
from galleryctl.manifest.files.tree import open_regular_file
from galleryctl.manifest.yaml.compose import MAX_PROBLEMS_PER_FILE
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.manifest.yaml.parse import MAX_YAML_BYTES, parse_yaml
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition


def read_document(root: Path, file: str) -> YamlDocument:
    """Return the YAML file at a path relative to the workspace; its `problems` include errors of reading the file."""
    if is_outside(root, root / file):  # the problems of its content would show it
        why = "it is a symbolic link that leads outside the workspace"
        return YamlDocument(file, None, (Problem(SourcePosition(file, 1, 1), f"cannot be read: {why}"),))
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
    """Return distinct problems by file and position, those without position first; at most MAX_PROBLEMS_PER_FILE."""

    def sort_key(problem: Problem) -> tuple[str, int, int, str]:
        at = problem.at
        return ("", 0, 0, problem.message) if at is None else (at.file, at.line, at.column, problem.message)

    listed: list[Problem] = []
    for _, group in groupby(sorted(set(problems), key=sort_key), key=lambda problem: sort_key(problem)[0]):
        file_problems = list(group)
        listed += file_problems[: MAX_PROBLEMS_PER_FILE + 1]
        if len(file_problems) > MAX_PROBLEMS_PER_FILE + 1:
            left = len(file_problems) - MAX_PROBLEMS_PER_FILE
            listed[-1] = Problem(listed[-1].at, f"{left:,} more problems in this file are not listed")
    return tuple(listed)
