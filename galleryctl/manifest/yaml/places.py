"""The places of values that may come from the environment, and the variables that each place takes.

A pull request can change every file of a workspace. A variable is therefore taken only where its name says that it
belongs: an API key is sent as the key of a request, and is never a title, a folder or a part of a path. A job can list
other names for a place in `GALLERYCTL_VARIABLES`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from galleryctl.model.errors import GalleryctlError

LISTED_VARIABLES = "GALLERYCTL_VARIABLES"
"""The variable with further names: `NAME:PLACE,NAME:PLACE`."""


class Place(StrEnum):
    """A place of values that may come from the environment."""

    API_KEY = "api_key"
    APP_SECRET = "app_secret"  # noqa: S105 - the name of a setting
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a setting
    ID = "id"
    VALUE = "value"
    """A value of a manifest, which is published, and the folder for uploads."""
    STATE = "state"
    """The location of the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The names that a place takes: a pattern, and how messages show it."""

    pattern: re.Pattern[str]
    shown: str


_NAMES: Mapping[Place, _Names] = {
    Place.API_KEY: _Names(pattern=re.compile(r"WIX_(?:[A-Z0-9_]*_)?API_KEY"), shown="WIX_*API_KEY"),
    Place.APP_SECRET: _Names(pattern=re.compile(r"WIX_(?:[A-Z0-9_]*_)?APP_SECRET"), shown="WIX_*APP_SECRET"),
    Place.PASSPHRASE: _Names(pattern=re.compile(r"(?!GALLERYCTL_)[A-Z0-9_]+_PASSPHRASE"), shown="*_PASSPHRASE"),
    # AWS_ACCESS_KEY_ID and VAULT_SECRET_ID are halves of credentials.
    Place.ID: _Names(
        pattern=re.compile(r"(?!GALLERYCTL_)(?!.*(?:KEY|SECRET|TOKEN|PASS|CREDENTIAL))[A-Z0-9_]+_(?:ID|SITE|INSTANCE)"),
        shown="*_ID, *_SITE or *_INSTANCE",
    ),
    Place.VALUE: _Names(pattern=re.compile(r"GALLERYCTL_VAR_[A-Za-z0-9_]+"), shown="GALLERYCTL_VAR_*"),
}
"""The names by place; a place that is missing here takes listed names only. No name fits two places."""

_RESERVED = "names that begin with GALLERYCTL_ are reserved for settings of galleryctl and for credentials of platforms"

Path = tuple[str, ...]
"""The keys that lead to a value; `*` for the index of a list and for a key of the user's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTable:
    """The places in one kind of file; a value that is not in `places` has the place `default`."""

    places: Mapping[Path, Place | None] = field(default_factory=dict)
    default: Place | None = None

    def find(self, path: Path) -> Place | None:
        """Return the place of the value at `path`; None if no variable may be there."""
        for pattern, place in self.places.items():
            if len(pattern) == len(path) and all(part in ("*", step) for part, step in zip(pattern, path, strict=True)):
                return place
        return self.default


_AUTH: Path = ("sites", "*", "auth")
WORKSPACE_PLACES = PlaceTable(
    places={
        ("sites", "*", "site_id"): Place.ID,
        (*_AUTH, "api_key"): Place.API_KEY,
        (*_AUTH, "app_id"): Place.ID,
        (*_AUTH, "app_secret"): Place.APP_SECRET,
        (*_AUTH, "instance_id"): Place.ID,
        ("state",): Place.STATE,
        ("state", "location"): Place.STATE,
        ("state", "passphrase"): Place.PASSPHRASE,
        ("state", "former_passphrase"): Place.PASSPHRASE,
        ("media", "folder"): Place.VALUE,
    }
)
"""The places in galleryctl.yaml. Where requests go, and what is removed or approved, never comes from the environment."""
MANIFEST_PLACES = PlaceTable(
    places={("bind", "id"): Place.ID, ("gallery",): None, ("items", "*", "key"): None, ("key",): None},
    default=Place.VALUE,
)
"""The places in manifests and in sidecars. Keys are names of resources, which state and messages show."""
NO_PLACES = PlaceTable()
"""A file without variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedVariables:
    """The variables that each place takes: those whose names fit, and those that the job lists."""

    listed: Mapping[str, Place] = field(default_factory=dict)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> AllowedVariables:
        """Return the variables that the environment allows. Raises GalleryctlError if its list is invalid."""
        listed: dict[str, Place] = {}
        for entry in filter(None, (part.strip() for part in environ.get(LISTED_VARIABLES, "").split(","))):
            name, _, place = (part.strip() for part in entry.partition(":"))
            if why := _list_error(name, place, listed):
                raise GalleryctlError(
                    f"invalid entry in {LISTED_VARIABLES}",
                    why=why,
                    do=f"write {LISTED_VARIABLES}=NAME:PLACE,NAME:PLACE",
                )
            listed[name] = Place(place)
        return cls(listed=listed)

    def problem(self, name: str, place: Place | None) -> str:
        """Return why the variable must not be at `place`, with the remedy; "" if it may."""
        if place is None:
            return f"no variable is allowed here; write the value in place of ${{{name}}}"
        owner = self.place_of(name)
        if owner is place:
            return ""
        takes = f"{place} takes {_NAMES[place].shown}" if place in _NAMES else f"{place} takes only listed variables"
        if owner is not None:
            return f"the environment variable {name} is not allowed here: it is for {owner}, and {takes}"
        if _is_reserved(name):
            return f"the environment variable {name} is not allowed here: {_RESERVED}; use another name"
        entries = ",".join(f"{each}:{its}" for each, its in (*self.listed.items(), (name, place)))
        return (
            f"the environment variable {name} is not allowed here: {takes}; "
            f"rename it, or list it in the job's environment: {LISTED_VARIABLES}={entries}"
        )

    def place_of(self, name: str) -> Place | None:
        """Return the one place that takes the variable, if any."""
        return self.listed.get(name) or _place_by_name(name)


def _place_by_name(name: str) -> Place | None:
    return next((place for place, names in _NAMES.items() if names.pattern.fullmatch(name)), None)


def _is_reserved(name: str) -> bool:
    return name.startswith("GALLERYCTL_") and _place_by_name(name) is None


def _list_error(name: str, place: str, listed: Mapping[str, Place]) -> str:
    """Return why an entry of the list is invalid, "" if it is valid. It names no value but that of an entry's place."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        return "an entry does not begin with the name of a variable"
    if place not in set(Place):
        return f"{name} has no valid place; the places are {', '.join(Place)}"
    if _is_reserved(name):
        return f"{name} cannot be listed: {_RESERVED}"
    taken = listed.get(name) or _place_by_name(name)
    return f"{name} is already for {taken}; a variable has one place" if taken not in (None, Place(place)) else ""
