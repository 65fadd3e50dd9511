"""Profiles: how a site behaves, as a probe found it out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.values import get_string
from galleryctl.manifest.workspace import WORKSPACE_FILE, WorkspaceConfig
from galleryctl.model.command import command_line
from galleryctl.model.desired import ItemOrder
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import Json
from galleryctl.model.position import SourcePosition
from galleryctl.model.variable_text import displayed

PROFILE_HEADER = "# Written by `galleryctl probe`. Facts that are missing are not known."
"""The first line of every profile: no other file is overwritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProfile:
    """A profile. `item_order` is None if nobody answered; `switches` are settings of the emulator."""

    site_id: str
    item_order: ItemOrder | None = None
    switches: Mapping[str, Json] = field(default_factory=dict)


def read_profile(root: Path, file: str) -> SiteProfile:
    """Return the profile in a file, relative to `root`. Raises InvalidInput with all its problems."""
    document = read_document(root, file)
    problems = [*document.problems, *schema_problems(document, "profile")]
    if problems or document.root is None:
        raise InvalidInput(sort_problems(problems), do="write it again: " + command_line("probe"))
    order, switches = get_string(document.root, "item_order"), document.root.part("switches")
    return SiteProfile(
        site_id=get_string(document.root, "site_id") or "",
        item_order=ItemOrder(order) if order else None,
        switches=switches.value if switches and isinstance(switches.value, Mapping) else {},
    )


def profile_yaml(profile: SiteProfile, probed: datetime) -> str:
    """Return the content of a profile's file; every value is JSON, which is YAML as well."""
    lines = [PROFILE_HEADER, "galleryctl_profile: 1", f"site_id: {json.dumps(profile.site_id)}"]
    lines.append(f"probed: {json.dumps(probed.isoformat(timespec='seconds'))}")
    if profile.item_order is not None:
        lines.append(f"item_order: {profile.item_order.value}  # the direction in which the site displays items")
    if profile.switches:
        lines += ["switches:", *(_switch_line(name, value) for name, value in sorted(profile.switches.items()))]
    return "\n".join(lines) + "\n"


def _switch_line(name: str, value: Json) -> str:
    remark = "  # of the items that the API lists" if name == "item_order" else ""
    return f"  {name}: {json.dumps(value)}{remark}"


def resolve_item_order(config: WorkspaceConfig, site: str) -> ItemOrder:
    """Return the direction in which a site displays items: that of the site, else of the workspace, else of the profile.

    Raises InvalidInput if the profile is invalid, or of another site, also if it does not decide.
    """
    settings = config.sites[site]
    profile = (
        None if config.profile is None else _read_site_profile(config, config.profile.replace("{site}", site), site)
    )
    order = settings.item_order or config.item_order or (profile.item_order if profile else None)
    return order or ItemOrder.ASCENDING


def _read_site_profile(config: WorkspaceConfig, file: str, site: str) -> SiteProfile:
    if not (config.root / file).resolve().is_relative_to(config.root.resolve()):
        raise InvalidInput((Problem(None, f"{WORKSPACE_FILE}: profile is outside the workspace"),))
    profile, site_id = read_profile(config.root, file), config.known_site_ids().get(site)
    if site_id not in (None, profile.site_id):
        message = f"this profile is of site {profile.site_id}, not of {displayed(site_id or '')}; probe the site again"
        raise InvalidInput((Problem(SourcePosition(file, 1, 1), message),))
    return profile
