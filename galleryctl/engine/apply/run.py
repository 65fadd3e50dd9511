"""Carry out a plan, and say what became of every change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.engine.apply.execute import StepExecutor
from galleryctl.engine.apply.lookalikes import orders_by_content
from galleryctl.engine.apply.scheduler import run_graph
from galleryctl.engine.apply.uploads import fetch_media_files
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.progress import Progress, StepOutcome
from galleryctl.engine.refresh.recover import UnconfirmedCreate
from galleryctl.engine.staleness import apply_findings
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.media import LocalFile, RemoteFile
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.steps import Step, Upload, plan_steps
from galleryctl.state.journal import Journal
from galleryctl.wix.client import WixClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """What state shall know now, and what to tell.

    `unknown` says that some step may have taken effect without our hearing of it: the journal must be kept. `trouble`
    is what went wrong after the last step, when the state was saved.
    """

    bindings: Bindings
    report: Report
    has_unconfirmed_steps: bool = False
    save_error: GalleryctlError | None = None


async def apply(
    plan: Plan,
    snapshot: SiteSnapshot,
    bindings: Bindings,
    *,
    unconfirmed: Mapping[Address, UnconfirmedCreate],
    client: WixClient,
    journal: Journal,
    root: Path,
    folder: str,
    workers: int,
    stop: asyncio.Event,
    progress: Progress,
    clock: Callable[[], float],
) -> ApplyResult:
    """What became of every change of `plan`, and the bindings to save.

    `snapshot` is the site as it is now; `lost` has the creates that an earlier run may have made; `root`
    is the workspace, `folder` where uploads go in the Media Manager, `workers` how many steps run at once; `clock`
    counts seconds. Once `stop` is set nothing new begins. Raises only what is no step's failure.
    """
    began = clock()
    known = frozenset({*bindings.ids.values(), *bindings.deposed})
    bindings = apply_findings(bindings, plan)
    files = await fetch_media_files(client, plan, bindings)
    shown = {s: id_ for s, id_ in bindings.media.items() if id_ in files or s not in _content_sources(plan.changes)}
    bindings = replace(bindings, media=shown)
    state = WorkingState(snapshot, bindings, known=known, files=files)
    executor = StepExecutor(
        client=client,
        journal=journal,
        state=state,
        root=root,
        folder=folder,
        orders_by_content=orders_by_content(plan.changes),
        unconfirmed=unconfirmed,
    )
    steps = plan_steps(replace(plan, media=shown))
    progress.on_plan(steps)
    ends = await run_graph(steps, executor.run, workers=workers, stop=stop, progress=progress)
    learnt = state.updated_state()
    done = [step for step in steps if ends[step.id].status is OutcomeStatus.DONE]
    report = Report(
        outcomes=tuple(_outcomes(plan.changes, steps, ends, learnt)),
        requests=client.request_counts,
        uploaded=sum(isinstance(step.action, Upload) for step in done),
        seconds=clock() - began,
        interrupted=stop.is_set() and len(done) < len(steps),
    )
    return ApplyResult(bindings=learnt, report=report, has_unconfirmed_steps=executor.has_unconfirmed_steps)


def retryable_creates(
    unconfirmed: Mapping[Address, UnconfirmedCreate], plan: Plan
) -> Mapping[Address, UnconfirmedCreate]:
    """Those of `lost` that the plan creates and can send again with the old sort order: it writes that to nothing else."""
    written = {(c.address.parent, c.address.item is None, c.sort_order): c.address for c in plan.changes}
    creates = {c.address for c in plan.changes if c.action in (Action.CREATE, Action.REPLACE)}
    return {
        address: create
        for address, create in unconfirmed.items()
        if address in creates
        and written.get((address.parent, address.item is None, create.sort_order), address) == address
    }


def _content_sources(changes: Iterable[Change]) -> frozenset[str]:
    """The contents that the changes show and that are no reference to a file of the site."""
    return frozenset(c.media.source for c in changes if isinstance(c.media, LocalFile | RemoteFile))


def _outcomes(
    changes: Sequence[Change], steps: Sequence[Step], step_outcomes: Mapping[str, StepOutcome], bindings: Bindings
) -> Iterator[Outcome]:
    """One outcome a change: failed when one of its steps failed, else skipped when one was, else done."""
    by_address: dict[tuple[Address, str | None], list[StepOutcome]] = {}
    for step in steps:
        for change in step.changes:
            by_address.setdefault((change.address, change.id), []).append(step_outcomes[step.id])
    for change in changes:
        worst = max(by_address[change.address, change.id], key=_severity)
        yield Outcome(
            address=change.address,
            action=change.action.value,
            status=worst.status,
            id=bindings.ids.get(change.address, change.id),
            reason=worst.reason,
        )


def _severity(outcome: StepOutcome) -> int:
    return (OutcomeStatus.DONE, OutcomeStatus.SKIPPED, OutcomeStatus.FAILED).index(outcome.status)
