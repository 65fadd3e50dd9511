"""The items that the entries of a gallery's manifest mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from galleryctl.manifest.captions import Captions, UnreadableCaptionError, read_captions
from galleryctl.manifest.files import BadFileError, Tree
from galleryctl.manifest.globs import find_files
from galleryctl.manifest.keys import key_from
from galleryctl.manifest.nodes import Document, Node
from galleryctl.manifest.sidecars import Sidecar, sidecar_of
from galleryctl.manifest.sources import BadSourceError, name_of, read_source
from galleryctl.manifest.values import NOTHING, Named, flag, ignored_fields, named_fields, word
from galleryctl.model.address import KEY_PATTERN, Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.fields import canonical
from galleryctl.model.media import Kind, LocalFile, Media
from galleryctl.model.position import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The manifest that entries stand in, and what its items have in common."""

    document: Document
    gallery: str
    defaults: Node | None
    ignore: frozenset[str]
    tree: Tree
    read: Callable[[str], Document]
    """A YAML file of the workspace, its variables replaced."""
    problems: list[Problem]
    """What is found to be wrong is added here."""

    def say(self, node: Node, message: str) -> None:
        """Add a problem at the place of a value, unless its variable is not set; what came from one is not told."""
        at = self.document.at(node)
        if not node.any_hidden():
            self.problems.append(Problem(at, message))
        elif all(problem.at != at for problem in self.problems):
            self.problems.append(Problem(at, "the value from the environment cannot be used here"))


def items_of(entry: Node, shelf: Shelf) -> Iterator[DesiredItem]:
    """The items that one entry means; none where it is wrong."""
    parts = entry.parts or {}
    kind = next((kind for kind in Kind if kind.value in parts), None)
    if kind is not None:
        yield from _single(entry, parts[kind.value], kind, shelf)
    elif "from" in parts:
        yield from _from_files(entry, parts["from"], shelf)


def _single(entry: Node, shown: Node, kind: Kind, shelf: Shelf) -> Iterator[DesiredItem]:
    if not isinstance(shown.value, str):
        return
    media: Media = None
    if kind is not Kind.TEXT:
        try:
            media = read_source(shown.value, kind, shelf.tree)
        except BadSourceError as error:
            shelf.say(shown, str(error))
            return
    sidecar = Sidecar()
    own = named_fields(entry, kind, shelf.document)
    if flag(entry, "captions") and isinstance(media, LocalFile):
        captions, sidecar = _said(media.path, shown, shelf)
        own = own.over(_with_sidecar(captions, sidecar, NOTHING, kind, shelf.document.at(shown)))
    key = word(entry, "key") or sidecar.key or ("" if media is None else key_from(name_of(media, shown.value)))
    if not key:
        what = "a text needs a key" if media is None else "no key can be made from the file's name; give the item a key"
        shelf.say(entry, what)
        return
    yield _item(entry, shelf, key=key, kind=kind, media=media, own=own, sidecar=sidecar)


def _from_files(entry: Node, pattern: Node, shelf: Shelf) -> Iterator[DesiredItem]:
    at = shelf.document.at(pattern)
    captioned = flag(entry, "captions") is not False
    try:
        files = find_files(entry, shelf.tree)
    except BadFileError as error:
        shelf.say(pattern, str(error))
        return
    for file in files:
        try:
            media = shelf.tree.local_file(file.path, file.kind)
        except BadFileError as error:
            shelf.say(pattern, str(error))
            continue
        own = named_fields(entry, file.kind, shelf.document)
        captions, sidecar = Captions(), Sidecar()
        if captioned:
            captions, sidecar = _said(file.path, pattern, shelf)
        own = _with_sidecar(captions, sidecar, own.over(_defaults(file.kind, shelf)), file.kind, at)
        key = sidecar.key or key_from(PurePosixPath(file.path).stem)
        if not key:
            shelf.say(pattern, f"no key can be made from the name of {file.path}; rename it")
            continue
        yield _item(entry, shelf, key=key, kind=file.kind, media=media, own=own, sidecar=sidecar)


def _said(path: str, node: Node, shelf: Shelf) -> tuple[Captions, Sidecar]:
    """What a file and its sidecars say."""
    captions = Captions()
    try:
        if _is_picture(path):
            with shelf.tree.opened(path) as picture:
                captions = read_captions(picture)
    except (UnreadableCaptionError, BadFileError) as error:
        shelf.say(node, f"the captions of {path} cannot be read ({error}); captions: false goes without")
    sidecar = sidecar_of(path, shelf.tree, shelf.document.at(node), shelf.read)
    shelf.problems.extend(sidecar.problems)
    return sidecar.captions.over(captions), sidecar


def _is_picture(path: str) -> bool:
    return not path.lower().endswith((".mp4", ".mov", ".webm", ".avi", ".mkv", ".m4v", ".mpg", ".mpeg"))


def _with_sidecar(captions: Captions, sidecar: Sidecar, base: Named, kind: Kind, at: SourcePosition) -> Named:
    """Sidecar before captions before `base`; keywords are added to the tags of `base`."""
    found = Named({}, {})
    for name, text in (("title", captions.title), ("description", captions.description)):
        if text:
            found.fields[name], found.positions[name] = text, at
    if captions.tags:
        base_tags = base.fields.get("tags")
        tags = (*base_tags, *captions.tags) if isinstance(base_tags, tuple) else captions.tags
        found.fields["tags"], found.positions["tags"] = canonical("tags", tags), at
    own = NOTHING if sidecar.document is None else named_fields(sidecar.document.root, kind, sidecar.document)
    return own.over(found).over(base)


def _defaults(kind: Kind, shelf: Shelf) -> Named:
    return named_fields(shelf.defaults, kind, shelf.document)


def _item(
    entry: Node, shelf: Shelf, *, key: str, kind: Kind, media: Media, own: Named, sidecar: Sidecar
) -> DesiredItem:
    beside = sidecar.document.root if sidecar.document else None
    ignore = shelf.ignore | ignored_fields(entry) | ignored_fields(beside)
    named = own.over(_defaults(kind, shelf)).without(ignore)
    flags = (flag(node, "protect") for node in (beside, entry, shelf.defaults))
    if not KEY_PATTERN.match(key):
        key = key_from(key) or "item"  # the schema has said what is wrong with it
    return DesiredItem(
        address=Address(shelf.gallery, key),
        kind=kind,
        media=media,
        fields=named.fields,
        at=shelf.document.at(entry),
        protect=next((value for value in flags if value is not None), False),
        ignore=ignore,
        field_positions=named.positions,
    )
