"""Match manifests and their items with live resources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.model.errors import MatchError
from galleryctl.model.last_applied import LastApplied
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
    """The live gallery of each manifest, and the manifests without one."""

    live: Mapping[Address, LiveGallery] = field(default_factory=dict)
    matched_by: Mapping[Address, MatchedBy] = field(default_factory=dict)
    missing: Mapping[Address, str] = field(default_factory=dict)
    """The ids of bound galleries that are no longer on the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMatch:
    """The live item of a desired one, and the evidence for it."""

    live: LiveItem
    matched_by: MatchedBy


def match_galleries(desired: Desired, galleries: Sequence[LiveGallery], state: Bindings) -> GalleryMatches:
    """Return the live gallery of each manifest: by `bind.id`, else by the id in state, else by its name.

    Only galleries that were not matched by id are matched by name. Raises MatchError if a name is ambiguous, if there
    is no gallery and `create` is not set, or if two manifests match the same gallery.
    """
    ids = apply_moved(desired, state).state.ids
    by_id = {gallery.id: gallery for gallery in galleries}
    live: dict[Address, LiveGallery] = {}
    matched_by: dict[Address, MatchedBy] = {}
    for manifest in desired.galleries:
        address = manifest.address
        for id_, evidence in ((ids.get(address), MatchedBy.STATE), (manifest.bind.id, MatchedBy.BOUND_ID)):
            if id_ in by_id:
                live[address], matched_by[address] = by_id[id_], evidence
    _reject_shared_galleries(live)
    matched = {gallery.id for gallery in live.values()}
    unmatched_by_name: dict[str, list[LiveGallery]] = defaultdict(list)
    for gallery in galleries:
        if gallery.id not in matched:
            unmatched_by_name[gallery.name].append(gallery)
    missing: dict[Address, str] = {}
    for manifest in (gallery for gallery in desired.galleries if gallery.address not in live):
        if named := _find_by_name(manifest, unmatched_by_name):
            live[manifest.address], matched_by[manifest.address] = named, MatchedBy.BOUND_NAME
        elif id_ := manifest.bind.id or ids.get(manifest.address):
            missing[manifest.address] = id_
        elif not manifest.bind.create:
            raise _not_found_error(manifest)
    _reject_shared_galleries(live)
    return GalleryMatches(live=live, matched_by=matched_by, missing=missing)


def resolve_moved(desired: Desired, state: Bindings, matches: GalleryMatches) -> MovedState:
    """Return the state under the addresses of the manifests: `moved` entries and new gallery keys applied."""
    ids = {address: gallery.id for address, gallery in matches.live.items()}
    return infer_moved_galleries(apply_moved(desired, state), ids, {gallery.address for gallery in desired.galleries})


def split_by_gallery(desired: Desired, state: Bindings) -> Mapping[Address, Bindings]:
    """Return the state of each manifest's gallery; the other parts are the same in all of them."""
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
        for address in (gallery.address for gallery in desired.galleries)
    }


def gallery_names(desired: DesiredGallery) -> tuple[str, ...]:
    """Return the names by which to find a gallery without an id; a new gallery gets the first of them."""
    name = desired.fields.get("name")
    names = dict.fromkeys(n for n in (name, desired.bind.name) if isinstance(n, str) and n)
    if desired.bind.create and not names:
        # A gallery without a name could not be found again if the state is lost.
        return (desired.address.gallery,)
    return tuple(names)


def match_items(
    desired: Sequence[DesiredItem], live: Sequence[LiveItem], state: Bindings, files: Mapping[str, MediaFile]
) -> Mapping[Address, ItemMatch]:
    """Return the live item of each desired item that has one; `live` is in display order, `state` of this gallery.

    Strong evidence is tried for all items before weaker evidence: the id in state; the same file, video or html; file
    name and size; title. For each, an item of the same title is preferred, then the first in display order:

        desired          a: file F, title T · b: file F · c: file G, title U
        live             1: file F · 2: file F, title T · 3: file H, title U
        result           a = 2 and b = 1 by their file; c = 3 by title and kind, which is a guess

    A deposed item is never matched. An orphaned item is matched only by the same file, and not if it is protected.
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
    orphaned = {id_: address for address, id_ in state.ids.items() if id_ in by_id and id_ not in used}
    protected = {id_ for id_, address in orphaned.items() if address in state.protected}
    free = [item for item in live if item.id in by_id and item.id not in used | protected]
    unmanaged = [item for item in free if item.id not in orphaned]
    for matched_by, candidates, evidence_of_desired, evidence_of_live in (
        (MatchedBy.FILE, free, lambda i: desired_evidence(i, state.media), lambda i: live_evidence(i, files)),
        (MatchedBy.CONTENT, unmanaged, desired_weak_evidence, lambda i: live_weak_evidence(i, files)),
        (MatchedBy.TITLE, unmanaged, lambda _: [("title",)], lambda _: [("title",)]),
    ):
        left = [item for item in candidates if item.id not in used]
        by_title = matched_by is MatchedBy.TITLE
        found = _match_by_evidence(rest, left, evidence_of_desired, evidence_of_live, title_required=by_title)
        matches |= {address: ItemMatch(live=item, matched_by=matched_by) for address, item in found.items()}
        used |= {item.id for item in found.values()}
        rest = [item for item in rest if item.address not in found]
    return matches


def files_to_look_up(desired: Desired, snapshot: SiteSnapshot, state: Bindings) -> tuple[str, ...]:
    """Return the ids of live files whose descriptors are needed, because their content is not in state.

    A plan without changes needs none, because every item shows the file that state has for its source.
    """
    matches = match_galleries(desired, snapshot.galleries, state)
    moved_state = resolve_moved(desired, state, matches).state
    state_by_gallery = split_by_gallery(desired, moved_state)
    ids: set[str] = set()
    for gallery in desired.galleries:
        if live := matches.live.get(gallery.address):
            ids |= _files_to_look_up_in(gallery, live.loaded_items, state_by_gallery[gallery.address])
    return tuple(sorted(ids.difference(moved_state.media.values())))


def _files_to_look_up_in(gallery: DesiredGallery, live: Sequence[LiveItem], state: Bindings) -> set[str]:
    by_id = {item.id: item for item in live}
    bound = {item.address: state.ids[item.address] for item in gallery.items if item.address in state.ids}
    bound_ids = set(bound.values())
    unbound_files = {i.media.id for i in live if i.id not in bound_ids and isinstance(i.media, WixFile)}
    ids: set[str] = set()
    for item in gallery.items:
        if not isinstance(item.media, LocalFile | RemoteFile) or "media" in item.ignore:
            continue
        file_id = state.media.get(item.media.source)
        live_item = by_id.get(bound.get(item.address, ""))
        if live_item is None:
            if file_id not in unbound_files:
                ids |= unbound_files
        elif isinstance(live_item.media, WixFile) and live_item.media.id != file_id:
            ids.add(live_item.media.id)
    return ids


def _match_by_evidence(
    desired: Iterable[DesiredItem],
    live: Iterable[LiveItem],
    evidence_of_desired: Callable[[DesiredItem], Iterable[Evidence]],
    evidence_of_live: Callable[[LiveItem], Iterable[Evidence]],
    *,
    title_required: bool,
) -> dict[Address, LiveItem]:
    """Match items of equal kind and evidence: first those of equal title, then (unless `title_required`) the others."""
    candidates: dict[tuple[Evidence, str, str | None], list[LiveItem]] = defaultdict(list)
    for live_item in reversed(list(live)):
        for evidence in evidence_of_live(live_item):
            candidates[evidence, live_item.kind, None].append(live_item)
            if title := live_item.fields.get("title"):
                candidates[evidence, live_item.kind, str(title)].append(live_item)
    found: dict[Address, LiveItem] = {}
    used: set[str] = set()
    for by_title in (True,) if title_required else (True, False):
        for item in desired:
            title = str(item.fields.get("title") or "") if by_title else None
            if item.address in found or title == "":
                continue
            for evidence in evidence_of_desired(item):
                # The lists are reversed, so that pop() takes the first item in display order.
                stack = candidates.get((evidence, item.kind, title), [])
                while stack and stack[-1].id in used:
                    stack.pop()
                if stack:
                    found[item.address] = stack.pop()
                    used.add(found[item.address].id)
                    break
    return found


def _find_by_name(desired: DesiredGallery, candidates: Mapping[str, Sequence[LiveGallery]]) -> LiveGallery | None:
    """Return the only gallery with a name of the manifest; None if the manifest is bound by id."""
    if desired.bind.id:
        return None
    # The name in bind comes before the desired name: a rename must find the gallery by its old name.
    for name in sorted(gallery_names(desired), key=lambda name: name != desired.bind.name):
        found = candidates.get(name, ())
        if len(found) > 1:
            ids = ", ".join(sorted(gallery.id for gallery in found))
            raise MatchError(
                f"gallery {desired.address}: {len(found)} galleries on the site are named {name!r}",
                where=desired.at,
                why=f"their ids: {ids}",
                do="specify one of them: bind: {id: …}",
            )
        if found:
            return found[0]
    return None


def _not_found_error(desired: DesiredGallery) -> MatchError:
    names = " or ".join(repr(name) for name in gallery_names(desired))
    return MatchError(
        f"gallery {desired.address} is not on the site",
        where=desired.at,
        why=f"no gallery is named {names}" if names else "the manifest specifies neither an id nor a name",
        do="bind it to an existing gallery with bind: {id: …}, or create it with bind: {create: true}",
    )


def _reject_shared_galleries(live: Mapping[Address, LiveGallery]) -> None:
    addresses_by_id: dict[str, list[Address]] = defaultdict(list)
    for address, gallery in live.items():
        addresses_by_id[gallery.id].append(address)
    for id_, addresses in addresses_by_id.items():
        if len(addresses) > 1:
            raise MatchError(
                f"{len(addresses)} manifests are bound to the same gallery, {id_}",
                where=", ".join(map(str, addresses)),
                do="bind each manifest to a different gallery, or merge the manifests",
            )
