"""Creates of earlier runs whose outcome is unknown, as far as a plan is concerned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.plan.changes import NO_DOUBTS, DoubtResolution, Refusal
from galleryctl.plan.identity.moved import AddressMoves


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatesInDoubt:
    """The creates that may have taken effect and that no read shows, and those that only a person can decide on.

    `sort_orders` are those that were sent: the creates are sent again with them, and no other resource gets one.
    """

    sort_orders: Mapping[Address, float] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    resolution: DoubtResolution = NO_DOUBTS

    def items_of(self, gallery: Address) -> Mapping[Address, float]:
        """Return the sort orders of the items in doubt in one gallery."""
        return {a: order for a, order in self.sort_orders.items() if a.item is not None and a.parent == gallery}


NONE_IN_DOUBT = CreatesInDoubt()


def resolve_doubts(
    desired: Desired, state: Bindings, moves: AddressMoves, creates: Collection[Address]
) -> DoubtResolution:
    """Return what the manifests say about pending creates, given by their addresses in the journal.

    `moves` are those of the creates and of the state.
    """
    if not creates:
        return NO_DOUBTS
    moved = {address: new for address in creates if (new := moves.new_address(address)) != address}
    current = {moved.get(address, address) for address in creates}
    declared = set(desired.addresses)
    adopt = {address: id_ for gallery in desired.galleries for address, id_ in gallery.adopt.items()}
    bound = {gallery.address: gallery.bind.id for gallery in desired.galleries if gallery.bind.id}
    known = set(state.ids.values())
    others = {id_ for address, id_ in adopt.items() if address not in current and id_ not in known}
    return DoubtResolution(
        declared=frozenset(declared & {*current, *(address.parent for address in current)}),
        moved=moved,
        adopt={address: id_ for address, id_ in {**adopt, **bound}.items() if address in current},
        foreign=frozenset(others.union(*(gallery.foreign for gallery in desired.galleries))),
    )
