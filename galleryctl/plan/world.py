"""All that a plan is made from, put together once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.plan.match import GalleryPairs, bind_galleries, by_gallery, known_by
from galleryctl.plan.renames import Renamed
from galleryctl.plan.targets import holds_target, targeted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the command line says about a plan."""

    targets: tuple[Address, ...] = ()
    max_delete_percent: float | None = None
    """None for the workspace's limit."""
    allow_empty: bool = False
    allow_recreate: bool = False
    destroy: bool = False
    """Plan to delete everything that the manifests and state manage."""


NO_OPTIONS = PlanOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is wanted, what is there and what is known, with the renames applied and the galleries paired."""

    desired: Desired
    snapshot: SiteSnapshot
    before: Bindings
    """As state has them; `renamed` holds them under the new addresses."""
    renamed: Renamed
    parts: Mapping[Address, Bindings]
    """What state knows of each manifest's gallery, under the new addresses."""
    pairs: GalleryPairs
    options: PlanOptions
    wanted: Mapping[Address, bool]
    """Every address that a manifest names, and whether it is protected."""

    @classmethod
    def of(cls, desired: Desired, snapshot: SiteSnapshot, bindings: Bindings, options: PlanOptions) -> World:
        """The world of a plan. Raises MatchError when a gallery cannot be identified."""
        pairs = bind_galleries(desired, snapshot.galleries, bindings)
        renamed = known_by(desired, bindings, pairs)
        return cls(
            desired=desired,
            snapshot=snapshot,
            original_state=bindings,
            moved_state=renamed,
            state_by_gallery=by_gallery(desired, renamed.bindings),
            matches=pairs,
            options=options,
            protect_by_address=dict(_named(desired)),
        )

    @property
    def known(self) -> Bindings:
        """What state knows, under the new addresses."""
        return self.renamed.bindings

    @property
    def unclaimed(self) -> Mapping[str, LiveGallery]:
        """The galleries that no manifest means, by id."""
        claimed = {gallery.id for gallery in self.pairs.live.values()}
        return {gallery.id: gallery for gallery in self.snapshot.galleries if gallery.id not in claimed}

    def concerns(self, address: Address) -> bool:
        """Whether the plan may learn of `address`: a target, or the gallery that holds one."""
        targets = self.options.targets
        return targeted(address, targets) or (address.item is None and holds_target(address, targets))


def _named(desired: Desired) -> Iterator[tuple[Address, bool]]:
    for gallery in desired.galleries:
        yield gallery.address, gallery.protect
        yield from ((item.address, item.protect) for item in gallery.items)


def by_address(entry: tuple[Address, object]) -> tuple[str, str]:
    """The key that sorts pairs of an address and anything."""
    return entry[0].gallery, entry[0].item or ""
