"""The creates that a journal has as pending."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.state.journal_records import Intent, SentItem


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedCreate:
    """A create whose effect is unknown: the sort order that was sent, and the intents of all tries, the oldest first."""

    sort_order: float
    tries: tuple[Intent, ...] = ()

    def shown(self, address: Address) -> frozenset[SentItem]:
        """Return the contents that were sent for the item."""
        return frozenset(intent.items[address] for intent in self.tries if address in intent.items)

    @property
    def listed(self) -> frozenset[str]:
        """The ids that were listed before the first try."""
        return frozenset(self.tries[0].listed) if self.tries else frozenset()

    @property
    def gallery_id(self) -> str:
        """The live id of the gallery that the last try named."""
        return (self.tries[-1].gallery_id if self.tries else None) or ""

    def renamed(self, moved: Mapping[Address, Address]) -> UnconfirmedCreate:
        """Return the create with the addresses in its intents replaced."""
        return replace(self, tries=tuple(i.renamed(lambda a: moved.get(a, a)) for i in self.tries)) if moved else self


def under_current_keys(pending: Iterable[Intent], ids: Mapping[Address, str]) -> tuple[Intent, ...]:
    """Return the intents with the items of each gallery under the key that state has for its live id now.

    A run that gives a gallery a new key saves the state before its journal takes over the intents of earlier runs.
    """
    keys = {id_: address.gallery for address, id_ in ids.items() if address.item is None}

    def renamed(intent: Intent) -> Intent:
        key = keys.get(intent.gallery_id or "")
        return intent if key is None else intent.renamed(lambda address: Address(key, address.item))

    return tuple(map(renamed, pending))


def pending_creates(pending: Iterable[Intent]) -> Mapping[Address, UnconfirmedCreate]:
    """Return the creates of galleries and of single items among the intents, by their addresses in the journal."""
    creates: dict[Address, UnconfirmedCreate] = {}
    for intent in pending:
        for address, order in intent.sort_orders.items():
            if intent.kind == ("create-gallery" if address.item is None else "create-item"):
                tries = creates[address].tries if address in creates else ()
                creates[address] = UnconfirmedCreate(sort_order=order, tries=(*tries, intent))
    return creates
