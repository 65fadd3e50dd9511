"""Read a site: all galleries, and the items of the managed ones; an incomplete listing is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from galleryctl.engine.refresh.findings import Recovery
from galleryctl.engine.refresh.listing import (
    read_galleries,
    read_items_of_galleries,
    with_seen_galleries,
    with_seen_items,
)
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.engine.refresh.recover import recover_deletes, recover_galleries, recover_steps
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.model.media import MediaFile
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.plan.changes import NO_DOUBTS, DoubtResolution, Refusal
from galleryctl.plan.identity.galleries import GalleryIdentity, identify_galleries
from galleryctl.plan.identity.identify import Identity, identify
from galleryctl.plan.identity.known import KnownSite, files_to_look_up, match_known_items
from galleryctl.plan.identity.moved import AddressMoves, apply_moved
from galleryctl.plan.in_doubt import CreatesInDoubt, resolve_doubts
from galleryctl.state.journal_records import Intent
from galleryctl.wix.client import WixClient

READ_LAG = 5.0
"""Seconds after which every read shows a write; Wix documents "a few seconds"."""
_MAX_RECHECKS = 3
"""How often resources in state are looked up within the read lag before they count as deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedSite:
    """The site, and the bindings including the resources that an interrupted run created.

    `unconfirmed` are the creates that this run may have sent and whose effect is unknown; `refusals` are the questions
    about them, `resolution` is what the manifests say about them.
    """

    snapshot: SiteSnapshot
    bindings: Bindings
    unconfirmed: Mapping[Address, UnconfirmedCreate] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    resolution: DoubtResolution = NO_DOUBTS

    @property
    def in_doubt(self) -> CreatesInDoubt:
        """The creates in doubt, as far as a plan is concerned."""
        orders = {address: create.sort_order for address, create in self.unconfirmed.items()}
        return CreatesInDoubt(sort_orders=orders, refusals=self.refusals, resolution=self.resolution)


async def fetch_site(
    client: WixClient,
    site_id: str,
    desired: Desired,
    bindings: Bindings,
    pending: Iterable[Intent] = (),
    *,
    read_lag: float = READ_LAG,
) -> tuple[FetchedSite, Identity]:
    """Read the site, with the items of the galleries that are in `desired` or in state; return it with its identity.

    Requests: ceil(galleries/10) pages of galleries, max(1, ceil(items/100)) pages of each of these galleries, and the
    descriptors of files that are not in state. Resources in state that the site does not show are looked up again for
    `read_lag` seconds: if a lagging read were trusted, they would be created twice. `pending` are the intents of an
    interrupted run: what it created is found by its sort order. Raises ApiError, IncompleteListing, MatchError.
    """
    intents = tuple(pending)
    rechecks = _MAX_RECHECKS if read_lag else 0
    known_ids = frozenset(bindings.ids.values())
    sent = {address for intent in intents for address in intent.created}
    moves, _ = apply_moved(desired, {*sent, *bindings.ids}) if sent else (AddressMoves(), ())
    resolution = _resolve_doubts(desired, bindings, moves, intents)
    galleries = await read_galleries(client)
    recovery = _recover_galleries(bindings, intents, galleries, resolution)
    identified = identify_galleries(desired, galleries, recovery.bindings, sent)
    for number in range(rechecks):
        if not identified.missing_from(galleries):
            break
        await _pause_before_recheck(client, read_lag, number)
        galleries = with_seen_galleries(galleries, await read_galleries(client), known_ids)
        recovery = _recover_galleries(bindings, intents, galleries, resolution)
        identified = identify_galleries(desired, galleries, recovery.bindings, sent)
    settled = recover_deletes(recovery.bindings, intents, galleries) if intents else recovery.bindings
    if settled != recovery.bindings:
        recovery = replace(recovery, bindings=settled)
        identified = identify_galleries(desired, galleries, settled, sent)
    # The live galleries show new keys for which there is no `moved` entry.
    resolution = _resolve_doubts(desired, bindings, identified.moves, intents)
    galleries = await read_items_of_galleries(client, galleries, identified.ids_to_read)
    steps, known = _match_known_items(desired, galleries, recovery, intents, resolution, identified)
    for number in range(rechecks):
        if not known.incomplete_galleries:
            break
        await _pause_before_recheck(client, read_lag, number)
        read = await read_items_of_galleries(client, galleries, known.incomplete_galleries)
        galleries = tuple(map(partial(with_seen_items, known_ids=known_ids), galleries, read))
        steps, known = _match_known_items(desired, galleries, recovery, intents, resolution, identified)
    files = await read_unknown_files(client, known)
    fetched = FetchedSite(
        snapshot=SiteSnapshot(site_id=site_id, galleries=galleries, files=files),
        bindings=known.original_state,
        unconfirmed=steps.unconfirmed,
        refusals=steps.refusals,
        resolution=resolution,
    )
    return fetched, identify(known, files)


async def _pause_before_recheck(client: WixClient, read_lag: float, number: int) -> None:
    """Wait for a part of the read lag, before the recheck with that number, from 0 on."""
    before = read_lag * number / _MAX_RECHECKS
    what = "resources in state that the site does not show"
    waiting = Waiting(kind=WaitKind.READS, what=what, seconds=read_lag - before, at_most=True, before=before)
    with client.waits.during(waiting) as sleep:
        await sleep(read_lag / _MAX_RECHECKS)


def _resolve_doubts(
    desired: Desired, bindings: Bindings, moves: AddressMoves, intents: Sequence[Intent]
) -> DoubtResolution:
    """Return what the manifests say about the creates among the intents of an interrupted run."""
    return resolve_doubts(desired, bindings, moves, {address for intent in intents for address in intent.created})


def _recover_galleries(
    bindings: Bindings, intents: Sequence[Intent], galleries: tuple[LiveGallery, ...], resolution: DoubtResolution
) -> Recovery:
    return recover_galleries(bindings, intents, galleries, resolution) if intents else Recovery(bindings=bindings)


def _match_known_items(
    desired: Desired,
    galleries: tuple[LiveGallery, ...],
    recovery: Recovery,
    intents: Sequence[Intent],
    resolution: DoubtResolution,
    identified: GalleryIdentity,
) -> tuple[Recovery, KnownSite]:
    """Return the recovered steps of an interrupted run, and the items that are known including them."""
    steps = recover_steps(recovery, intents, galleries, resolution)
    return steps, match_known_items(desired, galleries, _drop_deleted(steps.bindings, galleries), identified)


async def read_unknown_files(client: WixClient, known: KnownSite) -> Mapping[str, MediaFile]:
    """Return the descriptors, by id, of the live files whose content is needed and not in state."""
    ids = files_to_look_up(known)
    return {file.id: file for file in await client.get_files(ids)} if ids else {}


def _drop_deleted(bindings: Bindings, galleries: Iterable[LiveGallery]) -> Bindings:
    """Return `bindings` without the deposed items that an interrupted run already deleted."""
    read = {gallery.id: gallery.items for gallery in galleries if gallery.items is not None}
    live = {item.id for items in read.values() for item in items}
    deposed = {
        id_: address
        for id_, address in bindings.deposed.items()
        if id_ in live or bindings.ids.get(address.parent) not in read
    }
    return bindings if len(deposed) == len(bindings.deposed) else replace(bindings, deposed=deposed)
