"""Rename, remove and select addresses in state, without changing the site."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.errors import MatchError, Refused


def known_addresses(bindings: Bindings) -> list[Address]:
    """Return all addresses in state, galleries before their items."""
    addresses = {*bindings.ids, *bindings.protected, *bindings.deposed.values()}
    addresses |= {address.parent for address in addresses}
    return sorted(addresses)


def expand_in_state(addresses: Iterable[Address], bindings: Bindings) -> tuple[Address, ...]:
    """Return the addresses in state that `addresses`, which can be patterns, match, each once.

    Raises MatchError, with similar addresses, for one that matches none.
    """
    known = dict.fromkeys(known_addresses(bindings))
    expanded: list[Address] = []
    for address in addresses:
        found = address.matching(known)
        if not found:
            close = get_close_matches(str(address), map(str, known), n=3)
            do = f"did you mean {' or '.join(close)}?" if close else "see: " + command_line("state", "list")
            raise MatchError(f'no resource "{address}" in state', do=do)
        expanded += found
    return tuple(dict.fromkeys(expanded))


def select_addresses(bindings: Bindings, addresses: Collection[Address]) -> Bindings:
    """Return the bindings of these addresses, their items and their galleries; without addresses, all."""
    if not addresses:
        return bindings
    chosen = frozenset(addresses)
    parents = {address.parent for address in chosen}
    selected = bindings.filtered(lambda address: address in parents or _is_covered(address, chosen))
    return replace(selected, media={})


def rename_address(bindings: Bindings, source: Address, target: Address) -> Bindings:
    """Return `bindings` with `source`, and its items, renamed to `target`.

    Raises MatchError if `source` is not in state, Refused if `target` is in use or not a possible name.
    """
    expand_in_state([source], bindings)
    if (source.item is None) != (target.item is None):
        raise Refused(f"cannot rename {source} to {target}", why="one is a gallery, the other an item")
    if source.item is not None and source.gallery != target.gallery:
        raise Refused(
            f"cannot rename {source} to {target}",
            why="an item cannot move to another gallery",
            do="declare it in the other manifest; apply creates it there",
        )
    if any(target.covers(address) for address in known_addresses(bindings)):
        raise Refused(
            f"{target} is already in state",
            why=f"its id is {bindings.ids[target]}" if target in bindings.ids else "",
            do="choose another address, or remove it from state first: " + command_line("state", "rm", str(target)),
        )

    def renamed(address: Address) -> Address:
        if not source.covers(address):
            return address
        return target if address == source else Address(target.gallery, address.item)

    return bindings.renamed(renamed)


def forget_addresses(bindings: Bindings, addresses: Collection[Address]) -> Bindings:
    """Return `bindings` without the addresses and their items. Raises MatchError for one that is not in state."""
    forgotten = frozenset(expand_in_state(addresses, bindings))
    return bindings.filtered(lambda address: not _is_covered(address, forgotten))


def _is_covered(address: Address, addresses: Collection[Address]) -> bool:
    return address in addresses or address.parent in addresses
