"""Plans, reports and failures as Markdown for pull requests and step summaries.

Values are shown as code, where Markdown has no effect; other text from the site or a file is escaped.
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
"""Limit for a value, in characters."""
_MAX_DETAILS_LENGTH = 55_000
"""Limit for all details, in characters: a comment on GitHub has at most 65,536."""

_UNSAFE = re.compile(r"[`<|]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()|~$!])")


def plan_markdown(plan: Plan, *, drift: bool = False) -> str:
    """Return the summary, a table of the galleries and collapsed details; details beyond the limit are only counted."""
    parts = [f"### galleryctl {'drift' if drift else 'plan'}", f"**{view.plan_summary(plan, drift=drift)}**"]
    if plan.refusals and not drift:
        refusals = [
            f"> - **{each.address or 'the workspace'}**: {escape_markdown(each.why)}; allow with: {code_span(each.allow)}"
            for each in plan.refusals
        ]
        parts.append("\n".join(["> [!CAUTION]", "> Rejected by safety checks.", ">", *refusals]))
    groups = view.group_changes(plan, drift=drift, limit=_MAX_VALUE_LENGTH)
    if groups:
        parts.append("\n".join(_table(groups)))
    if plan.state_changes and not drift:
        entries = [f"- **{address}** {escape_markdown(text)}" for address, text in view.state_change_lines(plan)]
        title = f"{pluralize(len(plan.state_changes), 'change')} in state only"
        parts.append("\n".join(_collapsible(title, _truncate_entries(entries, _MAX_DETAILS_LENGTH // 4))))
    parts += [escape_markdown(remark) for remark in view.remarks(plan, drift=drift)]
    if plan.held:
        entries = [f"- **{item.address}** held: {escape_markdown(item.why)}" for item in plan.held]
        title = f"{pluralize(len(plan.held), 'item')} held, left as {'it is' if len(plan.held) == 1 else 'they are'}"
        parts.append("\n".join(_collapsible(title, _truncate_entries(entries, _MAX_DETAILS_LENGTH // 4))))
    if plan.notices:
        parts.append(
            "\n".join(f"- **{n.address or 'the workspace'}**: {escape_markdown(n.message)}" for n in plan.notices[:100])
        )
    remaining = _MAX_DETAILS_LENGTH
    for group in groups:
        details = "\n".join(_group_details(group, remaining))
        remaining -= len(details)
        parts.append(details)
    return "\n\n".join(parts) + "\n"


def report_markdown(report: Report) -> str:
    """Return the summary, the failures and the collapsed rest of an apply."""
    parts = [
        "### galleryctl apply",
        f"**{escape_markdown(outcomes.report_summary(report))}**",
        outcomes.run_figures(report),
        *(f"Warning: {escape_markdown(warning)}" for warning in report.warnings),
    ]
    if line := outcomes.takeover_line(report):
        parts.append(escape_markdown(line))
    done, failed = [], []
    for outcome in report.outcomes:
        entry = f"- **{outcome.address}** {outcomes.describe_outcome(outcome)}"
        if outcome.status is OutcomeStatus.DONE:
            done.append(f"{entry} ({escape_markdown(outcome.note)})" if outcome.note else entry)
        else:
            reason = shorten("; ".join(escaped_lines(outcome.reason)), 400)
            failed.append(f"{entry}: {escape_markdown(reason)}")
    if failed:
        parts.append("\n".join(_truncate_entries(failed, _MAX_DETAILS_LENGTH // 2)))
    if done:
        parts.append("\n".join(_collapsible(f"{len(done):,} done", _truncate_entries(done, _MAX_DETAILS_LENGTH // 2))))
    return "\n\n".join(parts) + "\n"


def failure_markdown(error: GalleryctlError) -> str:
    """Return the failure; problems of the input have their positions."""
    if isinstance(error, InvalidInput):
        entries = [
            f"- {f'{code_span(str(p.at))}: ' if p.at else ''}{escape_markdown(p.message)}" for p in error.problems
        ]
        parts = [f"### {count_problems(error.problems)}", "\n".join(_truncate_entries(entries, _MAX_DETAILS_LENGTH))]
    else:
        where = f"{code_span(error.where)}: " if error.where else ""
        parts = ["### galleryctl failed", where + escape_markdown(error.what)]
        parts += ["\n".join(f"- {escape_markdown(line)}" for line in escaped_lines(error.why))] if error.why else []
    if error.do:
        parts.append("\n".join(f"→ {escape_markdown(line)}" for line in escaped_lines(error.do)))
    return "\n\n".join(parts) + "\n"


def code_span(text: str) -> str:
    """Return `text` as code: a span, or entities if a backtick or tag in it could end the span in some renderers."""
    shown = escape_control(text)
    if shown and shown.strip() == shown and not _UNSAFE.search(shown):
        return f"`{shown}`"
    return f"<code>{_PUNCTUATION.sub(lambda match: f'&#{ord(match[0])};', shown)}</code>"


def escape_markdown(text: str) -> str:
    """Return `text` escaped: no markup, HTML, mention, reference or link takes effect."""
    escaped = _SPECIAL.sub(r"\\\1", escape_control(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"(?<!&)#", "#&#8203;", escaped.replace("@", "@&#8203;"))
    return escaped.replace("://", ":&#8203;//").replace("www.", "www&#8203;.")


def _table(groups: tuple[view.GalleryChanges, ...]) -> Iterator[str]:
    yield "| gallery | create | update | move | replace | delete |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    create, update, replace, delete, move = DisplayAction
    for group in groups:
        counts = (f"{group.count(action):,}" for action in (create, update, move, replace, delete))
        yield f"| {group.address} | {' | '.join(counts)} |"


def _group_details(group: GalleryChanges, limit: int) -> Iterator[str]:
    entries = ["\n".join(_change_lines(line)) for line in group.lines]
    title = f"{group.address}: {pluralize(len(group.lines), 'change')}"
    yield from _collapsible(title, _truncate_entries(entries, limit))


def _collapsible(title: str, entries: list[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *entries, "", "</details>"]


def _truncate_entries(entries: list[str], limit: int) -> list[str]:
    """Return the entries that fit into `limit` characters, and a count of the others."""
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
        cause = f" ({detail.cause})" if detail.cause else ""
        yield f"  - {escape_markdown(detail.label)}: {_format_detail(detail)}{cause}"


def _format_detail(detail: FieldDetail) -> str:
    if detail.before is None:
        return f"added {code_span(detail.after or '')}" if detail.is_set_member else code_span(detail.after or "")
    if detail.after is None:
        return f"removed {code_span(detail.before)}"
    return f"{code_span(detail.before)} → {code_span(detail.after)}"
