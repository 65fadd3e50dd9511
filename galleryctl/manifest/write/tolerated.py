"""Writes entries of galleryctl.tolerated.yaml; comments and other entries stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import value_digest
from galleryctl.model.tolerated import TOLERATED_FILE, Toleration

_HEAD = "# Differences on the site that galleryctl leaves alone until a date; written by `galleryctl drift --tolerate-until`.\n"


def write_tolerated(text: str | None, entries: Iterable[Toleration], *, site: str, by_site: bool) -> str:
    """Return the file with these entries for a site; one about the same field of the same resource is replaced.

    `text` is the file as it is, None if there is none; it must be valid. `by_site` writes the name of the site. Raises
    InvalidInput if the file cannot be written with its comments.
    """
    tree = None if text is None else load_round_trip(text, TOLERATED_FILE)
    listed: list[Any] = tree["tolerated"] if tree is not None else []
    added: list[dict[str, Json]] = []
    for entry in entries:
        members = _members(entry, site if by_site else "")
        existing = next((each for each in listed if _is_about(each, entry, site)), None)
        if existing is None:
            added.append(members)
        else:
            _update(existing, members)
    if tree is None:
        return _HEAD + dump_round_trip(to_yaml_value({"tolerated": added}), TOLERATED_FILE)
    if listed:
        listed += [to_yaml_value(members) for members in added]
    else:
        tree["tolerated"] = to_yaml_value(added)
    return dump_round_trip(tree, TOLERATED_FILE)


def _members(entry: Toleration, site: str) -> dict[str, Json]:
    """Return the members of an entry; the digest only if the value alone does not give it."""
    members: dict[str, Json] = {"address": str(entry.address), "field": entry.field, "value": entry.value}
    if entry.digest != value_digest(entry.value):
        members["digest"] = entry.digest
    members |= {"until": entry.until.isoformat(), "reason": entry.reason}
    return {**members, "site": site} if site else members


def _is_about(existing: Any, entry: Toleration, site: str) -> bool:
    same = (str(existing["address"]), str(existing["field"])) == (str(entry.address), entry.field)
    return same and str(existing.get("site", site)) == site


def _update(existing: Any, members: dict[str, Json]) -> None:
    for name in [name for name in existing if name not in members and name != "site"]:
        del existing[name]
    for name, value in members.items():
        if name not in existing and name == "digest":
            existing.insert(list(existing).index("value") + 1, name, value)
        elif name not in existing or existing[name] != to_yaml_value(value):
            existing[name] = to_yaml_value(value, flow=bool(existing.fa.flow_style()))
