"""Plans, reports and failures as JSON: `schemas/plan.schema.json` and `schemas/report.schema.json`."""

from __future__ import annotations

import json
import re
from typing import Any

from galleryctl.model.characters import is_hidden
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import encode_plan, encode_positions

_NEEDS_ESCAPE = re.compile(r"[^\n -;=-~]")
"""Characters to check: control and invisible ones, lone surrogates, and `<`, which may open a tag in a page."""


def plan_json(plan: Plan, *, indent: int | None = 2) -> str:
    """Return the plan as JSON; drift has the same document."""
    return dump_safe_json(encode_plan(plan), indent=indent)


def report_json(report: Report) -> str:
    """Return the outcome of an apply as JSON."""
    return dump_safe_json(report_document(report))


def report_document(report: Report) -> dict[str, Any]:
    """Return the outcome of an apply as the document that `schemas/report.schema.json` describes."""
    return {
        "kind": "report",
        "format_version": 1,
        "site_id": report.site_id,
        "exit_code": report.exit_code,
        "interrupted": report.interrupted,
        "outcomes": [
            {
                "address": str(outcome.address),
                "action": outcome.action,
                "status": outcome.status.value,
                "id": outcome.id,
                "reason": outcome.reason,
                "note": outcome.note,
            }
            for outcome in report.outcomes
        ],
        "positions": encode_positions(report.positions),
        "requests": dict(sorted(report.requests.items())),
        "uploaded": report.uploaded,
        "state_changes": report.state_changes,
        "seconds": round(report.seconds, 3),
        "warnings": list(report.warnings),
        "errors": list(report.errors),
        "lock_taken_from": report.lock_taken_from,
    }


def failure_json(error: GalleryctlError, *, indent: int | None = 2) -> str:
    """Return the failure as JSON."""
    return dump_safe_json(failure_document(error), indent=indent)


def failure_document(error: GalleryctlError) -> dict[str, Any]:
    """Return the failure as a document; `problems` are those of the input, with their positions."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return {
        "kind": "failure",
        "format_version": 1,
        "exit_code": error.exit_code,
        "error": type(error).__name__,
        "what": error.what,
        "where": error.where,
        "why": error.why,
        "do": error.do,
        "problems": [problem_document(problem) for problem in problems],
    }


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return a problem of the input with its position, null if it has none."""
    at = problem.at
    return {
        "file": at and at.file,
        "line": at and at.line,
        "column": at and at.column,
        "message": problem.message,
    }


def dump_safe_json(document: dict[str, Any] | list[dict[str, Any]], *, indent: int | None = 2) -> str:
    """Return JSON that is safe to print and to embed in a page; on one line if `indent` is None."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return _NEEDS_ESCAPE.sub(_escape_match, text) + "\n"


def _escape_match(match: re.Match[str]) -> str:
    character = match[0]
    if character != "<" and not is_hidden(character):
        return character
    code = ord(character)
    if code <= 0xFFFF:  # noqa: PLR2004 - the largest code point of one escape
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
