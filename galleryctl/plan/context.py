"""The planning context: the inputs of a plan, with galleries matched and addresses moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import LiveGallery, SiteSnapshot
from galleryctl.plan.in_doubt import NONE_IN_DOUBT, CreatesInDoubt
from galleryctl.plan.matching.match import GalleryMatches, match_galleries, resolve_moved, split_by_gallery
from galleryctl.plan.matching.moved import MovedState
from galleryctl.plan.ordering.reorder import OrderSource
from galleryctl.plan.targets import contains_target, expand_targets, is_targeted


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of a plan."""

    targets: Collection[Address] = ()
    """Addresses, or patterns that a plan expands to the addresses in manifests and state."""
    max_delete_percent: float | None = None
    """None for the limit of the workspace."""
    allow_empty: bool = False
    allow_recreate: bool = False
    destroy: bool = False
    """True to delete all managed resources."""


DEFAULT_PLAN_OPTIONS = PlanOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """The desired and the live resources and the state of one site."""

    desired: Desired
    snapshot: SiteSnapshot
    original_state: Bindings
    """The state before `moved` entries are applied."""
    moved_state: MovedState
    state_by_gallery: Mapping[Address, Bindings]
    """The part of `state` that concerns each manifest's gallery."""
    matches: GalleryMatches
    options: PlanOptions
    protect_by_address: Mapping[Address, bool]
    """Every address that a manifest declares → True if it is protected."""
    in_doubt: CreatesInDoubt = NONE_IN_DOUBT
    order_seed: str = ""
    """The seed of new sort orders."""

    @classmethod
    def build(
        cls,
        desired: Desired,
        snapshot: SiteSnapshot,
        state: Bindings,
        options: PlanOptions,
        *,
        in_doubt: CreatesInDoubt = NONE_IN_DOUBT,
        order_seed: str = "",
    ) -> PlanContext:
        """Build the planning context. Raises MatchError if a gallery or a target cannot be identified."""
        matches = match_galleries(desired, snapshot.galleries, state)
        moved_state = resolve_moved(desired, state, matches)
        protect_by_address = {g.address: g.protect for g in desired.galleries} | {
            item.address: item.protect for gallery in desired.galleries for item in gallery.items
        }
        targets = expand_targets(options.targets, protect_by_address.keys() | moved_state.state.ids.keys())
        return cls(
            desired=desired,
            snapshot=snapshot,
            original_state=state,
            moved_state=moved_state,
            state_by_gallery=split_by_gallery(desired, moved_state.state),
            matches=matches,
            options=replace(options, targets=targets),
            protect_by_address=protect_by_address,
            in_doubt=in_doubt,
            order_seed=order_seed,
        )

    @property
    def state(self) -> Bindings:
        """The state under the new addresses."""
        return self.moved_state.state

    @property
    def unmatched_galleries(self) -> Mapping[str, LiveGallery]:
        """The live galleries without a manifest, by id."""
        matched = {gallery.id for gallery in self.matches.live.values()}
        return {gallery.id: gallery for gallery in self.snapshot.galleries if gallery.id not in matched}

    def order_source(self, gallery: Address) -> OrderSource:
        """Return the source of new sort orders of a gallery's items."""
        return OrderSource(
            seed=f"{self.order_seed} {gallery}",
            recorded=self.state.sort_order_formats.get(gallery),
            reserved=tuple(self.in_doubt.items_of(gallery).values()),
        )

    def in_scope(self, address: Address) -> bool:
        """Return True if the plan may report or record `address`: a target, or the gallery that contains one."""
        targets = self.options.targets
        return is_targeted(address, targets) or (address.item is None and contains_target(address, targets))
