"""Failures as text: `file:line:column: message` for problems in files, else what, where, why and do."""

from __future__ import annotations

import unicodedata

from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize
from galleryctl.report.text import StyledText, render_rows

_EXCERPT_CHARACTERS = 100
"""Characters of a line that a message shows."""


def failure_text(error: GalleryctlError, *, color: bool) -> str:
    """Return the failure; every problem of the input has a line."""
    if isinstance(error, InvalidInput):
        rows = [row for problem in error.problems for row in _problem_rows(problem)]
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


def _problem_rows(problem: Problem) -> list[list[StyledText]]:
    """Return the line with the message, and, if it is known, the line of the file with a mark below the place."""
    message = " ".join(escaped_lines(problem.message))
    if problem.at is None:
        return [[(message, "")]]
    rows: list[list[StyledText]] = [[(f"{escape_control(str(problem.at))}: ", "bold"), (message, "")]]
    if problem.source.strip():
        shown, mark = source_excerpt(problem.source, problem.at.column)
        rows += [[(f"  {shown}", "dim")], [(f"  {mark}", "bold red")]]
    return rows


def source_excerpt(line: str, column: int) -> tuple[str, str]:
    """Return the part of a line around a column, and below it a mark at the column."""
    start = max(0, min(column - 1 - _EXCERPT_CHARACTERS // 2, len(line) - _EXCERPT_CHARACTERS))
    before, after = line[start : column - 1], line[column - 1 : start + _EXCERPT_CHARACTERS]
    cut, cut_after = "…" if start else "", "…" if start + _EXCERPT_CHARACTERS < len(line) else ""
    shown = f"{cut}{escape_control(before)}"
    return f"{shown}{escape_control(after)}{cut_after}".rstrip(), f"{' ' * _columns(shown)}^"


def _columns(text: str) -> int:
    """Return the columns that a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))
