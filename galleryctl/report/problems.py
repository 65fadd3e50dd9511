"""Failures for a terminal: `file:line:column: message` for what is wrong in files, else what, where, why and do."""

from __future__ import annotations

from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.report.text import Run, print_rows
from galleryctl.report.wording import clean, lines, things


def failure_text(error: GalleryctlError, *, color: bool) -> str:
    """The failure for people; every problem of the input has a line."""
    if isinstance(error, InvalidInput):
        rows = [_problem(problem) for problem in error.problems]
        rows.append([(count(error.problems), "bold")])
    else:
        where = f"{clean(error.where)}: " if error.where else ""
        first, *rest = lines(error.what) or ["failed"]
        rows = [
            [("Error: ", "bold red"), (where, "bold"), (first, "")],
            *([(f"  {line}", "")] for line in rest),
        ]
        rows += [[(f"  {line}", "")] for line in lines(error.why)]
    rows += [[(f"  → {line}", "green")] for line in lines(error.do) if line]
    return print_rows(rows, color=color)


def count(problems: tuple[Problem, ...]) -> str:
    """How many problems there are, in how many files: `2 problems in 1 file.`."""
    files = {problem.at.file for problem in problems if problem.at is not None}
    where = f" in {things(len(files), 'file')}" if files else ""
    return f"{things(len(problems), 'problem')}{where}."


def _problem(problem: Problem) -> list[Run]:
    place = "" if problem.at is None else f"{clean(str(problem.at))}: "
    return [(place, "bold"), (" ".join(lines(problem.message)), "")]
