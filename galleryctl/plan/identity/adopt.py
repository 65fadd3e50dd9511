"""Match the live items that `adopt` in a manifest assigns to its entries.

The live item that state has for an entry comes before the one in `adopt`, unless its kind has to change. An id that
cannot be adopted is refused, because a create in its place would be wrong, too:

    state {a: 1}, live 1, 2    adopt {a: 2}    a is 1
    state {a: 1}, live 2       adopt {a: 2}    a is 2: somebody deleted 1 and chose another item
    state {}, live 2           adopt {a: 2}    a is 2
    state {}, live 3           adopt {a: 2}    refused: somebody deleted 2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredItem
from galleryctl.model.live import LiveGallery
from galleryctl.plan.changes import MatchedBy, Notice, Refusal
from galleryctl.plan.identity.items import ItemMatch, KnownItems


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOwners:
    """The address of each id in state, and the live gallery of each item."""

    addresses: Mapping[str, Address] = field(default_factory=dict)
    galleries: Mapping[str, LiveGallery] = field(default_factory=dict)

    @classmethod
    def find(cls, state: Bindings, galleries: Iterable[LiveGallery]) -> ItemOwners:
        """Return the owners of all ids in `state` and in the galleries that were read."""
        return cls(
            addresses={id_: address for address, id_ in state.ids.items()},
            galleries={item.id: gallery for gallery in galleries for item in gallery.items or ()},
        )


def adopt_items(known: KnownItems, owners: ItemOwners) -> KnownItems:
    """Return `known` with the matches of its `adopt` entries, and the reasons why others are refused."""
    adoption = _Adoption(known, owners)
    for item in known.desired.items:
        if id_ := known.desired.adopt.get(item.address):
            adoption.add(item, id_)
    return adoption.result()


class _Adoption:
    """The adoptions of one gallery, entry by entry."""

    def __init__(self, known: KnownItems, owners: ItemOwners) -> None:
        self._known = known
        self._owners = owners
        self._usable = {item.id: item for item in known.unclaimed}
        self._adopted: dict[Address, ItemMatch] = {}
        self._superseded: dict[str, Address] = {}
        self._gone: dict[Address, str] = {}
        self._refusals: list[Refusal] = []
        self._notices: list[Notice] = []

    def add(self, item: DesiredItem, id_: str) -> None:
        """Match the entry with the live item, or record why not."""
        match = self._known.matches.get(item.address)
        if match is not None and (match.live.id == id_ or match.live.kind is item.kind):
            if match.live.id != id_ and id_ in self._usable:
                message = f"adopt: names {id_}, but state has {match.live.id}, which is on the site: remove the line"
                self._notices.append(Notice(address=item.address, message=message))
            return
        is_in_state = item.address in self._known.state.ids
        why, allow = self._problem(item, id_)
        if why:
            self._refusals.append(Refusal(address=item.address, why=f"adopt: names {id_}, {why}", allow=allow))
        elif id_ in self._usable:
            self._adopted[item.address] = ItemMatch(live=self._usable.pop(id_), matched_by=MatchedBy.ADOPT)
            if match is not None:
                self._superseded[match.live.id] = item.address
        elif not is_in_state:
            self._gone[item.address] = id_

    def _problem(self, item: DesiredItem, id_: str) -> tuple[str, str]:
        """Return why the entry cannot have this live item and what to do, ("", "") if it can or if the item is gone."""
        owner, gallery, live = self._owners.addresses.get(id_), self._owners.galleries.get(id_), self._usable.get(id_)
        if id_ in self._known.state.deposed:
            return "which is already replaced and still to be deleted", "remove the line from adopt:"
        if owner is not None and owner != item.address and owner not in self._known.forgotten:
            rename = f"rename that resource with moved: [{{from: {owner}, to: {item.address}}}]"
            return f"which state has as {owner}", f"correct the id in adopt:, or {rename}"
        if any(match.live.id == id_ for match in self._adopted.values()):
            return "which adopt: gives to another entry", "correct one of the two ids in adopt:"
        if gallery is not None and gallery.id != self._known.live.id:
            return f"which is in another gallery, {gallery.name or gallery.id}", "correct the id in adopt:"
        if live is not None and live.kind is not item.kind:
            return (
                f"of kind {live.kind}, but the entry is of kind {item.kind}",
                "correct the id in adopt:, or the entry",
            )
        return "", ""

    def result(self) -> KnownItems:
        """Return the gallery with all matches."""
        known = self._known
        return replace(
            known,
            matches={**known.matches, **self._adopted},
            unmatched=tuple(item for item in known.unmatched if item.address not in self._adopted),
            superseded=self._superseded,
            gone_adopted=self._gone,
            refusals=(*known.refusals, *self._refusals),
            notices=(*known.notices, *self._notices),
        )


def gone_refusal(address: Address, id_: str) -> Refusal:
    """Return the refusal of an adoption whose item is not on the site, and never was in state."""
    return Refusal(
        address=address,
        why=f"adopt: names {id_}, which is not in the gallery: somebody deleted it",
        allow="remove the entry as well; or remove its line from adopt: to create the item again",
    )
