"""Plans, reports and state as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TypeVar

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, view
from galleryctl.report.formatting import escape_control, escaped_lines, list_addresses, quote, shorten
from galleryctl.report.notes import note_lines
from galleryctl.report.ranked_changes import rank_changes
from galleryctl.report.ranking import Rank, rank_title
from galleryctl.report.view import ACTION_SYMBOLS, ChangeLine, DisplayAction, FieldDetail, GalleryChanges

_T = TypeVar("_T")

_MAX_CHANGES_SHOWN = 50
"""Limit for the changes of one gallery without -v."""

_STYLES = {
    DisplayAction.CREATE: "green",
    DisplayAction.UPDATE: "yellow",
    DisplayAction.REPLACE: "magenta",
    DisplayAction.DELETE: "red",
    DisplayAction.MOVE: "cyan",
}
_STATUS_SYMBOLS = {
    OutcomeStatus.DONE: ("✓", "green"),
    OutcomeStatus.NOT_TAKEN: ("✗", "red"),
    OutcomeStatus.FAILED: ("✗", "red"),
    OutcomeStatus.SKIPPED: ("·", "yellow"),
    OutcomeStatus.HELD: ("·", "yellow"),
}

_MIN_COLUMN_WIDTH = 12
"""Minimum width of a text column, unless all its texts are shorter."""

StyledText = tuple[str, str]
"""Text and its style, "" for none."""


def plan_text(plan: Plan, *, color: bool, width: int, verbose: bool = False, drift: bool = False) -> str:
    """Return the plan, the dangerous first; `verbose` shows every change. The last line counts."""
    rows: list[list[StyledText]] = []
    if plan.drift if drift else plan.changes:
        intro, arrow = ("Drift", " (manifest → site)") if drift else ("galleryctl will perform these actions", "")
        rows += [[(f"{intro} on site {escape_control(plan.site_id)}{arrow}:", "bold")], [], _legend(drift=drift), []]
    if plan.targets:
        rows += [[(f"Targets: {list_addresses(plan.targets)}", "")], []]
    if plan.refusals and not drift:
        rows += _refusal_rows(plan, width)
    if plan.held:
        rows += _held_rows(plan, width)
    ranked = rank_changes(plan, drift=drift, limit=max((width - 24) // 2, 16))
    for part in ranked:
        rows += [[(part.title, "bold")]] if len(ranked) > 1 else []
        for group in part.groups:
            rows += truncate_rows(group_rows(group, width, verbose=verbose or part.is_dangerous), width)
            rows.append([])
    rows += _remark_rows(plan, width, verbose=verbose, drift=drift)
    for remark in view.remarks(plan, drift=drift):
        rows += wrap_paragraph(remark, width, indent=0)
    rows.append([(view.plan_summary(plan, drift=drift), "bold")])
    return render_rows(rows, color=color)


def _refusal_rows(plan: Plan, width: int) -> Iterator[list[StyledText]]:
    yield [(rank_title(Rank.REFUSAL), "bold red")]
    for refusal in plan.refusals:
        yield from wrap_paragraph(f"{refusal.address or 'the workspace'}: {escape_control(refusal.why)}", width)
        yield from wrap_paragraph(f"allow with: {escape_control(refusal.allow)}", width, indent=6)
    yield []


def _held_rows(plan: Plan, width: int) -> Iterator[list[StyledText]]:
    yield [(rank_title(Rank.HELD), "bold yellow")]
    for item in plan.held:
        yield from wrap_paragraph(f"{item.address}: {escape_control(item.why)}", width)
    yield []


def _remark_rows(plan: Plan, width: int, *, verbose: bool, drift: bool) -> Iterator[list[StyledText]]:
    """Yield the changes of the state and the notes."""
    if plan.state_changes and not drift:
        yield [(rank_title(Rank.STATE), "bold")]
        lines = view.state_change_lines(plan)
        for address, text in _first_lines(lines, verbose=verbose):
            yield from wrap_paragraph(f"{address}: {text}", width)
        if not verbose and len(lines) > _MAX_CHANGES_SHOWN:
            yield _more_row(len(lines))
        yield []
    if plan.notices:
        yield [(rank_title(Rank.NOTE), "bold")]
        for note in note_lines(plan.notices, verbose=verbose):
            yield from wrap_paragraph(f"{note.subject}: {note.message}", width)
        yield []


def report_text(report: Report, *, color: bool, width: int, verbose: bool = False) -> str:
    """Return the outcomes, each reason once; the last line counts."""
    failed = [outcome for outcome in report.outcomes if outcome.status is not OutcomeStatus.DONE]
    done = [outcome for outcome in report.outcomes if outcome.status is OutcomeStatus.DONE]
    rows = [_outcome_row(outcome) for outcome in _first_lines(done, verbose=verbose)]
    if not verbose and len(done) > _MAX_CHANGES_SHOWN:
        rows.append(_more_row(len(done)))
    for reason, members in outcomes.group_by_reason(failed).items():
        rows += [_outcome_row(outcome) for outcome in _first_lines(members, verbose=verbose)]
        if not verbose and len(members) > _MAX_CHANGES_SHOWN:
            rows.append(_more_row(len(members)))
        rows += [row for line in escaped_lines(reason) for row in wrap_paragraph(line, width, indent=6)]
    for error in report.errors:
        rows += wrap_paragraph(f"error: {escape_control(error)}", width)
    for warning in report.warnings:
        rows += wrap_paragraph(f"warning: {escape_control(warning)}", width)
    rows.append([])
    if line := outcomes.takeover_line(report):
        rows += wrap_paragraph(line, width)
    rows.append([(outcomes.run_figures(report), "dim")])
    if verbose:
        rows += [
            [(f"  {number:>6,}  {escape_control(call)}", "dim")] for call, number in sorted(report.requests.items())
        ]
    rows.append([(outcomes.report_summary(report), "bold")])
    return render_rows(rows, color=color)


def state_list_text(state: Bindings) -> str:
    """Return a line for each address in state: the address, its live ID, `protected`."""
    addresses = sorted(state.ids.keys() | state.protected)
    width = max((len(str(address)) for address in addresses), default=0)
    lines = (
        f"{address!s:<{width}}  {escape_control(state.ids.get(address, '-')):<36}  "
        f"{'protected' if address in state.protected else ''}".rstrip()
        for address in addresses
    )
    return "".join(f"{line}\n" for line in lines)


def state_entry_text(address: Address, state: Bindings) -> str:
    """Return the state of one address: live ID, protection, deposed IDs, and the items of a gallery."""
    live_id, protected = state.ids.get(address, "-"), "yes" if address in state.protected else "no"
    rows = [str(address), f"  live id    {escape_control(live_id)}", f"  protected  {protected}"]
    rows += [
        f"  deposed    {escape_control(id_)}, still to be deleted"
        for id_, owner in sorted(state.deposed.items())
        if owner == address
    ]
    text = "".join(f"{row}\n" for row in rows)
    if address.item is not None:
        return text
    items = {other: id_ for other, id_ in state.ids.items() if other.item and address.covers(other)}
    protected_items = frozenset(other for other in state.protected if other.item and address.covers(other))
    listed = state_list_text(Bindings(ids=items, protected=protected_items))
    return f"{text}  items      {len(items):,}\n{textwrap.indent(listed, '    ')}"


def render_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, color: bool, width: int) -> str:
    """Return a table without lines; the texts must be escaped.

    The columns `#`, `items` and `bytes` are numbers. Numbers, ids and keys are never cut, other texts keep at least 12
    columns: if `width` is too small for that, the table is wider.
    """
    from rich.cells import cell_len  # noqa: PLC0415 - as below
    from rich.table import Table  # noqa: PLC0415 - heavy, and most commands print no table
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    cells = [list(row) for row in rows]
    least_width = -2
    for name, column in zip(head, zip(head, *cells, strict=True), strict=True):
        number, whole = name in ("#", "items", "bytes"), name in ("id", "key")
        widest = max(map(cell_len, column))
        min_width = widest if number or whole else min(widest, _MIN_COLUMN_WIDTH)
        table.add_column(name, justify="right" if number else "left", no_wrap=whole, min_width=min_width)
        least_width += min_width + 2
    for row in cells:
        # Only columns that may wrap shrink, so they may; their texts may not, so they are cut.
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
    return _render_rich(table, color=color, width=max(width, least_width))


def render_rows(rows: Iterable[list[StyledText]], *, color: bool) -> str:
    """Return the rows as lines without wrapping; the texts must be escaped."""
    from rich.text import Text  # noqa: PLC0415 - heavy, and `--version` prints no plan

    return _render_rich(Text("\n").join(Text.assemble(*row) for row in rows), color=color)


def truncate_rows(rows: Iterable[list[StyledText]], width: int) -> Iterator[list[StyledText]]:
    """Yield the rows, cut off at `width` columns."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - as above

    for row in rows:
        fitted, remaining = [], width
        for text, style in row:
            text_width = cell_len(text)
            if text_width > remaining:
                fitted.append((set_cell_size(text, max(remaining - 1, 0)) + "…", style))
                break
            fitted.append((text, style))
            remaining -= text_width
        yield fitted


def _render_rich(renderable: object, *, color: bool, width: int = 100) -> str:
    from rich.console import Console  # noqa: PLC0415 - as above

    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},  # the caller has read the environment already
    )
    with console.capture() as capture:
        console.print(renderable, soft_wrap=_is_text(renderable))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _is_text(renderable: object) -> bool:
    from rich.text import Text  # noqa: PLC0415 - as above

    return isinstance(renderable, Text)


def _legend(*, drift: bool) -> list[StyledText]:
    row: list[StyledText] = []
    for action in DisplayAction:
        label = view.DRIFT_LABELS[action] if drift else action.value
        row += [("  ", ""), (ACTION_SYMBOLS[action], _STYLES[action]), (f" {label}", "")]
    return row


def group_rows(group: GalleryChanges, width: int, *, verbose: bool) -> Iterator[list[StyledText]]:
    """Yield the changes of one gallery; `verbose` shows every one."""
    yield [(str(group.address), "bold"), (f"  {quote(group.name)}" if group.name else "", "")]
    for line in _first_lines(group.lines, verbose=verbose):
        yield from _change_rows(line, width)
    if not verbose and len(group.lines) > _MAX_CHANGES_SHOWN:
        yield _more_row(len(group.lines))


def _change_rows(line: ChangeLine, width: int) -> Iterator[list[StyledText]]:
    style = _STYLES[line.action]
    name = _fit_name(line.name, width - len(f'      {line.label}  {line.kind} ""  {line.summary}'))
    subject = " ".join(part for part in (line.kind, quote(name) if name else "") if part)
    row = [(f"  {ACTION_SYMBOLS[line.action]:>3} ", style), (line.label, style)]
    row += [(f"  {subject}", ""), (f"  {line.summary}", style)]
    fits = sum(len(text) for text, _ in row) + len(line.reason) + len("  ()") <= width
    if line.reason and fits:
        row.append((f"  ({line.reason})", "dim"))
    yield row
    if line.reason and not fits:
        yield from wrap_paragraph(line.reason, width, indent=8)
    label_width = max((len(detail.label) for detail in line.details), default=0)
    for detail in line.details:
        yield [(f"        {detail.label + ':':<{label_width + 1}} ", "dim"), *_detail_row(detail)]


def _fit_name(name: str, width: int) -> str:
    """Return the name in at most 48 characters, and in `width` columns if these fit 8 characters."""
    from rich.cells import cell_len  # noqa: PLC0415 - as above

    text = shorten(name, 48)
    text_width = cell_len(text)
    return text if text_width <= width else shorten(name, max(width * len(text) // text_width, 8))


def _detail_row(detail: FieldDetail) -> list[StyledText]:
    before, after = detail.before, detail.after
    cause = [(f"  ({detail.cause})", "dim")] if detail.cause else []
    if before is None:
        return [(f"+ {after}" if detail.is_set_member else after or "", "green"), *cause]
    if after is None:
        return [(f"- {before}", "red"), *cause]
    return [(before, "red"), (" → ", ""), (after, "green"), *cause]


def _outcome_row(outcome: Outcome) -> list[StyledText]:
    symbol, style = _STATUS_SYMBOLS[outcome.status]
    id_ = f"  {escape_control(outcome.id)}" if outcome.id and outcome.status is OutcomeStatus.DONE else ""
    return [
        (f"  {symbol} ", style),
        (str(outcome.address), ""),
        (f"  {outcomes.describe_outcome(outcome)}", style),
        (id_, "dim"),
        (f"  ({escape_control(outcome.note)})" if outcome.note else "", "dim"),
    ]


def _first_lines(lines: Sequence[_T], *, verbose: bool) -> Sequence[_T]:
    return lines if verbose else lines[:_MAX_CHANGES_SHOWN]


def _more_row(total: int) -> list[StyledText]:
    return [(f"    … and {total - _MAX_CHANGES_SHOWN:,} more (-v shows all)", "dim")]


def wrap_paragraph(text: str, width: int, *, indent: int = 2) -> list[list[StyledText]]:
    """Return the lines of a paragraph, each with an indent."""
    # Scopes, commands and ids are not broken, so that they can be copied.
    wrapped = textwrap.wrap(text, max(width - indent, 20), break_on_hyphens=False, break_long_words=False)
    return [[(" " * indent + line, "")] for line in wrapped or [""]]
