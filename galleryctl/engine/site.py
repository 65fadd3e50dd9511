"""One site of a workspace, opened, and the operations that plan and apply on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.engine.apply.run import ApplyResult, apply, retryable_creates
from galleryctl.engine.apply.uploads import recover_uploads
from galleryctl.engine.progress import Progress
from galleryctl.engine.refresh.fetch import READ_LAG, FetchedSite, fetch_site, read_galleries, read_items_of_galleries
from galleryctl.engine.refresh.recover import (
    UnconfirmedCreate,
    recover_deletes,
    recover_galleries,
    recover_items,
    unconfirmed_creates,
)
from galleryctl.engine.staleness import apply_findings, check_fresh
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import Refused, StaleError, StateError
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Plan
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.state.backend import StateBackend
from galleryctl.state.journal import Journal, read_journal, replay
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.journal_records import Intent
from galleryctl.state.state_file import State
from galleryctl.wix.client import WixClient

_CREATING_KINDS = ("upload", "create-gallery", "create-item")
"""The kinds of intent whose effect is looked for: what a read does not show yet would be made twice."""
_MAX_STEP_SECONDS = 600.0
"""Seconds from a step's intent to its last call at the most: it may wait for its turn, for a quota, and between tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site, the client that reaches it, and where its state lives.

    `folder` is where uploads go in the Media Manager; `workers` is how many steps of an apply run at once; `settled`
    after how many seconds every read shows a write, 0 for a site whose reads never lag.
    """

    site_id: str
    root: Path
    client: WixClient
    backend: StateBackend
    journal: JournalStore
    folder: str
    workers: int
    read_lag: float = READ_LAG


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedState:
    """What earlier runs left: the state, and what a broken-off run's journal adds to it.

    `pending` are the intents whose effect only reading the galleries tells; `broken_off` says that there is a journal.
    """

    state: State
    bindings: Bindings
    pending: tuple[Intent, ...]
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan, with the site that it was made from and the bindings known then."""

    plan: Plan
    fetched: FetchedSite
    loaded: LoadedState


async def load_state(site: Site) -> LoadedState:
    """State and journal, with the uploads that a broken-off run had finished found again by their labels.

    Waits until the site shows what that run wrote last.
    """
    state = site.backend.read() or State.new(site.site_id)
    if state.site_id != site.site_id:
        raise StateError(
            f"this state is of site {state.site_id}, not of {site.site_id}",
            where=site.backend.location,
            do="give each site its own state: write {site} into the workspace's `state`",
        )
    journal = read_journal(site.journal, state)
    bindings = replay(state.bindings, journal)
    intents = [intent for _, intent in journal.pending]
    begun = [intent.started_at for intent in intents if intent.kind in _CREATING_KINDS]
    if begun and site.client.now() < max(begun) + _MAX_STEP_SECONDS:
        await site.client.sleep(site.read_lag)
    uploads = [i.source for i in intents if i.kind == "upload" and i.source not in bindings.media]
    if uploads:
        media = await recover_uploads(site.client, uploads)
        bindings = replace(bindings, media={**bindings.media, **media})
    pending = tuple(intent for intent in intents if intent.kind != "upload")
    return LoadedState(state=state, bindings=bindings, pending=pending, interrupted=bool(journal.run))


async def plan_site(site: Site, desired: Desired, options: PlanOptions) -> PlanResult:
    """The plan that makes the site what `desired` says; nothing is written anywhere."""
    known = await load_state(site)
    fetched = await fetch_site(
        site.client, site.site_id, desired, known.bindings, known.pending, read_lag=site.read_lag
    )
    plan = make_plan(
        desired,
        fetched.snapshot,
        fetched.bindings,
        options=options,
        lineage=known.state.lineage,
        serial=known.state.serial,
    )
    return PlanResult(plan=plan, fetched=fetched, loaded=known)


async def revalidate(site: Site, plan: Plan) -> PlanResult:
    """A saved plan, checked against the state and the site as they are now; StaleError when either moved on."""
    if plan.site_id != site.site_id:
        raise StaleError(
            f"this plan is for site {plan.site_id}, not for {site.site_id}", do="make a plan for this site"
        )
    known = await load_state(site)
    if (plan.lineage, plan.serial) != (known.state.lineage, known.state.serial):
        raise StaleError(
            "the state changed since the plan was made; nothing was applied",
            why=f"the plan knows serial {plan.serial}, the state is at {known.state.serial}",
            do="make a new plan and review it",
        )
    galleries = await read_galleries(site.client)
    bindings = recover_galleries(known.bindings, known.pending, galleries)
    ids = {**bindings.ids, **plan.ids}
    touched = {ids[c.address.parent] for c in plan.changes if c.address.parent in ids}
    # Of a gallery that goes, all that is in it is compared.
    touched |= {change.id for change in plan.changes if change.id and change.address.item is None}
    galleries = await read_items_of_galleries(site.client, galleries, touched & {gallery.id for gallery in galleries})
    lost = unconfirmed_creates(known.pending, galleries)
    bindings = recover_deletes(recover_items(bindings, known.pending, galleries), known.pending, galleries)
    snapshot = SiteSnapshot(site_id=site.site_id, galleries=galleries)
    fetched = FetchedSite(snapshot=snapshot, bindings=bindings, unconfirmed=lost)
    check_fresh(plan, fetched.snapshot, bindings, site.root)
    return PlanResult(plan=plan, fetched=fetched, loaded=known)


def check_guards(plan: Plan) -> None:
    """Raise Refused, listing every guard that said no and what allows it."""
    if plan.refusals:
        raise Refused(
            "the plan is refused; nothing was applied",
            why="\n  ".join(f"{r.address}: {r.why}" if r.address else r.why for r in plan.refusals),
            do="\n  ".join(dict.fromkeys(r.allow for r in plan.refusals)),
        )


async def apply_plan(
    site: Site, planned: PlanResult, *, run: str, stop: asyncio.Event, progress: Progress
) -> ApplyResult:
    """What became of the plan. The caller holds the lock. State is saved whatever happens, the journal until then."""
    check_guards(planned.plan)
    state = planned.loaded.state
    if planned.loaded.interrupted or planned.fetched.bindings != state.bindings:
        state = save_state(site, state, planned.fetched.bindings)
    if planned.plan.is_empty:
        adopted = apply_findings(state.bindings, planned.plan)
        if adopted != state.bindings:
            save_state(site, state, adopted)
        return ApplyResult(bindings=adopted, report=Report(outcomes=()))
    lost = retryable_creates(planned.fetched.unconfirmed, planned.plan)
    with Journal.open(site.journal, run=run, state=state) as journal:
        for address, create in lost.items():
            await journal.begin(*_unconfirmed_step(address, create, planned.loaded.pending))
        applied = await apply(
            planned.plan,
            planned.fetched.snapshot,
            state.bindings,
            unconfirmed=lost,
            client=site.client,
            journal=journal,
            root=site.root,
            folder=site.folder,
            workers=site.workers,
            stop=stop,
            progress=progress,
            clock=time.monotonic,
        )
    done = {outcome.address for outcome in applied.report.outcomes if outcome.status is OutcomeStatus.DONE}
    try:
        save_state(site, state, applied.bindings, keep_journal=applied.has_unconfirmed_steps or not lost.keys() <= done)
    except StateError as error:
        return replace(applied, save_error=error)
    return applied


def _unconfirmed_step(
    address: Address, unconfirmed: UnconfirmedCreate, pending: Iterable[Intent]
) -> tuple[str, Intent]:
    """A step and the intent of a create that is still in doubt: the new journal must know it from its beginning."""
    intents = [intent for intent in pending if intent.sort_orders.get(address) == unconfirmed.sort_order]
    return f"create {address}, of an earlier run", intents[-1]


def save_state(site: Site, state: State, bindings: Bindings, *, keep_journal: bool = False) -> State:
    """The next version of the state, written; what the journal held is in it, so the journal is cleared."""
    following = state.next_version(bindings)
    site.backend.write(following)
    if not keep_journal:
        site.journal.clear()
    return following
