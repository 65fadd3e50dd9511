"""Results of `validate`, `fmt`, `init` and `doctor` as rows, and these rows in each format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery, WriteAction, WriteResult
from galleryctl.model.errors import Problem
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize
from galleryctl.report.github import annotation, join_commands, problem_annotation
from galleryctl.report.html import render_template
from galleryctl.report.json import dump_safe_json, problem_document
from galleryctl.report.markdown import code_span, escape_markdown
from galleryctl.report.text import StyledText, render_rows

_CommandResult = Validation | WriteResult | Diagnosis

_STATUS_STYLES = {CheckStatus.OK: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One line: a check, a gallery or a file. All texts are escaped."""

    label: str
    finding: str = ""
    status: CheckStatus | None = None
    do: tuple[str, ...] = ()


def _command_name(result: _CommandResult) -> str:
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
    match result:
        case Validation():
            return (*map(_gallery_row, result.galleries), *map(_warning_row, result.warnings), *_not_checked(result))
        case WriteResult():
            return tuple(_Row(label=f"{result.action} {escape_control(file)}") for file in result.files)
        case Diagnosis():
            return tuple(map(_check_row, result.checks))
        case _:
            assert_never(result)


def command_result_summary(result: _CommandResult) -> str:
    """Return the last line, which counts."""
    match result:
        case Validation():
            return _validation_summary(result)
        case WriteResult():
            left = f", {result.unchanged:,} unchanged" if result.unchanged else ""
            count = pluralize(len(result.files), "file")
            return f"{result.action.capitalize()} {count}{left}."
        case Diagnosis():
            ok, warn, fail = (result.count(status) for status in CheckStatus)
            return f"{ok} ok, {pluralize(warn, 'warning')}, {fail} failed."
        case _:
            assert_never(result)


def _document(result: _CommandResult) -> dict[str, Any]:
    """Return the document that `schemas/report.schema.json` describes."""
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
            } | _validation_remarks(result)
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


def _validation_remarks(validation: Validation) -> dict[str, Any]:
    """Return the members about what may be wrong; none if nothing may."""
    warnings = [problem_document(warning) for warning in validation.warnings]
    found = {"warnings": warnings, "unset_variables": list(validation.unset_variables)}
    return {name: values for name, values in found.items() if values}


def command_result_text(result: _CommandResult, *, color: bool) -> str:
    """Return the rows, and the summary as the last line."""
    rows = _rows(result)
    width = max((len(row.label) for row in rows), default=0)
    lines: list[list[StyledText]] = []
    for row in rows:
        status = [(f"{row.status:<4}  ", _STATUS_STYLES[row.status])] if row.status else []
        label = f"{row.label:<{width}}  {row.finding}" if row.finding else row.label
        lines.append([*status, (label, "")])
        lines += [[(f"      → {line}", "green")] for line in row.do]
    lines.append([(command_result_summary(result), "bold")])
    if not color:  # without rich, which takes long to import
        return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
    return render_rows(lines, color=color)


def command_result_json(result: _CommandResult) -> str:
    """Return the result as JSON."""
    return dump_safe_json(_document(result))


def command_result_markdown(result: _CommandResult) -> str:
    """Return the summary, and the rows as a list."""
    parts = [f"### {_command_name(result)}", f"**{escape_markdown(command_result_summary(result))}**"]
    entries = []
    for row in _rows(result):
        status = f"**{row.status}** " if row.status else ""
        finding = f": {escape_markdown(row.finding)}" if row.finding else ""
        do = "".join(f" → {escape_markdown(line)}" for line in row.do)
        entries.append(f"- {status}{code_span(row.label)}{finding}{do}")
    return "\n\n".join([*parts, "\n".join(entries)] if entries else parts) + "\n"


def command_result_html(result: _CommandResult) -> str:
    """Return the rows as a page."""
    return render_template(
        "checkup.html.j2",
        title=_command_name(result),
        summary=command_result_summary(result),
        rows=_rows(result),
        css_classes={CheckStatus.OK: "done", CheckStatus.WARN: "skipped", CheckStatus.FAIL: "failed"},
    )


def command_result_annotations(result: _CommandResult) -> str:
    """Return an error for each failed check, a warning for each warning, and the summary as a notice."""
    levels: dict[CheckStatus | None, str] = {CheckStatus.WARN: "warning", CheckStatus.FAIL: "error"}
    warnings = result.warnings if isinstance(result, Validation) else ()
    annotations = [problem_annotation("warning", warning) for warning in warnings]
    annotations += [
        annotation(levels[row.status], row.label, "\n".join((row.finding, *row.do)))
        for row in _rows(result)
        if row.status in levels and row.label not in map(_warning_label, warnings)
    ]
    annotations.append(annotation("notice", _command_name(result), command_result_summary(result)))
    return join_commands(annotations)


def _item_counts(gallery: ValidGallery) -> str:
    kinds = ", ".join(pluralize(count, kind.value) for kind, count in gallery.items_by_kind.items() if count)
    return f"{pluralize(gallery.item_count, 'item')} ({kinds})" if kinds else "no items"


def _gallery_row(gallery: ValidGallery) -> _Row:
    label = f"{escape_control(gallery.file)}: {escape_control(gallery.key)}"
    return _Row(label=label, finding=_item_counts(gallery))


def _warning_row(warning: Problem) -> _Row:
    finding = " ".join(escaped_lines(warning.message))
    return _Row(label=_warning_label(warning), finding=finding, status=CheckStatus.WARN)


def _warning_label(warning: Problem) -> str:
    return escape_control(str(warning.at or "workspace"))


def _not_checked(validation: Validation) -> tuple[_Row, ...]:
    """Return a warning about the values that were not checked, if there are any."""
    if not validation.unset_variables:
        return ()
    finding = f"values with variables that are not set: {', '.join(validation.unset_variables)}"
    return (_Row(label="not checked", finding=finding, status=CheckStatus.WARN),)


def _check_row(check: Check) -> _Row:
    do = tuple(line for line in escaped_lines(check.do) if line)
    return _Row(
        label=escape_control(check.name), finding=" ".join(escaped_lines(check.finding)), status=check.status, do=do
    )


def _validation_summary(validation: Validation) -> str:
    items = sum(gallery.item_count for gallery in validation.galleries)
    size = f" ({validation.media_bytes / 1_000_000:,.1f} MB)" if validation.media_files else ""
    sites = f" for {pluralize(len(validation.sites), 'site')}" if len(validation.sites) > 1 else ""
    return (
        f"Valid: {pluralize(len(validation.galleries), 'gallery', 'galleries')}, {pluralize(items, 'item')}, "
        f"{pluralize(validation.media_files, 'file')}{size}{sites}."
    )
