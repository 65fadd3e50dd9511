"""The findings of a result: what annotations and SARIF say of it, in the order of their ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import assert_never

from galleryctl.model.address import Address
from galleryctl.model.checkup import CheckStatus, Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.finding import Finding, FindingLevel, FindingRule
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Cause, Change, Plan
from galleryctl.report import outcomes
from galleryctl.report.checkup import CheckupRow, checkup_rows, unchecked_rows
from galleryctl.report.lint import lint_findings
from galleryctl.report.notes import note_lines
from galleryctl.report.ranked_changes import shown_changes
from galleryctl.report.ranking import Rank, in_order, rank_of
from galleryctl.report.results import SiteResult
from galleryctl.report.view import DRIFT_LABELS, DisplayAction

_INVALID = FindingRule(id="invalid-input", description="A file of the workspace, a plan file or an option is invalid.")
_FAILED = FindingRule(id="failed-run", description="The run failed.")
_REJECTED = FindingRule(id="rejected-plan", description="A safety check rejected the plan.")
_HELD = FindingRule(id="held-item", description="A file cannot be used, so its item is left as it is.")
_DRIFT = FindingRule(id="drift", description="The site was changed since the last apply.")
_CONFLICT = FindingRule(id="conflict", description="The manifests and the site both changed since the last apply.")
_NOT_DONE = FindingRule(id="failed-change", description="A change was not made.")
_CHECK = FindingRule(id="failed-check", description="A check of the installation, the workspace or the site failed.")
_DOUBTFUL = FindingRule(id="input-warning", description="A file of the workspace is valid, and may be a mistake.")
_UNCHECKED = FindingRule(id="unchecked-value", description="A value was not checked.")
_WARNING = FindingRule(id="run-warning", description="Something failed that does not affect the changes.")
_CHANGE = FindingRule(id="change", description="An apply will change this resource.")
_NOTICE = FindingRule(id="notice", description="A remark on the plan.")

_LEVELS = {
    OutcomeStatus.FAILED: FindingLevel.ERROR,
    OutcomeStatus.NOT_TAKEN: FindingLevel.ERROR,
    OutcomeStatus.SKIPPED: FindingLevel.WARNING,
}
_CHECK_LEVELS: Mapping[CheckStatus | None, FindingLevel] = {
    CheckStatus.FAIL: FindingLevel.ERROR,
    CheckStatus.WARN: FindingLevel.WARNING,
}

DEFAULT_FILE = "galleryctl.yaml"
"""The file of findings without a position, for formats in which each has one."""


def all_findings(results: Sequence[SiteResult]) -> tuple[Finding, ...]:
    """Return the findings of all results, errors first; if there are several sites, the titles name them."""
    several = len({result.site for result in results}) > 1
    found = [
        replace(finding, title=f"{result.site}: {finding.title}") if several else finding
        for result in results
        for finding in _findings(result)
    ]
    return tuple(sorted(found, key=lambda finding: list(FindingLevel).index(finding.level)))


def is_alert(finding: Finding) -> bool:
    """Return True if the finding is to be resolved, and does not describe what an apply will do."""
    return finding.rule not in (_CHANGE, _NOTICE)


def finding_fingerprint(finding: Finding, file: str, text: str, seen: Counter[str]) -> str:
    """Return a fingerprint that a problem keeps when lines above it are added; equal ones are counted in `seen`."""
    content = f"{finding.rule.id}\0{file}\0{text}"
    seen[content] += 1
    return sha256(f"{content}\0{seen[content]}".encode()).hexdigest()[:32]


def _findings(result: SiteResult) -> Iterator[Finding]:
    match result.subject:
        case Plan():
            yield from _plan_findings(result.subject, drift=result.drift)
        case Report():
            yield from _report_findings(result.subject)
        case InvalidInput():
            for problem in result.subject.problems:
                yield Finding(rule=_INVALID, level=FindingLevel.ERROR, message=problem.message, at=problem.at)
        case GalleryctlError():
            error = result.subject
            message = "\n".join(filter(None, (error.what, error.why, error.do)))
            title = error.where or "galleryctl"
            yield Finding(rule=_FAILED, level=FindingLevel.ERROR, message=message, title=title)
        case Validation():
            for warning in result.subject.warnings:
                yield Finding(rule=_DOUBTFUL, level=FindingLevel.WARNING, message=warning.message, at=warning.at)
            yield from _row_findings(_UNCHECKED, unchecked_rows(result.subject))
        case WriteResult() | Diagnosis():
            yield from _row_findings(_CHECK, checkup_rows(result.subject))
        case LintReport():
            yield from lint_findings(result.subject)
        case _:
            assert_never(result.subject)


def _row_findings(rule: FindingRule, rows: Iterable[CheckupRow]) -> Iterator[Finding]:
    for row in rows:
        if level := _CHECK_LEVELS.get(row.status):
            yield Finding(rule=rule, level=level, message="\n".join((row.finding, *row.do)), title=row.label)


def _plan_findings(plan: Plan, *, drift: bool) -> Iterator[Finding]:
    for refusal in () if drift else plan.refusals:
        yield Finding(
            rule=_REJECTED,
            level=FindingLevel.ERROR,
            title=f"{refusal.address or 'Plan'} rejected",
            message=f"{refusal.why}\nallow with: {refusal.allow}",
            address=refusal.address,
            at=_position(refusal.address, plan.positions),
        )
    for item in plan.held:
        yield _held_finding(item.address, item.why, plan.positions)
    for change in in_order(shown_changes(plan, drift=drift), drift=drift):
        yield _change_finding(rank_of(change, drift=drift), change, plan.positions, drift=drift)
    for note in note_lines(plan.notices):
        yield Finding(rule=_NOTICE, level=FindingLevel.NOTE, title=note.subject, message=note.message)


def _held_finding(address: Address, why: str, positions: Mapping[Address, SourcePosition]) -> Finding:
    return Finding(
        rule=_HELD,
        level=FindingLevel.ERROR,
        title=f"{address} held",
        message=why,
        address=address,
        at=_position(address, positions),
    )


def _change_finding(rank: Rank, change: Change, positions: Mapping[Address, SourcePosition], *, drift: bool) -> Finding:
    rule = _CONFLICT if rank is Rank.CONFLICT else _DRIFT if drift or rank is Rank.DRIFT else _CHANGE
    action = DisplayAction.MOVE if change.is_move else DisplayAction(change.action.value)
    done = DRIFT_LABELS[action] if drift else f"will be {outcomes.PAST_TENSE.get(action, 'moved')}"
    paths = ", ".join(part.path for part in change.fields)
    cleared = ", ".join(part.path for part in change.fields if part.cause is Cause.CLEARED and not drift)
    details = (
        f"{done}: {paths}" if paths and action is DisplayAction.UPDATE else done,
        f"clears {cleared}" if cleared else "",
        change.reason,
    )
    return Finding(
        rule=rule,
        level=FindingLevel.WARNING if drift or rank.is_dangerous else FindingLevel.NOTE,
        title=str(change.address),
        message="\n".join(filter(None, details)),
        address=change.address,
        at=_position(change.address, positions),
    )


def _report_findings(report: Report) -> Iterator[Finding]:
    for error in report.errors:
        yield Finding(rule=_FAILED, level=FindingLevel.ERROR, title="galleryctl", message=error)
    for outcome in outcomes.by_danger(report.outcomes):
        if outcome.status is OutcomeStatus.HELD:
            yield _held_finding(outcome.address, outcome.reason, report.positions)
        elif level := _LEVELS.get(outcome.status):
            yield Finding(
                rule=_NOT_DONE,
                level=level,
                title=str(outcome.address),
                message=f"{outcomes.describe_outcome(outcome)}\n{outcome.reason}",
                address=outcome.address,
                at=_position(outcome.address, report.positions),
            )
    for warning in filter(None, (*report.warnings, outcomes.takeover_line(report))):
        yield Finding(rule=_WARNING, level=FindingLevel.WARNING, title="galleryctl", message=warning)


def _position(address: Address | None, positions: Mapping[Address, SourcePosition]) -> SourcePosition | None:
    """Return where a manifest declares the resource, else its gallery."""
    return None if address is None else positions.get(address) or positions.get(address.parent)
