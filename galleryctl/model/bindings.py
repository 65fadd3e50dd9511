"""The part of state that planning reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin, SortOrderFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The live id of each address, its last applied values, the files of contents, and the protected addresses."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    """A name out of `LocalFile.sources` or `RemoteFile.sources` → file id in the Media Manager."""
    protected: frozenset[Address] = frozenset()
    """Protected as last applied. An address stays protected when its entry is removed from the manifest."""
    deposed: Mapping[str, Address] = field(default_factory=dict)
    """Live id → address, of replaced items that are still to be deleted."""
    records: Mapping[Address, LastApplied] = field(default_factory=dict)
    """The last applied values of each address in `ids`; an address of state format 1 has none."""
    released: Mapping[Address, str | None] = field(default_factory=dict)
    """The live id of each resource whose management `removed` ended; None if it is unknown or managed again."""
    sort_order_formats: Mapping[Address, SortOrderFormat] = field(default_factory=dict)
    """The format in which the site stores the sort orders of a gallery's items, if it was seen to round them."""
    approvals: frozenset[str] = frozenset()
    """The review digests of the plans for which an approval was used."""

    def filtered(self, is_kept: Callable[[Address], bool]) -> Bindings:
        """Return the bindings of the addresses for which `is_kept` returns True, with all files."""
        return replace(
            self,
            ids={address: id_ for address, id_ in self.ids.items() if is_kept(address)},
            protected=frozenset(filter(is_kept, self.protected)),
            deposed={id_: address for id_, address in self.deposed.items() if is_kept(address)},
            records={address: record for address, record in self.records.items() if is_kept(address)},
            released={address: id_ for address, id_ in self.released.items() if is_kept(address)},
            sort_order_formats={a: format_ for a, format_ in self.sort_order_formats.items() if is_kept(a)},
        )

    def without(self, addresses: Collection[Address]) -> Bindings:
        """Return the bindings without these addresses; replaced items are still to be deleted, released ids are kept."""
        if not addresses:
            return self
        kept = self.filtered(lambda address: address not in addresses)
        return replace(kept, deposed=self.deposed, released=self.released)

    def renamed(self, new_address: Callable[[Address], Address]) -> Bindings:
        """Return the bindings with each address replaced; two addresses must not become the same.

        The release of a key stays with the key if another resource has it now.
        """
        return replace(
            self,
            ids={new_address(address): id_ for address, id_ in self.ids.items()},
            protected=frozenset(map(new_address, self.protected)),
            deposed={id_: new_address(address) for id_, address in self.deposed.items()},
            records={new_address(address): record for address, record in self.records.items()},
            released={self._released_address(a, new_address): id_ for a, id_ in self.released.items()},
            sort_order_formats={new_address(a): format_ for a, format_ in self.sort_order_formats.items()},
        )

    def _released_address(self, address: Address, new_address: Callable[[Address], Address]) -> Address:
        if self.ids.get(address, self.released[address]) == self.released[address]:
            return new_address(address)
        return Address(new_address(address.parent).gallery, address.item) if address.item else address

    def with_current_releases(self) -> Bindings:
        """Return the bindings without the releases of what is managed again.

            ids {b: 9}, released {a: 1, b: 2}     the same: the key b has another item now, 2 is still not managed
            ids {b: 9}, released {b: None}        released {}: the key b is managed again
            ids {c: 1}, released {a: 1}           released {a: None}: the key a has ended, the item is managed as c

        What is known only from a restored state is not managed before a manifest names it.
        """
        if not self.released:
            return self
        records = self.records
        managed = {a: i for a, i in self.ids.items() if records.get(a, NEVER_APPLIED).origin is not Origin.RESTORED}
        ids = set(managed.values())
        current = {address: None if id_ in ids else id_ for address, id_ in self.released.items()}
        return replace(self, released={a: id_ for a, id_ in current.items() if id_ or a not in managed})
