"""The parts of a Markdown document: for each result, blocks with an entry for each change, outcome or problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from galleryctl.model.address import Address
from galleryctl.model.checkup import CheckStatus, Diagnosis, Validation, WriteResult
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.plan.changes import Plan
from galleryctl.report import checkup, outcomes, view
from galleryctl.report.budget import ReportBlock
from galleryctl.report.formatting import escaped_lines, shorten
from galleryctl.report.markdown_text import code_span, escape_markdown, table_head, table_row
from galleryctl.report.notes import note_lines
from galleryctl.report.outcomes import OUTCOME_ORDER
from galleryctl.report.ranked_changes import RankedChanges, rank_changes
from galleryctl.report.ranking import Rank, rank_title
from galleryctl.report.view import ACTION_SYMBOLS, ChangeLine, DisplayAction, FieldDetail, GalleryChanges

_MAX_VALUE_LENGTH = 80
_MAX_TEXT_LENGTH = 600
"""Characters of a reason or a message."""
_MAX_SHORT_TEXT_LENGTH = 120
_MAX_TABLE = 8_000
"""Characters of the table of the galleries."""
_TABLE_ACTIONS = (
    DisplayAction.CREATE, DisplayAction.UPDATE, DisplayAction.MOVE, DisplayAction.REPLACE, DisplayAction.DELETE,
)  # fmt: skip


def plan_blocks(plan: Plan, *, drift: bool, label: str) -> Iterator[ReportBlock]:
    """Yield the blocks of a plan; `label` stands before each address."""
    if plan.refusals and not drift:
        pairs = [
            (_refusal(label, each.address, each.why, each.allow), _refusal(label, each.address, each.why, ""))
            for each in plan.refusals
        ]
        yield _block(
            (Rank.REFUSAL, 0),
            rank_title(Rank.REFUSAL),
            pairs,
            heading=f"> [!CAUTION]\n> {rank_title(Rank.REFUSAL)}",
            after="\n>\n",
            margin="> ",
            is_dangerous=True,
        )
    if plan.held:
        yield _held_block(plan, label)
    ranked = rank_changes(plan, drift=drift, limit=_MAX_VALUE_LENGTH)
    yield from (_changes_block(part, label) for part in ranked)
    if len({group.address for part in ranked for group in part.groups}) > 1 and not label:
        yield _gallery_table(ranked)
    if plan.state_changes and not drift:
        entries = (f"- **{label}{address}** {_text(text)}" for address, text in view.state_change_lines(plan))
        yield _collapsed((Rank.STATE, 0), rank_title(Rank.STATE), [(each, each) for each in entries])
    if plan.notices:
        entries = (f"- **{label}{note.subject}**: {_text(note.message)}" for note in note_lines(plan.notices))
        yield _block((Rank.NOTE, 0), rank_title(Rank.NOTE), [(each, each) for each in entries])


def _held_block(plan: Plan, label: str) -> ReportBlock:
    """Return the items that are held, with the reasons."""
    short = [f"- **{label}{item.address}**" for item in plan.held]
    pairs = [(f"{head}: {_text(item.why)}", head) for head, item in zip(short, plan.held, strict=True)]
    names = tuple((f"**{label}{item.address.parent}**", item.address.item or "the gallery") for item in plan.held)
    return replace(_block((Rank.HELD, 0), rank_title(Rank.HELD), pairs, is_dangerous=True), names=names)


def report_blocks(report: Report, *, label: str) -> Iterator[ReportBlock]:
    """Yield the blocks of an apply: errors, what was not done, the rest."""
    if errors := [f"- {label}{_text(error)}" for error in report.errors]:
        yield _block((Rank.FAILURE, 0), "Errors", [(each, each) for each in errors], is_dangerous=True)
    if warnings := [f"- {label}{_text(warning)}" for warning in report.warnings]:
        yield _block((Rank.FAILURE, 5), "Warnings", [(each, each) for each in warnings], is_dangerous=True)
    by_status: dict[OutcomeStatus, list[Outcome]] = {}
    for outcome in outcomes.by_danger(report.outcomes):
        by_status.setdefault(outcome.status, []).append(outcome)
    for number, (status, title) in enumerate(OUTCOME_ORDER.items(), 1):
        if members := by_status.get(status):
            yield _outcomes_block(members, number, title, label)


def _outcomes_block(members: Sequence[Outcome], number: int, title: str, label: str) -> ReportBlock:
    pairs = [_outcome_pair(outcome, label) for outcome in members]
    names = tuple(
        (
            f"**{label}{outcome.address.parent}** {outcomes.describe_outcome(outcome)}",
            outcome.address.item or "the gallery",
        )
        for outcome in members
    )
    if members[0].status is OutcomeStatus.DONE:
        return replace(_collapsed((Rank.UPDATE, 0), title, pairs), names=names)
    return replace(_block((Rank.FAILURE, number), title, pairs, is_dangerous=True), names=names)


def failure_blocks(error: GalleryctlError, *, label: str) -> Iterator[ReportBlock]:
    """Yield the blocks of a failure: why, or each problem of the input, and what to do.

    What is wrong is in the summary, if that is of this site alone.
    """
    if isinstance(error, InvalidInput):
        pairs = [
            (_problem(each, label, _MAX_TEXT_LENGTH), _problem(each, label, _MAX_SHORT_TEXT_LENGTH))
            for each in error.problems
        ]
    else:
        where = f"{code_span(shorten(error.where, _MAX_TEXT_LENGTH))}: " if error.where else ""
        whats = [f"{where}{_text(error.what)}"] if label or where else []
        entries = [f"- {label}{line}" for line in (*whats, *map(_text, escaped_lines(error.why)))]
        pairs = [(entry, entry) for entry in entries]
    if pairs:
        title = rank_title(Rank.FAILURE)
        block = _block((Rank.FAILURE, 0), title, pairs, is_dangerous=True)
        yield block if label else replace(block, heading="", after="")
    if do := [f"→ {label}{_text(line)}" for line in escaped_lines(error.do) if line]:
        yield ReportBlock(order=(Rank.FAILURE, 1), title="do", full=tuple(do), short=tuple(do), is_dangerous=True)


def checkup_blocks(result: Validation | WriteResult | Diagnosis, *, label: str) -> Iterator[ReportBlock]:
    """Yield the rows of a checkup as a list, after the warnings of a validation."""
    is_apart = CheckStatus.WARN if isinstance(result, Validation) else None
    warnings: list[checkup.CheckupRow] = []
    rows: list[checkup.CheckupRow] = []
    for row in checkup.checkup_rows(result):
        (warnings if row.status and row.status is is_apart else rows).append(row)
    if warnings:
        pairs = [_row_pair(replace(row, status=None), label) for row in warnings]
        yield _block((Rank.FAILURE, 5), "Warnings", pairs, is_dangerous=True)
    if pairs := [_row_pair(row, label) for row in rows]:
        full, short_entries = zip(*pairs, strict=True)
        yield ReportBlock(order=(Rank.NOTE, 1), title="rows", full=full, short=short_entries)


def _row_pair(row: checkup.CheckupRow, label: str) -> tuple[str, str]:
    status = f"**{row.status}** " if row.status else ""
    finding = f": {_text(row.finding)}" if row.finding else ""
    do = "".join(f" → {_text(line)}" for line in row.do)
    short = f"- {status}{label}{code_span(shorten(row.label, _MAX_TEXT_LENGTH))}"
    return f"{short}{finding}{do}", short


def _text(text: str, limit: int = _MAX_TEXT_LENGTH) -> str:
    return escape_markdown(shorten(" ".join(escaped_lines(text)), limit))


def _block(
    order: tuple[int, int],
    title: str,
    pairs: Iterable[tuple[str, str]],
    *,
    heading: str = "",
    after: str = "\n\n",
    margin: str = "",
    is_dangerous: bool = False,
) -> ReportBlock:
    """Return a block with a heading; `pairs` are the entries in full and by name."""
    full, short = zip(*pairs, strict=True)
    return ReportBlock(
        order=order,
        title=title,
        full=full,
        short=short,
        heading=heading or f"#### {title}",
        after=after,
        margin=margin,
        is_dangerous=is_dangerous,
    )


def _collapsed(order: tuple[int, int], title: str, pairs: Iterable[tuple[str, str]]) -> ReportBlock:
    """Return a block whose entries are hidden until a reader opens it."""
    block = _block(order, title, pairs, heading=f"<details><summary>{title}", after="</summary>\n\n")
    return replace(block, closing="\n\n</details>")


def _changes_block(part: RankedChanges, label: str) -> ReportBlock:
    pairs = [
        ("\n".join(_change_lines(line, group, label)), f"- {_change_head(line, group, label)}")
        for group in part.groups
        for line in group.lines
    ]
    block = (_block if part.is_dangerous else _collapsed)((part.rank, 0), part.title, pairs)
    names = tuple(
        (f"**{label}{group.address}**", line.label + (" (clear)" if _is_clear(part, line) else ""))
        for group in part.groups
        for line in group.lines
    )
    return replace(block, names=names, is_dangerous=part.is_dangerous)


def _is_clear(part: RankedChanges, line: ChangeLine) -> bool:
    return part.rank is Rank.DELETE and line.action is not DisplayAction.DELETE


def _change_head(line: ChangeLine, group: GalleryChanges, label: str) -> str:
    address = line.address if line.address.item else group.address
    return f"{code_span(ACTION_SYMBOLS[line.action])} **{label}{address}** {line.summary}"


def _change_lines(line: ChangeLine, group: GalleryChanges, label: str) -> Iterator[str]:
    kind = f", {line.kind}" if line.kind else ""
    name = f" {code_span(shorten(line.name, _MAX_VALUE_LENGTH))}" if line.name else ""
    reason = f" ({_text(line.reason)})" if line.reason else ""
    at = f", {code_span(f'{line.at.file}:{line.at.line}')}" if line.at else ""
    yield f"- {_change_head(line, group, label)}{kind}{name}{reason}{at}"
    for detail in line.details:
        cause = f" ({detail.cause})" if detail.cause else ""
        yield f"  - {escape_markdown(shorten(detail.label, _MAX_VALUE_LENGTH))}: {_format_detail(detail)}{cause}"


def _format_detail(detail: FieldDetail) -> str:
    before, after = (
        None if value is None else code_span(shorten(value, _MAX_VALUE_LENGTH))
        for value in (detail.before, detail.after)
    )
    if before is None:
        return f"added {after or code_span('')}" if detail.is_set_member else after or code_span("")
    return f"removed {before}" if after is None else f"{before} → {after}"


def _gallery_table(ranked: Sequence[RankedChanges]) -> ReportBlock:
    """Return the number of changes of each gallery, those with dangerous changes first."""
    counts: dict[Address, Counter[DisplayAction]] = {}
    for part in ranked:
        for group in part.groups:
            counts.setdefault(group.address, Counter()).update(line.action for line in group.lines)
    rows = tuple(
        table_row([str(address), *(f"{count[action]:,}" for action in _TABLE_ACTIONS)])
        for address, count in counts.items()
    )
    head = table_head(["gallery", *(action.value for action in _TABLE_ACTIONS)])
    return ReportBlock(
        order=(Rank.DRIFT, 1),
        title="galleries",
        full=rows,
        short=rows,
        heading="#### Galleries",
        after=f"\n\n{head}",
        limit=_MAX_TABLE,
    )


def _refusal(label: str, address: Address | None, why: str, allow: str) -> str:
    limit = _MAX_TEXT_LENGTH if allow else _MAX_SHORT_TEXT_LENGTH
    way = f"; allow with: {code_span(shorten(allow, _MAX_TEXT_LENGTH))}" if allow else ""
    return f"> - **{label}{address or 'the workspace'}**: {_text(why, limit)}{way}"


def _outcome_pair(outcome: Outcome, label: str) -> tuple[str, str]:
    short = f"- **{label}{outcome.address}** {outcomes.describe_outcome(outcome)}"
    if outcome.status is OutcomeStatus.DONE:
        return (f"{short} ({_text(outcome.note)})" if outcome.note else short), short
    reason = shorten("; ".join(escaped_lines(outcome.reason)), _MAX_TEXT_LENGTH)
    return f"{short}: {escape_markdown(reason)}", short


def _problem(problem: Problem, label: str, limit: int) -> str:
    at = f"{code_span(shorten(str(problem.at), limit))}: " if problem.at else ""
    return f"- {label}{at}{_text(problem.message, limit)}"
