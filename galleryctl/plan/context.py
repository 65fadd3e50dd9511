"""All that a plan is made from, put together once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.plan.matching.match import GalleryMatches, match_galleries, resolve_moved, split_by_gallery
from galleryctl.plan.matching.moved import MovedState
from galleryctl.plan.targets import contains_target, is_targeted


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


DEFAULT_PLAN_OPTIONS = PlanOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """What is wanted, what is there and what is known, with the renames applied and the galleries paired."""

    desired: Desired
    snapshot: SiteSnapshot
    original_state: Bindings
    """As state has them; `renamed` holds them under the new addresses."""
    moved_state: MovedState
    state_by_gallery: Mapping[Address, Bindings]
    """What state knows of each manifest's gallery, under the new addresses."""
    matches: GalleryMatches
    options: PlanOptions
    protect_by_address: Mapping[Address, bool]
    """Every address that a manifest names, and whether it is protected."""

    @classmethod
    def build(cls, desired: Desired, snapshot: SiteSnapshot, state: Bindings, options: PlanOptions) -> PlanContext:
        """The world of a plan. Raises MatchError when a gallery cannot be identified."""
        matches = match_galleries(desired, snapshot.galleries, state)
        renamed = resolve_moved(desired, state, matches)
        return cls(
            desired=desired,
            snapshot=snapshot,
            original_state=state,
            moved_state=renamed,
            state_by_gallery=split_by_gallery(desired, renamed.state),
            matches=matches,
            options=options,
            protect_by_address=dict(_protect_flags(desired)),
        )

    @property
    def state(self) -> Bindings:
        """What state knows, under the new addresses."""
        return self.moved_state.state

    @property
    def unmatched_galleries(self) -> Mapping[str, LiveGallery]:
        """The galleries that no manifest means, by id."""
        claimed = {gallery.id for gallery in self.matches.live.values()}
        return {gallery.id: gallery for gallery in self.snapshot.galleries if gallery.id not in claimed}

    def in_scope(self, address: Address) -> bool:
        """Whether the plan may learn of `address`: a target, or the gallery that holds one."""
        targets = self.options.targets
        return is_targeted(address, targets) or (address.item is None and contains_target(address, targets))


def _protect_flags(desired: Desired) -> Iterator[tuple[Address, bool]]:
    for gallery in desired.galleries:
        yield gallery.address, gallery.protect
        yield from ((item.address, item.protect) for item in gallery.items)


def address_sort_key(entry: tuple[Address, object]) -> tuple[str, str]:
    """The key that sorts pairs of an address and anything."""
    return entry[0].gallery, entry[0].item or ""
