"""Tolerated drift: the values of a site that plans leave alone until a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.fields import Json, path_of_name
from galleryctl.model.last_applied import value_digest
from galleryctl.model.position import SourcePosition

TOLERATED_FILE = "galleryctl.tolerated.yaml"
"""The file of the entries, in the folder of galleryctl.yaml."""
POSITION_FIELD = "position"
"""The `field` of an item that was moved on the site."""
ITEM_FIELD = "item"
"""The `field` of an item that is missing on the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """An entry of the file: until the end of the day `until`, in UTC, this value of the site is left alone.

    `field` is the name of a leaf as in manifests, such as `title`, `text` or `focal_point.x`, `image` or `video`, `position`
    or `item`. `value` is for the reader, and `digest` is that of the exact value: if the entry has none, that of `value`.
    """

    address: Address
    field: str
    value: Json
    digest: str
    until: date
    reason: str
    at: SourcePosition

    @property
    def path(self) -> str:
        """The path of the field."""
        return path_of_name(self.field)


class TolerationStatus(StrEnum):
    """The effect of an entry on a plan."""

    TOLERATED = "tolerated"
    EXPIRED = "expired"
    """The site still has the value, and the date has passed: it is drift."""
    OBSOLETE = "obsolete"
    """The entry is about a difference that no longer exists, and can be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleratedDrift:
    """An entry in a plan, and its effect; `field` is as in the entry, `why` explains an obsolete one."""

    address: Address
    field: str
    value: Json
    until: str
    reason: str
    status: TolerationStatus
    why: str = ""


def position_digest(sort_order: float | None) -> str:
    """Return the digest of the place of an item: its exact sort order, which moves of other items do not change."""
    return value_digest(None if sort_order is None else repr(float(sort_order)))


def missing_digest(id_: str) -> str:
    """Return the digest of a missing item: its former id, as it may be created again, and then deleted again."""
    return value_digest(id_)
