"""Plans, reports and failures for programs: `schemas/plan.schema.json` and `schemas/report.schema.json`."""

from __future__ import annotations

import json
import re
from typing import Any

from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan
from galleryctl.plan.document import encode

_UNSEEN = re.compile("[\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff<]")
"""What JSON may hold as it is but a terminal would obey or hide, a file cannot hold, or a page could take for a tag."""


def plan_json(plan: Plan) -> str:
    """The plan's document; a drift check has the same."""
    return dump(encode(plan))


def report_json(report: Report) -> str:
    """What an apply did."""
    return dump(
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


def failure_json(error: GalleryctlError) -> str:
    """What went wrong; `problems` lists what is wrong with the input, with its places."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return dump(
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
        }
    )


def dump(document: dict[str, Any]) -> str:
    """`document` as JSON that is safe to print and to put into a page."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
