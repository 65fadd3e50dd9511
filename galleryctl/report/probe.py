"""The facts of a probe as text and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from galleryctl.model.probe import Fact, FactStatus, ProbeReport
from galleryctl.model.variable_text import displayed
from galleryctl.report.formatting import escape_control, pluralize
from galleryctl.report.json import dump_safe_json

_HEAD = ("fact", "result", "requests", "evidence")


def probe_text(report: ProbeReport) -> str:
    """Return a table of the facts, what could not be deleted, and the number of requests."""
    lines = _table([_HEAD, *map(_cells, report.facts)])
    lines += [f"Left on the site: {escape_control(left)}" for left in report.left]
    lines += ["The next probe of the site deletes it."] if report.left else []
    return "\n".join(["", *lines, probe_summary(report), ""]).lstrip("\n")


def probe_summary(report: ProbeReport) -> str:
    """Return the last line, which counts facts and requests."""
    counts = ", ".join(f"{report.count(status)} {status.value}" for status in FactStatus if report.count(status))
    deleted = "" if report.left else " Everything that it created was deleted."
    requests = f"{report.requests} of {pluralize(report.max_requests, 'request')}"
    rest = f"{report.preparation} to prepare, {report.clean_up} to clean up"
    return f"Probed site {escape_control(report.site)}: {counts}. {requests} ({rest}).{deleted}"


def probe_json(report: ProbeReport) -> str:
    """Return the document that `probe.schema.json` describes."""
    document: dict[str, Any] = {
        "kind": "probe",
        "format_version": 1,
        "exit_code": report.exit_code,
        "site": report.site,
        "site_id": displayed(report.site_id),
        "facts": [
            {
                "fact": fact.name,
                "status": fact.conclusion.status.value,
                "result": fact.conclusion.result,
                "evidence": fact.conclusion.evidence,
                "requests": fact.requests,
            }
            for fact in report.facts
        ],
        "switches": dict(report.switches),
        "requests": {
            "total": report.requests,
            "limit": report.max_requests,
            "preparation": report.preparation,
            "clean_up": report.clean_up,
        },
        "deleted_leftovers": list(report.leftovers),
        "left": list(report.left),
        "interrupted": report.interrupted,
    }
    return dump_safe_json(document)


def _cells(fact: Fact) -> tuple[str, str, str, str]:
    conclusion = fact.conclusion
    requests = "" if conclusion.status is FactStatus.NOT_PROBED else str(fact.requests)
    result = conclusion.result if conclusion.status is not FactStatus.UNKNOWN else f"unknown: {conclusion.result}"
    return escape_control(fact.name), escape_control(result), requests, escape_control(conclusion.evidence)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return aligned rows; the evidence comes last and is never cut."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    return ["  ".join((*map(str.ljust, row, widths), row[-1])).rstrip() for row in rows]
