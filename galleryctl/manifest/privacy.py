"""Reads the setting `privacy` of galleryctl.yaml and of manifests, and counts the files that need it."""

from __future__ import annotations

from collections.abc import Collection

from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.privacy import NO_PRIVACY, LocationPolicy, OwnerPolicy, Privacy


def read_privacy(node: YamlNode | None) -> Privacy:
    """Return the setting at a node; a value that the schema does not allow counts as not set."""
    if node is None:
        return NO_PRIVACY
    gps, owner = get_string(node, "gps"), get_string(node, "owner")
    return Privacy(
        gps=LocationPolicy(gps) if gps in set(LocationPolicy) else None,
        owner=OwnerPolicy(owner) if owner in set(OwnerPolicy) else None,
    )


def location_note(paths: Collection[str]) -> Problem:
    """Return the note about files that are uploaded with their locations because nothing is set."""
    first = min(paths)
    files = f"{len(paths):,} files say where they were made, such as {first}"
    one = f"{first} says where it was made"
    message = (
        f"{one if len(paths) == 1 else files}: visitors can read it from the published files; "
        "remove it from what is uploaded with privacy: {gps: strip} in galleryctl.yaml, or allow it with gps: keep"
    )
    return Problem(None, message)
