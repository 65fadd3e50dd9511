"""Plans, reports and failures for programs: `schemas/plan.schema.json` and `schemas/report.schema.json`."""

from __future__ import annotations

import json
import re
from typing import Any

from galleryctl.model.characters import is_hidden
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import encode_plan

_NEEDS_ESCAPE = re.compile(r"[^\n -;=-~]")
"""What JSON may hold as it is, and of which some a terminal would obey or hide, a file cannot hold, a page take for a tag."""


def plan_json(plan: Plan, *, indent: int | None = 2) -> str:
    """The plan's document; a drift check has the same."""
    return dump_safe_json(encode_plan(plan), indent=indent)


def report_json(report: Report) -> str:
    """What an apply did."""
    return dump_safe_json(
        {
            "kind": "report",
            "format_version": 1,
            "exit_code": report.exit_code,
            "interrupted": report.interrupted,
            "outcomes": [
                {
                    "address": str(outcome.address),
                    "action": outcome.action,
                    "status": outcome.status.value,
                    "id": outcome.id,
                    "reason": outcome.reason,
                }
                for outcome in report.outcomes
            ],
            "requests": dict(sorted(report.requests.items())),
            "uploaded": report.uploaded,
            "seconds": round(report.seconds, 3),
        }
    )


def failure_json(error: GalleryctlError, *, indent: int | None = 2) -> str:
    """What went wrong; `problems` lists what is wrong with the input, with its places."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return dump_safe_json(
        {
            "kind": "failure",
            "format_version": 1,
            "exit_code": error.exit_code,
            "error": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "why": error.why,
            "do": error.do,
            "problems": [
                {
                    "file": None if problem.at is None else problem.at.file,
                    "line": None if problem.at is None else problem.at.line,
                    "column": None if problem.at is None else problem.at.column,
                    "message": problem.message,
                }
                for problem in problems
            ],
        },
        indent=indent,
    )


def dump_safe_json(document: dict[str, Any], *, indent: int | None = 2) -> str:
    """`document` as JSON that is safe to print and to put into a page; on one line for an `indent` of None."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return _NEEDS_ESCAPE.sub(_escape_match, text) + "\n"


def _escape_match(found: re.Match[str]) -> str:
    character = found[0]
    if character != "<" and not is_hidden(character):
        return character
    code = ord(character)
    if code <= 0xFFFF:  # noqa: PLR2004 - what one escape holds
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
