"""Merge the JSON documents of runs on several sites into one report: for fleets of sites, and for comments on forges.

results = [read_result(document, site="north"), read_result(other, site="south", drift=True)]
render_results(results, "markdown")   → one document, the dangerous of all sites first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from galleryctl.model import json_document as doc
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.fields import Json
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Plan
from galleryctl.plan.file.codec import decode_plan, encode_plan, read_positions
from galleryctl.report.json import dump_safe_json, failure_document, report_document
from galleryctl.report.results import SiteResult
from galleryctl.report.site_table import COUNTED_ACTIONS, site_rows

_INCOMPLETE = 3
"""The exit code of a run that has written and did not do everything."""


def read_result(document: Json, *, site: str, drift: bool = False) -> SiteResult:
    """Return the result in a document that `plan`, `drift`, `apply`, `destroy` or a failed command printed.

    `site` is its label in the merged report; `drift` tells that a plan is one of `drift`, whose documents are the same.
    Raises InvalidInput if it is not such a document.
    """
    kind = document.get("kind") if isinstance(document, Mapping) else None
    try:
        if kind == "report":
            return SiteResult(subject=_read_report(document), site=site)
        if kind == "failure":
            return SiteResult(subject=_read_failure(document), site=site)
    except ValueError as error:
        raise InvalidInput((Problem(None, f"{site}: not a valid {kind}: {error}"),)) from error
    if kind is not None:
        raise InvalidInput((Problem(None, f"{site}: a document of the kind {kind!r:.60} cannot be merged"),))
    return SiteResult(subject=decode_plan(document), site=site, drift=drift)


def merged_json(results: Sequence[SiteResult]) -> str:
    """Return the results as one document: counts and results by site, and the document of each of them."""
    return dump_safe_json(
        {
            "kind": "sites",
            "format_version": 1,
            "sites": [
                {
                    "site": row.site,
                    "result": row.result,
                    "needs_attention": row.is_failed,
                    "counts": {action.value: row.counts[index] for index, action in enumerate(COUNTED_ACTIONS)},
                    "documents": [_document(result) for result in results if result.site == row.site],
                }
                for row in site_rows(results)
            ],
        }
    )


def _document(result: SiteResult) -> dict[str, Any]:
    match result.subject:
        case Plan():
            return dict(encode_plan(result.subject))
        case Report():
            return report_document(result.subject)
        case GalleryctlError():
            return failure_document(result.subject)
        case _:
            raise AssertionError("unreachable: only plans, reports and failures are merged")


def _build_report(*, exit_code: int, **members: Any) -> Report:
    del members["kind"], members["format_version"]
    return Report(has_written=exit_code == _INCOMPLETE, **members)


def _build_failure(*, exit_code: int, problems: Sequence[Problem], **members: Any) -> GalleryctlError:
    what, where, why, do = (members[name] for name in ("what", "where", "why", "do"))
    failure = InvalidInput(tuple(problems), do=do) if problems else GalleryctlError(what, where=where, why=why, do=do)
    failure.exit_code = exit_code
    return failure


def _build_problem(*, file: str | None, line: int | None, column: int | None, message: str) -> Problem:
    return Problem(None if file is None else SourcePosition(file, line or 1, column or 1), message)


_read_outcome = doc.record(
    Outcome,
    address=doc.address,
    action=doc.string,
    status=doc.one_of(OutcomeStatus),
    id=doc.optional(doc.string),
    reason=doc.string,
    note=doc.string,
)
_read_report = doc.record(
    _build_report,
    kind=doc.string,
    format_version=doc.integer_from(1, 1),
    site_id=doc.string,
    exit_code=doc.integer,
    interrupted=doc.boolean,
    outcomes=doc.array(_read_outcome),
    positions=read_positions,
    requests=doc.mapping(doc.string, doc.integer),
    uploaded=doc.integer,
    state_changes=doc.integer,
    seconds=doc.number,
    warnings=doc.array(doc.string),
    errors=doc.array(doc.string),
    lock_taken_from=doc.string,
)
_read_problem = doc.record(
    _build_problem,
    file=doc.optional(doc.string),
    line=doc.optional(doc.integer),
    column=doc.optional(doc.integer),
    message=doc.string,
)
_read_failure = doc.record(
    _build_failure,
    kind=doc.string,
    format_version=doc.integer_from(1, 1),
    exit_code=doc.integer,
    error=doc.string,
    what=doc.string,
    where=doc.string,
    why=doc.string,
    do=doc.string,
    problems=doc.array(_read_problem),
)
