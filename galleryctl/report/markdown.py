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
from galleryctl.report.problems import count
from galleryctl.report.view import SYMBOLS, Detail, Group, Line, Look
from galleryctl.report.wording import clean, lines, shorten, things

VALUE = 80
"""Characters of a value."""
ROOM = 55_000
"""Characters of details: a comment on GitHub holds 65,536."""

_UNSAFE = re.compile(r"[`<|]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()|~$!])")


def plan_markdown(plan: Plan, *, drift: bool = False) -> str:
    """The counts, a table of the galleries, and the details to open; what has no room for details is only counted."""
    parts = [f"### galleryctl {'drift' if drift else 'plan'}", f"**{view.summary(plan, drift=drift)}**"]
    if plan.refusals and not drift:
        refusals = [
            f"> - **{refusal.address or 'the workspace'}**: {prose(refusal.why)}; allowed by: {code(refusal.allow)}"
            for refusal in plan.refusals
        ]
        parts.append("\n".join(["> [!CAUTION]", "> This plan is refused.", ">", *refusals]))
    groups = view.groups(plan, drift=drift, limit=VALUE)
    if groups:
        parts.append("\n".join(_table(groups)))
    if plan.notices:
        parts.append("\n".join(f"- **{n.address or 'the workspace'}**: {prose(n.message)}" for n in plan.notices[:100]))
    room = ROOM
    for group in groups:
        details = "\n".join(_group(group, room))
        room -= len(details)
        parts.append(details)
    return "\n\n".join(parts) + "\n"


def report_markdown(report: Report) -> str:
    """What an apply did: the sum, what went wrong, and the rest to open."""
    parts = ["### galleryctl apply", f"**{prose(outcomes.summary(report))}**", outcomes.figures(report)]
    trouble = [
        f"- **{outcome.address}** {outcomes.told(outcome)}: {prose(shorten('; '.join(lines(outcome.reason)), 400))}"
        for outcome in report.outcomes
        if outcome.status is not OutcomeStatus.DONE
    ]
    done = [
        f"- **{outcome.address}** {outcomes.told(outcome)}"
        for outcome in report.outcomes
        if outcome.status is OutcomeStatus.DONE
    ]
    if trouble:
        parts.append("\n".join(_within(trouble, ROOM // 2)))
    if done:
        parts.append("\n".join(_folded(f"{len(done):,} done", _within(done, ROOM // 2))))
    return "\n\n".join(parts) + "\n"


def failure_markdown(error: GalleryctlError) -> str:
    """What went wrong; every problem of the input with its place."""
    if isinstance(error, InvalidInput):
        found = [f"- {f'{code(str(p.at))}: ' if p.at else ''}{prose(p.message)}" for p in error.problems]
        parts = [f"### {count(error.problems)}", "\n".join(_within(found, ROOM))]
    else:
        where = f"{code(error.where)}: " if error.where else ""
        parts = ["### galleryctl failed", where + prose(error.what)]
        parts += ["\n".join(f"- {prose(line)}" for line in lines(error.why))] if error.why else []
    if error.do:
        parts.append("\n".join(f"→ {prose(line)}" for line in lines(error.do)))
    return "\n\n".join(parts) + "\n"


def code(text: str) -> str:
    """`text` as code: a span, or entities where backticks or tags could end it for a lenient reader."""
    shown = clean(text)
    if shown and shown.strip() == shown and not _UNSAFE.search(shown):
        return f"`{shown}`"
    return f"<code>{_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', shown)}</code>"


def prose(text: str) -> str:
    """`text` as plain words: no markup, no HTML, no mention, no reference and no link."""
    shown = _SPECIAL.sub(r"\\\1", clean(text))
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark, broken in (
        ("@", "@&#8203;"),
        ("#", "#&#8203;"),
        ("://", ":&#8203;//"),
        ("www.", "www&#8203;."),
    ):
        shown = shown.replace(mark, broken) if mark != "#" else re.sub(r"(?<!&)#", broken, shown)
    return shown


def _table(groups: tuple[view.Group, ...]) -> Iterator[str]:
    yield "| gallery | create | update | move | replace | delete |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    looks = (Look.CREATE, Look.UPDATE, Look.MOVE, Look.REPLACE, Look.DELETE)
    for group in groups:
        yield f"| {group.address} | " + " | ".join(f"{group.count(look):,}" for look in looks) + " |"


def _group(group: Group, room: int) -> Iterator[str]:
    entries = ["\n".join(_change(line)) for line in group.lines]
    yield from _folded(f"{group.address}: {things(len(group.lines), 'change')}", _within(entries, room))


def _folded(title: str, entries: list[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *entries, "", "</details>"]


def _within(entries: list[str], room: int) -> list[str]:
    """As many entries as there is room for, in characters, and how many are left out."""
    shown: list[str] = []
    for entry in entries:
        room -= len(entry) + 1
        if room < 0:
            break
        shown.append(entry)
    left = len(entries) - len(shown)
    return [*shown, *([f"- … and {left:,} more"] if left else [])]


def _change(line: Line) -> Iterator[str]:
    name = f" {code(shorten(line.name, VALUE))}" if line.name else ""
    reason = f" ({prose(line.reason)})" if line.reason else ""
    yield f"- {code(SYMBOLS[line.look])} **{line.label}** {line.told}{f', {line.kind}' if line.kind else ''}{name}{reason}"
    for detail in line.details:
        yield f"  - {prose(detail.label)}: {_detail(detail)}"


def _detail(detail: Detail) -> str:
    if detail.before is None:
        return f"added {code(detail.after or '')}" if detail.one_of_many else code(detail.after or "")
    if detail.after is None:
        return f"removed {code(detail.before)}"
    return f"{code(detail.before)} → {code(detail.after)}"
