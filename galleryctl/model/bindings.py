"""The part of state that planning reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The live id of each address, the file of each uploaded content, and the protected addresses."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    """`LocalFile.source` or `RemoteFile.source` → file id in the Media Manager."""
    protected: frozenset[Address] = frozenset()
    """Protected as last applied. An address stays protected when its entry is removed from the manifest."""
    deposed: Mapping[str, Address] = field(default_factory=dict)
    """Live id → address, of replaced items that are still to be deleted."""
