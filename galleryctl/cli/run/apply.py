"""The work of `apply` and `destroy`: show the plan, ask for confirmation, apply, report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

from galleryctl.cli import output
from galleryctl.cli.confirm import confirm, require_tty
from galleryctl.cli.deadline import Deadline
from galleryctl.cli.failure import print_failure
from galleryctl.cli.interrupts import cancel_on_signal, raise_on_signal, stop_on_signal
from galleryctl.cli.options import CliSettings
from galleryctl.cli.progress import open_progress
from galleryctl.cli.reports import check_reports, write_reports
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.apply.run import ApplyResult
from galleryctl.engine.progress import Progress
from galleryctl.engine.stop import Stop
from galleryctl.model.command import command_line
from galleryctl.model.errors import DeadlineExceeded, GalleryctlError, Interrupted
from galleryctl.plan.changes import Plan
from galleryctl.plan.make import PlanOptions
from galleryctl.report.results import SiteResult
from galleryctl.session.run import ApplyHooks, apply_workspace


async def run_apply(
    settings: CliSettings,
    options: PlanOptions,
    *,
    saved: Plan | None,
    ask: bool,
    lock_timeout: float | None,
    operation: str,
    overwrite_conflicts: bool = False,
    expect_digest: str = "",
    require_undiverged: bool = False,
    deadline: float | None = None,
) -> int:
    """Apply, printing plan, progress and report; return the exit code. It stops `deadline` seconds after its start."""
    if ask:
        require_tty("give --auto-approve, or apply a saved plan: " + command_line("apply", "PLAN"))
        output.require_format(settings, "text")  # the plan must be shown before the question
    check_reports(settings)
    question = "Do you want to perform these actions?" if ask else None
    hooks = _Terminal(settings, question, Deadline(deadline), require_undiverged=require_undiverged)
    try:
        applied = await apply_workspace(
            get_workspace(settings),
            options,
            saved=saved,
            operation=operation,
            lock_timeout=lock_timeout,
            overwrite_conflicts=overwrite_conflicts,
            expect_digest=expect_digest,
            hooks=hooks,
        )
    except (Interrupted, DeadlineExceeded) as error:
        if hooks.stopped is None:
            return print_failure(error, settings, plan=hooks.plan)
        applied = hooks.stopped.with_error(error) if hooks.stopped.stopped else hooks.stopped
    except GalleryctlError as error:
        return print_failure(error, settings, plan=hooks.plan)
    if applied is None:
        return _print_not_approved(settings, hooks.plan)
    if expect_digest and not (applied.report.outcomes or applied.report.state_changes):
        output.info(settings, "Nothing is left to apply, so --expect-digest was not compared.")
    with raise_on_signal():
        return _print_report(applied, settings)


class _Terminal(ApplyHooks):
    """Hooks that show the plan, ask `question` unless it is None, handle signals and the deadline, and show the progress."""

    def __init__(
        self, settings: CliSettings, question: str | None, deadline: Deadline, *, require_undiverged: bool
    ) -> None:
        super().__init__()
        self._settings = settings
        self._deadline = deadline
        self._question = question
        self._require_undiverged = require_undiverged
        self.plan: Plan | None = None
        self.stopped: ApplyResult | None = None
        if question is not None:
            self.approve = lambda _plan: confirm(question)

    def blocking(self) -> AbstractContextManager[object]:
        return raise_on_signal()

    @contextmanager
    def cancellable(self) -> Iterator[None]:
        with cancel_on_signal(), self._deadline.cancel_run():
            yield

    def on_plan(self, plan: Plan) -> None:
        self.plan = plan
        if self._settings.format != "text" or (self._settings.quiet and not self._question):
            return
        try:
            output.result(output.rendered(plan, self._settings))
        except BrokenPipeError:
            if self._question:
                what = "the plan cannot be shown; nothing was applied"
                raise GalleryctlError(what, where="standard output", why="its reader has exited") from None

    async def before_writing(self) -> None:
        if self._require_undiverged:
            from galleryctl.cli.run.undiverged import check_undiverged

            await check_undiverged(self._settings)

    @contextmanager
    def writing(self, stop: Stop) -> Iterator[Progress]:
        notify = partial(output.info, self._settings)
        with (
            stop_on_signal(stop, notify),
            self._deadline.stop_writing(stop, notify),
            open_progress(self._settings) as progress,
        ):
            yield progress

    def on_stopped(self, applied: ApplyResult) -> None:
        self.stopped = applied


def _print_not_approved(settings: CliSettings, plan: Plan | None) -> int:
    """Say that the plan was not approved, also in the reports; return the exit code."""
    output.info(settings, "Nothing was applied.")
    error = GalleryctlError("the plan was not approved; nothing was applied")
    results = [SiteResult(subject=error), *([SiteResult(subject=plan)] if plan else [])]
    if unwritten := write_reports(settings, *results):
        raise unwritten
    return 1


def _print_report(applied: ApplyResult, settings: CliSettings) -> int:
    """Write and print the report and the errors of the run; return the exit code, never 1 after something was written."""
    code, report = applied.exit_code, applied.report
    incomplete = 3 if report.has_written or report.state_changes else 1
    try:
        whole = replace(report, errors=tuple(str(error) for error in applied.errors))
        unwritten = write_reports(settings, SiteResult(subject=whole))
        if report.outcomes or report.state_changes or settings.format != "text":
            # As text, the errors follow on standard error.
            lost = output.outcome(output.rendered(report if settings.format == "text" else whole, settings))
            code = incomplete if lost and not code else code
        for error in (*applied.errors, *([unwritten] if unwritten else [])):
            print_failure(error, replace(settings, format="text", reports=(), notifies=False))
            code = code or incomplete
    except Exception as error:  # noqa: BLE001 - a bug in the report says nothing about what was written
        print_failure(error, settings)
        code = code or incomplete
    return code
