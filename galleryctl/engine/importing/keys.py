"""By which keys live galleries and items are known: the manifests say so, and state where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import Manifest, find_manifests, read_manifest
from galleryctl.manifest.problems import sort_problems
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredGallery, ItemOrder
from galleryctl.model.errors import InvalidInput, MatchError, Problem
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.plan.gallery import in_display_order
from galleryctl.plan.matching.match import files_to_look_up, match_galleries, match_items
from galleryctl.wix.client import WixClient


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteManifests:
    """The workspace's manifests of one site."""

    config: WorkspaceConfig
    item_order: ItemOrder
    manifests: tuple[Manifest, ...] = ()

    @property
    def desired(self) -> Desired:
        """What the manifests want, renames left out."""
        return desired_subset(self, tuple(m.gallery for m in self.manifests if m.gallery is not None))

    def manifest(self, key: str) -> Manifest | None:
        """The manifest of the gallery with this key."""
        named = (m for m in self.manifests if m.gallery is not None and m.gallery.address.gallery == key)
        return next(named, None)


def desired_subset(site_manifests: SiteManifests, galleries: tuple[DesiredGallery, ...]) -> Desired:
    """Some of the galleries, as the planner takes them."""
    return Desired(galleries=galleries, limits=site_manifests.config.limits, item_order=site_manifests.item_order)


def read_site_manifests(config: WorkspaceConfig, site: str) -> SiteManifests:
    """The manifests, of which there may be none yet. Raises InvalidInput with all their problems."""
    tree = WorkspaceFiles(config.root)
    nothing_found: list[Problem] = []
    manifests = tuple(read_manifest(config, file, tree) for file in find_manifests(config, tree, nothing_found))
    if problems := [problem for manifest in manifests for problem in manifest.problems]:
        raise InvalidInput(sort_problems(problems))
    return SiteManifests(
        config=config, item_order=config.sites[site].item_order or config.item_order, manifests=manifests
    )


def gallery_keys(desired: Desired, galleries: Sequence[LiveGallery], bindings: Bindings) -> Mapping[str, str]:
    """Live id → key of every gallery that a manifest or state means; what cannot be identified is left out."""
    live = {gallery.id for gallery in galleries}
    wanted = {gallery.address for gallery in desired.galleries}
    keys = {
        id_: address.gallery
        for address, id_ in bindings.ids.items()
        if address.item is None and id_ in live and address not in wanted
    }
    for gallery in desired.galleries:
        alone = replace(desired, galleries=(gallery,))
        free = [other for other in galleries if keys.get(other.id) in (None, gallery.address.gallery)]
        try:
            found = match_galleries(alone, free, bindings).live
        except MatchError:
            continue
        keys.update({other.id: address.gallery for address, other in found.items()})
    return keys


async def item_keys(
    client: WixClient, site_manifests: SiteManifests, key: str, live: LiveGallery, bindings: Bindings
) -> Mapping[str, str]:
    """Live item id → key, in a gallery whose items were read. Descriptors are read as far as matching needs them."""
    manifest = site_manifests.manifest(key)
    ours = {id_: a.item for a, id_ in bindings.ids.items() if a.gallery == key and a.item}
    if manifest is None or manifest.gallery is None:
        return {item.id: ours[item.id] for item in live.items or () if item.id in ours}
    wanted = manifest.gallery
    known = replace(bindings, ids={**bindings.ids, Address(key): live.id})
    snapshot = SiteSnapshot(site_id="", galleries=(live,))
    unknown = files_to_look_up(desired_subset(site_manifests, (wanted,)), snapshot, known)
    files = {file.id: file for file in await client.get_files(unknown)} if unknown else {}
    shown = in_display_order(live.items or (), site_manifests.item_order)
    pairs = match_items(wanted.items, shown, known, files)
    return {pair.live.id: address.item or "" for address, pair in pairs.items()}
