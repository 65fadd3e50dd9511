"""An open site of a workspace: load its state, plan, check a saved plan, save the state."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from galleryctl.engine.apply.uploads import recover_uploads
from galleryctl.engine.own_state import read_own_state
from galleryctl.engine.refresh.fetch import READ_LAG, FetchedSite, fetch_site
from galleryctl.engine.refresh.findings import Recovery
from galleryctl.engine.refresh.listing import read_galleries, read_items_of_galleries
from galleryctl.engine.refresh.pending import under_current_keys
from galleryctl.engine.refresh.recover import recover_galleries, recover_steps
from galleryctl.engine.staleness import apply_findings, check_fresh
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.desired import Desired
from galleryctl.model.errors import StaleError
from galleryctl.model.live import SiteSnapshot
from galleryctl.model.media import LocalFile, file_of_content
from galleryctl.model.upload_formats import limit_warnings
from galleryctl.model.variable_text import displayed
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.plan.changes import Notice, Plan
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.plan.published import published_at
from galleryctl.plan.sidecars import with_unselected
from galleryctl.plan.targets import is_targeted
from galleryctl.state.backend import StateBackend
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.journal_file import JournalStore
from galleryctl.state.journal_records import Intent
from galleryctl.state.state_file import State
from galleryctl.wix.client import WixClient

_MAX_MANIFEST_WARNINGS = 5
"""The warnings about manifests that a plan lists."""
_MAX_STEP_SECONDS = 600.0
"""Longest time from the intent of a step to its last call: it may wait for other requests, the quota and retries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site, its client and its state.

    `api_host` is the host of an API other than the vendor's, "" for the vendor's, None for the emulator in this process.
    `folder` is the target of uploads in the Media Manager, `workers` the number of parallel steps of an apply,
    `read_lag` the number of seconds after which every read shows a write; 0 if reads never lag.
    """

    site_id: str
    root: Path
    client: WixClient
    backend: StateBackend
    journal: JournalStore
    folder: str
    workers: int
    read_lag: float = READ_LAG
    api_host: str | None = None

    @property
    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.client.now(), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedState:
    """The state, and the bindings including the journal of an interrupted run.

    `pending` are the intents whose effect only a read of the galleries shows; `interrupted` is True if there is a
    journal.
    """

    state: State
    bindings: Bindings
    pending: tuple[Intent, ...]
    partial_uploads: tuple[tuple[str, Intent], ...] = ()
    """The steps and intents of the uploads that were cut off and can be continued."""
    interrupted: bool = False
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """A plan, and the site and the state that it was made from."""

    plan: Plan
    fetched: FetchedSite
    loaded: LoadedState


async def load_state(site: Site) -> LoadedState:
    """Load the state and the journal, with the uploads that an interrupted run had finished.

    Waits until reads show the last writes of that run. Raises StateError and ApiError.
    """
    state = read_own_state(site)
    journal = read_journal(site.journal, state)
    bindings = replay(state.bindings, journal)
    intents = [intent for _, intent in journal.pending]
    started = [intent.started_at for intent in intents]
    # A lagging read would miss what the run created, which would be created twice, or take an update for not done.
    if started and site.client.now() < max(started) + _MAX_STEP_SECONDS:
        what = "reads to show the last writes of the interrupted run"
        await site.client.waits.pause(Waiting(kind=WaitKind.READS, what=what, seconds=site.read_lag))
    uploads = [i.source for i in intents if i.kind == "upload" and i.source not in bindings.media]
    if uploads:
        media = await recover_uploads(site.client, uploads)
        bindings = replace(bindings, media={**bindings.media, **media})
    partial_uploads = tuple(
        (step, intent) for step, intent in journal.pending if intent.partial and intent.source not in bindings.media
    )
    pending = under_current_keys((intent for intent in intents if intent.kind != "upload"), bindings.ids)
    unknown = unknown_deposed(site.backend, state.bindings.deposed)
    kept = {id_: address for id_, address in bindings.deposed.items() if id_ not in unknown}
    return LoadedState(
        state=state,
        bindings=replace(bindings, deposed=kept),
        pending=pending,
        partial_uploads=partial_uploads,
        interrupted=bool(journal.run),
        notices=tuple(
            Notice(address=address, message=f"{id_} is not deleted: no previous version of the state has it")
            for id_, address in unknown.items()
        ),
    )


def unknown_deposed(backend: StateBackend, deposed: Mapping[str, Address]) -> Mapping[str, Address]:
    """Return the ids to delete that no previous version of the state has as a resource's id, with their addresses.

    A replaced item had an address before it was replaced. An id that never had one may be anybody's: someone edited the
    state.
    """
    unknown = dict(deposed)
    for _, state in backend.read_versions() if deposed else ():
        for id_ in state.bindings.ids.values() if state else ():
            unknown.pop(id_, None)
        if not unknown:
            break
    return unknown


async def plan_site(site: Site, desired: Desired, options: PlanOptions) -> PlanResult:
    """Return the plan that brings the site to `desired`, as far as it is published now; nothing is written."""
    now = site.now  # the one time that decides what is published and what is tolerated
    loaded = await load_state(site)
    state, bindings = loaded.state, loaded.bindings
    published = published_at(with_unselected(desired, bindings), now)
    desired = published.desired
    fetched, identity = await fetch_site(
        site.client, site.site_id, desired, bindings, loaded.pending, read_lag=site.read_lag
    )
    plan = make_plan(
        desired,
        fetched.snapshot,
        identity,
        options=replace(options, has_pages=site.api_host is not None),
        lineage=state.lineage,
        serial=state.serial,
        in_doubt=fetched.in_doubt,
        today=now.date(),
    )
    before = (*_other_host(site), *loaded.notices, *_interruption(loaded), *_manifest_warnings(desired))
    after = (*published.notices, *_limit_warnings(plan), *_manifest_notes(desired))
    plan = replace(plan, made_at=published.made_at, notices=(*before, *plan.notices, *after))
    return PlanResult(plan=plan, fetched=fetched, loaded=loaded)


def _other_host(site: Site) -> Iterator[Notice]:
    if site.api_host:
        message = f"requests and credentials go to {site.api_host}, not to the vendor's API"
        yield Notice(address=None, message=message)


def _interruption(loaded: LoadedState) -> Iterator[Notice]:
    if loaded.interrupted:
        message = "an earlier apply did not finish: differences may come from it, and the next apply continues it"
        yield Notice(address=None, message=message)


def _manifest_notes(desired: Desired) -> Iterator[Notice]:
    """Yield the notes about the manifests, each at its gallery."""
    galleries = {gallery.at.file: gallery.address for gallery in desired.galleries}
    for note in desired.notes:
        yield Notice(address=galleries.get(note.at.file) if note.at else None, message=str(note))


def _limit_warnings(plan: Plan) -> Iterator[Notice]:
    """Yield the warnings about files to upload that the vendor may reject."""
    addresses = {c.media: c.address for c in reversed(plan.changes) if isinstance(c.media, LocalFile)}
    uploads = (file for file in reversed(addresses) if file_of_content(plan.media, file) is None)
    for file, warning in limit_warnings(uploads):
        yield Notice(address=addresses[file], message=warning)


def _manifest_warnings(desired: Desired) -> Iterator[Notice]:
    """Yield the first warnings about the manifests."""
    for warning in desired.warnings[:_MAX_MANIFEST_WARNINGS]:
        yield Notice(address=None, message=str(warning))
    if more := len(desired.warnings[_MAX_MANIFEST_WARNINGS:]):
        message = f"{more:,} more warnings about manifests; see them all: {command_line('validate')}"
        yield Notice(address=None, message=message)


async def revalidate(site: Site, plan: Plan) -> PlanResult:
    """Check a saved plan against the current state and site. Raises StaleError if either changed since."""
    if plan.site_id != site.site_id:
        raise StaleError(
            f"this plan is for site {displayed(plan.site_id)}, not for {displayed(site.site_id)}",
            do="create a plan for this site",
        )
    loaded = await load_state(site)
    if (plan.lineage, plan.serial) != (loaded.state.lineage, loaded.state.serial):
        raise StaleError(
            "the state changed since the plan was made; nothing was applied",
            why=f"the plan is based on serial {plan.serial}, the state is at serial {loaded.state.serial}",
            do="create a new plan and review it",
        )
    galleries = await read_galleries(site.client)
    recovery = recover_galleries(loaded.bindings, loaded.pending, galleries, plan.doubt_resolution)
    ids = apply_findings(recovery.bindings, plan).ids
    touched = {ids[a.parent] for a in (*(c.address for c in plan.changes), *plan.ids) if a.parent in ids}
    # The fingerprint of a gallery that is deleted covers its items.
    touched |= {change.id for change in plan.changes if change.id and change.address.item is None}
    touched |= _galleries_to_recover(loaded.pending, recovery.bindings)
    galleries = await read_items_of_galleries(site.client, galleries, touched & {gallery.id for gallery in galleries})
    recovery = recover_steps(recovery, loaded.pending, galleries, plan.doubt_resolution)
    snapshot = SiteSnapshot(site_id=site.site_id, galleries=galleries)
    _check_recovered(recovery, plan)
    await asyncio.to_thread(check_fresh, plan, snapshot, recovery.bindings, site.root)
    fetched = FetchedSite(snapshot=snapshot, bindings=recovery.bindings, unconfirmed=recovery.unconfirmed)
    return PlanResult(plan=plan, fetched=fetched, loaded=loaded)


def _galleries_to_recover(pending: Iterable[Intent], bindings: Bindings) -> set[str]:
    """Return the ids of the galleries in which pending steps may have changed something."""
    named = {intent.gallery_id for intent in pending if intent.gallery_id}
    addresses = {address.parent for intent in pending for address in (*intent.sort_orders, *intent.fields)}
    return named | {bindings.ids[address] for address in addresses if address in bindings.ids}


def _check_recovered(recovery: Recovery, plan: Plan) -> None:
    """Raise StaleError if the site raises a question about an earlier run that it did not raise when the plan was made."""
    asked = [refusal for refusal in recovery.refusals if refusal.address and is_targeted(refusal.address, plan.targets)]
    if asked:
        raise StaleError(
            "the plan is stale: the site changed where an earlier run did not finish; nothing was applied",
            why="\n  ".join(f"{refusal.address}: {refusal.why}" for refusal in asked),
            do="create a new plan and review it",
        )


def highest_serial(site: Site, state: State) -> int:
    """Return the highest serial of `state` and of the stored versions."""
    return max([state.serial, *(version.serial for version in site.backend.versions())])


def save_state(site: Site, state: State, bindings: Bindings, *, keep_journal: bool = False) -> State:
    """Write `bindings` as the next version of the state and return it; clear the journal, which it includes.

    It records the host of the API.
    Its serial is higher than those of all stored versions, also if an older state was put back, or if the lineage is
    new, so that a serial names one version.
    """
    host = state.api_host if site.api_host is None else site.api_host
    saved = replace(state, serial=highest_serial(site, state), api_host=host).next_version(bindings)
    site.backend.write(saved)
    if not keep_journal:
        site.journal.clear()
    return saved
