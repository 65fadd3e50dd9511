"""The `state` of a workspace: where it is kept, how many versions of it, and with which passphrase it is sealed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.secret import Secret

_DEFAULT_LOCATION = ".galleryctl/state.json"
_DEFAULT_VERSIONS = 10
"""How many former versions are kept unless the workspace says otherwise."""
_SITE_PLACEHOLDER = "{site}"
"""What stands for the site's name in a location."""
PASSPHRASE_KEYS = ("passphrase", "former_passphrase")

_URL = re.compile(r"[A-Za-z0-9+.-]+://")
_OBJECT_URL = re.compile(r"(?:s3|gs|az)://[^/@?#\\\s]+(?:/[^/?#\\\s]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateConfig:
    """A path below the workspace, or a URL of an object store; without a passphrase state is readable for whoever has it."""

    location: str = _DEFAULT_LOCATION
    passphrase: Secret | None = None
    former_passphrase: Secret | None = None
    """What was sealed with it is read, too, and stored anew at the next write."""
    versions: int = _DEFAULT_VERSIONS

    def location_for(self, site: str) -> str:
        """The location of that site's state."""
        return self.location.replace(_SITE_PLACEHOLDER, site)


def parse_state_config(state: YamlNode | None) -> StateConfig:
    """The setting, complete with defaults; it has been checked."""
    if state is None:
        return StateConfig()
    if state.parts is None:
        return StateConfig(location=str(state.value))
    given = {name: part.value for name, part in state.parts.items()}
    return StateConfig(
        location=str(given.get("location", _DEFAULT_LOCATION)),
        passphrase=Secret(str(given["passphrase"])) if "passphrase" in given else None,
        former_passphrase=Secret(str(given["former_passphrase"])) if "former_passphrase" in given else None,
        versions=int(str(given.get("versions", _DEFAULT_VERSIONS))),
    )


def check_state_config(document: YamlDocument, top: YamlNode, *, multiple_sites: bool) -> Iterator[Problem]:
    """What the schema cannot say about the setting in `top`; `several` says that the workspace has more than one site."""
    state = top.part("state")
    node = state if state is None or state.parts is None else state.part("location")
    location = None if node is None else node.value
    if multiple_sites and not (isinstance(location, str) and _SITE_PLACEHOLDER in location):
        shown = node or state
        at = document.at(shown) if shown else document.at_key(top, "sites")
        example = ".galleryctl/state-{site}.json"
        yield Problem(at, f"several sites need a state each; write {{site}} into state, as in {example}")
    if node is not None and isinstance(location, str) and (why := _location_error(location)):
        yield Problem(document.at(node), why)
    if state is not None and state.parts is not None:
        yield from _passphrase_problems(document, state.parts)


def _passphrase_problems(document: YamlDocument, parts: Mapping[str, YamlNode]) -> Iterator[Problem]:
    given = {name: node for name in PASSPHRASE_KEYS if (node := parts.get(name)) and isinstance(node.value, str)}
    for name, node in given.items():
        if not node.hidden:
            start = f"state.{name} is written out; secrets come from the environment only"
            yield Problem(document.at(node), f"{start}: {name}: ${{NAME}}")
        elif not node.value:
            yield Problem(document.at(node), f"state.{name} is empty")
    if len({str(node.value) for node in given.values()}) < len(given):
        message = "state.former_passphrase is the same as state.passphrase; take away the one, or change the other"
        yield Problem(document.at(given["former_passphrase"]), message)


def _location_error(location: str) -> str:
    """What is wrong with it, "" when nothing is; the location itself may come from the environment and is not shown."""
    parts = location.replace("\\", "/").split("/")
    if _URL.match(location):
        fine = _OBJECT_URL.fullmatch(location) and not {".", ".."} & set(parts)
        return "" if fine else "state is a file, or an object: s3://BUCKET/KEY, gs://BUCKET/KEY, az://CONTAINER/KEY"
    outside = location.startswith("/") or ".." in parts or re.match("[A-Za-z]:", location)
    return "state lies outside of the workspace; write a path below it" if outside else ""
