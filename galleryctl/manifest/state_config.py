"""The `state` setting of a workspace: location, number of versions and passphrase."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from galleryctl.manifest.files.symlinks import GALLERYCTL_FOLDER, STATE_SUFFIXES
from galleryctl.manifest.settings import Setting, invalid_setting
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.secret import Secret

_DEFAULT_LOCATION = ".galleryctl/state.json"
_DEFAULT_VERSIONS = 10
_SITE_PLACEHOLDER = "{site}"
PASSPHRASE_KEYS = ("passphrase", "former_passphrase")
_NOT_DISTINCT = "state.former_passphrase must differ from state.passphrase; remove it, or change one of them"

_URL = re.compile(r"[A-Za-z0-9+.-]+://")
_OBJECT_URL = re.compile(r"(?:s3|gs|az)://[^/@?#\\\s]+(?:/[^/?#\\\s]+)+")

_FILES_OF_A_STATE = (*STATE_SUFFIXES, ".journal")
"""Suffixes of what is beside a state in a folder or in a bucket."""
_OTHER_FILES = ("journal-", "events-", "emulator")
_RESERVED = "state names a file that galleryctl uses for something else; use another name, such as state-{site}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateConfig:
    """State location (a path inside the workspace or an object URL) and encryption; no passphrase: not encrypted."""

    location: Setting | None = None
    passphrase: Setting | None = None
    former_passphrase: Setting | None = None
    """Data encrypted with it is still read, and encrypted with `passphrase` at the next write."""
    versions: int = _DEFAULT_VERSIONS

    @property
    def uses_variables(self) -> bool:
        """True if the location has variables."""
        return self.location is not None and self.location.uses_variables

    def location_for(self, site: str, environ: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return the location of the site's state. Raises InvalidInput if a variable is not set, or not valid here."""
        if self.location is None:
            return _DEFAULT_LOCATION
        location = self.location.value(environ).replace(_SITE_PLACEHOLDER, site)
        if why := _location_error(location):
            raise invalid_setting(self.location, why)
        return location

    def passphrases(self, environ: Mapping[str, str]) -> tuple[Secret | None, Secret | None]:
        """Return the passphrase and the former one. Raises InvalidInput if a variable is not set, or not valid."""
        values = [None if each is None else each.value(environ) for each in (self.passphrase, self.former_passphrase)]
        for name, setting, value in zip(
            PASSPHRASE_KEYS, (self.passphrase, self.former_passphrase), values, strict=True
        ):
            if setting is not None and not value:
                raise invalid_setting(setting, f"state.{name} is empty")
        current, former = values
        if self.former_passphrase is not None and current == former:
            raise invalid_setting(self.former_passphrase, _NOT_DISTINCT)
        return (
            None if current is None else Secret(str(current)),
            None if former is None else Secret(str(former)),
        )


def parse_state_config(document: YamlDocument, state: YamlNode | None) -> StateConfig:
    """Return the setting with defaults; call `check_state_config` first."""
    if state is None or state.parts is None:
        return StateConfig(location=Setting.read(document, state))
    versions = state.part("versions")
    return StateConfig(
        location=Setting.read(document, state.part("location")),
        passphrase=Setting.read(document, state.part("passphrase")),
        former_passphrase=Setting.read(document, state.part("former_passphrase")),
        versions=_DEFAULT_VERSIONS if versions is None else int(str(versions.value)),
    )


def check_state_config(document: YamlDocument, top: YamlNode, *, multiple_sites: bool) -> Iterator[Problem]:
    """Yield problems of the state setting that the schema cannot express."""
    state = top.part("state")
    node = state if state is None or state.parts is None else state.part("location")
    location = None if node is None else node.value
    if multiple_sites and not (isinstance(location, str) and _SITE_PLACEHOLDER in location):
        setting = node or state
        at = document.at(setting) if setting else document.at_key(top, "sites")
        example = ".galleryctl/state-{site}.json"
        yield Problem(at, f"each site needs its own state; use {{site}} in state, for example {example}")
    if node is not None and not node.hidden and isinstance(location, str) and (why := _location_error(location)):
        yield Problem(document.at(node), why)
    if state is not None and state.parts is not None:
        yield from _passphrase_problems(document, state.parts)


def _passphrase_problems(document: YamlDocument, parts: Mapping[str, YamlNode]) -> Iterator[Problem]:
    nodes = {name: node for name in PASSPHRASE_KEYS if (node := parts.get(name)) and isinstance(node.value, str)}
    for name, node in nodes.items():
        if not node.hidden:
            message = f"state.{name} is in plain text; read secrets from the environment: {name}: ${{NAME}}"
            yield Problem(document.at(node), message)
    if len({str(node.value) for node in nodes.values()}) < len(nodes):
        yield Problem(document.at(nodes["former_passphrase"]), _NOT_DISTINCT)


def _location_error(location: str) -> str:
    """Return the problem of a location, else ""; it does not show the location, which may come from the environment."""
    parts = location.replace("\\", "/").split("/")
    if _URL.match(location):
        if _OBJECT_URL.fullmatch(location) and not {".", ".."} & set(parts):
            return _RESERVED if _is_reserved(parts[3:]) else ""
        return "state must be a path or an object URL: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY"
    outside = location.startswith("/") or ".." in parts or re.match("[A-Za-z]:", location)
    if outside:
        return "state is outside the workspace; use a path inside it"
    if not set(parts) - {"", "."}:
        return "state must be the path of a file, for example .galleryctl/state.json"
    return _RESERVED if _is_reserved([part.casefold() for part in parts if part not in ("", ".")]) else ""


def _is_reserved(parts: Sequence[str]) -> bool:
    """Return True for a path of another file of galleryctl: it would replace the state, or the reverse."""
    if any(part.endswith(_FILES_OF_A_STATE) for part in parts):
        return True
    return parts[0] == GALLERYCTL_FOLDER and parts[1:2] != [] and parts[1].startswith(_OTHER_FILES)
