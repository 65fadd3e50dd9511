"""Writes entries of galleryctl.tolerated.yaml; comments and other entries stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from galleryctl.manifest.files.atomic_write import with_line_ends_of, with_unix_line_ends
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import value_digest
from galleryctl.model.tolerated import TOLERATED_FILE, Toleration

_HEAD = "# Differences on the site that galleryctl leaves alone until a date; written by `galleryctl drift --tolerate-until`.\n"


def write_tolerated(text: str | None, entries: Iterable[Toleration], *, site: str, by_site: bool) -> str:
    """Return the file with these entries for a site; one about the same field of the same resource is replaced.

    `text` is the file as it is, None if there is none; it must be valid. `by_site` writes the name of the site. Raises
    InvalidInput if the file cannot be written with its comments.
    """
    if text is None:
        added = [_members(entry, site if by_site else "") for entry in entries]
        return _HEAD + dump_round_trip(to_yaml_value({"tolerated": added}), TOLERATED_FILE)
    before, text = text, with_unix_line_ends(text)
    tree = load_round_trip(text, TOLERATED_FILE)
    added, is_changed = [], False
    for entry in entries:
        members = _members(entry, site if by_site else "")
        existing = next((each for each in tree["tolerated"] if _is_about(each, entry, site)), None)
        if existing is None:
            added.append(members)
        else:
            is_changed = _update(existing, members) or is_changed
    if is_changed:
        text = dump_round_trip(tree, TOLERATED_FILE)
    return with_line_ends_of(_append(text, added) if added else text, before)


def _append(text: str, added: Sequence[Mapping[str, Json]]) -> str:
    """Return the text with further entries at its end; no other line changes unless the list is written as `[…]`."""
    lines = dump_round_trip(to_yaml_value({"tolerated": added}), TOLERATED_FILE).splitlines()[1:]
    entries = _entry_nodes(text)
    if entries:
        line = text.splitlines()[entries[-1].line - 1]
        indent = line[: len(line) - len(line.lstrip(" "))]
        joined = "".join(f"{indent}{each[2:]}\n" for each in lines)
        longer = f"{text.rstrip()}\n{joined}"
        if line.lstrip().startswith("-") and len(_entry_nodes(longer)) == len(entries) + len(added):
            return longer
    tree = load_round_trip(text, TOLERATED_FILE)
    for members in added:
        tree["tolerated"].append(to_yaml_value(members, flow=bool(entries)))
    if not entries:
        tree["tolerated"].fa.set_block_style()
    return dump_round_trip(tree, TOLERATED_FILE)


def _entry_nodes(text: str) -> tuple[YamlNode, ...]:
    """Return the entries of a file, none if it cannot be read."""
    root = parse_yaml_text(text, TOLERATED_FILE).root
    entries = root.part("tolerated") if root else None
    return (entries.items or ()) if entries else ()


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


def _update(existing: Any, members: Mapping[str, Json]) -> bool:
    """Give an entry these members, except for its site; return True if it had others."""
    dropped = [name for name in existing if name not in members and name != "site"]
    for name in dropped:
        del existing[name]
    changed = {name: to_yaml_value(value) for name, value in members.items()}
    changed = {name: value for name, value in changed.items() if name not in existing or existing[name] != value}
    for name, value in changed.items():
        if name in existing:
            existing[name] = value
        else:
            existing.insert(list(existing).index("value") + 1, name, value)
    return bool(dropped or changed)
