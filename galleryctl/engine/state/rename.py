"""Change what state knows of an address, without touching the site: rename it, forget it, pick it out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import MatchError, Refused


def known_addresses(bindings: Bindings) -> list[Address]:
    """Every address that state knows anything of, galleries before their items."""
    addresses = {*bindings.ids, *bindings.protected, *bindings.deposed.values()}
    addresses |= {address.parent for address in addresses}
    return sorted(addresses, key=lambda address: (address.gallery, address.item or ""))


def check_in_state(addresses: Iterable[Address], bindings: Bindings) -> None:
    """Raise MatchError, naming what is close, when state does not know one of the addresses."""
    names = known_addresses(bindings)
    for address in addresses:
        if address not in names:
            close = get_close_matches(str(address), map(str, names), n=3)
            do = f"did you mean {' or '.join(close)}?" if close else "see: galleryctl state list"
            raise MatchError(f"state does not know {address}", do=do)


def select_addresses(bindings: Bindings, addresses: Collection[Address]) -> Bindings:
    """What is known of these addresses and what lies in them, with the galleries of items; of all without addresses."""
    if not addresses:
        return bindings
    parents = {address.parent for address in addresses}

    def is_selected(address: Address) -> bool:
        return any(asked.covers(address) for asked in addresses) or address in parents

    return Bindings(
        ids={address: id_ for address, id_ in bindings.ids.items() if is_selected(address)},
        protected=frozenset(filter(is_selected, bindings.protected)),
        deposed={id_: address for id_, address in bindings.deposed.items() if is_selected(address)},
    )


def rename_address(bindings: Bindings, source: Address, target: Address) -> Bindings:
    """`bindings` with `source`, and all that lies in it, under the name `target`.

    Raises MatchError when state does not know `source`, Refused when `target` is taken or cannot take its place.
    """
    check_in_state([source], bindings)
    if (source.item is None) != (target.item is None):
        raise Refused(f"{source} cannot become {target}", why="one is a gallery, the other an item")
    if source.item is not None and source.gallery != target.gallery:
        raise Refused(
            f"{source} cannot become {target}",
            why="an item cannot change its gallery",
            do="name it in the other manifest, and let it be made there",
        )
    if any(target.covers(address) for address in known_addresses(bindings)):
        raise Refused(
            f"{target} is taken",
            why=f"state knows it as {bindings.ids.get(target, 'a thing without an id')}",
            do=f"take another name, or forget it first: galleryctl state rm {target}",
        )

    def renamed(address: Address) -> Address:
        if not source.covers(address):
            return address
        return target if address == source else Address(target.gallery, address.item)

    return replace(
        bindings,
        ids={renamed(address): id_ for address, id_ in bindings.ids.items()},
        protected=frozenset(map(renamed, bindings.protected)),
        deposed={id_: renamed(address) for id_, address in bindings.deposed.items()},
    )


def forget_addresses(bindings: Bindings, addresses: Collection[Address]) -> Bindings:
    """`bindings` without the addresses and what lies in them. Raises MatchError for one that state does not know."""
    check_in_state(addresses, bindings)

    def is_kept(address: Address) -> bool:
        return not any(asked.covers(address) for asked in addresses)

    return replace(
        bindings,
        ids={address: id_ for address, id_ in bindings.ids.items() if is_kept(address)},
        protected=frozenset(filter(is_kept, bindings.protected)),
        deposed={id_: address for id_, address in bindings.deposed.items() if is_kept(address)},
    )
