"""Reads galleryctl.tolerated.yaml: the values of the site that plans leave alone until a date."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date

from galleryctl.manifest.problems import read_document
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.schema_messages import suggestion
from galleryctl.manifest.values import get_string, normalize_structure
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.places import NO_PLACES
from galleryctl.model.address import Address
from galleryctl.model.errors import Problem
from galleryctl.model.fields import canonical, path_of_name
from galleryctl.model.last_applied import value_digest
from galleryctl.model.tolerated import TOLERATED_FILE, Toleration


def read_tolerated(config: WorkspaceConfig, site: str, problems: list[Problem]) -> tuple[Toleration, ...]:
    """Return the entries for a site, none if there is no file; add the problems of all entries to `problems`."""
    if not os.path.lexists(config.root / TOLERATED_FILE):
        return ()
    # A value of the site never comes from the environment: a variable here is a problem.
    document = replace_variables(read_document(config.root, TOLERATED_FILE), NO_PLACES, config.allowed, {})
    found = [*document.problems, *schema_problems(document, "tolerated")]
    entries: dict[tuple[str, Address, str], Toleration] = {}
    for node in _entry_nodes(document) if not found else ():
        name = _site_of(document, node, config)
        if isinstance(name, Problem):
            found.append(name)
            continue
        try:
            entry = _parse_entry(document, node)
        except ValueError as error:
            found.append(Problem(document.at(node.part("until") or node), str(error)))
            continue
        first = entries.setdefault((name, entry.address, entry.path), entry)
        if first is not entry:
            message = f"duplicate entry for {entry.field} of {entry.address}, first at {first.at}"
            found.append(Problem(entry.at, message))
    problems += found
    return tuple(entry for (name, _, _), entry in entries.items() if name == site)


def parse_day(text: str) -> date:
    """Return the day in `text`. Raises ValueError, with advice, if it is not written as YYYY-MM-DD."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError(f"{text!r} is not a valid date; use YYYY-MM-DD, such as 2026-12-31")
    return day


def _entry_nodes(document: YamlDocument) -> Iterator[YamlNode]:
    entries = document.root.part("tolerated") if document.root else None
    yield from (entries.items or ()) if entries else ()


def _parse_entry(document: YamlDocument, node: YamlNode) -> Toleration:
    field, value = str(get_string(node, "field")), node.part("value")
    shown = canonical(path_of_name(field), normalize_structure(value.value if value else None))
    return Toleration(
        address=Address.parse(str(get_string(node, "address"))),
        field=field,
        value=shown,
        digest=get_string(node, "digest") or value_digest(shown),
        until=parse_day(str(get_string(node, "until"))),
        reason=str(get_string(node, "reason")),
        at=document.at(node),
    )


def _site_of(document: YamlDocument, node: YamlNode, config: WorkspaceConfig) -> str | Problem:
    """Return the site of an entry, or the problem if it names none of the workspace."""
    name = get_string(node, "site")
    if name is None:
        if len(config.sites) == 1:
            return next(iter(config.sites))
        message = f"missing site: the workspace has several; use one of {', '.join(config.sites)}"
        return Problem(document.at(node), message)
    if name in config.sites:
        return name
    return Problem(document.at(node.part("site") or node), f"unknown site {name!r}{suggestion(name, config.sites)}")
