"""A validation, a list of written files and a diagnosis as rows that all formats show, and as each format shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery, WriteAction, WriteResult
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize

_CommandResult = Validation | WriteResult | Diagnosis

_STATUS_STYLES = {CheckStatus.OK: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line: a check as it came out, a gallery or a file. All are clean."""

    label: str
    finding: str = ""
    status: CheckStatus | None = None
    do: tuple[str, ...] = ()


def _command_name(result: _CommandResult) -> str:
    """The command that it is of."""
    match result:
        case Validation():
            return "galleryctl validate"
        case WriteResult():
            return "galleryctl init" if result.action is WriteAction.CREATED else "galleryctl fmt"
        case Diagnosis():
            return "galleryctl doctor"
        case _:
            assert_never(result)


def _rows(result: _CommandResult) -> tuple[_Row, ...]:
    """The lines above the summary."""
    match result:
        case Validation():
            return tuple(
                _Row(
                    label=f"{escape_control(gallery.file)}: {escape_control(gallery.key)}",
                    finding=_item_counts(gallery),
                )
                for gallery in result.galleries
            )
        case WriteResult():
            return tuple(_Row(label=f"{result.action} {escape_control(file)}") for file in result.files)
        case Diagnosis():
            return tuple(map(_check_row, result.checks))
        case _:
            assert_never(result)


def command_result_summary(result: _CommandResult) -> str:
    """The last line."""
    match result:
        case Validation():
            return _validation_summary(result)
        case WriteResult():
            left = f", {result.unchanged:,} unchanged" if result.unchanged else ""
            count = pluralize(len(result.files), "file")
            return f"{result.action.capitalize()} {count}{left}."
        case Diagnosis():
            ok, warn, fail = (result.count(mark) for mark in CheckStatus)
            return f"{ok} ok, {pluralize(warn, 'warning')}, {fail} failed."
        case _:
            assert_never(result)


def _document(result: _CommandResult) -> dict[str, Any]:
    """What programs read: `schemas/report.schema.json`."""
    match result:
        case Validation():
            return {
                "kind": "validation",
                "format_version": 1,
                "sites": list(result.sites),
                "galleries": [
                    {
                        "gallery": gallery.key,
                        "file": gallery.file,
                        "items": {kind.value: count for kind, count in gallery.items_by_kind.items()},
                    }
                    for gallery in result.galleries
                ],
                "media": {"files": result.media_files, "bytes": result.media_bytes},
            }
        case WriteResult():
            return {
                "kind": "written",
                "format_version": 1,
                "action": result.action.value,
                "files": list(result.files),
                "unchanged": result.unchanged,
            }
        case Diagnosis():
            return {
                "kind": "diagnosis",
                "format_version": 1,
                "exit_code": result.exit_code,
                "checks": [
                    {"name": check.name, "status": check.status.value, "found": check.finding, "do": check.do}
                    for check in result.checks
                ],
            }
        case _:
            assert_never(result)


def command_result_text(result: _CommandResult, *, color: bool) -> str:
    """The rows, and the summary as the last line."""
    shown = _rows(result)
    wide = max((len(row.label) for row in shown), default=0)
    printed: list[list[tuple[str, str]]] = []
    for row in shown:
        mark = [(f"{row.status:<4}  ", _STATUS_STYLES[row.status])] if row.status else []
        label = f"{row.label:<{wide}}  {row.finding}" if row.finding else row.label
        printed.append([*mark, (label, "")])
        printed += [[(f"      → {line}", "green")] for line in row.do]
    printed.append([(command_result_summary(result), "bold")])
    if not color:
        return "".join("".join(text for text, _ in runs).rstrip() + "\n" for runs in printed)
    from galleryctl.report.text import render_rows  # noqa: PLC0415 - loads rich

    return render_rows(printed, color=color)


def command_result_json(result: _CommandResult) -> str:
    """The document as JSON."""
    from galleryctl.report.json import dump_safe_json  # noqa: PLC0415 - only the renderer that is used is loaded

    return dump_safe_json(_document(result))


def command_result_markdown(result: _CommandResult) -> str:
    """The summary, and the rows as a list."""
    from galleryctl.report.markdown import code_span, escape_markdown  # noqa: PLC0415 - as above

    parts = [f"### {_command_name(result)}", f"**{escape_markdown(command_result_summary(result))}**"]
    listed = []
    for row in _rows(result):
        mark = f"**{row.status}** " if row.status else ""
        found = f": {escape_markdown(row.finding)}" if row.finding else ""
        listed.append(
            f"- {mark}{code_span(row.label)}{found}" + "".join(f" → {escape_markdown(line)}" for line in row.do)
        )
    return "\n\n".join([*parts, "\n".join(listed)] if listed else parts) + "\n"


def command_result_html(result: _CommandResult) -> str:
    """The rows as a page."""
    from galleryctl.report.html import render_template  # noqa: PLC0415 - as above

    looks = {CheckStatus.OK: "done", CheckStatus.WARN: "skipped", CheckStatus.FAIL: "failed"}
    return render_template(
        "checkup.html.j2",
        title=_command_name(result),
        summary=command_result_summary(result),
        rows=_rows(result),
        looks=looks,
    )


def command_result_annotations(result: _CommandResult) -> str:
    """An error for what fails, a warning for what is doubtful, and the sum."""
    from galleryctl.report.github import annotation  # noqa: PLC0415 - as above

    levels: dict[CheckStatus | None, str] = {CheckStatus.WARN: "warning", CheckStatus.FAIL: "error"}
    found = [
        annotation(levels[row.status], row.label, "\n".join((row.finding, *row.do)))
        for row in _rows(result)
        if row.status in levels
    ]
    return "".join(
        f"{line}\n" for line in (*found, annotation("notice", _command_name(result), command_result_summary(result)))
    )


def _item_counts(gallery: ValidGallery) -> str:
    kinds = ", ".join(pluralize(count, kind.value) for kind, count in gallery.items_by_kind.items() if count)
    return f"{pluralize(gallery.item_count, 'item')} ({kinds})" if kinds else "no items"


def _check_row(check: Check) -> _Row:
    do = tuple(line for line in escaped_lines(check.do) if line)
    return _Row(
        label=escape_control(check.name), finding=" ".join(escaped_lines(check.finding)), status=check.status, do=do
    )


def _validation_summary(validation: Validation) -> str:
    items = sum(gallery.item_count for gallery in validation.galleries)
    size = f" of {validation.media_bytes / 1_000_000:,.1f} MB" if validation.media_files else ""
    sites = f" for {pluralize(len(validation.sites), 'site')}" if len(validation.sites) > 1 else ""
    return (
        f"Valid: {pluralize(len(validation.galleries), 'gallery', 'galleries')}, {pluralize(items, 'item')}, "
        f"{pluralize(validation.media_files, 'file')}{size}{sites}."
    )
