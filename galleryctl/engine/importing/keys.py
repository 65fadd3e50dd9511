"""Find the keys of live galleries and items: from the manifests, else from state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from galleryctl.engine.importing.ownership import with_adopted
from galleryctl.engine.refresh.fetch import read_unknown_files
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import Manifest, all_moved, find_manifests, problems_between, read_manifest
from galleryctl.manifest.problems import sort_problems
from galleryctl.manifest.profile import resolve_item_order
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, ItemOrder
from galleryctl.model.errors import InvalidInput, MatchError, Problem
from galleryctl.model.live import LiveGallery
from galleryctl.model.media import MediaFile
from galleryctl.plan.identity.galleries import GalleryIdentity, identify_galleries
from galleryctl.plan.identity.identify import identify
from galleryctl.plan.identity.known import match_known_items
from galleryctl.plan.identity.moved import AddressMoves, apply_moved
from galleryctl.wix.client import WixClient


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteManifests:
    """The workspace's manifests of one site."""

    config: WorkspaceConfig
    site: str
    item_order: ItemOrder
    manifests: tuple[Manifest, ...] = ()

    @property
    def desired(self) -> Desired:
        """Return what the manifests declare, without `moved` entries."""
        return desired_subset(self, tuple(m.gallery for m in self.manifests if m.gallery is not None))

    def manifest(self, key: str) -> Manifest | None:
        """Return the manifest of the gallery with this key."""
        return next((m for m in self.manifests if m.gallery is not None and m.gallery.address.gallery == key), None)


def desired_subset(site_manifests: SiteManifests, galleries: tuple[DesiredGallery, ...]) -> Desired:
    """Return some of the galleries as input for the planner."""
    return Desired(galleries=galleries, limits=site_manifests.config.limits, item_order=site_manifests.item_order)


def read_site_manifests(config: WorkspaceConfig, site: str) -> SiteManifests:
    """Read the manifests; there may be none yet. Raises InvalidInput with all their problems."""
    tree = WorkspaceFiles(config.root)
    ignored: list[Problem] = []  # patterns that match no file: an import may write the first one
    manifests = tuple(read_manifest(config, file, tree, site=site) for file in find_manifests(config, tree, ignored))
    problems = [problem for manifest in manifests for problem in manifest.problems]
    problems += problems_between(config, manifests)
    if problems:
        raise InvalidInput(sort_problems(problems))
    return SiteManifests(config=config, site=site, item_order=resolve_item_order(config, site), manifests=manifests)


def moved_bindings(site_manifests: SiteManifests, bindings: Bindings) -> Bindings:
    """Return the state under the addresses that `moved` entries give to its resources."""
    moved = all_moved(site_manifests.config, site_manifests.manifests)
    return (
        apply_moved(replace(site_manifests.desired, moved=moved), bindings.ids)[0].renamed(bindings)
        if moved
        else bindings
    )


def gallery_keys(desired: Desired, galleries: Sequence[LiveGallery], bindings: Bindings) -> Mapping[str, str]:
    """Return live id → key of the galleries in a manifest or in state; those that cannot be matched are left out."""
    live = {gallery.id for gallery in galleries}
    declared = {gallery.address for gallery in desired.galleries}
    keys = {
        id_: address.gallery
        for address, id_ in bindings.ids.items()
        if address.item is None and id_ in live and address not in declared
    }
    for gallery in desired.galleries:
        alone = replace(desired, galleries=(gallery,))
        free = [other for other in galleries if keys.get(other.id) in (None, gallery.address.gallery)]
        try:
            matches = identify_galleries(alone, free, bindings).ids
        except MatchError:
            continue
        keys.update({id_: address.gallery for address, id_ in matches.items()})
    return keys


class ItemKeys(NamedTuple):
    """Live item id → key, and the descriptors, by id, of the files that had to be read for that."""

    keys: Mapping[str, str]
    files: Mapping[str, MediaFile]


async def item_keys(
    client: WixClient, site_manifests: SiteManifests, key: str, live: LiveGallery, bindings: Bindings
) -> ItemKeys:
    """Return the keys of the items in a gallery with items. Reads the file descriptors that matching needs.

    In a gallery that state knows, an item is not matched by a guess: the entry is one that the next apply creates.
    """
    manifest = site_manifests.manifest(key)
    if manifest is None or manifest.gallery is None:
        in_state = {id_: a.item for a, id_ in bindings.ids.items() if a.gallery == key and a.item}
        return ItemKeys({item.id: in_state[item.id] for item in live.items or () if item.id in in_state}, {})
    is_known = bindings.ids.get(Address(key)) == live.id
    bindings = with_adopted(bindings, manifest.gallery, live.items or ())
    # As if the gallery were new to the state: evidence also shows the entries that were never applied.
    address = Address(key)
    galleries = GalleryIdentity(
        original_state=bindings,
        state=bindings,
        moves=AddressMoves(),
        ids={address: live.id},
        new=frozenset({address}),
    )
    known = match_known_items(desired_subset(site_manifests, (manifest.gallery,)), (live,), bindings, galleries)
    files = await read_unknown_files(client, known)
    identity = identify(known, files)
    matches = identity.items[address].certain_matches if is_known else identity.items[address].matches
    return ItemKeys({match.live.id: item.item or "" for item, match in matches.items()}, files)
