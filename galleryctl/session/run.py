"""Plan, apply and import on one site, with lock and safety checks: for the command line and the Python API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from galleryctl.engine.accepting.run import Acceptance, accept_drift
from galleryctl.engine.apply.run import ApplyResult
from galleryctl.engine.applying import apply_plan
from galleryctl.engine.checks import check_conflicts, check_guards, check_review_digest
from galleryctl.engine.importing.keys import read_site_manifests
from galleryctl.engine.importing.originals import download_originals
from galleryctl.engine.importing.run import ImportReport, draft_gallery, draft_unmanaged, write_drafts
from galleryctl.engine.importing.select import GallerySelector
from galleryctl.engine.plan_variables import replace_plan_variables
from galleryctl.engine.progress import Progress, SilentProgress
from galleryctl.engine.signing import check_signature
from galleryctl.engine.site import PlanResult, Site, plan_site, revalidate
from galleryctl.engine.stop import Stop
from galleryctl.engine.undoing.run import UndoneRun, undo_run
from galleryctl.model.address import Address
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.plan.changes import Notice, Plan
from galleryctl.plan.make import PlanOptions
from galleryctl.session.locking import hold_lock
from galleryctl.session.open import WorkspaceSite, lock_owner
from galleryctl.session.outputs import check_output
from galleryctl.state.backend import LockInfo
from galleryctl.waits import Waits


class ApplyHooks:
    """Hooks around the phases of an apply. These do nothing; the command line overrides them."""

    approve: Callable[[Plan], bool] | None = None
    """Return True to apply a plan with changes; None applies it without approval."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress or SilentProgress()

    def blocking(self) -> AbstractContextManager[object]:
        """Return a context manager for code that blocks the event loop."""
        return nullcontext()

    def cancellable(self) -> AbstractContextManager[object]:
        """Return a context manager for the phase before the first write, which a signal may end at once."""
        return nullcontext()

    def on_plan(self, plan: Plan) -> None:
        """Handle the plan before it is checked and approved."""

    async def before_writing(self) -> None:
        """Check what is not part of the plan, when the lock is held and the plan approved; raise to write nothing."""

    def writing(self, stop: Stop) -> AbstractContextManager[Progress]:  # noqa: ARG002 - for subclasses
        """Return a context manager that returns the observer of the writes; set `stop` to start no further step.

        It is left at the very end, when the lock is released and the site closed.
        """
        return nullcontext(self._progress)

    def on_stopped(self, applied: ApplyResult) -> None:
        """Handle the result so far of an apply that a second cancellation has ended; CancelledError follows."""


def drift_options(targets: tuple[Address, ...] = ()) -> PlanOptions:
    """Return the options of a plan that is only displayed: no safety check rejects it."""
    return PlanOptions(
        targets=targets, max_delete_percent=100, allow_empty=True, allow_recreate=True, adopt_guesses=True
    )


async def plan_workspace(workspace: WorkspaceSite, options: PlanOptions) -> Plan:
    """Return the plan. Raises InvalidInput, MatchError, StateError and ApiError."""
    desired = workspace.load()
    async with workspace.open() as site:
        return (await plan_site(site, desired, options)).plan


async def apply_workspace(
    workspace: WorkspaceSite,
    options: PlanOptions,
    *,
    saved: Plan | None = None,
    operation: str = "apply",
    lock_timeout: float | None = None,
    overwrite_conflicts: bool = False,
    expect_digest: str = "",
    hooks: ApplyHooks,
) -> ApplyResult | None:
    """Apply the saved plan, or one made with the options; return None if it is not approved.

    The plan must have the review digest that starts with `expect_digest`, if given, unless it has no changes. A plan
    that nobody has reviewed, neither saved nor approved nor with an expected digest, is rejected if it has conflicts,
    unless `overwrite_conflicts` is True.

    The lock is held from before planning until the state is saved. The first cancellation lets the running steps finish
    and saves the state; a second one ends at once and leaves the rest to the journal.
    """
    if saved is not None:
        check_signature(saved, *workspace.passphrases())
        saved = replace_plan_variables(saved, workspace.config.environ, workspace.config.allowed)
    owner = lock_owner(operation)
    applied: ApplyResult | None = None
    try:
        async with _open_for_apply(workspace) as (site, lock, signals):
            with hooks.cancellable():
                # Whatever was read before is not used: the run that held the lock may have changed it.
                former = await lock.enter_async_context(hold_lock(site.backend, owner, lock_timeout, site.client.waits))
                planned = await _approved(workspace, site, options, saved, former, hooks)
                if planned is None:
                    return None
                if expect_digest and not planned.plan.is_empty:
                    check_review_digest(planned.plan, expect_digest)
                elif saved is None and hooks.approve is None and not overwrite_conflicts:
                    check_conflicts(planned.plan)
                if not planned.plan.is_empty:
                    await hooks.before_writing()
            stop = Stop()
            progress = signals.enter_context(hooks.writing(stop))
            is_reviewed = saved is not None or bool(expect_digest)
            async with _announcing_stop(site.client.waits, stop):
                applied = await _finish(
                    apply_plan(site, planned, owner=owner, stop=stop, progress=progress),
                    stop,
                    partial(_with_circumstances, former=former, is_reviewed=is_reviewed),
                    hooks,
                )
    except Exception as error:
        if applied is None:
            raise
        return applied.with_error(error)  # of the lock or the client: the report must not be lost
    return applied


@asynccontextmanager
async def _open_for_apply(workspace: WorkspaceSite) -> AsyncIterator[tuple[Site, AsyncExitStack, ExitStack]]:
    """Open the site; return it, a stack for its lock, and a stack that is closed after both."""
    with ExitStack() as signals:
        async with workspace.open() as site, AsyncExitStack() as lock:
            yield site, lock, signals


async def _approved(
    workspace: WorkspaceSite,
    site: Site,
    options: PlanOptions,
    saved: Plan | None,
    former: LockInfo | None,
    hooks: ApplyHooks,
) -> PlanResult | None:
    """Return the plan if it is approved, else None. Nothing is written yet.

    `former` is the ended run whose lock was taken over: the plan that is shown says so.
    """
    if saved is not None:
        planned = await revalidate(site, saved)
    else:
        with hooks.blocking():
            desired = workspace.load()
        planned = await plan_site(site, desired, options)
    hooks.on_plan(_with_takeover(planned.plan, former) if former else planned.plan)
    check_guards(planned.plan)
    if hooks.approve is None or planned.plan.is_empty:
        return planned
    with hooks.blocking():
        if not hooks.approve(planned.plan):
            return None
    # The site may have changed while the approval was pending.
    return await revalidate(site, planned.plan)


def _with_takeover(plan: Plan, former: LockInfo) -> Plan:
    message = f"took over the lock of a run that ended without releasing it: {former}"
    return replace(plan, notices=(Notice(address=None, message=message), *plan.notices))


def _with_circumstances(applied: ApplyResult, *, former: LockInfo | None, is_reviewed: bool) -> ApplyResult:
    """Return the result with what its report says of the lock that was taken over, and of a new review."""
    needs_review, lock_taken_from = is_reviewed and applied.state_written, str(former) if former else ""
    return replace(applied, report=replace(applied.report, needs_review=needs_review, lock_taken_from=lock_taken_from))


async def _finish(
    work: Coroutine[object, object, ApplyResult],
    stop: Stop,
    complete: Callable[[ApplyResult], ApplyResult],
    hooks: ApplyHooks,
) -> ApplyResult:
    """Apply the plan, and return the completed result, which `hooks` get if the apply is cancelled.

    A cancellation sets `stop` and waits for the running steps; a second one cancels them.
    """
    applying = asyncio.ensure_future(work)
    try:
        return complete(await asyncio.shield(applying))
    except asyncio.CancelledError:
        if stop.is_set():
            applying.cancel()
        stop.set()
        await asyncio.gather(applying, return_exceptions=True)  # a further cancellation reaches it
        if not applying.cancelled() and applying.exception() is None:
            hooks.on_stopped(complete(applying.result()))
        raise


@asynccontextmanager
async def _announcing_stop(waits: Waits, stop: Stop) -> AsyncIterator[None]:
    """Announce the wait for the steps in progress, from the request to stop until the end of the `async with`."""

    async def announce() -> None:
        await stop.wait()
        with waits.during(Waiting(kind=WaitKind.STEPS, what="the steps in progress", seconds=stop.grace, at_most=True)):
            await asyncio.Event().wait()

    announcing = asyncio.ensure_future(announce())
    try:
        yield
    finally:
        announcing.cancel()


async def import_galleries(
    workspace: WorkspaceSite,
    selector: GallerySelector | None,
    *,
    out: Path | None = None,
    dry_run: bool = False,
    download: Path | None = None,
    on_download: Callable[[int, int], object] = lambda _files, _bytes: None,
) -> ImportReport:
    """Write the manifest of the selected gallery; without a selector, of all unmanaged ones.

    `download` is a folder for the originals of their items; `on_download` gets their number and bytes before it begins.
    Only manifests are written, and in a dry run nothing, so no lock is needed. Raises MatchError, Refused, InvalidInput,
    StaleError, StateError and ApiError.
    """
    if download is not None:
        patterns = workspace.config.manifest_patterns
        check_output(download / "original", root=workspace.config.root, patterns=patterns, start=None)
    async with workspace.open() as site:
        manifests = read_site_manifests(workspace.config, workspace.name)
        if selector:
            planned = await draft_gallery(site, manifests, selector, out)
        else:
            planned = await draft_unmanaged(site, manifests)
        if dry_run:
            return planned.report
        report = await write_drafts(site, manifests, planned)
        if download is None:
            return report
        downloads = await download_originals(site.client, planned.drafts, download, on_download)
        return replace(report, downloads=downloads)


async def accept_workspace_drift(
    workspace: WorkspaceSite, targets: tuple[Address, ...] = (), *, added: bool = False, dry_run: bool = False
) -> Acceptance:
    """Write what people changed on the site into the manifests; in a dry run nothing. No lock is needed.

    `added` also takes the items that they added. Raises MatchError, InvalidInput, StaleError, StateError and ApiError.
    """
    async with workspace.open() as site:
        options = drift_options(targets)
        return await accept_drift(site, workspace.config, workspace.name, options, added=added, dry_run=dry_run)


async def undo_workspace_run(workspace: WorkspaceSite, number: int, *, dry_run: bool = False) -> UndoneRun:
    """Write manifests that restore what the site showed before a run; in a dry run nothing. No lock is needed.

    Raises StateError, InvalidInput and GalleryctlError.
    """
    async with workspace.open() as site:
        return await undo_run(site, workspace.config, workspace.name, number, dry_run=dry_run)
