"""Which live resource each manifest means (design, rule 1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.model.errors import MatchError
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import MatchedBy
from galleryctl.plan.matching.evidence import (
    Evidence,
    desired_evidence,
    desired_weak_evidence,
    live_evidence,
    live_weak_evidence,
)
from galleryctl.plan.matching.moved import MovedState, apply_moved, infer_moved_galleries


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryMatches:
    """The live gallery of each manifest, and the manifests that have none."""

    live: Mapping[Address, LiveGallery] = field(default_factory=dict)
    matched_by: Mapping[Address, MatchedBy] = field(default_factory=dict)
    to_create: tuple[Address, ...] = ()
    """Never made yet, and the manifest says `create: true`."""
    missing: Mapping[Address, str] = field(default_factory=dict)
    """The id of a bound gallery that the site no longer has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMatch:
    """A live item, and how it was found to be the wanted one."""

    live: LiveItem
    matched_by: MatchedBy


def match_galleries(desired: Desired, galleries: Sequence[LiveGallery], state: Bindings) -> GalleryMatches:
    """The live gallery of each manifest: by `bind.id`, else by state's id, else by its name.

    A name counts only among the galleries that no id has claimed. Raises MatchError when a name is ambiguous, nothing
    fits and `create` is not set, or two manifests mean one gallery.
    """
    ids = apply_moved(desired, state).state.ids
    by_id = {gallery.id: gallery for gallery in galleries}
    live: dict[Address, LiveGallery] = {}
    basis: dict[Address, MatchedBy] = {}
    for wanted in desired.galleries:
        for id_, how in ((ids.get(wanted.address), MatchedBy.STATE), (wanted.bind.id, MatchedBy.BOUND_ID)):
            if id_ in by_id:
                live[wanted.address], basis[wanted.address] = by_id[id_], how
    _reject_shared_galleries(live)
    free = _unclaimed_by_name(galleries, {gallery.id for gallery in live.values()})
    create: list[Address] = []
    vanished: dict[Address, str] = {}
    for wanted in (gallery for gallery in desired.galleries if gallery.address not in live):
        if named := _find_by_name(wanted, free):
            live[wanted.address], basis[wanted.address] = named, MatchedBy.BOUND_NAME
        elif gone := wanted.bind.id or ids.get(wanted.address):
            vanished[wanted.address] = gone
        elif wanted.bind.create:
            create.append(wanted.address)
        else:
            raise _not_found_error(wanted)
    _reject_shared_galleries(live)
    return GalleryMatches(live=live, matched_by=basis, to_create=tuple(create), missing=vanished)


def resolve_moved(desired: Desired, state: Bindings, matches: GalleryMatches) -> MovedState:
    """`bindings` under the addresses that the manifests use now: what `moved` renames, and galleries with a new key."""
    ids = {address: gallery.id for address, gallery in matches.live.items()}
    return infer_moved_galleries(apply_moved(desired, state), ids, {gallery.address for gallery in desired.galleries})


def split_by_gallery(desired: Desired, state: Bindings) -> Mapping[Address, Bindings]:
    """What state knows of each manifest's gallery; what it knows of files and protection is in all of them."""
    ids: dict[str, dict[Address, str]] = defaultdict(dict)
    deposed: dict[str, dict[str, Address]] = defaultdict(dict)
    for address, id_ in state.ids.items():
        ids[address.gallery][address] = id_
    for id_, address in state.deposed.items():
        deposed[address.gallery][id_] = address
    return {
        address: replace(state, ids=ids.get(address.gallery, {}), deposed=deposed.get(address.gallery, {}))
        for address in (gallery.address for gallery in desired.galleries)
    }


def gallery_names(desired: DesiredGallery) -> tuple[str, ...]:
    """The names by which a gallery without an id is looked for; the first is the one it is created with."""
    named = desired.fields.get("name")
    names = [named if isinstance(named, str) else "", desired.bind.name or ""]
    if desired.bind.create:
        # Without any name a gallery that we made could not be found again when state is lost.
        names.append("" if any(names) else desired.address.gallery)
    return tuple(dict.fromkeys(name for name in names if name))


def match_items(
    desired: Sequence[DesiredItem],
    live: Sequence[LiveItem],
    state: Bindings,
    files: Mapping[str, MediaFile],
) -> Mapping[Address, ItemMatch]:
    """The live item of each wanted one that has any; `live` in the order of display, `bindings` those of the gallery.

    The stronger bases are tried for all items before the weaker: state; the same file, video or html; file name and
    size; title. Each basis prefers an equal title, then goes by position. What a replacement left behind is never
    taken; what state knows under an address that no manifest names only for the same file, and not if protected.
    """
    by_id = {item.id: item for item in live if item.id not in state.deposed}
    matches: dict[Address, ItemMatch] = {}
    used: set[str] = set()
    for item in desired:
        id_ = state.ids.get(item.address)
        if id_ in by_id and id_ not in used:
            matches[item.address] = ItemMatch(live=by_id[id_], matched_by=MatchedBy.STATE)
            used.add(id_)
    rest = [item for item in desired if item.address not in matches]
    if not rest:
        return matches
    owners = {id_: address for address, id_ in state.ids.items() if id_ in by_id and id_ not in used}
    kept = {id_ for id_, owner in owners.items() if owner in state.protected}
    free = [item for item in live if item.id in by_id and item.id not in used | kept]
    strangers = [item for item in free if item.id not in owners]
    for basis, candidates, marks_wanted, marks_live in (
        (MatchedBy.FILE, free, lambda i: desired_evidence(i, state.media), lambda i: live_evidence(i, files)),
        (
            MatchedBy.CONTENT,
            strangers,
            lambda i: _optional_evidence(desired_weak_evidence(i)),
            lambda i: live_weak_evidence(i, files),
        ),
        (MatchedBy.TITLE, strangers, lambda _: iter([("title",)]), lambda _: iter([("title",)])),
    ):
        left = [item for item in candidates if item.id not in used]
        found = _match_by_evidence(rest, left, marks_wanted, marks_live, title_required=basis is MatchedBy.TITLE)
        matches |= {address: ItemMatch(live=item, matched_by=basis) for address, item in found.items()}
        used |= {item.id for item in found.values()}
        rest = [item for item in rest if item.address not in found]
    return matches


def files_to_look_up(desired: Desired, snapshot: SiteSnapshot, state: Bindings) -> tuple[str, ...]:
    """The ids of the live files whose descriptors matching needs, because state does not know their content.

    None when state knows what each item's source became and the live item shows it, so that a plan without changes
    makes no more requests (design, rule 2).
    """
    matches = match_galleries(desired, snapshot.galleries, state)
    known = resolve_moved(desired, state, matches).state
    parts = split_by_gallery(desired, known)
    contents = set(known.media.values())
    unknown: set[str] = set()
    for gallery in desired.galleries:
        if live := matches.live.get(gallery.address):
            unknown |= _files_to_look_up_in(gallery, live.loaded_items, parts[gallery.address])
    return tuple(sorted(unknown - contents))


def _files_to_look_up_in(gallery: DesiredGallery, live: Sequence[LiveItem], state: Bindings) -> set[str]:
    by_id = {item.id: item for item in live}
    bound = {item.address: state.ids[item.address] for item in gallery.items if item.address in state.ids}
    mine = set(bound.values())
    strangers = [item for item in live if item.id not in mine]
    shown = {item.media.id for item in strangers if isinstance(item.media, WixFile)}
    unknown: set[str] = set()
    search = False
    for item in gallery.items:
        if not isinstance(item.media, LocalFile | RemoteFile) or "media" in item.ignore:
            continue
        file = state.media.get(item.media.source)
        own = by_id.get(bound.get(item.address, ""))
        if own is None:
            search = search or file is None or file not in shown
        elif isinstance(own.media, WixFile) and own.media.id != file:
            unknown.add(own.media.id)
    return unknown | shown if search else unknown


def _match_by_evidence(
    desired: Iterable[DesiredItem],
    live: Iterable[LiveItem],
    evidence_of_desired: Callable[[DesiredItem], Iterator[Evidence]],
    evidence_of_live: Callable[[LiveItem], Iterator[Evidence]],
    *,
    title_required: bool,
) -> dict[Address, LiveItem]:
    """One to one, those that share kind and mark: first those with one title, then (unless `titled`) any."""
    shelves: dict[tuple[Evidence, str, str | None], list[LiveItem]] = defaultdict(list)
    for item in reversed(list(live)):
        for mark in evidence_of_live(item):
            shelves[mark, item.kind, None].append(item)
            if title := item.fields.get("title"):
                shelves[mark, item.kind, str(title)].append(item)
    found: dict[Address, LiveItem] = {}
    used: set[str] = set()
    for by_title in (True,) if title_required else (True, False):
        for want in desired:
            title = str(want.fields.get("title") or "") if by_title else None
            if want.address in found or title == "":
                continue
            for mark in evidence_of_desired(want):
                shelf = shelves.get((mark, want.kind, title), [])
                while shelf and shelf[-1].id in used:
                    shelf.pop()
                if shelf:
                    found[want.address] = shelf.pop()
                    used.add(found[want.address].id)
                    break
    return found


def _optional_evidence(evidence: Evidence | None) -> Iterator[Evidence]:
    return iter(() if evidence is None else (evidence,))


def _unclaimed_by_name(galleries: Iterable[LiveGallery], claimed: Container[str]) -> Mapping[str, list[LiveGallery]]:
    named: dict[str, list[LiveGallery]] = defaultdict(list)
    for gallery in galleries:
        if gallery.id not in claimed:
            named[gallery.name].append(gallery)
    return named


def _find_by_name(desired: DesiredGallery, candidates: Mapping[str, Sequence[LiveGallery]]) -> LiveGallery | None:
    """The one gallery with the manifest's name; none for a manifest that binds by id."""
    if desired.bind.id:
        return None
    # The name to bind by stands before the name to have: a rename must find the gallery under its old one.
    for name in sorted(gallery_names(desired), key=lambda name: name != desired.bind.name):
        found = candidates.get(name, ())
        if len(found) > 1:
            ids = ", ".join(sorted(gallery.id for gallery in found))
            raise MatchError(
                f"gallery {desired.address}: {len(found)} galleries of the site are named {name!r}",
                where=desired.at,
                why=f"their ids: {ids}",
                do="say which one: bind: {id: …}",
            )
        if found:
            return found[0]
    return None


def _not_found_error(desired: DesiredGallery) -> MatchError:
    names = " or ".join(repr(name) for name in gallery_names(desired))
    return MatchError(
        f"gallery {desired.address} is not on the site",
        where=desired.at,
        why=f"no gallery is named {names}" if names else "the manifest names neither an id nor a name",
        do="bind it to an existing gallery, bind: {id: …}, or have it made: bind: {create: true}",
    )


def _reject_shared_galleries(live: Mapping[Address, LiveGallery]) -> None:
    claims: dict[str, list[Address]] = defaultdict(list)
    for address, gallery in live.items():
        claims[gallery.id].append(address)
    for id_, addresses in claims.items():
        if len(addresses) > 1:
            raise MatchError(
                f"{len(addresses)} manifests mean one gallery, {id_}",
                where=", ".join(map(str, addresses)),
                do="bind each manifest to a gallery of its own, or join the manifests",
            )
