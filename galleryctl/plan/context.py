"""The planning context: the inputs of a plan, with all resources identified."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.live import SiteSnapshot
from galleryctl.plan.identity.identify import Identity
from galleryctl.plan.in_doubt import NONE_IN_DOUBT, CreatesInDoubt
from galleryctl.plan.ordering.reorder import OrderSource
from galleryctl.plan.targets import contains_target, expand_targets, is_targeted
from galleryctl.plan.tolerate import NO_TOLERANCE, Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """The options of a plan."""

    targets: Collection[Address] = ()
    """Addresses, or patterns that a plan expands to the addresses in manifests and state."""
    max_delete_percent: float | None = None
    """None for the limit of the workspace."""
    allow_empty: bool = False
    allow_recreate: bool = False
    adopt_guesses: bool = False
    destroy: bool = False
    """True to delete all managed resources."""
    has_pages: bool = True
    """False if no page can show the galleries: the site is the embedded emulator."""


DEFAULT_PLAN_OPTIONS = PlanOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """The desired and the live resources and the state of one site."""

    desired: Desired
    snapshot: SiteSnapshot
    identity: Identity
    options: PlanOptions
    protect_by_address: Mapping[Address, bool]
    """Every address that a manifest declares → True if it is protected."""
    in_doubt: CreatesInDoubt = NONE_IN_DOUBT
    order_seed: str = ""
    """The seed of new sort orders."""
    tolerance: Tolerance = NO_TOLERANCE

    @classmethod
    def build(
        cls,
        desired: Desired,
        snapshot: SiteSnapshot,
        identity: Identity,
        options: PlanOptions,
        *,
        in_doubt: CreatesInDoubt = NONE_IN_DOUBT,
        order_seed: str = "",
        tolerance: Tolerance = NO_TOLERANCE,
    ) -> PlanContext:
        """Build the planning context. Raises MatchError for a target that fits no address."""
        protect_by_address = {g.address: g.protect for g in desired.galleries} | {
            item.address: item.protect for gallery in desired.galleries for item in gallery.items
        }
        targets = expand_targets(options.targets, protect_by_address.keys() | identity.state.ids.keys())
        return cls(
            desired=desired,
            snapshot=snapshot,
            identity=identity,
            options=replace(options, targets=targets),
            protect_by_address=protect_by_address,
            in_doubt=in_doubt,
            order_seed=order_seed,
            tolerance=tolerance,
        )

    @property
    def state(self) -> Bindings:
        """The state under the new addresses."""
        return self.identity.state

    def order_source(self, gallery: Address) -> OrderSource:
        """Return the source of new sort orders of a gallery's items."""
        return OrderSource(
            seed=f"{self.order_seed} {gallery}",
            recorded=self.state.sort_order_formats.get(gallery),
            reserved=tuple(self.in_doubt.items_of(gallery).values()),
        )

    def in_scope(self, address: Address) -> bool:
        """Return True if the plan may report or record `address`: `covers`, or the gallery that contains a target."""
        return self.covers(address) or (address.item is None and contains_target(address, self.options.targets))

    def covers(self, address: Address) -> bool:
        """Return True if the plan records what the manifest says of `address`.

        It is a target, or its gallery contains one and is new to the state: once the state knows a gallery, no evidence
        is consulted any more, so all adoptions are recorded together.
        """
        targets = self.options.targets
        return is_targeted(address, targets) or (
            address.parent in self.identity.galleries.new and contains_target(address, targets)
        )
