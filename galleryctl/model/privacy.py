"""The setting `privacy`: what is removed from the copies of files that are published."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PrivateKind(StrEnum):
    """The kinds of private data in photos and videos."""

    LOCATION = "location"
    """Where a file was made: coordinates, and names of places."""
    OWNER = "owner"
    """Whose camera it was: its serial number, that of its lens, the owner that was typed into it."""
    UNKNOWN = "unknown"
    """Data of formats that are not public, which may say both: maker notes, and what is behind the end of a picture."""


class LocationPolicy(StrEnum):
    """The ways to treat locations: `privacy.gps`."""

    STRIP = "strip"
    KEEP = "keep"
    REFUSE = "refuse"


class OwnerPolicy(StrEnum):
    """The ways to treat the owner of the camera: `privacy.owner`."""

    STRIP = "strip"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """The setting `privacy`; None for a part that is not set, which removes nothing."""

    gps: LocationPolicy | None = None
    owner: OwnerPolicy | None = None

    def with_fallback(self, base: Privacy) -> Privacy:
        """Return this setting, with parts that are not set taken from `base`."""
        return Privacy(gps=self.gps or base.gps, owner=self.owner or base.owner)

    @property
    def removed(self) -> frozenset[PrivateKind]:
        """The kinds of data to remove."""
        kinds: set[PrivateKind] = set()
        if self.gps is LocationPolicy.STRIP:
            kinds |= {PrivateKind.LOCATION, PrivateKind.UNKNOWN}
        if self.owner is OwnerPolicy.STRIP:
            kinds |= {PrivateKind.OWNER, PrivateKind.UNKNOWN}
        return frozenset(kinds)


NO_PRIVACY = Privacy()
