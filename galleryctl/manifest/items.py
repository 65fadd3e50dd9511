"""Builds the desired items of the entries in a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from galleryctl.manifest.captions import Captions, UnreadableCaptionError, read_captions
from galleryctl.manifest.files.glob import find_files
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.media_source import MediaSourceError, media_base_name, parse_media_source
from galleryctl.manifest.published_texts import sidecar_text_warnings
from galleryctl.manifest.sidecars import Sidecar, load_sidecar
from galleryctl.manifest.values import NO_FIELDS, FieldValues, get_bool, get_string, ignored_fields, parse_fields
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import KEY_PATTERN, Address, key_from_text
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.fields import Json, canonical
from galleryctl.model.media import Kind, LocalFile, Media
from galleryctl.model.position import SourcePosition
from galleryctl.model.variable_text import displayed


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestContext:
    """The manifest of an entry, and the settings that its items share."""

    document: YamlDocument
    gallery_key: str
    defaults: YamlNode | None
    ignore: frozenset[str]
    workspace_files: WorkspaceFiles
    read_document: Callable[[str], YamlDocument]
    """Reads a YAML file of the workspace and replaces its variables."""
    problems: list[Problem]
    """Collects the problems found."""
    warnings: list[Problem]
    """Collects what may be a mistake."""

    def add_problem(self, node: YamlNode, message: str) -> None:
        """Add a problem at a value's position, unless the value is unknown.

        For a value from the environment it is added once, without showing the value.
        """
        if self.document.is_unknown(node):
            return
        at = self.document.at(node)
        if not node.has_hidden_values():
            self.problems.append(Problem(at, message))
        elif all(problem.at != at for problem in self.problems):
            self.problems.append(Problem(at, "the value from the environment is not valid here"))


def build_items(entry: YamlNode, context: ManifestContext) -> Iterator[DesiredItem]:
    """Yield the items of one entry; none if it is invalid."""
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
    key = get_string(entry, "key") or sidecar.key
    if not key and "${" in PurePosixPath(displayed(source_node.value)).name:
        message = "missing key: required where a variable names the file, because keys are shown"
        context.problems.append(Problem(context.document.at(source_node), message))
        return
    if not key and media is not None:
        key = key_from_text(media_base_name(media, source_node.value))
    if not key:
        no_name = "cannot derive a key from the file name; specify a key"
        context.add_problem(entry, "missing key: required for a text item" if media is None else no_name)
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
            context.add_problem(pattern, f"cannot derive a key from the file name {file.path}; rename the file")
            continue
        yield _build_item(entry, context, key=key, kind=file.kind, media=media, own_fields=own, sidecar=sidecar)


def _read_metadata(path: str, node: YamlNode, context: ManifestContext) -> tuple[Captions, Sidecar]:
    """Return the captions of a file, merged with those of its sidecars, and the sidecars."""
    captions = Captions()
    try:
        if not path.lower().endswith((".mp4", ".mov", ".webm", ".avi", ".mkv", ".m4v", ".mpg", ".mpeg")):
            with context.workspace_files.open(path) as image:
                captions = read_captions(image)
    except (UnreadableCaptionError, WorkspaceFileError) as error:
        context.add_problem(node, f"the captions of {path} cannot be read ({error}); use captions: false to skip them")
    sidecar = load_sidecar(path, context.workspace_files, context.document.at(node), context.read_document)
    context.problems.extend(sidecar.problems)
    if sidecar.document is not None:
        context.warnings.extend(sidecar_text_warnings(sidecar.document))
    return sidecar.captions.with_fallback(captions), sidecar


def _merge_metadata(
    captions: Captions, sidecar: Sidecar, base: FieldValues, kind: Kind, at: SourcePosition
) -> FieldValues:
    """Merge fields: sidecar before captions before `base`; keywords are added to the tags of `base`."""
    captioned: dict[str, Json] = {}
    if captions.title:
        captioned["title"] = captions.title
    if captions.description:
        captioned["description"] = captions.description
    if captions.tags:
        base_tags = base.fields.get("tags")
        tags = (*base_tags, *captions.tags) if isinstance(base_tags, tuple) else captions.tags
        captioned["tags"] = canonical("tags", tags)
    own = NO_FIELDS if sidecar.document is None else parse_fields(sidecar.document.root, kind, sidecar.document)
    return own.with_fallback(FieldValues(captioned, dict.fromkeys(captioned, at))).with_fallback(base)


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
    sidecar_root = sidecar.document.root if sidecar.document else None
    ignore = context.ignore | ignored_fields(entry) | ignored_fields(sidecar_root)
    values = own_fields.with_fallback(_default_fields(kind, context)).without(ignore)
    flags = (get_bool(node, "protect") for node in (sidecar_root, entry, context.defaults))
    if not KEY_PATTERN.match(key):
        key = key_from_text(key) or "item"  # an invalid key, which schema validation reports
    return DesiredItem(
        address=Address(context.gallery_key, key),
        kind=kind,
        media=media,
        fields=values.fields,
        at=context.document.at(entry),
        protect=next((value for value in flags if value is not None), False),
        ignore=ignore,
        field_positions=values.positions,
    )
