"""The results that a report shows: those of one run, or of runs on several sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from galleryctl.model.checkup import Diagnosis, Validation, WriteAction, WriteResult
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.lint import LintReport
from galleryctl.model.outcome import Report
from galleryctl.plan.changes import Plan

Subject = Plan | Report | Validation | WriteResult | Diagnosis | LintReport | GalleryctlError


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """One result; `site` is its label, "" if there is only one site. `drift` shows a plan as changes on the site."""

    subject: Subject
    site: str = ""
    drift: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContext:
    """Where a report comes from, and where it is read.

    `command` is that of the run, such as `plan`. `folder` is the path of the workspace in its repository, "" for the
    top: files in annotations and SARIF are relative to the repository. `link` is the address of a page with all details.
    """

    command: str = ""
    folder: str = ""
    link: str = ""

    def path(self, file: str) -> str:
        """Return the path of a file of the workspace in the repository."""
        return f"{self.folder}/{file}" if self.folder else file


def command_of(results: Sequence[SiteResult], context: ReportContext) -> str:
    """Return the command for titles: `plan` for a plan alone, as `show` prints one; else that of the context, if known."""
    if len(results) == 1 and isinstance(results[0].subject, Plan):
        return _usual_command(results[0])
    return context.command or next(filter(None, map(_usual_command, results)), "")


def _usual_command(result: SiteResult) -> str:
    match result.subject:
        case Plan():
            command = "drift" if result.drift else "plan"
        case Report():
            command = "apply"
        case Validation():
            command = "validate"
        case WriteResult():
            command = "init" if result.subject.action is WriteAction.CREATED else "fmt"
        case Diagnosis():
            command = "doctor"
        case LintReport():
            command = "lint"
        case GalleryctlError():
            command = ""
        case _:
            assert_never(result.subject)
    return command
