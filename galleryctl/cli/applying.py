"""Apply with a person or a pipeline in front: lock, show, ask, run, report."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from galleryctl.cli import output
from galleryctl.cli.asking import agreed, need_terminal
from galleryctl.cli.failure import show_failure
from galleryctl.cli.options import Settings
from galleryctl.cli.planning import show_plan
from galleryctl.cli.progress import open_progress
from galleryctl.cli.session import Workspace, lock_owner, open_site, open_workspace
from galleryctl.engine.apply import Applied
from galleryctl.engine.site import Planned, Site, apply_planned, plan_site, refuse, review_saved
from galleryctl.manifest.load import load
from galleryctl.model.errors import Interrupted
from galleryctl.plan.changes import Plan
from galleryctl.plan.make import PlanOptions
from galleryctl.report.render import render


async def run_apply(
    settings: Settings,
    options: PlanOptions,
    *,
    saved: Plan | None,
    ask: bool,
    lock_timeout: float,
    operation: str,
) -> int:
    """The exit code of an apply; its plan, its progress and its report are printed."""
    if ask:
        need_terminal("give --auto-approve, or apply a saved plan: apply PLAN")
    workspace = open_workspace(settings)
    owner = lock_owner(operation)
    async with open_site(workspace, trace=settings.verbose > 1) as site:
        with site.backend.lock(owner, lock_timeout):
            planned = await _plan(site, workspace, options, saved)
            if settings.format == "text" and not settings.quiet:
                show_plan(planned.plan, settings)
            refuse(planned.plan)
            if ask and not planned.plan.empty:
                if not agreed(f"Do you want to {operation} this?"):
                    output.remark(settings, "Nothing was applied.")
                    return 1
                # The site may have moved on while the question stood.
                planned = await review_saved(site, planned.plan)
            return _told(await _apply(site, planned, settings, owner.run), planned, settings)


async def _plan(site: Site, workspace: Workspace, options: PlanOptions, saved: Plan | None) -> Planned:
    if saved is not None:
        return await review_saved(site, saved)
    return await plan_site(site, load(workspace.config, workspace.site_name), options)


async def _apply(site: Site, planned: Planned, settings: Settings, run: str) -> Applied:
    stop = asyncio.Event()
    with _interrupts(stop, settings), open_progress(settings) as progress:
        try:
            return await apply_planned(site, planned, run=run, stop=stop, progress=progress)
        except asyncio.CancelledError:
            raise Interrupted(
                "stopped at once; some calls may have taken effect",
                do="run the same command again: the journal knows what was under way",
            ) from None


@contextmanager
def _interrupts(stop: asyncio.Event, settings: Settings) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets what is in flight finish; the second stops at once (design, rule 9)."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupted() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        else:
            stop.set()
            output.remark(settings, "Stopping: what is in flight is finished. Once more stops at once.")

    for signal_ in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_, interrupted)
    try:
        yield
    finally:
        for signal_ in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(signal_)


def _told(applied: Applied, planned: Planned, settings: Settings) -> int:
    """The exit code, after the report is printed."""
    if not planned.plan.empty or settings.format != "text":
        output.result(
            render(
                applied.report,
                settings.format,
                color=output.wants_color(settings),
                width=output.width(),
                verbose=settings.verbose > 0,
            )
        )
    if applied.trouble is not None:
        return show_failure(applied.trouble, settings)
    return applied.report.exit_code
