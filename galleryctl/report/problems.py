"""Failures as text: `file:line:column: message` for problems in files, else what, where, why and do."""

from __future__ import annotations

from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize
from galleryctl.report.text import StyledText, render_rows


def failure_text(error: GalleryctlError, *, color: bool) -> str:
    """Return the failure; every problem of the input has a line."""
    if isinstance(error, InvalidInput):
        rows = [_problem_row(problem) for problem in error.problems]
        if len(rows) == 1 and error.problems[0].at is None:
            rows = [[("Error: ", "bold red"), *rows[0]]]
        else:
            rows.append([(count_problems(error.problems), "bold")])
    else:
        where = f"{escape_control(error.where)}: " if error.where else ""
        first, *rest = escaped_lines(error.what) or ["failed"]
        rows = [[("Error: ", "bold red"), (where, "bold"), (first, "")]]
        rows += [[(f"  {line}", "")] for line in (*rest, *escaped_lines(error.why))]
    rows += [[(f"  → {line}", "green")] for line in escaped_lines(error.do) if line]
    return render_rows(rows, color=color)


def failure_summary(error: GalleryctlError) -> str:
    """Return the failure in one line, escaped."""
    if isinstance(error, InvalidInput):
        return count_problems(error.problems)
    return " ".join(escaped_lines(error.what))


def count_problems(problems: tuple[Problem, ...]) -> str:
    """Return the counts of problems and files, such as "2 problems in 1 file"."""
    files = {problem.at.file for problem in problems if problem.at is not None}
    where = f" in {pluralize(len(files), 'file')}" if files else ""
    return f"{pluralize(len(problems), 'problem')}{where}."


def _problem_row(problem: Problem) -> list[StyledText]:
    message = " ".join(escaped_lines(problem.message))
    if problem.at is None:
        return [(message, "")]
    return [(f"{escape_control(str(problem.at))}: ", "bold"), (message, "")]
