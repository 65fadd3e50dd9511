"""Plans, reports and failures for pull requests and step summaries.

Values stand in code, where Markdown means nothing; words that the site or a file may have put in are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Plan
from galleryctl.report import outcomes, view
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize, shorten
from galleryctl.report.problems import count_problems
from galleryctl.report.view import ACTION_SYMBOLS, ChangeLine, DisplayAction, FieldDetail, GalleryChanges

_MAX_VALUE_LENGTH = 80
"""Characters of a value."""
_MAX_DETAILS_LENGTH = 55_000
"""Characters of details: a comment on GitHub holds 65,536."""

_UNSAFE = re.compile(r"[`<|]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()|~$!])")


def plan_markdown(plan: Plan, *, drift: bool = False) -> str:
    """The counts, a table of the galleries, and the details to open; what has no room for details is only counted."""
    parts = [f"### galleryctl {'drift' if drift else 'plan'}", f"**{view.plan_summary(plan, drift=drift)}**"]
    if plan.refusals and not drift:
        refusals = [
            f"> - **{refusal.address or 'the workspace'}**: {escape_markdown(refusal.why)}; allowed by: {code_span(refusal.allow)}"
            for refusal in plan.refusals
        ]
        parts.append("\n".join(["> [!CAUTION]", "> This plan is refused.", ">", *refusals]))
    groups = view.group_changes(plan, drift=drift, limit=_MAX_VALUE_LENGTH)
    if groups:
        parts.append("\n".join(_table(groups)))
    if plan.notices:
        parts.append(
            "\n".join(f"- **{n.address or 'the workspace'}**: {escape_markdown(n.message)}" for n in plan.notices[:100])
        )
    room = _MAX_DETAILS_LENGTH
    for group in groups:
        details = "\n".join(_group_details(group, room))
        room -= len(details)
        parts.append(details)
    return "\n\n".join(parts) + "\n"


def report_markdown(report: Report) -> str:
    """What an apply did: the sum, what went wrong, and the rest to open."""
    parts = [
        "### galleryctl apply",
        f"**{escape_markdown(outcomes.report_summary(report))}**",
        outcomes.run_figures(report),
    ]
    trouble = [
        f"- **{outcome.address}** {outcomes.describe_outcome(outcome)}: {escape_markdown(shorten('; '.join(escaped_lines(outcome.reason)), 400))}"
        for outcome in report.outcomes
        if outcome.status is not OutcomeStatus.DONE
    ]
    done = [
        f"- **{outcome.address}** {outcomes.describe_outcome(outcome)}"
        for outcome in report.outcomes
        if outcome.status is OutcomeStatus.DONE
    ]
    if trouble:
        parts.append("\n".join(_truncate_entries(trouble, _MAX_DETAILS_LENGTH // 2)))
    if done:
        parts.append("\n".join(_collapsible(f"{len(done):,} done", _truncate_entries(done, _MAX_DETAILS_LENGTH // 2))))
    return "\n\n".join(parts) + "\n"


def failure_markdown(error: GalleryctlError) -> str:
    """What went wrong; every problem of the input with its place."""
    if isinstance(error, InvalidInput):
        found = [f"- {f'{code_span(str(p.at))}: ' if p.at else ''}{escape_markdown(p.message)}" for p in error.problems]
        parts = [f"### {count_problems(error.problems)}", "\n".join(_truncate_entries(found, _MAX_DETAILS_LENGTH))]
    else:
        where = f"{code_span(error.where)}: " if error.where else ""
        parts = ["### galleryctl failed", where + escape_markdown(error.what)]
        parts += ["\n".join(f"- {escape_markdown(line)}" for line in escaped_lines(error.why))] if error.why else []
    if error.do:
        parts.append("\n".join(f"→ {escape_markdown(line)}" for line in escaped_lines(error.do)))
    return "\n\n".join(parts) + "\n"


def code_span(text: str) -> str:
    """`text` as code: a span, or entities where backticks or tags could end it for a lenient reader."""
    shown = escape_control(text)
    if shown and shown.strip() == shown and not _UNSAFE.search(shown):
        return f"`{shown}`"
    return f"<code>{_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', shown)}</code>"


def escape_markdown(text: str) -> str:
    """`text` as plain words: no markup, no HTML, no mention, no reference and no link."""
    shown = _SPECIAL.sub(r"\\\1", escape_control(text))
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark, broken in (
        ("@", "@&#8203;"),
        ("#", "#&#8203;"),
        ("://", ":&#8203;//"),
        ("www.", "www&#8203;."),
    ):
        shown = shown.replace(mark, broken) if mark != "#" else re.sub(r"(?<!&)#", broken, shown)
    return shown


def _table(groups: tuple[view.GalleryChanges, ...]) -> Iterator[str]:
    yield "| gallery | create | update | move | replace | delete |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    looks = (
        DisplayAction.CREATE,
        DisplayAction.UPDATE,
        DisplayAction.MOVE,
        DisplayAction.REPLACE,
        DisplayAction.DELETE,
    )
    for group in groups:
        yield f"| {group.address} | " + " | ".join(f"{group.count(look):,}" for look in looks) + " |"


def _group_details(group: GalleryChanges, limit: int) -> Iterator[str]:
    entries = ["\n".join(_change_lines(line)) for line in group.lines]
    yield from _collapsible(
        f"{group.address}: {pluralize(len(group.lines), 'change')}", _truncate_entries(entries, limit)
    )


def _collapsible(title: str, entries: list[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *entries, "", "</details>"]


def _truncate_entries(entries: list[str], limit: int) -> list[str]:
    """As many entries as there is room for, in characters, and how many are left out."""
    shown: list[str] = []
    for entry in entries:
        limit -= len(entry) + 1
        if limit < 0:
            break
        shown.append(entry)
    left = len(entries) - len(shown)
    return [*shown, *([f"- … and {left:,} more"] if left else [])]


def _change_lines(line: ChangeLine) -> Iterator[str]:
    name = f" {code_span(shorten(line.name, _MAX_VALUE_LENGTH))}" if line.name else ""
    reason = f" ({escape_markdown(line.reason)})" if line.reason else ""
    yield f"- {code_span(ACTION_SYMBOLS[line.action])} **{line.label}** {line.summary}{f', {line.kind}' if line.kind else ''}{name}{reason}"
    for detail in line.details:
        yield f"  - {escape_markdown(detail.label)}: {_format_detail(detail)}"


def _format_detail(detail: FieldDetail) -> str:
    if detail.before is None:
        return f"added {code_span(detail.after or '')}" if detail.is_set_member else code_span(detail.after or "")
    if detail.after is None:
        return f"removed {code_span(detail.before)}"
    return f"{code_span(detail.before)} → {code_span(detail.after)}"
