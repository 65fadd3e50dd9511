"""Apply with a person or a pipeline in front: lock, show, ask, run, report."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import partial

from galleryctl.cli import output
from galleryctl.cli.asking import agreed, need_terminal
from galleryctl.cli.failure import show_failure
from galleryctl.cli.interrupts import at_once, cancelling, finishing
from galleryctl.cli.options import Settings
from galleryctl.cli.planning import show_plan
from galleryctl.cli.progress import open_progress
from galleryctl.cli.session import Workspace, lock_owner, open_site, open_workspace
from galleryctl.engine.apply import Applied
from galleryctl.engine.signing import check_signature
from galleryctl.engine.site import Planned, Site, apply_planned, plan_site, refuse, review_saved
from galleryctl.manifest.load import load
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
        output.need_format(settings, "text")  # what is asked about must be seen
    workspace = open_workspace(settings)
    if saved is not None:
        state = workspace.config.state
        check_signature(saved, state.passphrase, state.former_passphrase)
    owner = lock_owner(operation)
    async with open_site(workspace, trace=settings.verbose > 1) as site:
        with ExitStack() as stack:
            with at_once():
                if lock_timeout and (holder := site.backend.lock_info()):
                    output.remark(settings, f"Waiting for the lock on the state: it is held by {holder}.")
                stack.enter_context(site.backend.lock(owner, lock_timeout))
            question = operation if ask else None
            planned = await _agreed(site, workspace, options, saved, settings=settings, ask=question)
            if planned is None:
                output.remark(settings, "Nothing was applied.")
                return 1
            return _told(await _apply(site, planned, settings, owner.run), planned, settings)


async def _agreed(
    site: Site,
    workspace: Workspace,
    options: PlanOptions,
    saved: Plan | None,
    *,
    settings: Settings,
    ask: str | None,
) -> Planned | None:
    """The plan, shown and agreed to where `ask` says what to ask for; None when it is not. Nothing is written yet."""
    with cancelling():
        planned = await _plan(site, workspace, options, saved)
        if settings.format == "text" and (ask or not settings.quiet):
            show_plan(planned.plan, settings)
        refuse(planned.plan)
        if ask is None or planned.plan.empty:
            return planned
        with at_once():
            if not agreed(f"Do you want to {ask} this?"):
                return None
        # The site may have moved on while the question stood.
        return await review_saved(site, planned.plan)


async def _plan(site: Site, workspace: Workspace, options: PlanOptions, saved: Plan | None) -> Planned:
    if saved is not None:
        return await review_saved(site, saved)
    with at_once():
        desired = load(workspace.config, workspace.site_name)
    return await plan_site(site, desired, options)


async def _apply(site: Site, planned: Planned, settings: Settings, run: str) -> Applied:
    stop = asyncio.Event()
    with finishing(stop, partial(output.remark, settings)), open_progress(settings) as progress:
        return await apply_planned(site, planned, run=run, stop=stop, progress=progress)


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
