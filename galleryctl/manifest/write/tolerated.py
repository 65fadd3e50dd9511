"""Writes entries of galleryctl.tolerated.yaml; comments and other entries stay."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from galleryctl.manifest.files.atomic_write import with_line_ends_of, with_unix_line_ends
from galleryctl.manifest.yaml.dump import dump_round_trip, load_round_trip, to_yaml_value
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import value_digest
from galleryctl.model.tolerated import TOLERATED_FILE, Toleration

_HEAD = "# Differences on the site that galleryctl leaves alone until a date; written by `galleryctl drift --tolerate-until`.\n"
_KEY_LINE = re.compile(r"""^["']?tolerated["']? *:(\s+#.*)?$""")
_DASH = re.compile(r"\s*-(?:\s|$)")


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


def remove_tolerated(text: str, obsolete: Collection[tuple[str, str]], *, site: str) -> str:
    """Return the file without the entries about these addresses and fields, and the comments above them, for a site.

    Raises InvalidInput if the file cannot be written with its other comments.
    """
    entries = _entry_nodes(text)
    kept = [entry for entry in entries if not _is_obsolete(_mapping(entry.value), obsolete, site)]
    if len(kept) == len(entries):
        return text
    shorter = _without_lines(text, entries, kept)
    if shorter is not None and [each.value for each in _entry_nodes(shorter)] == [each.value for each in kept]:
        return shorter
    tree = load_round_trip(text, TOLERATED_FILE)
    for index in reversed(range(len(entries))):
        if _is_obsolete(tree["tolerated"][index], obsolete, site):
            del tree["tolerated"][index]
    return dump_round_trip(tree, TOLERATED_FILE)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _is_obsolete(entry: Mapping[str, Any], obsolete: Collection[tuple[str, str]], site: str) -> bool:
    about = str(entry["address"]), str(entry["field"])
    return about in obsolete and str(entry.get("site", site)) == site


def _without_lines(text: str, entries: Sequence[YamlNode], kept: Sequence[YamlNode]) -> str | None:
    """Return the text with the lines of `kept` only; None if an entry has no line with a dash, as in a list `[…]`."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    dashes = [_dash(lines, entry.line - 1) for entry in entries]
    if min(dashes) < 0:
        return None
    starts = [_first_comment(lines, dash) for dash in dashes]
    bodies = [lines[start:end] for start, end in zip(starts, [*starts, _end(lines, dashes[-1])][1:], strict=True)]
    head, tail = lines[: starts[0]], lines[_end(lines, dashes[-1]) :]
    if not kept:
        head = [_KEY_LINE.sub(r"tolerated: []\1", line) for line in head]
    body = [line for entry, own in zip(entries, bodies, strict=True) if entry in kept for line in own]
    return "\n".join([*head, *body, *tail]).rstrip("\n") + "\n"


def _dash(lines: Sequence[str], index: int) -> int:
    """Return the index of the line with the dash of the entry at this line, -1 if there is none."""
    while index >= 0 and not _DASH.match(lines[index]):
        index -= 1
    return index


def _first_comment(lines: Sequence[str], start: int) -> int:
    """Return the index of the first of the comments directly above a line."""
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _end(lines: Sequence[str], dash: int) -> int:
    """Return the index after the last line of an entry: those that follow are indented more than its dash."""
    indent = len(lines[dash]) - len(lines[dash].lstrip())
    deeper = (n for n in range(dash + 1, len(lines)) if lines[n].strip())
    stop = next((n for n in deeper if len(lines[n]) - len(lines[n].lstrip()) <= indent), len(lines))
    while not lines[stop - 1].strip():
        stop -= 1
    return stop


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
