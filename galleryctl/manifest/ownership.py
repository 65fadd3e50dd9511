"""Reads the keys that say which live resources a workspace owns: `adopt`, `foreign` and `removed`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from galleryctl.manifest.schema_messages import suggestion
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import KEY_PATTERN, Address
from galleryctl.model.desired import DesiredGallery, DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.position import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A live item of a site that a manifest adopts for an entry, or declares as foreign (`address` is None)."""

    site: str
    id: str
    address: Address | None
    at: SourcePosition


def read_claims(
    document: YamlDocument, *, gallery: str, sites: Collection[str], problems: list[Problem]
) -> tuple[Claim, ...]:
    """Return the claims of a manifest's `adopt` and `foreign` for all sites; problems are added to `problems`.

    Both have a short form for a workspace with one site, and a form by site:

        adopt: {KEY: ID}            foreign: [ID]
        adopt: {SITE: {KEY: ID}}    foreign: {SITE: [ID]}
    """
    claims: list[Claim] = []
    for site, node in _nodes_by_site(document, "adopt", sites, problems):
        for key, id_ in (node.parts or {}).items():
            if isinstance(id_.value, str) and KEY_PATTERN.match(key):
                at = document.at_key(node, key)
                claims.append(Claim(site=site, id=id_.value, address=Address(gallery, key), at=at))
    for site, node in _nodes_by_site(document, "foreign", sites, problems):
        ids = ((id_.value, document.at(id_)) for id_ in node.items or ())
        claims += [Claim(site=site, id=id_, address=None, at=at) for id_, at in ids if isinstance(id_, str)]
    return tuple(claims)


def _nodes_by_site(
    document: YamlDocument, name: str, sites: Collection[str], problems: list[Problem]
) -> Iterator[tuple[str, YamlNode]]:
    """Yield each site with its part of `adopt` or `foreign`, and add problems of the form to `problems`."""
    node = document.root.part(name) if document.root else None
    if node is None or not node.value:
        return
    parts = node.parts or {}
    has_sites = bool(parts) if name == "foreign" else any(part.parts is not None for part in parts.values())
    if not has_sites:
        if len(sites) > 1:
            form = "{SITE: {KEY: ID}}" if name == "adopt" else "{SITE: [ID]}"
            message = f"{name} needs the names of sites, because ids differ between sites: use {name}: {form}"
            problems.append(Problem(document.at(node), f"{message}; the sites are {', '.join(sites)}"))
        else:
            yield from ((site, node) for site in sites)
        return
    for key, part in parts.items():
        if name == "adopt" and part.parts is None:
            message = f"adopt has sites here, so {key!r} must be below the name of a site"
            problems.append(Problem(document.at_key(node, key), message))
        elif key not in sites:
            problems.append(Problem(document.at_key(node, key), f"unknown site {key!r}{suggestion(key, sites)}"))
        else:
            yield key, part


def claim_problems(claims: Iterable[Claim]) -> Iterator[Problem]:
    """Yield a problem for each id that is claimed twice on the same site."""
    first: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        earlier = first.setdefault((claim.site, claim.id), claim)
        if earlier is claim:
            continue
        if claim.address is None and earlier.address is None:
            message = f"duplicate id in foreign, first at {earlier.at}"
        elif claim.address is None or earlier.address is None:
            adopted = claim.address or earlier.address
            message = f"the id of {adopted} is in adopt and in foreign, see {earlier.at}; remove one of them"
        else:
            message = f"{claim.address} has the same id as {earlier.address} at {earlier.at}; an item has one key"
        yield Problem(claim.at, message)


def undeclared_problems(claims: Iterable[Claim], items: Iterable[DesiredItem]) -> Iterator[Problem]:
    """Yield a problem for each key in `adopt` without an item."""
    declared = {item.address for item in items}
    for claim in claims:
        if claim.address is not None and claim.address not in declared:
            key = claim.address.item
            message = f"adopt names {key!r}, which the manifest does not declare; add the item, or remove this line"
            yield Problem(claim.at, message)


def read_removed(
    document: YamlDocument, *, gallery: str | None, problems: list[Problem]
) -> Mapping[Address, SourcePosition]:
    """Return the addresses in `removed` with their positions; duplicates are added to `problems`.

    In the manifest of `gallery` they are its items, in galleryctl.yaml (None) galleries.
    """
    node = document.root.part("removed") if document.root else None
    removed: dict[Address, SourcePosition] = {}
    for entry in (node.items or ()) if node else ():
        if not isinstance(entry.value, str) or not KEY_PATTERN.match(entry.value):
            continue
        address = Address(entry.value) if gallery is None else Address(gallery, entry.value)
        at = document.at(entry)
        first = removed.setdefault(address, at)
        if first is not at:
            problems.append(Problem(at, f"duplicate entry of removed, first at {first}"))
    return removed


def removed_problems(
    removed: Mapping[Address, SourcePosition], declared: Iterable[DesiredGallery | DesiredItem]
) -> Iterator[Problem]:
    """Yield a problem for each resource in `removed` that a manifest still declares."""
    for resource in declared:
        if at := removed.get(resource.address):
            remedy = f"delete that {'entry' if resource.address.item else 'manifest'}, or this line"
            yield Problem(at, f"removed names {resource.address}, which is declared at {resource.at}; {remedy}")
