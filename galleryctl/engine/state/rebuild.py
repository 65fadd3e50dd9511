"""State made anew from the site and the manifests, without touching either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.engine.refresh.fetch import FetchedSite, fetch_site
from galleryctl.engine.refresh.recover import recover_items
from galleryctl.engine.site import Site, save_state
from galleryctl.engine.staleness import apply_findings
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import StateError
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile, content_label
from galleryctl.plan.changes import Notice
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.journal_records import Intent
from galleryctl.state.state_file import CorruptStateError, State


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildResult:
    """What state shall know. `trouble` says why the state before cannot be read, "" when it can or there is none."""

    previous: State
    bindings: Bindings
    read_error: str = ""
    notices: tuple[Notice, ...] = ()
    """Which pairs are guesses, and what else there is to know."""
    missing: tuple[Address, ...] = ()
    """What the manifests name and the site does not have."""
    has_unconfirmed_steps: bool = False
    """Whether a broken-off run may have done what no read shows yet."""

    @property
    def differences(self) -> Mapping[Address, tuple[str | None, str | None]]:
        """Address → live id before and now, where they are not the same."""
        before, now = self.previous.bindings.ids, self.bindings.ids
        changed = [address for address in {**before, **now} if before.get(address) != now.get(address)]
        changed.sort(key=lambda address: (address.gallery, address.item or ""))
        return {address: (before.get(address), now.get(address)) for address in changed}


async def rebuild_state(site: Site, desired: Desired) -> RebuildResult:
    """The state that the site and the manifests tell; nothing is written yet.

    Of the state before, what no site can tell is kept: what is protected, what a replacement has still to delete, which
    content became which file that is still there. Raises StateError for a state of another site, MatchError.
    """
    before, trouble = _read_previous_state(site)
    journal = read_journal(site.journal, before)
    pending = [intent for _, intent in journal.pending]
    known = replay(before.bindings, journal)
    fetched = await fetch_site(site.client, site.site_id, desired, Bindings(deposed=known.deposed), pending)
    found = _keep_half_replaced(fetched, known, pending)
    plan = make_plan(desired, fetched.snapshot, found, options=PlanOptions())
    adopted = apply_findings(found, plan)
    items = _item_ids(fetched)
    media = await _known_media(site, desired, {**before.bindings.media, **journal.result.media})
    bindings = Bindings(
        ids=adopted.ids,
        media={**media, **adopted.media},
        protected=adopted.protected | before.bindings.protected,
        deposed={id_: address for id_, address in adopted.deposed.items() if id_ in items},
    )
    named = [g.address for g in desired.galleries] + [i.address for g in desired.galleries for i in g.items]
    return RebuildResult(
        previous=before,
        bindings=bindings,
        read_error=trouble,
        notices=tuple(notice for notice in plan.notices if notice.address in adopted.ids),
        missing=tuple(address for address in named if address not in adopted.ids),
        has_unconfirmed_steps=bool(pending),
    )


def _keep_half_replaced(fetched: FetchedSite, known: Bindings, pending: Sequence[Intent]) -> Bindings:
    """What was found, with what only state knew of replacements whose end nobody heard of: which item is to go."""
    recovered = recover_items(known, pending, fetched.snapshot.galleries)
    doubtful = {address for intent in pending for address in intent.sort_orders}
    there = _item_ids(fetched)
    old = {a: id_ for a, id_ in known.ids.items() if a in doubtful and id_ in there}
    return replace(fetched.bindings, ids={**old, **fetched.bindings.ids}, deposed=recovered.deposed)


def _item_ids(fetched: FetchedSite) -> frozenset[str]:
    """The ids of all items that were read."""
    return frozenset(item.id for gallery in fetched.snapshot.galleries for item in gallery.items or ())


def save_rebuilt_state(site: Site, rebuilt: RebuildResult) -> State:
    """The rebuilt state, written; the caller holds the lock."""
    # A state that begins a lineage of its own has no use for the journal of another.
    keep_journal = rebuilt.has_unconfirmed_steps and bool(rebuilt.previous.lineage)
    return save_state(site, rebuilt.previous, rebuilt.bindings, keep_journal=keep_journal)


def _read_previous_state(site: Site) -> tuple[State, str]:
    try:
        state = site.backend.read()
    except CorruptStateError as error:
        return State.new(site.site_id), "; ".join(filter(None, (error.what, error.why)))
    if state is not None and state.site_id != site.site_id:
        raise StateError(
            f"this state is of site {state.site_id}, not of {site.site_id}",
            where=site.backend.location,
            do="give each site its own state: write {site} into the workspace's `state`",
        )
    return state or State.new(site.site_id), ""


async def _known_media(site: Site, desired: Desired, previous: Mapping[str, str]) -> Mapping[str, str]:
    """The files of known contents that are still there, and of what the manifests show those with its label."""
    there = {file.id for file in await site.client.get_files(previous.values())} if previous else set()
    kept = {source: id_ for source, id_ in previous.items() if id_ in there}
    wanted = {
        item.media.source
        for gallery in desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile | RemoteFile)
    } - kept.keys()
    if not wanted:
        return kept
    labelled = _ids_by_label(await site.client.list_files(site.folder))
    found = {source: labelled[content_label(source)] for source in wanted if content_label(source) in labelled}
    return {**kept, **found}


def _ids_by_label(files: Sequence[MediaFile]) -> Mapping[str, str]:
    return {label: file.id for file in files if file.ready for label in file.labels}
