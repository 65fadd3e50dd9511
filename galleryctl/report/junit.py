"""Results as JUnit XML, with a test case for each gallery, for the test reports of CI servers.

Elements and attributes are those that Jenkins, GitLab and Azure Pipelines read: suites, cases with `name`, `classname`,
`file` and `time`, and `failure`, `error`, `skipped` and `system-out`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape  # xml.sax would import the network
from typing import assert_never

from galleryctl.model.address import Address
from galleryctl.model.checkup import CheckStatus, Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes
from galleryctl.report.checkup import checkup_rows, unchecked_rows
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize, shorten
from galleryctl.report.problems import failure_summary
from galleryctl.report.ranked_changes import rank_changes
from galleryctl.report.results import ReportContext, SiteResult, command_of
from galleryctl.report.summary import result_summary
from galleryctl.report.view import ACTION_SYMBOLS

_MAX_LINES = 200
"""Lines of the text of a case."""
_MAX_LINE = 300
_MAX_VALUE_LENGTH = 80
_INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORKSPACE = "the workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class JunitCase:
    """One test case; `status` is `failure`, `error`, `skipped`, or "" if it passed. `lines` are its text, escaped."""

    name: str
    status: str = ""
    message: str = ""
    lines: tuple[str, ...] = ()
    at: SourcePosition | None = None


def results_junit(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return a suite for each site."""
    command = command_of(results, context) or "run"
    sites: dict[str, list[SiteResult]] = {}
    for result in results:
        sites.setdefault(result.site, []).append(result)
    suites = [_suite(command, site, members, context) for site, members in sites.items()]
    body = "".join(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name={_attribute(f"galleryctl {command}")}>\n{body}</testsuites>\n'


def _suite(command: str, site: str, results: Sequence[SiteResult], context: ReportContext) -> str:
    name = " ".join(filter(None, ("galleryctl", command, site)))
    cases = [case for result in results for case in _cases(result)]
    counts = {status: sum(case.status == status for case in cases) for status in ("failure", "error", "skipped")}
    seconds = sum(result.subject.seconds for result in results if isinstance(result.subject, Report))
    summary = " ".join(map(result_summary, results))
    attributes = {
        "name": name,
        "tests": f"{len(cases)}",
        "failures": f"{counts['failure']}",
        "errors": f"{counts['error']}",
        "skipped": f"{counts['skipped']}",
        "time": f"{seconds:.3f}",
    }
    classname = ".".join(filter(None, ("galleryctl", command, site)))
    return (
        f"  <testsuite{_attributes(attributes)}>\n"
        + "".join(_case(case, classname, context) for case in cases)
        + f"    <system-out>{_text(summary)}</system-out>\n  </testsuite>\n"
    )


def _cases(result: SiteResult) -> Iterator[JunitCase]:
    match result.subject:
        case Plan():
            yield from _plan_cases(result.subject, drift=result.drift)
        case Report():
            yield from _report_cases(result.subject)
        case InvalidInput():
            yield from _file_cases(result.subject.problems, ())
        case GalleryctlError():
            error = result.subject
            lines = (error.where, *escaped_lines(error.why), *escaped_lines(error.do))
            yield JunitCase(name=_WORKSPACE, status="error", message=failure_summary(error), lines=_clean(lines))
        case Validation():
            yield from _validation_cases(result.subject)
        case LintReport():
            yield from _lint_cases(result.subject)
        case WriteResult() | Diagnosis():
            failed = CheckStatus.FAIL
            for row in checkup_rows(result.subject):
                status = "failure" if row.status is failed else ""
                yield JunitCase(name=row.label, status=status, message=row.finding, lines=row.do)
        case _:
            assert_never(result.subject)


def _galleries(positions: Mapping[Address, SourcePosition], addresses: Iterable[Address]) -> list[Address]:
    """Return the galleries of manifests, and those of other addresses."""
    declared = (address for address in positions if address.item is None)
    return list(dict.fromkeys((*declared, *(address.parent for address in addresses))))


def _plan_cases(plan: Plan, *, drift: bool) -> Iterator[JunitCase]:
    """Yield a case for each gallery: failed if it has drift or held items, or if a safety check rejects its changes."""
    lines: dict[Address, list[str]] = {}
    for part in rank_changes(plan, drift=drift, limit=_MAX_VALUE_LENGTH):
        for group in part.groups:
            lines.setdefault(group.address, []).extend(
                f"{ACTION_SYMBOLS[line.action]} {line.label} {line.summary}"
                + "".join(f"; {detail}" for detail in line.details)
                for line in group.lines
            )
    refusals: dict[Address | None, list[str]] = {}
    for refusal in () if drift else plan.refusals:
        parent = refusal.address and refusal.address.parent
        refusals.setdefault(parent, []).append(f"{refusal.address or _WORKSPACE}: {refusal.why}")
    held: dict[Address, list[str]] = {}
    for item in plan.held:
        held.setdefault(item.address.parent, []).append(f"{item.address} held: {item.why}")
    if None in refusals:
        yield JunitCase(name=_WORKSPACE, status="failure", message="rejected", lines=_clean(refusals[None]))
    for address in _galleries(plan.positions, (*lines, *(each for each in refusals if each), *held)):
        found, rejected, left = lines.get(address, []), refusals.get(address, []), held.get(address, [])
        is_failed = bool(rejected or left) or (drift and bool(found))
        message = "rejected by safety checks" if rejected else pluralize(len(found), "change")
        yield JunitCase(
            name=str(address),
            status="failure" if is_failed else "",
            message=(f"{message} on the site" if drift else message) + _held_count(len(left)),
            lines=(*_clean(rejected), *_clean(left), *found),
            at=plan.positions.get(address),
        )


def _report_cases(report: Report) -> Iterator[JunitCase]:
    """Yield a case for each gallery: failed if a change was not made or an item held, skipped if none was tried."""
    for error in report.errors:
        yield JunitCase(name=_WORKSPACE, status="error", message=" ".join(escaped_lines(error)))
    by_gallery: dict[Address, list[Outcome]] = {}
    for outcome in outcomes.by_danger(report.outcomes):
        by_gallery.setdefault(outcome.address.parent, []).append(outcome)
    for address in _galleries(report.positions, by_gallery):
        members = by_gallery.get(address, [])
        statuses = {outcome.status for outcome in members}
        failed = statuses & {OutcomeStatus.FAILED, OutcomeStatus.NOT_TAKEN, OutcomeStatus.HELD}
        held = sum(outcome.status is OutcomeStatus.HELD for outcome in members)
        undone = sum(outcome.status is not OutcomeStatus.DONE for outcome in members) - held
        message = f"{undone:,} of {pluralize(len(members) - held, 'change')} not made" if undone else ""
        lines = (
            f"{outcome.address} {outcomes.describe_outcome(outcome)}"
            + (f": {outcome.reason}" if outcome.reason else "")
            for outcome in members
        )
        yield JunitCase(
            name=str(address),
            status="failure" if failed else "skipped" if undone else "",
            message=f"{message}{_held_count(held)}".removeprefix(", "),
            lines=_clean(lines),
            at=report.positions.get(address),
        )


def _held_count(number: int) -> str:
    return f", {pluralize(number, 'item')} held" if number else ""


def _validation_cases(validation: Validation) -> Iterator[JunitCase]:
    """Yield a case for each gallery, with the warnings and notes about its file, and one for those about others."""
    remarks: dict[str, list[str]] = {}
    for word, problems in (("warning", validation.warnings), ("note", validation.notes)):
        for problem in problems:
            remarks.setdefault(problem.at.file if problem.at else "", []).append(f"{word}: {problem}")
    for gallery in validation.galleries:
        at = SourcePosition(gallery.file, 1, 1)
        yield JunitCase(name=gallery.key, lines=_clean(remarks.pop(gallery.file, ())), at=at)
    others = [line for lines in remarks.values() for line in lines]
    others += [f"{row.label}: {row.finding}" for row in unchecked_rows(validation)]
    if others:
        yield JunitCase(name=_WORKSPACE, lines=_clean(others))


def _lint_cases(report: LintReport) -> Iterator[JunitCase]:
    """Yield a case for each file with findings, failed if one of them is severe enough to fail."""
    findings = [Problem(each.at, f"{each.severity}: {each.message} [{each.rule}]") for each in report.findings]
    failing = [each.severity.reaches(report.fail_on) for each in report.findings]
    failed = [problem for problem, fails in zip(findings, failing, strict=True) if fails]
    others = [problem for problem, fails in zip(findings, failing, strict=True) if not fails]
    yield from _file_cases(failed, others) if findings else (JunitCase(name=_WORKSPACE),)


def _file_cases(failed: Sequence[Problem], others: Sequence[Problem]) -> Iterator[JunitCase]:
    """Yield a case for each file with problems, failed if it has one of `failed`."""
    by_file: dict[str, tuple[list[Problem], list[Problem]]] = {}
    for number, problems in enumerate((failed, others)):
        for problem in problems:
            by_file.setdefault(problem.at.file if problem.at else _WORKSPACE, ([], []))[number].append(problem)
    for file, (failures, rest) in by_file.items():
        lines = (*failures, *rest)
        yield JunitCase(
            name=escape_control(file),
            status="failure" if failures else "",
            message=pluralize(len(failures), "problem") if failures else "",
            lines=_clean(map(str, lines)),
            at=lines[0].at,
        )


def _clean(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(" ".join(escaped_lines(line)) for line in lines if line)


def _case(case: JunitCase, classname: str, context: ReportContext) -> str:
    attributes = {"name": case.name or "?", "classname": classname, "time": "0"}
    if case.at is not None:
        attributes |= {"file": context.path(case.at.file), "line": f"{case.at.line}"}
    lines = [shorten(line, _MAX_LINE) for line in case.lines[:_MAX_LINES]]
    if left := len(case.lines) - len(lines):
        lines.append(f"and {left:,} more")
    text, message = _text("\n".join(lines)), _attribute(shorten(case.message or case.status, _MAX_LINE))
    inner = ""
    if case.status:
        inner = f"<{case.status} message={message}>{text}</{case.status}>"
    elif lines:
        inner = f"<system-out>{text}</system-out>"
    return f"    <testcase{_attributes(attributes)}>{inner}</testcase>\n"


def _attributes(values: Mapping[str, str]) -> str:
    return "".join(f" {name}={_attribute(value)}" for name, value in values.items())


def _attribute(text: str) -> str:
    return f'"{escape(_INVALID_XML.sub("?", escape_control(text)))}"'


def _text(text: str) -> str:
    return escape(_INVALID_XML.sub("?", text), quote=False)
