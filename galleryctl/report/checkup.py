"""Results of `validate`, `fmt`, `init` and `doctor` as rows, and these rows in each format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from galleryctl.model.checkup import Check, CheckStatus, Diagnosis, Validation, ValidGallery, WriteResult
from galleryctl.model.errors import Problem
from galleryctl.report.formatting import escape_control, escaped_lines, pluralize
from galleryctl.report.json import dump_safe_json, problem_document
from galleryctl.report.text import StyledText, render_rows

_CommandResult = Validation | WriteResult | Diagnosis

_STATUS_STYLES = {CheckStatus.OK: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckupRow:
    """One line: a check, a gallery or a file. All texts are escaped."""

    label: str
    finding: str = ""
    status: CheckStatus | None = None
    do: tuple[str, ...] = ()


def checkup_rows(result: _CommandResult) -> tuple[CheckupRow, ...]:
    """Return the rows of a result."""
    match result:
        case Validation():
            rows = (*map(_gallery_row, result.galleries), *map(_warning_row, result.warnings))
            return (*rows, *map(_problem_row, result.notes), *unchecked_rows(result))
        case WriteResult():
            return tuple(CheckupRow(label=f"{result.action} {escape_control(file)}") for file in result.files)
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
    """Return the members about what may be wrong and what else to know; none if there is nothing."""
    warnings = [problem_document(warning) for warning in validation.warnings]
    notes = [problem_document(note) for note in validation.notes]
    found = {"warnings": warnings, "notes": notes, "unset_variables": list(validation.unset_variables)}
    return {name: values for name, values in found.items() if values}


def command_result_text(result: _CommandResult, *, color: bool) -> str:
    """Return the rows, and the summary as the last line."""
    rows = checkup_rows(result)
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


def _item_counts(gallery: ValidGallery) -> str:
    kinds = ", ".join(pluralize(count, kind.value) for kind, count in gallery.items_by_kind.items() if count)
    return f"{pluralize(gallery.item_count, 'item')} ({kinds})" if kinds else "no items"


def _gallery_row(gallery: ValidGallery) -> CheckupRow:
    label = f"{escape_control(gallery.file)}: {escape_control(gallery.key)}"
    return CheckupRow(label=label, finding=_item_counts(gallery))


def _problem_row(problem: Problem) -> CheckupRow:
    finding = " ".join(escaped_lines(problem.message))
    return CheckupRow(label=escape_control(str(problem.at or "workspace")), finding=finding)


def _warning_row(warning: Problem) -> CheckupRow:
    return replace(_problem_row(warning), status=CheckStatus.WARN)


def unchecked_rows(validation: Validation) -> tuple[CheckupRow, ...]:
    """Return a warning about the values that were not checked, if there are any."""
    if not validation.unset_variables:
        return ()
    finding = f"values with variables that are not set: {', '.join(validation.unset_variables)}"
    return (CheckupRow(label="not checked", finding=finding, status=CheckStatus.WARN),)


def _check_row(check: Check) -> CheckupRow:
    do = tuple(line for line in escaped_lines(check.do) if line)
    return CheckupRow(
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
