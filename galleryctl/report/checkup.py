"""A validation, a list of written files and a diagnosis as rows that all formats show, and as each format shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery, WriteAction, WriteResult
from galleryctl.report.wording import clean, lines, things

Checkup = Validation | WriteResult | Diagnosis

STYLES = {CheckStatus.OK: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: a check as it came out, a gallery or a file. All are clean."""

    label: str
    found: str = ""
    mark: CheckStatus | None = None
    do: tuple[str, ...] = ()


def title(checkup: Checkup) -> str:
    """The command that it is of."""
    match checkup:
        case Validation():
            return "galleryctl validate"
        case WriteResult():
            return "galleryctl init" if checkup.action is WriteAction.CREATED else "galleryctl fmt"
        case Diagnosis():
            return "galleryctl doctor"
        case _:
            assert_never(checkup)


def rows(checkup: Checkup) -> tuple[Row, ...]:
    """The lines above the summary."""
    match checkup:
        case Validation():
            return tuple(
                Row(label=f"{clean(gallery.file)}: {clean(gallery.key)}", found=_items(gallery))
                for gallery in checkup.galleries
            )
        case WriteResult():
            return tuple(Row(label=f"{checkup.action} {clean(file)}") for file in checkup.files)
        case Diagnosis():
            return tuple(map(_checked, checkup.checks))
        case _:
            assert_never(checkup)


def summary(checkup: Checkup) -> str:
    """The last line."""
    match checkup:
        case Validation():
            return _valid(checkup)
        case WriteResult():
            left = f", {checkup.unchanged:,} unchanged" if checkup.unchanged else ""
            count = things(len(checkup.files), "file")
            return f"{checkup.action.capitalize()} {count}{left}."
        case Diagnosis():
            ok, warn, fail = (checkup.count(mark) for mark in CheckStatus)
            return f"{ok} ok, {things(warn, 'warning')}, {fail} failed."
        case _:
            assert_never(checkup)


def document(checkup: Checkup) -> dict[str, Any]:
    """What programs read: `schemas/report.schema.json`."""
    match checkup:
        case Validation():
            return {
                "kind": "validation",
                "format_version": 1,
                "sites": list(checkup.sites),
                "galleries": [
                    {
                        "gallery": gallery.key,
                        "file": gallery.file,
                        "items": {kind.value: count for kind, count in gallery.items_by_kind.items()},
                    }
                    for gallery in checkup.galleries
                ],
                "media": {"files": checkup.media_files, "bytes": checkup.media_bytes},
            }
        case WriteResult():
            return {
                "kind": "written",
                "format_version": 1,
                "action": checkup.action.value,
                "files": list(checkup.files),
                "unchanged": checkup.unchanged,
            }
        case Diagnosis():
            return {
                "kind": "diagnosis",
                "format_version": 1,
                "exit_code": checkup.exit_code,
                "checks": [
                    {"name": check.name, "status": check.status.value, "found": check.finding, "do": check.do}
                    for check in checkup.checks
                ],
            }
        case _:
            assert_never(checkup)


def checkup_text(checkup: Checkup, *, color: bool) -> str:
    """The rows, and the summary as the last line."""
    shown = rows(checkup)
    wide = max((len(row.label) for row in shown), default=0)
    printed: list[list[tuple[str, str]]] = []
    for row in shown:
        mark = [(f"{row.mark:<4}  ", STYLES[row.mark])] if row.mark else []
        label = f"{row.label:<{wide}}  {row.found}" if row.found else row.label
        printed.append([*mark, (label, "")])
        printed += [[(f"      → {line}", "green")] for line in row.do]
    printed.append([(summary(checkup), "bold")])
    if not color:
        return "".join("".join(text for text, _ in runs).rstrip() + "\n" for runs in printed)
    from galleryctl.report.text import print_rows  # noqa: PLC0415 - loads rich

    return print_rows(printed, color=color)


def checkup_json(checkup: Checkup) -> str:
    """The document as JSON."""
    from galleryctl.report.json import dump  # noqa: PLC0415 - only the renderer that is used is loaded

    return dump(document(checkup))


def checkup_markdown(checkup: Checkup) -> str:
    """The summary, and the rows as a list."""
    from galleryctl.report.markdown import code, prose  # noqa: PLC0415 - as above

    parts = [f"### {title(checkup)}", f"**{prose(summary(checkup))}**"]
    listed = []
    for row in rows(checkup):
        mark = f"**{row.mark}** " if row.mark else ""
        found = f": {prose(row.found)}" if row.found else ""
        listed.append(f"- {mark}{code(row.label)}{found}" + "".join(f" → {prose(line)}" for line in row.do))
    return "\n\n".join([*parts, "\n".join(listed)] if listed else parts) + "\n"


def checkup_html(checkup: Checkup) -> str:
    """The rows as a page."""
    from galleryctl.report.html import page  # noqa: PLC0415 - as above

    looks = {CheckStatus.OK: "done", CheckStatus.WARN: "skipped", CheckStatus.FAIL: "failed"}
    return page("checkup.html.j2", title=title(checkup), summary=summary(checkup), rows=rows(checkup), looks=looks)


def checkup_annotations(checkup: Checkup) -> str:
    """An error for what fails, a warning for what is doubtful, and the sum."""
    from galleryctl.report.github import annotation  # noqa: PLC0415 - as above

    levels: dict[CheckStatus | None, str] = {CheckStatus.WARN: "warning", CheckStatus.FAIL: "error"}
    found = [
        annotation(levels[row.mark], row.label, "\n".join((row.found, *row.do)))
        for row in rows(checkup)
        if row.mark in levels
    ]
    return "".join(f"{line}\n" for line in (*found, annotation("notice", title(checkup), summary(checkup))))


def _items(gallery: ValidGallery) -> str:
    kinds = ", ".join(things(count, kind.value) for kind, count in gallery.items_by_kind.items() if count)
    return f"{things(gallery.item_count, 'item')} ({kinds})" if kinds else "no items"


def _checked(check: Check) -> Row:
    do = tuple(line for line in lines(check.do) if line)
    return Row(label=clean(check.name), found=" ".join(lines(check.finding)), mark=check.status, do=do)


def _valid(checkup: Validation) -> str:
    items = sum(gallery.item_count for gallery in checkup.galleries)
    size = f" of {checkup.media_bytes / 1_000_000:,.1f} MB" if checkup.media_files else ""
    sites = f" for {things(len(checkup.sites), 'site')}" if len(checkup.sites) > 1 else ""
    return (
        f"Valid: {things(len(checkup.galleries), 'gallery', 'galleries')}, {things(items, 'item')}, "
        f"{things(checkup.media_files, 'file')}{size}{sites}."
    )
