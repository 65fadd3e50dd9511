"""The items that the entries of a gallery's manifest mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from galleryctl.manifest.captions import Captions, UnreadableCaptionError, read_captions
from galleryctl.manifest.files.glob import find_files
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.keys import key_from_text
from galleryctl.manifest.media_source import MediaSourceError, media_base_name, parse_media_source
from galleryctl.manifest.sidecars import Sidecar, load_sidecar
from galleryctl.manifest.values import NO_FIELDS, FieldValues, get_bool, get_string, ignored_fields, parse_fields
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import KEY_PATTERN, Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.fields import canonical
from galleryctl.model.media import Kind, LocalFile, Media
from galleryctl.model.position import SourcePosition


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestContext:
    """The manifest that entries stand in, and what its items have in common."""

    document: YamlDocument
    gallery_key: str
    defaults: YamlNode | None
    ignore: frozenset[str]
    workspace_files: WorkspaceFiles
    read_document: Callable[[str], YamlDocument]
    """A YAML file of the workspace, its variables replaced."""
    problems: list[Problem]
    """What is found to be wrong is added here."""

    def add_problem(self, node: YamlNode, message: str) -> None:
        """Add a problem at the place of a value, unless its variable is not set; what came from one is not told."""
        at = self.document.at(node)
        if not node.has_hidden_values():
            self.problems.append(Problem(at, message))
        elif all(problem.at != at for problem in self.problems):
            self.problems.append(Problem(at, "the value from the environment cannot be used here"))


def build_items(entry: YamlNode, context: ManifestContext) -> Iterator[DesiredItem]:
    """The items that one entry means; none where it is wrong."""
    parts = entry.parts or {}
    kind = next((kind for kind in Kind if kind.value in parts), None)
    if kind is not None:
        yield from _single_item(entry, parts[kind.value], kind, context)
    elif "from" in parts:
        yield from _items_from_files(entry, parts["from"], context)


def _single_item(entry: YamlNode, source_node: YamlNode, kind: Kind, context: ManifestContext) -> Iterator[DesiredItem]:
    if not isinstance(source_node.value, str):
        return
    media: Media = None
    if kind is not Kind.TEXT:
        try:
            media = parse_media_source(source_node.value, kind, context.workspace_files)
        except MediaSourceError as error:
            context.add_problem(source_node, str(error))
            return
    sidecar = Sidecar()
    own = parse_fields(entry, kind, context.document)
    if get_bool(entry, "captions") and isinstance(media, LocalFile):
        captions, sidecar = _read_metadata(media.path, source_node, context)
        own = own.with_fallback(_merge_metadata(captions, sidecar, NO_FIELDS, kind, context.document.at(source_node)))
    key = (
        get_string(entry, "key")
        or sidecar.key
        or ("" if media is None else key_from_text(media_base_name(media, source_node.value)))
    )
    if not key:
        what = "a text needs a key" if media is None else "no key can be made from the file's name; give the item a key"
        context.add_problem(entry, what)
        return
    yield _build_item(entry, context, key=key, kind=kind, media=media, own_fields=own, sidecar=sidecar)


def _items_from_files(entry: YamlNode, pattern: YamlNode, context: ManifestContext) -> Iterator[DesiredItem]:
    at = context.document.at(pattern)
    captioned = get_bool(entry, "captions") is not False
    try:
        files = find_files(entry, context.workspace_files)
    except WorkspaceFileError as error:
        context.add_problem(pattern, str(error))
        return
    for file in files:
        try:
            media = context.workspace_files.local_file(file.path, file.kind)
        except WorkspaceFileError as error:
            context.add_problem(pattern, str(error))
            continue
        own = parse_fields(entry, file.kind, context.document)
        captions, sidecar = Captions(), Sidecar()
        if captioned:
            captions, sidecar = _read_metadata(file.path, pattern, context)
        own = _merge_metadata(captions, sidecar, own.with_fallback(_default_fields(file.kind, context)), file.kind, at)
        key = sidecar.key or key_from_text(PurePosixPath(file.path).stem)
        if not key:
            context.add_problem(pattern, f"no key can be made from the name of {file.path}; rename it")
            continue
        yield _build_item(entry, context, key=key, kind=file.kind, media=media, own_fields=own, sidecar=sidecar)


def _read_metadata(path: str, node: YamlNode, context: ManifestContext) -> tuple[Captions, Sidecar]:
    """What a file and its sidecars say."""
    captions = Captions()
    try:
        if _is_image(path):
            with context.workspace_files.open(path) as picture:
                captions = read_captions(picture)
    except (UnreadableCaptionError, WorkspaceFileError) as error:
        context.add_problem(node, f"the captions of {path} cannot be read ({error}); captions: false goes without")
    sidecar = load_sidecar(path, context.workspace_files, context.document.at(node), context.read_document)
    context.problems.extend(sidecar.problems)
    return sidecar.captions.with_fallback(captions), sidecar


def _is_image(path: str) -> bool:
    return not path.lower().endswith((".mp4", ".mov", ".webm", ".avi", ".mkv", ".m4v", ".mpg", ".mpeg"))


def _merge_metadata(
    captions: Captions, sidecar: Sidecar, base: FieldValues, kind: Kind, at: SourcePosition
) -> FieldValues:
    """Sidecar before captions before `base`; keywords are added to the tags of `base`."""
    found = FieldValues({}, {})
    for name, text in (("title", captions.title), ("description", captions.description)):
        if text:
            found.fields[name], found.positions[name] = text, at
    if captions.tags:
        base_tags = base.fields.get("tags")
        tags = (*base_tags, *captions.tags) if isinstance(base_tags, tuple) else captions.tags
        found.fields["tags"], found.positions["tags"] = canonical("tags", tags), at
    own = NO_FIELDS if sidecar.document is None else parse_fields(sidecar.document.root, kind, sidecar.document)
    return own.with_fallback(found).with_fallback(base)


def _default_fields(kind: Kind, context: ManifestContext) -> FieldValues:
    return parse_fields(context.defaults, kind, context.document)


def _build_item(
    entry: YamlNode,
    context: ManifestContext,
    *,
    key: str,
    kind: Kind,
    media: Media,
    own_fields: FieldValues,
    sidecar: Sidecar,
) -> DesiredItem:
    beside = sidecar.document.root if sidecar.document else None
    ignore = context.ignore | ignored_fields(entry) | ignored_fields(beside)
    named = own_fields.with_fallback(_default_fields(kind, context)).without(ignore)
    flags = (get_bool(node, "protect") for node in (beside, entry, context.defaults))
    if not KEY_PATTERN.match(key):
        key = key_from_text(key) or "item"  # the schema has said what is wrong with it
    return DesiredItem(
        address=Address(context.gallery_key, key),
        kind=kind,
        media=media,
        fields=named.fields,
        at=context.document.at(entry),
        protect=next((value for value in flags if value is not None), False),
        ignore=ignore,
        field_positions=named.positions,
    )
