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
from galleryctl.plan.changes import Basis
from galleryctl.plan.recognise import Mark, live_looks, live_marks, wanted_look, wanted_marks
from galleryctl.plan.renames import Renamed, adopt, rename


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPairs:
    """The live gallery of each manifest, and the manifests that have none."""

    live: Mapping[Address, LiveGallery] = field(default_factory=dict)
    basis: Mapping[Address, Basis] = field(default_factory=dict)
    create: tuple[Address, ...] = ()
    """Never made yet, and the manifest says `create: true`."""
    vanished: Mapping[Address, str] = field(default_factory=dict)
    """The id of a bound gallery that the site no longer has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPair:
    """A live item, and how it was found to be the wanted one."""

    live: LiveItem
    basis: Basis


def bind_galleries(desired: Desired, galleries: Sequence[LiveGallery], bindings: Bindings) -> GalleryPairs:
    """The live gallery of each manifest: by `bind.id`, else by state's id, else by its name.

    A name counts only among the galleries that no id has claimed. Raises MatchError when a name is ambiguous, nothing
    fits and `create` is not set, or two manifests mean one gallery.
    """
    ids = rename(desired, bindings).bindings.ids
    by_id = {gallery.id: gallery for gallery in galleries}
    live: dict[Address, LiveGallery] = {}
    basis: dict[Address, Basis] = {}
    for wanted in desired.galleries:
        for id_, how in ((ids.get(wanted.address), Basis.STATE), (wanted.bind.id, Basis.BOUND_ID)):
            if id_ in by_id:
                live[wanted.address], basis[wanted.address] = by_id[id_], how
    _refuse_shared(live)
    free = _by_names(galleries, {gallery.id for gallery in live.values()})
    create: list[Address] = []
    vanished: dict[Address, str] = {}
    for wanted in (gallery for gallery in desired.galleries if gallery.address not in live):
        if named := _named(wanted, free):
            live[wanted.address], basis[wanted.address] = named, Basis.BOUND_NAME
        elif gone := wanted.bind.id or ids.get(wanted.address):
            vanished[wanted.address] = gone
        elif wanted.bind.create:
            create.append(wanted.address)
        else:
            raise _not_found(wanted)
    _refuse_shared(live)
    return GalleryPairs(live=live, basis=basis, create=tuple(create), vanished=vanished)


def known_by(desired: Desired, bindings: Bindings, pairs: GalleryPairs) -> Renamed:
    """`bindings` under the addresses that the manifests use now: what `moved` renames, and galleries with a new key."""
    ids = {address: gallery.id for address, gallery in pairs.live.items()}
    return adopt(rename(desired, bindings), ids, {gallery.address for gallery in desired.galleries})


def by_gallery(desired: Desired, bindings: Bindings) -> Mapping[Address, Bindings]:
    """What state knows of each manifest's gallery; what it knows of files and protection is in all of them."""
    ids: dict[str, dict[Address, str]] = defaultdict(dict)
    deposed: dict[str, dict[str, Address]] = defaultdict(dict)
    for address, id_ in bindings.ids.items():
        ids[address.gallery][address] = id_
    for id_, address in bindings.deposed.items():
        deposed[address.gallery][id_] = address
    return {
        address: replace(bindings, ids=ids.get(address.gallery, {}), deposed=deposed.get(address.gallery, {}))
        for address in (gallery.address for gallery in desired.galleries)
    }


def gallery_names(wanted: DesiredGallery) -> tuple[str, ...]:
    """The names by which a gallery without an id is looked for; the first is the one it is created with."""
    named = wanted.fields.get("name")
    names = [named if isinstance(named, str) else "", wanted.bind.name or ""]
    if wanted.bind.create:
        # Without any name a gallery that we made could not be found again when state is lost.
        names.append("" if any(names) else wanted.address.gallery)
    return tuple(dict.fromkeys(name for name in names if name))


def match_items(
    wanted: Sequence[DesiredItem],
    live: Sequence[LiveItem],
    bindings: Bindings,
    files: Mapping[str, MediaFile],
) -> Mapping[Address, ItemPair]:
    """The live item of each wanted one that has any; `live` in the order of display, `bindings` those of the gallery.

    The stronger bases are tried for all items before the weaker: state; the same file, video or html; file name and
    size; title. Each basis prefers an equal title, then goes by position. What a replacement left behind is never
    taken; what state knows under an address that no manifest names only for the same file, and not if protected.
    """
    by_id = {item.id: item for item in live if item.id not in bindings.deposed}
    pairs: dict[Address, ItemPair] = {}
    used: set[str] = set()
    for item in wanted:
        id_ = bindings.ids.get(item.address)
        if id_ in by_id and id_ not in used:
            pairs[item.address] = ItemPair(live=by_id[id_], basis=Basis.STATE)
            used.add(id_)
    rest = [item for item in wanted if item.address not in pairs]
    if not rest:
        return pairs
    owners = {id_: address for address, id_ in bindings.ids.items() if id_ in by_id and id_ not in used}
    kept = {id_ for id_, owner in owners.items() if owner in bindings.protected}
    free = [item for item in live if item.id in by_id and item.id not in used | kept]
    strangers = [item for item in free if item.id not in owners]
    for basis, candidates, marks_wanted, marks_live in (
        (Basis.FILE, free, lambda i: wanted_marks(i, bindings.media), lambda i: live_marks(i, files)),
        (Basis.CONTENT, strangers, lambda i: _some(wanted_look(i)), lambda i: live_looks(i, files)),
        (Basis.TITLE, strangers, lambda _: iter([("title",)]), lambda _: iter([("title",)])),
    ):
        left = [item for item in candidates if item.id not in used]
        found = _pair(rest, left, marks_wanted, marks_live, titled=basis is Basis.TITLE)
        pairs |= {address: ItemPair(live=item, basis=basis) for address, item in found.items()}
        used |= {item.id for item in found.values()}
        rest = [item for item in rest if item.address not in found]
    return pairs


def unknown_files(desired: Desired, snapshot: SiteSnapshot, bindings: Bindings) -> tuple[str, ...]:
    """The ids of the live files whose descriptors matching needs, because state does not know their content.

    None when state knows what each item's source became and the live item shows it, so that a plan without changes
    makes no more requests (design, rule 2).
    """
    pairs = bind_galleries(desired, snapshot.galleries, bindings)
    known = known_by(desired, bindings, pairs).bindings
    parts = by_gallery(desired, known)
    contents = set(known.media.values())
    unknown: set[str] = set()
    for gallery in desired.galleries:
        if live := pairs.live.get(gallery.address):
            unknown |= _unknown_in(gallery, live.loaded_items, parts[gallery.address])
    return tuple(sorted(unknown - contents))


def _unknown_in(gallery: DesiredGallery, live: Sequence[LiveItem], known: Bindings) -> set[str]:
    by_id = {item.id: item for item in live}
    bound = {item.address: known.ids[item.address] for item in gallery.items if item.address in known.ids}
    mine = set(bound.values())
    strangers = [item for item in live if item.id not in mine]
    shown = {item.media.id for item in strangers if isinstance(item.media, WixFile)}
    unknown: set[str] = set()
    search = False
    for item in gallery.items:
        if not isinstance(item.media, LocalFile | RemoteFile) or "media" in item.ignore:
            continue
        file = known.media.get(item.media.source)
        own = by_id.get(bound.get(item.address, ""))
        if own is None:
            search = search or file is None or file not in shown
        elif isinstance(own.media, WixFile) and own.media.id != file:
            unknown.add(own.media.id)
    return unknown | shown if search else unknown


def _pair(
    wanted: Iterable[DesiredItem],
    live: Iterable[LiveItem],
    marks_wanted: Callable[[DesiredItem], Iterator[Mark]],
    marks_live: Callable[[LiveItem], Iterator[Mark]],
    *,
    titled: bool,
) -> dict[Address, LiveItem]:
    """One to one, those that share kind and mark: first those with one title, then (unless `titled`) any."""
    shelves: dict[tuple[Mark, str, str | None], list[LiveItem]] = defaultdict(list)
    for item in reversed(list(live)):
        for mark in marks_live(item):
            shelves[mark, item.kind, None].append(item)
            if title := item.fields.get("title"):
                shelves[mark, item.kind, str(title)].append(item)
    found: dict[Address, LiveItem] = {}
    used: set[str] = set()
    for by_title in (True,) if titled else (True, False):
        for want in wanted:
            title = str(want.fields.get("title") or "") if by_title else None
            if want.address in found or title == "":
                continue
            for mark in marks_wanted(want):
                shelf = shelves.get((mark, want.kind, title), [])
                while shelf and shelf[-1].id in used:
                    shelf.pop()
                if shelf:
                    found[want.address] = shelf.pop()
                    used.add(found[want.address].id)
                    break
    return found


def _some(mark: Mark | None) -> Iterator[Mark]:
    return iter(() if mark is None else (mark,))


def _by_names(galleries: Iterable[LiveGallery], claimed: Container[str]) -> Mapping[str, list[LiveGallery]]:
    named: dict[str, list[LiveGallery]] = defaultdict(list)
    for gallery in galleries:
        if gallery.id not in claimed:
            named[gallery.name].append(gallery)
    return named


def _named(wanted: DesiredGallery, free: Mapping[str, Sequence[LiveGallery]]) -> LiveGallery | None:
    """The one gallery with the manifest's name; none for a manifest that binds by id."""
    if wanted.bind.id:
        return None
    # The name to bind by stands before the name to have: a rename must find the gallery under its old one.
    for name in sorted(gallery_names(wanted), key=lambda name: name != wanted.bind.name):
        found = free.get(name, ())
        if len(found) > 1:
            ids = ", ".join(sorted(gallery.id for gallery in found))
            raise MatchError(
                f"gallery {wanted.address}: {len(found)} galleries of the site are named {name!r}",
                where=wanted.at,
                why=f"their ids: {ids}",
                do="say which one: bind: {id: …}",
            )
        if found:
            return found[0]
    return None


def _not_found(wanted: DesiredGallery) -> MatchError:
    names = " or ".join(repr(name) for name in gallery_names(wanted))
    return MatchError(
        f"gallery {wanted.address} is not on the site",
        where=wanted.at,
        why=f"no gallery is named {names}" if names else "the manifest names neither an id nor a name",
        do="bind it to an existing gallery, bind: {id: …}, or have it made: bind: {create: true}",
    )


def _refuse_shared(live: Mapping[Address, LiveGallery]) -> None:
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
