"""`moved` entries: renamed addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import Address
from galleryctl.model.desired import Moved
from galleryctl.model.errors import Problem


def read_moved(document: YamlDocument, *, gallery: str | None, problems: list[Problem]) -> tuple[Moved, ...]:
    """Return the document's `moved` entries; problems are added to `problems`.

    In the manifest of `gallery`, an address without a slash is one of its items: `dance` is `gallery/dance`.
    """
    entries = document.root.part("moved") if document.root else None
    moved: list[Moved] = []
    for entry in (entries.items or ()) if entries else ():
        source, target = (_parse_address(document, entry.part(end), gallery, problems) for end in ("from", "to"))
        if source is None or target is None:
            continue
        if (source.item is None) != (target.item is None):
            message = f"cannot move {source} to {target}: one is a gallery, the other an item"
            problems.append(Problem(document.at(entry), message))
        elif source.gallery != target.gallery and source.item is not None:
            message = (
                f"cannot move {source} to {target}: an item cannot change its gallery; remove this entry to recreate it"
            )
            problems.append(Problem(document.at(entry), message))
        elif source == target:
            problems.append(Problem(document.at(entry), f"from and to are both {source}; remove this entry"))
        else:
            moved.append(Moved(source=source, target=target, at=document.at(entry)))
    return tuple(moved)


def moved_problems(moved: Iterable[Moved]) -> Iterator[Problem]:
    """Yield the problems between entries: two with the same source, and cycles such as a → b, b → a.

    A chain a → b, b → c is valid, in any order.
    """
    by_source: dict[Address, Moved] = {}
    for entry in moved:
        first = by_source.setdefault(entry.source, entry)
        if first is not entry:
            message = f"moved has another entry from {entry.source} at {first.at}; keep only the latest rename"
            yield Problem(entry.at, message)
    for cycle in _cycles(by_source):
        links = [f"{entry.source} -> {entry.target}{f' at {entry.at}' if i else ''}" for i, entry in enumerate(cycle)]
        message = f"moved entries form a cycle: {', '.join(links)}; keep only the latest rename"
        yield Problem(cycle[0].at, message)


def _cycles(by_source: Mapping[Address, Moved]) -> Iterator[Sequence[Moved]]:
    """Yield each cycle of entries once, in the order of their positions."""
    seen: set[Address] = set()
    for start in by_source:
        path: list[Moved] = []
        address = start
        while address in by_source and address not in seen:
            seen.add(address)
            path.append(by_source[address])
            address = path[-1].target
        sources = [entry.source for entry in path]
        if address in sources:
            yield sorted(path[sources.index(address) :], key=lambda entry: entry.at)


def _parse_address(
    document: YamlDocument, node: YamlNode | None, gallery: str | None, problems: list[Problem]
) -> Address | None:
    if node is None or not isinstance(node.value, str):
        return None
    full = node.value if gallery is None or "/" in node.value else f"{gallery}/{node.value}"
    try:
        return Address.parse(full)
    except ValueError:
        shown = "the value" if node.hidden else repr(node.value[:60])
        problems.append(Problem(document.at(node), f"{shown} is not a valid address; use GALLERY or GALLERY/ITEM"))
        return None
