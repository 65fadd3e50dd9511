"""Match items by ids: those in state, and those that the manifest adopts. No evidence is needed for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem, UnmanagedPolicy
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import LocalFile, RemoteFile, WixFile, file_of_content
from galleryctl.model.tolerated import ITEM_FIELD, missing_digest
from galleryctl.plan.changes import MatchedBy, Refusal
from galleryctl.plan.identity.adopt import ItemOwners, adopt_items
from galleryctl.plan.identity.evidence import content_sources
from galleryctl.plan.identity.galleries import GalleryIdentity
from galleryctl.plan.identity.items import ItemMatch, KnownItems
from galleryctl.plan.ordering.display import in_display_order

_GONE = "gone from the site"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSite:
    """The galleries of the manifests that are on the site, with the items whose ids are known."""

    desired: Desired
    original_state: Bindings
    state: Bindings
    """The state under the addresses after `galleries.moves`."""
    galleries: GalleryIdentity
    items: Mapping[Address, KnownItems]

    @property
    def incomplete_galleries(self) -> set[str]:
        """The ids of the galleries that lack an item which a manifest declares and state has.

        An item that is tolerated as missing was looked up again when that was recorded.
        """
        missing = {
            entry.address
            for entry in self.desired.tolerated
            if entry.field == ITEM_FIELD and missing_digest(self.state.ids.get(entry.address, "")) == entry.digest
        }
        return {gallery.live.id for gallery in self.items.values() if gallery.is_incomplete(missing)}


def match_known_items(
    desired: Desired, galleries: Iterable[LiveGallery], state: Bindings, identity: GalleryIdentity
) -> KnownSite:
    """Return the galleries of the manifests with the items that state and `adopt` name by id.

    `state` is under its old addresses. It may have more than that of `identity`: items that an interrupted run created.
    """
    renamed = identity.state if state is identity.original_state else identity.moves.renamed(state)
    by_id = {gallery.id: gallery for gallery in galleries}
    parts = _split_by_gallery(renamed, identity.ids)
    adopts = any(gallery.adopt for gallery in desired.galleries)
    owners = ItemOwners.find(renamed, by_id.values()) if adopts else ItemOwners()
    items: dict[Address, KnownItems] = {}
    for gallery in desired.galleries:
        address = gallery.address
        if id_ := identity.ids.get(address):
            shown = tuple(in_display_order(by_id[id_].loaded_items, desired.item_order))
            is_new = address in identity.new
            items[address] = _match_gallery(gallery, by_id[id_], shown, parts[address], owners, is_new=is_new)
    return KnownSite(desired=desired, original_state=state, state=renamed, galleries=identity, items=items)


def files_to_look_up(known: KnownSite) -> tuple[str, ...]:
    """Return the ids of live files whose descriptors are needed, because their content is not in state.

    A plan without changes needs none, because every item shows the file that state has for its source.
    """
    ids = {id_ for gallery in known.items.values() for id_ in _files_to_look_up_in(gallery)}
    return tuple(sorted(ids.difference(known.state.media.values())))


def _files_to_look_up_in(gallery: KnownItems) -> Iterator[str]:
    media = gallery.state.media
    for item in gallery.desired.items:
        match = gallery.matches.get(item.address)
        if match is None or not isinstance(item.media, LocalFile | RemoteFile) or "media" in item.ignore:
            continue
        if isinstance(match.live.media, WixFile) and match.live.media.id != file_of_content(media, item.media):
            yield match.live.media.id
    if any(map(content_sources, (*gallery.to_create, *gallery.unmatched))):
        yield from (item.media.id for item in gallery.unclaimed if isinstance(item.media, WixFile))


def _split_by_gallery(state: Bindings, galleries: Iterable[Address]) -> Mapping[Address, Bindings]:
    """Return the state of each gallery; the other parts are the same in all of them."""
    ids: dict[str, dict[Address, str]] = defaultdict(dict)
    deposed: dict[str, dict[str, Address]] = defaultdict(dict)
    records: dict[str, dict[Address, LastApplied]] = defaultdict(dict)
    for address, id_ in state.ids.items():
        ids[address.gallery][address] = id_
    for id_, address in state.deposed.items():
        deposed[address.gallery][id_] = address
    for address, record in state.records.items():
        records[address.gallery][address] = record
    return {
        address: replace(
            state,
            ids=ids.get(address.gallery, {}),
            deposed=deposed.get(address.gallery, {}),
            records=records.get(address.gallery, {}),
        )
        for address in galleries
    }


def _match_gallery(
    desired: DesiredGallery,
    live: LiveGallery,
    items: tuple[LiveItem, ...],
    state: Bindings,
    owners: ItemOwners,
    *,
    is_new: bool,
) -> KnownItems:
    by_id = {item.id: item for item in items}
    ended = _ended(desired, by_id, state, is_new=is_new)
    state = state.without(ended.forgotten)
    usable = {id_: item for id_, item in by_id.items() if id_ not in state.deposed and id_ not in ended.kept}
    matches: dict[Address, ItemMatch] = {}
    unmatched: list[DesiredItem] = []
    used: set[str] = set()
    for item in desired.items:
        id_ = state.ids.get(item.address, "")
        if id_ in usable and id_ not in used:
            matches[item.address] = ItemMatch(live=usable[id_], matched_by=MatchedBy.STATE)
            used.add(id_)
        else:
            unmatched.append(item)
    known = KnownItems(
        desired=desired,
        live=live,
        items=items,
        state=state,
        is_new=is_new,
        matches=matches,
        unmatched=tuple(unmatched),
        forgotten=ended.forgotten,
        released=ended.released,
        kept=ended.kept,
        refusals=ended.refusals,
    )
    return adopt_items(known, owners) if desired.adopt else known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """The addresses of a gallery whose management ends, and what becomes of their items."""

    forgotten: Mapping[Address, str]
    released: Mapping[Address, str | None]
    kept: frozenset[str]
    refusals: tuple[Refusal, ...]


def _ended(desired: DesiredGallery, by_id: Mapping[str, LiveItem], state: Bindings, *, is_new: bool) -> _Ended:
    undeclared = dict(state.ids)
    undeclared.pop(desired.address, None)
    declared_ids = {undeclared.pop(item.address, "") for item in desired.items}
    removed = {a: id_ for a, id_ in undeclared.items() if a in desired.removed and id_ not in declared_ids}
    elsewhere = declared_ids.union(removed.values())
    forgotten: dict[Address, str] = {}
    named: dict[Address, str] = dict.fromkeys(removed, "removed: in its manifest")
    for address, id_ in ((a, id_) for a, id_ in undeclared.items() if a not in removed):
        if id_ in elsewhere:
            forgotten[address] = "in state under another address, too"
        elif id_ not in by_id:
            forgotten[address] = _GONE
        elif state.records.get(address, NEVER_APPLIED).origin is Origin.RESTORED:
            named[address] = "known only from a restored state, and no manifest declares it"
    if is_new or desired.foreign:
        for address, id_ in state.ids.items():
            if id_ in desired.foreign:
                named[address] = "foreign: in its manifest"
            elif is_new and id_ not in by_id and address.item is not None:
                # The state is about the gallery that the manifest was bound to before.
                forgotten[address] = _GONE
    stays = {address: id_ for address in named if (id_ := state.ids[address]) in by_id}
    # Nothing of ours can be deleted in a new gallery, so its unknown keys in `removed` have ended before.
    released = desired.removed if is_new else desired.removed.intersection(named)
    prunes = desired.unmanaged is UnmanagedPolicy.DELETE
    return _Ended(
        forgotten={
            **forgotten,
            **{
                a: f"{why}; {f'item {stays[a]} stays on the site' if a in stays else _GONE}" for a, why in named.items()
            },
        },
        released={a: state.ids[a] if a in named else state.released.get(a) for a in released},
        kept=desired.foreign.union(stays.values()),
        refusals=tuple(
            _prune_refusal(a, id_)
            for a, id_ in stays.items()
            if prunes and a in released and id_ not in desired.foreign
        ),
    )


def _prune_refusal(address: Address, id_: str) -> Refusal:
    return Refusal(
        address=address,
        why="removed: ends its management, but its gallery sets unmanaged: delete, so the next plan would delete it",
        allow=f"keep it with foreign: [{id_}]; or leave the key out of removed: to delete it now",
    )
