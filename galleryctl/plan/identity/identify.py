"""Identify the items of a site: which live item each manifest entry is, decided once for a plan.

It is done in three steps, because the site is read in between:

    identify_galleries   of galleries and state   which galleries are the manifests', and are to be read
    match_known_items    of their items           by state and `adopt`; which files are to be looked up
    identify             of these files           renamed keys, evidence, look-alikes
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import MediaFile
from galleryctl.plan.changes import MatchedBy, Notice, Refusal
from galleryctl.plan.identity.adopt import gone_refusal
from galleryctl.plan.identity.evidence import Evidence, desired_evidence, live_evidence, loose_text
from galleryctl.plan.identity.galleries import GalleryIdentity, identify_galleries
from galleryctl.plan.identity.items import ItemMatch, KnownItems
from galleryctl.plan.identity.known import KnownSite, match_known_items
from galleryctl.plan.identity.messages import lookalike_refusal, tie_refusal
from galleryctl.plan.identity.moved import AddressMoves
from galleryctl.plan.identity.recognized import recognize
from galleryctl.plan.identity.renamed import find_renamed


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryItems:
    """The live items of one gallery: those that are manifest entries, and those that are unmanaged.

    `items` are all, in display order. `state` is the part of the state that is about this gallery, under the addresses of
    the manifest and without what the plan forgets.
    """

    live: LiveGallery
    items: tuple[LiveItem, ...]
    state: Bindings
    matches: Mapping[Address, ItemMatch]
    unmanaged: tuple[LiveItem, ...] = ()
    """The items that are neither matched nor in state, foreign ones included."""
    kept: frozenset[str] = frozenset()
    """The ids that this plan does not delete: foreign ones, and those whose management ends now."""
    superseded: Mapping[str, Address] = field(default_factory=dict)
    """The items, by id, whose address takes over an adopted item of another kind; they are to be deleted."""

    @property
    def certain_matches(self) -> Mapping[Address, ItemMatch]:
        """The matches that are not guesses."""
        return {address: match for address, match in self.matches.items() if not match.matched_by.is_guess}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The live resource of each manifest entry, and what the state says about it under the manifests' addresses."""

    original_state: Bindings
    """The state under its old addresses."""
    state: Bindings
    moves: AddressMoves
    """By `moved`, a gallery's new key, or the same content; also those of creates in doubt."""
    galleries: GalleryIdentity
    items: Mapping[Address, GalleryItems]
    """By the address of each manifest's gallery that is on the site."""
    forget: Mapping[Address, str] = field(default_factory=dict)
    """The addresses in `state` to remove from it, and why."""
    adopted: frozenset[Address] = frozenset()
    """The addresses that get a live resource which the state does not have under any address."""
    released: Mapping[Address, str | None] = field(default_factory=dict)
    """The live ids of the addresses whose management ends because `removed` names them, None if unknown."""
    unknown_removed: frozenset[Address] = frozenset()
    """The addresses in `removed` that neither the state nor an earlier plan knows."""
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[Notice, ...] = ()

    def guesses(self, gallery: Address) -> Mapping[Address, ItemMatch]:
        """Return the matches in the gallery that somebody has to confirm."""
        matches = self.items[gallery].matches
        return {a: matches[a] for a in sorted(a for a, match in matches.items() if match.matched_by.is_guess)}


def identify_site(desired: Desired, snapshot: SiteSnapshot, state: Bindings) -> Identity:
    """Return the identity of all resources of a snapshot that has all items and files."""
    galleries = identify_galleries(desired, snapshot.galleries, state)
    return identify(match_known_items(desired, snapshot.galleries, state, galleries), snapshot.files)


def identify(known: KnownSite, files: Mapping[str, MediaFile]) -> Identity:
    """Return the identity of all resources; `files` are the descriptors of `files_to_look_up`."""
    found = {address: _identify_items(items, files) for address, items in known.items.items()}
    renamed = {old: new for each in found.values() for old, new in each.moves.items()}
    state = AddressMoves(addresses=renamed).renamed(known.state)
    items = {address: each.items for address, each in found.items()}
    forget = {address: why for gallery in known.items.values() for address, why in gallery.forgotten.items()}
    return Identity(
        original_state=known.original_state,
        state=state,
        moves=known.galleries.moves.followed_by(renamed),
        galleries=known.galleries,
        items=items,
        forget={**forget, **_not_read_to_forget(known)},
        adopted=known.galleries.new.union(*(_adopted(each) for each in items.values())),
        released={**known.galleries.released, **{a: i for g in known.items.values() for a, i in g.released.items()}},
        unknown_removed=known.galleries.unknown_removed.union(
            *(gallery.desired.removed.difference(state.ids, state.released) for gallery in known.items.values())
        ),
        refusals=tuple(refusal for each in found.values() for refusal in each.refusals),
        notices=(*known.galleries.notices, *(n for gallery in known.items.values() for n in gallery.notices)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _IdentifiedItems:
    items: GalleryItems
    moves: Mapping[Address, Address]
    refusals: tuple[Refusal, ...]


def _identify_items(known: KnownItems, files: Mapping[str, MediaFile]) -> _IdentifiedItems:
    renamed = find_renamed(known, files)
    old_address = {id_: address for address, id_ in known.state.ids.items()} if renamed else {}
    moves = {old_address[item.id]: address for address, item in renamed.items()}
    found = {address: ItemMatch(live=item, matched_by=MatchedBy.RENAME) for address, item in renamed.items()}
    known = known.with_matches(found)
    refusals: tuple[Refusal, ...] = known.refusals
    if known.is_new:
        recognition = recognize(known, files)
        known = known.with_matches(recognition.matches)
        refusals += tuple(tie_refusal(address, items) for address, items in recognition.ties.items())
    refusals += tuple(
        gone_refusal(address, id_) for address, id_ in known.gone_adopted.items() if address not in known.matches
    )
    state = AddressMoves(addresses=moves).renamed(known.state)
    in_state = set(state.ids.values())
    unmanaged = tuple(item for item in known.unclaimed if item.id not in in_state)
    decided = {refusal.address for refusal in refusals}
    entries = [item for item in known.to_create if item.address not in decided]
    alike = _lookalikes(entries, unmanaged, state.media, files) if entries and unmanaged else {}
    refusals += tuple(lookalike_refusal(address, items) for address, items in alike.items())
    items = GalleryItems(
        live=known.live,
        items=known.items,
        state=state,
        matches=known.matches,
        unmanaged=unmanaged,
        kept=known.kept,
        superseded=known.superseded,
    )
    return _IdentifiedItems(items=items, moves=moves, refusals=refusals)


def _lookalikes(
    entries: Iterable[DesiredItem],
    unmanaged: Iterable[LiveItem],
    media: Mapping[str, str],
    files: Mapping[str, MediaFile],
) -> Mapping[Address, list[LiveItem]]:
    """Return the unmanaged items that show what an entry would show, texts in any form; `media` is source → file id."""
    shown: dict[tuple[str, Evidence], list[LiveItem]] = defaultdict(list)
    for live in unmanaged:
        for evidence in (*live_evidence(live, files), *loose_text(live)):
            shown[live.kind, evidence].append(live)
    found: dict[Address, list[LiveItem]] = {}
    for item in entries:
        evidence_of_item = (*desired_evidence(item, media), *loose_text(item))
        alike = {live.id: live for evidence in evidence_of_item for live in shown.get((item.kind, evidence), ())}
        if alike:
            found[item.address] = list(alike.values())
    return found


def _adopted(items: GalleryItems) -> Iterator[Address]:
    """Yield the addresses of matches that the state does not have under any address."""
    known = (MatchedBy.STATE, MatchedBy.RENAME)
    return (address for address, match in items.matches.items() if match.matched_by not in known)


def _not_read_to_forget(known: KnownSite) -> Mapping[Address, str]:
    """Return the addresses to forget in galleries that no manifest declares, or that are not on the site, and why."""
    read = {address.gallery for address in (*known.items, *known.galleries.orphaned)}
    others = [address for address in known.state.ids if address.gallery not in read]
    if not others:
        return {}
    declared = set(known.desired.addresses)
    ended = known.galleries.forgotten
    return {a: ended.get(a.parent, "gone from the site") for a in others if a not in declared}
