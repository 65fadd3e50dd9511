"""What earlier runs learnt: the part of state that matching reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """Which live id each address has, which file each content became, and what is protected."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    """`LocalFile.source` or `RemoteFile.source` → file id in the Media Manager."""
    protected: frozenset[Address] = frozenset()
    """What was protected when last applied; it outlives the block in the manifest that set it (rule 10)."""
    deposed: Mapping[str, Address] = field(default_factory=dict)
    """Live ids of items that a replacement has taken the place of and that are still to be deleted."""
