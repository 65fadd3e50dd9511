"""Rebuild the state from the site and the manifests, without changing either."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.engine.own_state import OtherHostError, read_own_state
from galleryctl.engine.refresh.fetch import FetchedSite, fetch_site
from galleryctl.engine.refresh.findings import Recovery
from galleryctl.engine.refresh.recover import recover_items
from galleryctl.engine.site import Site, save_state
from galleryctl.engine.staleness import apply_findings
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import Refused
from galleryctl.model.last_applied import LastApplied
from galleryctl.model.media import LocalFile, RemoteFile, content_label, file_of_content
from galleryctl.plan.changes import Notice
from galleryctl.plan.identity.identify import identify_site
from galleryctl.plan.identity.items import ItemMatch
from galleryctl.plan.identity.messages import guess_notice
from galleryctl.plan.make import PlanOptions, make_plan
from galleryctl.state.journal import read_journal, replay
from galleryctl.state.journal_records import Intent
from galleryctl.state.state_file import CorruptStateError, State


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildResult:
    """The rebuilt bindings, and the previous state."""

    previous: State
    bindings: Bindings
    read_error: str = ""
    """Why the previous state cannot be read; "" if it can, or if there is none."""
    notices: tuple[Notice, ...] = ()
    """Among others, the guesses, and the entries for which several live items are possible."""
    missing: tuple[Address, ...] = ()
    """Addresses in the manifests without a resource on the site."""
    has_unconfirmed_steps: bool = False
    """True if an interrupted run may have made changes that no read shows yet."""

    @property
    def differences(self) -> Mapping[Address, tuple[str | None, str | None]]:
        """Return address → previous and rebuilt live id, where they differ."""
        before, now = self.previous.bindings.ids, self.bindings.ids
        changed = sorted(address for address in {**before, **now} if before.get(address) != now.get(address))
        return {address: (before.get(address), now.get(address)) for address in changed}


async def rebuild_state(site: Site, desired: Desired, *, adopt_guesses: bool = False) -> RebuildResult:
    """Match the site and the manifests as if there were no state, and return the result; nothing is written.

    Guesses are accepted only if `adopt_guesses` is set: the rebuilt state knows the gallery, and an entry that it does not
    have would be created a second time. What the site cannot show is kept from the previous state: protected addresses,
    released ids, deposed items, and the file of each content if it still exists. The host of the API may have changed.
    Raises StateError if the state belongs to another site, MatchError, Refused for guesses.
    """
    previous, read_error = _read_previous_state(site)
    journal = read_journal(site.journal, previous)
    pending = [intent for _, intent in journal.pending]
    replayed = replay(previous.bindings, journal)
    fetched, _ = await fetch_site(site.client, site.site_id, desired, Bindings(deposed=replayed.deposed), pending)
    item_ids = frozenset(item.id for gallery in fetched.snapshot.galleries for item in gallery.items or ())
    recovered = _keep_half_replaced(fetched, replayed, pending, item_ids)
    identity = identify_site(desired, fetched.snapshot, recovered)
    plan = make_plan(desired, fetched.snapshot, identity, options=PlanOptions())
    found = apply_findings(recovered, plan)
    _check_guesses({} if adopt_guesses else {a: m for g in identity.items for a, m in identity.guesses(g).items()})
    media = await _existing_media(site, desired, {**previous.bindings.media, **journal.result.media})
    bindings = Bindings(
        ids=found.ids,
        media={**media, **found.media},
        protected=found.protected | previous.bindings.protected,
        deposed={id_: address for id_, address in found.deposed.items() if id_ in item_ids},
        records={**found.records, **_records_to_keep(previous.bindings, found.ids)},
        released=_releases(previous.bindings, found),
        sort_order_formats=previous.bindings.sort_order_formats,
        approvals=previous.bindings.approvals,
    )
    return RebuildResult(
        previous=previous,
        bindings=bindings,
        read_error=read_error,
        notices=(
            *(notice for notice in plan.notices if notice.address in bindings.ids),
            *(
                Notice(address=refusal.address, message=f"{refusal.why}; {refusal.allow}")
                for refusal in identity.refusals
            ),
        ),
        missing=tuple(address for address in desired.addresses if address not in bindings.ids),
        has_unconfirmed_steps=bool(pending),
    )


def _check_guesses(guesses: Mapping[Address, ItemMatch]) -> None:
    if guesses:
        listed = [guess_notice(address, match) for address, match in guesses.items()]
        raise Refused(
            f"{len(guesses)} of the matches are guesses; the state was not rebuilt",
            why="\n  ".join(f"{notice.address}: {notice.message}" for notice in listed),
            do="name the right ones in their manifests with adopt: {KEY: ID}, or accept all with --adopt-guesses",
        )


def _records_to_keep(previous: Bindings, ids: Mapping[Address, str]) -> Mapping[Address, LastApplied]:
    """Return the last applied values of the resources that have the same address as before."""
    return {
        address: record for address, record in previous.records.items() if ids.get(address) == previous.ids.get(address)
    }


def _releases(previous: Bindings, found: Bindings) -> Mapping[Address, str | None]:
    """Return the releases of the previous state, and those of the manifests with the ids that it knows."""
    return {**{a: id_ or previous.ids.get(a) for a, id_ in found.released.items()}, **previous.released}


def _keep_half_replaced(
    fetched: FetchedSite, replayed: Bindings, pending: Sequence[Intent], item_ids: Collection[str]
) -> Bindings:
    """Return the fetched bindings, with the old items of unfinished replacements: only state has their ids."""
    recovered = recover_items(Recovery(bindings=replayed), pending, fetched.snapshot.galleries).bindings
    unfinished = {address for intent in pending for address in intent.created}
    old = {a: id_ for a, id_ in replayed.ids.items() if a in unfinished and id_ in item_ids}
    return replace(fetched.bindings, ids={**old, **fetched.bindings.ids}, deposed=recovered.deposed)


def save_rebuilt_state(site: Site, rebuilt: RebuildResult) -> State:
    """Write the rebuilt state and return it; the caller holds the lock."""
    # A journal belongs to the lineage of its state: a new lineage cannot use it.
    keep_journal = rebuilt.has_unconfirmed_steps and bool(rebuilt.previous.lineage)
    return save_state(site, rebuilt.previous, rebuilt.bindings, keep_journal=keep_journal)


def _read_previous_state(site: Site) -> tuple[State, str]:
    try:
        return read_own_state(site), ""
    except OtherHostError:
        state = site.backend.read() or State.new(site.site_id)
        return state, ""
    except CorruptStateError as error:
        return State.new(site.site_id), "; ".join(filter(None, (error.what, error.why)))


async def _existing_media(site: Site, desired: Desired, previous: Mapping[str, str]) -> Mapping[str, str]:
    """Return source → file id of the previous files that still exist, and of desired contents found by label."""
    existing = {file.id for file in await site.client.get_files(previous.values())} if previous else set()
    kept = {source: id_ for source, id_ in previous.items() if id_ in existing}
    missing = [
        item.media
        for gallery in desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile | RemoteFile) and file_of_content(kept, item.media) is None
    ]
    if not missing:
        return kept
    files = await site.client.list_files(site.folder)
    by_label = {label: file.id for file in files if file.ready for label in file.labels}
    names = (name for source in missing for name in source.sources)
    found = {name: by_label[label] for name in names if (label := content_label(name)) in by_label}
    return {**kept, **found}
