"""Plans, reports and state for a terminal."""

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
from galleryctl.report.view import SYMBOLS, Detail, Group, Line, Look
from galleryctl.report.wording import clean, lines, shorten

T = TypeVar("T")

LINES_SHOWN = 50
"""Changes of one gallery that are shown without -v."""

_STYLES = {
    Look.CREATE: "green",
    Look.UPDATE: "yellow",
    Look.REPLACE: "magenta",
    Look.DELETE: "red",
    Look.MOVE: "cyan",
}
_ENDS = {OutcomeStatus.DONE: ("✓", "green"), OutcomeStatus.FAILED: ("✗", "red"), OutcomeStatus.SKIPPED: ("·", "yellow")}

_ROOM = 12
"""Columns that a text of a table has at least, if it is as long."""

Run = tuple[str, str]
"""Text and the style it is printed in, "" for none."""


def plan_text(plan: Plan, *, color: bool, width: int, verbose: bool = False, drift: bool = False) -> str:
    """The plan for people; `verbose` shows every change. The last line counts."""
    rows: list[list[Run]] = []
    if plan.changes:
        intro = "What changed on site" if drift else "What an apply will do on site"
        rows += [[(f"{intro} {clean(plan.site_id)}:", "bold")], [], _legend(drift=drift), []]
    if plan.targets:
        rows += [[(f"Only {', '.join(map(str, plan.targets))}.", "")], []]
    for group in view.groups(plan, drift=drift, limit=max((width - 24) // 2, 16)):
        rows += [*_fit(_group(group, width, verbose=verbose), width), []]
    if plan.notices:
        rows.append([("Notes", "bold")])
        for notice in plan.notices:
            rows += _paragraph(f"{notice.address or 'the workspace'}: {clean(notice.message)}", width)
        rows.append([])
    if plan.refusals and not drift:
        rows.append([("Refused", "bold red")])
        for refusal in plan.refusals:
            rows += _paragraph(f"{refusal.address or 'the workspace'}: {clean(refusal.why)}", width)
            rows += _paragraph(f"allowed by: {clean(refusal.allow)}", width, indent=6)
        rows.append([])
    rows.append([(view.summary(plan, drift=drift), "bold")])
    return print_rows(rows, color=color)


def report_text(report: Report, *, color: bool, width: int, verbose: bool = False) -> str:
    """What was done, what failed and what was skipped, each reason once; the last line sums up."""
    trouble = [outcome for outcome in report.outcomes if outcome.status is not OutcomeStatus.DONE]
    done = [outcome for outcome in report.outcomes if outcome.status is OutcomeStatus.DONE]
    rows = [_outcome(outcome) for outcome in _some(done, verbose=verbose)]
    if not verbose and len(done) > LINES_SHOWN:
        rows.append(_more(len(done)))
    for reason, members in outcomes.by_reason(trouble).items():
        rows += [_outcome(outcome) for outcome in _some(members, verbose=verbose)]
        if not verbose and len(members) > LINES_SHOWN:
            rows.append(_more(len(members)))
        rows += [row for line in lines(reason) for row in _paragraph(line, width, indent=6)]
    rows += [[], [(outcomes.figures(report), "dim")]]
    if verbose:
        rows += [[(f"  {number:>6,}  {clean(call)}", "dim")] for call, number in sorted(report.requests.items())]
    rows.append([(outcomes.summary(report), "bold")])
    return print_rows(rows, color=color)


def state_list_text(bindings: Bindings) -> str:
    """A line for each address that state knows: the address, its live id, `protected`."""
    known = sorted(bindings.ids.keys() | bindings.protected, key=lambda a: (a.gallery, a.item or ""))
    wide = max((len(str(address)) for address in known), default=0)
    lines = (
        f"{address!s:<{wide}}  {clean(bindings.ids.get(address, '-')):<36}  "
        f"{'protected' if address in bindings.protected else ''}".rstrip()
        for address in known
    )
    return "".join(f"{line}\n" for line in lines)


def state_entry_text(address: Address, bindings: Bindings) -> str:
    """All that state knows of one address: live id, protection, what is still to be deleted; a gallery's items."""
    protected = "yes" if address in bindings.protected else "no"
    rows = [
        str(address),
        f"  live id    {clean(bindings.ids.get(address, '-'))}",
        f"  protected  {protected}",
    ]
    rows += [
        f"  deposed    {clean(id_)}, still to be deleted"
        for id_, owner in sorted(bindings.deposed.items())
        if owner == address
    ]
    text = "".join(f"{row}\n" for row in rows)
    if address.item is not None:
        return text
    items = {other: id_ for other, id_ in bindings.ids.items() if other.item and address.covers(other)}
    kept = frozenset(other for other in bindings.protected if other.item and address.covers(other))
    listed = state_list_text(Bindings(ids=items, protected=kept))
    return f"{text}  items      {len(items):,}\n{textwrap.indent(listed, '    ')}"


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, color: bool, width: int) -> str:
    """A table without lines; the texts must be clean. Columns named `#`, `items` or `bytes` are numbers; ids and keys are whole.

    Where `width` has no room for that and for 12 columns of each other text, lines are wider.
    """
    from rich.cells import cell_len  # noqa: PLC0415 - as below
    from rich.table import Table  # noqa: PLC0415 - heavy, and most commands print no table
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    cells = [list(row) for row in rows]
    least = -2
    for name, column in zip(head, zip(head, *cells, strict=True), strict=True):
        number, whole = name in ("#", "items", "bytes"), name in ("id", "key")
        widest = max(map(cell_len, column))
        room = widest if number or whole else min(widest, _ROOM)
        table.add_column(name, justify="right" if number else "left", no_wrap=whole, min_width=room)
        least += room + 2
    for row in cells:
        # A cell that has no room is cut: only columns that may wrap give some up, so they may, and their texts do not.
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
    return _printed(table, color=color, width=max(width, least))


def print_rows(rows: Iterable[list[Run]], *, color: bool) -> str:
    """The rows as lines, wrapped by nobody; the texts must be clean."""
    from rich.text import Text  # noqa: PLC0415 - heavy, and `--version` prints no plan

    return _printed(Text("\n").join(Text.assemble(*row) for row in rows), color=color)


def _fit(rows: Iterable[list[Run]], width: int) -> Iterator[list[Run]]:
    """The rows, cut off at `width` columns."""
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - as in print_rows

    for row in rows:
        fitted, left = [], width
        for text, style in row:
            wide = cell_len(text)
            if wide > left:
                fitted.append((set_cell_size(text, max(left - 1, 0)) + "…", style))
                break
            fitted.append((text, style))
            left -= wide
        yield fitted


def _printed(what: object, *, color: bool, width: int = 100) -> str:
    from rich.console import Console  # noqa: PLC0415 - as in print_rows

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
        _environ={},  # the caller has decided; what the environment says was its to read
    )
    with console.capture() as capture:
        console.print(what, soft_wrap=_is_text(what))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _is_text(what: object) -> bool:
    from rich.text import Text  # noqa: PLC0415 - as in print_rows

    return isinstance(what, Text)


def _legend(*, drift: bool) -> list[Run]:
    row: list[Run] = []
    for look in Look:
        word = view.DRIFTED[look] if drift else look.value
        row += [("  ", ""), (SYMBOLS[look], _STYLES[look]), (f" {word}", "")]
    return row


def _group(group: Group, width: int, *, verbose: bool) -> Iterator[list[Run]]:
    yield [(str(group.address), "bold"), (f'  "{group.name}"' if group.name else "", "")]
    for line in _some(group.lines, verbose=verbose):
        yield from _change(line, width)
    if not verbose and len(group.lines) > LINES_SHOWN:
        yield _more(len(group.lines))


def _change(line: Line, width: int) -> Iterator[list[Run]]:
    style = _STYLES[line.look]
    name = _name(line.name, width - len(f'      {line.label}  {line.kind} ""  {line.told}'))
    what = " ".join(part for part in (line.kind, f'"{name}"' if name else "") if part)
    row = [(f"  {SYMBOLS[line.look]:>3} ", style), (line.label, style)]
    row += [(f"  {what}", ""), (f"  {line.told}", style)]
    if line.reason:
        row.append((f"  ({line.reason})", "dim"))
    yield row
    wide = max((len(detail.label) for detail in line.details), default=0)
    for detail in line.details:
        yield [(f"        {detail.label + ':':<{wide + 1}} ", "dim"), *_detail(detail)]


def _name(name: str, room: int) -> str:
    """The name in at most 48 characters, and in so many columns of a terminal unless there are hardly any."""
    from rich.cells import cell_len  # noqa: PLC0415 - as in print_rows

    text = shorten(name, 48)
    wide = cell_len(text)
    return text if wide <= room else shorten(name, max(room * len(text) // wide, 8))


def _detail(detail: Detail) -> list[Run]:
    before, after = detail.before, detail.after
    if before is None:
        return [(f"+ {after}" if detail.one_of_many else after or "", "green")]
    if after is None:
        return [(f"- {before}", "red")]
    return [(before, "red"), (" → ", ""), (after, "green")]


def _outcome(outcome: Outcome) -> list[Run]:
    symbol, style = _ENDS[outcome.status]
    id_ = f"  {clean(outcome.id)}" if outcome.id and outcome.status is OutcomeStatus.DONE else ""
    return [
        (f"  {symbol} ", style),
        (str(outcome.address), ""),
        (f"  {outcomes.told(outcome)}", style),
        (id_, "dim"),
    ]


def _some(lines: Sequence[T], *, verbose: bool) -> Sequence[T]:
    return lines if verbose else lines[:LINES_SHOWN]


def _more(total: int) -> list[Run]:
    return [(f"    … and {total - LINES_SHOWN:,} more (-v shows all)", "dim")]


def _paragraph(text: str, width: int, *, indent: int = 2) -> list[list[Run]]:
    # Names of scopes, commands and ids stay whole, to be copied.
    wrapped = textwrap.wrap(text, max(width - indent, 20), break_on_hyphens=False, break_long_words=False)
    return [[(" " * indent + line, "")] for line in wrapped or [""]]
