"""The items of a gallery: those of all its entries, with keys that are unique."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from galleryctl.manifest.context import ManifestContext
from galleryctl.manifest.files.search import composed
from galleryctl.manifest.files.tree import WorkspaceFileError, normalize_path
from galleryctl.manifest.items import ItemDraft, build_items
from galleryctl.manifest.lookalikes import name_both
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.file_keys import assign_file_keys
from galleryctl.model.media import Kind, LocalFile
from galleryctl.model.position import SourcePosition


def pinned_files(entries: Iterable[YamlNode], document: YamlDocument) -> dict[str, SourcePosition]:
    """Return the files that have an entry of their own: composed path -> position of the entry."""
    pinned: dict[str, SourcePosition] = {}
    for entry in entries:
        for kind in (Kind.IMAGE, Kind.VIDEO):
            node = entry.part(kind.value)
            if node is not None and isinstance(node.value, str):
                try:
                    pinned.setdefault(composed(normalize_path(node.value)), document.at(entry))
                except WorkspaceFileError:
                    continue  # a URL, or reported with the entry
    return pinned


class BuiltItems(NamedTuple):
    """The items of a gallery, and those of files that `where` does not select and that have no .xmp sidecar."""

    selected: tuple[DesiredItem, ...]
    unselected: tuple[DesiredItem, ...]


def build_gallery_items(entries: Sequence[YamlNode], context: ManifestContext) -> BuiltItems:
    """Return the items of the entries in order; duplicates are added to the problems."""
    all_drafts = [draft for e in entries for draft in build_items(e, context)]
    drafts = list(_without_repeated_files([draft for draft in all_drafts if draft.is_selected], context))
    left_out = [draft for draft in all_drafts if not draft.is_selected]
    return BuiltItems(_with_keys(drafts, context), _with_keys_beside(left_out, drafts, context.gallery_key))


def _with_keys_beside(
    left_out: Sequence[ItemDraft], drafts: Sequence[ItemDraft], gallery: str
) -> tuple[DesiredItem, ...]:
    """Return the items that are not selected, with the keys that they would have beside the others."""
    files = dict.fromkeys(draft.file for draft in (*drafts, *left_out) if draft.file)
    keys = assign_file_keys(files, {draft.item.address.item or "" for draft in drafts if not draft.file})
    return tuple(
        replace(draft.item, address=Address(gallery, keys[draft.file])) if keys.get(draft.file) else draft.item
        for draft in left_out
    )


def _with_keys(drafts: Sequence[ItemDraft], context: ManifestContext) -> tuple[DesiredItem, ...]:
    """Return the items with their final keys; duplicates are added to the problems."""
    taken = {draft.item.address.item or "" for draft in drafts if not draft.file}
    keys = assign_file_keys((draft.file for draft in drafts if draft.file), taken)
    items: list[DesiredItem] = []
    for draft in drafts:
        if not draft.file:
            items.append(draft.item)
        elif key := keys[draft.file]:
            items.append(replace(draft.item, address=Address(context.gallery_key, key)))
        else:
            message = f"cannot derive a key from the file name {draft.file}; rename the file"
            context.problems.append(Problem(draft.item.at, message))
    context.problems.extend(_duplicate_keys(items))
    return tuple(items)


def _without_repeated_files(drafts: Iterable[ItemDraft], context: ManifestContext) -> Iterator[ItemDraft]:
    """Yield the drafts but those of files that an earlier `from` entry found, too, which is a problem."""
    first: dict[str, ItemDraft] = {}
    repeated: dict[tuple[SourcePosition, SourcePosition], list[str]] = {}
    for draft in drafts:
        path = _path_of(draft.item) if draft.file else ""
        earlier = first.setdefault(path, draft) if path else draft
        if earlier is draft:
            yield draft
        else:
            repeated.setdefault((draft.item.at, earlier.item.at), []).append(path)
    for (at, earlier_at), paths in repeated.items():
        found, them = f"{paths[0]} is also found", "it"
        if more := len(paths) - 1:
            found, them = f"{paths[0]} and {more:,} more are also found", "these files"
        message = f"{found} by the entry at {earlier_at}; exclude {them} from one of them with except:"
        context.problems.append(Problem(at, message))


def _duplicate_keys(items: Iterable[DesiredItem]) -> Iterator[Problem]:
    first: dict[Address, DesiredItem] = {}
    for item in items:
        earlier = first.setdefault(item.address, item)
        if earlier is not item:
            yield Problem(item.at, _describe_duplicate(earlier, item))


def _describe_duplicate(earlier: DesiredItem, item: DesiredItem) -> str:
    key = item.address.item
    paths = (_path_of(earlier), _path_of(item))
    where = f"first defined at {earlier.at}" if earlier.at != item.at else ""
    if paths[0] and paths[0] == paths[1]:
        advice = f"both show {paths[0]}; give one of them a key of its own, or remove it"
        return f"duplicate key {key!r}, first defined at {earlier.at}: {advice}"
    if not all(paths):
        return f"duplicate key {key!r}, first defined at {earlier.at}"
    advice = "rename one file, exclude one with except:, or write key: in its own entry or sidecar"
    return "; ".join(filter(None, (f"duplicate key {key!r} for {name_both(*paths)}", where, advice)))


def _path_of(item: DesiredItem) -> str:
    """Return the file of the workspace that an item shows, "" if it shows none."""
    return item.media.path if isinstance(item.media, LocalFile) else item.held.path if item.held else ""
