"""Identify the galleries of a site: which live gallery each manifest is, and what state knows under which address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.model.errors import MatchError
from galleryctl.model.last_applied import NEVER_APPLIED, Origin
from galleryctl.model.live import LiveGallery
from galleryctl.model.variable_text import displayed
from galleryctl.model.wix_places import GALLERY_ID_PLACE
from galleryctl.plan.changes import MatchedBy, Notice
from galleryctl.plan.identity.moved import AddressMoves, apply_moved, infer_moved_galleries

_ID_PLACE = f"the id of a gallery: {GALLERY_ID_PLACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryIdentity:
    """The live gallery of each manifest, and the state under the addresses of the manifests.

    A gallery is known if state has the id of its live gallery, otherwise it is new: only then may evidence show which
    items are those of its manifest.
    """

    original_state: Bindings
    """The state under its old addresses."""
    state: Bindings
    moves: AddressMoves
    """Also those of creates in doubt."""
    ids: Mapping[Address, str] = field(default_factory=dict)
    """The live id of each manifest's gallery, if it is on the site."""
    matched_by: Mapping[Address, MatchedBy] = field(default_factory=dict)
    missing: Mapping[Address, str] = field(default_factory=dict)
    """The ids of bound galleries that are no longer on the site."""
    new: frozenset[Address] = frozenset()
    orphaned: Mapping[Address, str] = field(default_factory=dict)
    """The live galleries that state has and no manifest declares; a plan deletes them."""
    forgotten: Mapping[Address, str] = field(default_factory=dict)
    """The galleries whose management ends although they may be on the site, and why."""
    released: Mapping[Address, str] = field(default_factory=dict)
    """The live ids of the galleries in `forgotten` because `removed` in galleryctl.yaml names them."""
    unknown_removed: frozenset[Address] = frozenset()
    """The galleries in `removed` that neither the state nor an earlier plan knows."""
    notices: tuple[Notice, ...] = ()

    @property
    def ids_to_read(self) -> frozenset[str]:
        """The ids of the galleries whose items a plan needs; an orphaned one is deleted together with its items."""
        return frozenset({*self.ids.values(), *self.orphaned.values()})

    def missing_from(self, galleries: Iterable[LiveGallery]) -> bool:
        """Return True if `galleries` lack a gallery that a manifest declares and state has."""
        live = {gallery.id for gallery in galleries}
        declared = self.ids.keys() | self.missing.keys()
        return any(address in self.state.ids and self.state.ids[address] not in live for address in declared)


def identify_galleries(
    desired: Desired, galleries: Sequence[LiveGallery], state: Bindings, pending: Collection[Address] = ()
) -> GalleryIdentity:
    """Return the live gallery of each manifest: by `bind.id`, else by the id in state, else by its name.

    `galleries` need no items. `pending` are the addresses of creates in doubt, which `moved` entries rename, too. Only
    galleries that were not matched by id are matched by name. Raises MatchError if a name is ambiguous, if there is no
    gallery and `create` is not set, or if two manifests match the same gallery.
    """
    moves, notices = apply_moved(desired, {*state.ids, *pending} if pending else state.ids)
    moved_state = moves.renamed(state)
    ids, matched_by, missing = _match(desired, galleries, moved_state.ids)
    named = {*(gallery.address for gallery in desired.galleries), *desired.removed}
    all_moves = infer_moved_galleries(moves, moved_state.ids, ids, named)
    if all_moves is not moves:
        existing = {*state.ids, *pending}
        again, notices = apply_moved(desired, map(all_moves.new_address, existing))  # those with the new keys
        all_moves = all_moves.followed_by(again.addresses)
        moved_state = all_moves.renamed(state)
    found = GalleryIdentity(
        original_state=state,
        state=moved_state,
        moves=all_moves,
        ids=ids,
        matched_by=matched_by,
        missing=missing,
        new=frozenset(address for address, id_ in ids.items() if moved_state.ids.get(address) != id_),
        unknown_removed=desired.removed.difference(moved_state.ids, moved_state.released),
    )
    return _with_undeclared(found, desired, galleries, notices)


def gallery_names(desired: DesiredGallery) -> tuple[str, ...]:
    """Return the names by which to find a gallery without an id; a new gallery gets the first of them."""
    name = desired.fields.get("name")
    names = dict.fromkeys(n for n in (name, desired.bind.name) if isinstance(n, str) and n)
    if desired.bind.create and not names:
        # A gallery without a name could not be found again if the state is lost.
        return (desired.address.gallery,)
    return tuple(names)


def _match(
    desired: Desired, galleries: Sequence[LiveGallery], state_ids: Mapping[Address, str]
) -> tuple[Mapping[Address, str], Mapping[Address, MatchedBy], Mapping[Address, str]]:
    """Return the live ids, the evidence for them, and the ids of bound galleries that are gone."""
    live_ids = {gallery.id for gallery in galleries}
    ids: dict[Address, str] = {}
    matched_by: dict[Address, MatchedBy] = {}
    for manifest in desired.galleries:
        address = manifest.address
        for id_, evidence in ((state_ids.get(address), MatchedBy.STATE), (manifest.bind.id, MatchedBy.BOUND_ID)):
            if id_ is not None and id_ in live_ids:
                ids[address], matched_by[address] = id_, evidence
    _reject_shared_galleries(ids)
    matched = set(ids.values())
    unmatched_by_name: dict[str, list[LiveGallery]] = defaultdict(list)
    for gallery in galleries:
        if gallery.id not in matched:
            unmatched_by_name[gallery.name].append(gallery)
    missing: dict[Address, str] = {}
    for manifest in (gallery for gallery in desired.galleries if gallery.address not in ids):
        if named := _find_by_name(manifest, unmatched_by_name):
            ids[manifest.address], matched_by[manifest.address] = named.id, MatchedBy.BOUND_NAME
        elif id_ := manifest.bind.id or state_ids.get(manifest.address):
            missing[manifest.address] = id_
        elif not manifest.bind.create:
            raise _not_found_error(manifest)
    _reject_shared_galleries(ids)
    return ids, matched_by, missing


def _with_undeclared(
    found: GalleryIdentity, desired: Desired, galleries: Sequence[LiveGallery], notices: Iterable[Notice]
) -> GalleryIdentity:
    """Return `found` with the galleries of the state that no manifest declares, and with all notices."""
    state = found.state
    removed_ids = {state.ids[address] for address in desired.removed if address in state.ids}
    free = {gallery.id for gallery in galleries}.difference(found.ids.values())
    declared = {gallery.address for gallery in desired.galleries}
    orphaned: dict[Address, str] = {}
    forgotten: dict[Address, str] = {}
    for address, id_ in state.ids.items():
        if address.item is not None or address in declared:
            continue
        if address in desired.removed:
            forgotten[address] = f"removed: in galleryctl.yaml; gallery {id_} stays on the site"
        elif id_ in removed_ids:
            forgotten[address] = "in state under another address, too"
        elif id_ not in free:
            continue
        elif state.records.get(address, NEVER_APPLIED).origin is Origin.RESTORED:
            forgotten[address] = (
                f"known only from a restored state, and no manifest declares it; gallery {id_} stays on the site"
            )
        else:
            orphaned[address] = id_
    return replace(
        found,
        orphaned=dict(sorted(orphaned.items())),
        forgotten=forgotten,
        released={address: state.ids[address] for address in desired.removed.intersection(forgotten)},
        notices=(*notices, *_bind_notices(found, desired)),
    )


def _bind_notices(found: GalleryIdentity, desired: Desired) -> Iterator[Notice]:
    """Yield notices of galleries that are matched with another id than that in the manifest or in state."""
    for gallery in desired.galleries:
        address, bound_id = gallery.address, gallery.bind.id
        id_, state_id = found.ids.get(address), found.state.ids.get(address)
        if id_ is None or id_ == state_id == (bound_id or state_id):
            continue
        if bound_id and id_ != bound_id:
            yield Notice(
                address=address,
                message=f"the site has no gallery {displayed(bound_id)}; matched {id_} by state: correct bind.id",
            )
        elif state_id and id_ != state_id:
            yield Notice(address=address, message=f"matched {id_} by {found.matched_by[address]}; state had {state_id}")


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
                f"gallery {desired.address}: {len(found)} galleries on the site are named {displayed(name)!r}",
                where=desired.at,
                why=f"their ids: {ids}",
                do=f"specify one of them: bind: {{id: …}}\n{_ID_PLACE}",
            )
        if found:
            return found[0]
    return None


def _not_found_error(desired: DesiredGallery) -> MatchError:
    names = " or ".join(repr(displayed(name)) for name in gallery_names(desired))
    return MatchError(
        f"gallery {desired.address} is not on the site",
        where=desired.at,
        why=f"no gallery is named {names}" if names else "the manifest specifies neither an id nor a name",
        do=f"bind it to an existing gallery with bind: {{id: …}}, or create it with bind: {{create: true}}\n{_ID_PLACE}",
    )


def _reject_shared_galleries(ids: Mapping[Address, str]) -> None:
    addresses_by_id: dict[str, list[Address]] = defaultdict(list)
    for address, id_ in ids.items():
        addresses_by_id[id_].append(address)
    for id_, addresses in addresses_by_id.items():
        if len(addresses) > 1:
            raise MatchError(
                f"{len(addresses)} manifests are bound to the same gallery, {id_}",
                where=", ".join(map(str, addresses)),
                do="bind each manifest to a different gallery, or merge the manifests",
            )
