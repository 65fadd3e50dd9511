"""Builds the desired items of the entries in a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from galleryctl.manifest.files.glob import find_files
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.media_source import MediaSourceError, media_base_name, parse_media_source
from galleryctl.manifest.photo_facts import FactsReader
from galleryctl.manifest.sidecars import Sidecar, load_sidecar
from galleryctl.manifest.values import NO_FIELDS, FieldValues, get_bool, get_string, ignored_fields, parse_fields
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import KEY_PATTERN, Address, key_from_text
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.fields import FIELDS_BY_KIND, Json, canonical
from galleryctl.model.media import Kind, LocalFile, Media
from galleryctl.model.position import SourcePosition
from galleryctl.model.variable_text import displayed
from galleryctl.photo.facts import CAPTION_NAMES, NO_FACTS, PhotoFacts

_MAX_UNDATED = 10
"""The files without a capture time that a warning lists."""


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
    read_facts: FactsReader
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
    facts, sidecar = NO_FACTS, Sidecar()
    own = parse_fields(entry, kind, context.document)
    explicit = own
    if get_bool(entry, "captions") and isinstance(media, LocalFile):
        facts, sidecar = _read_metadata(media.path, source_node, context)
        own = own.with_fallback(_merge_metadata(facts, sidecar, NO_FIELDS, kind, context.document.at(source_node)))
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
    explicit = explicit.with_fallback(_sidecar_fields(sidecar, kind))
    path = media.path if isinstance(media, LocalFile) else ""
    unknown = _unknown_fields(facts, path, kind, explicit, source_node, context)
    item = _build_item(entry, context, key=key, kind=kind, media=media, own_fields=own, sidecar=sidecar)
    yield replace(item, unknown=unknown)


def _items_from_files(entry: YamlNode, pattern: YamlNode, context: ManifestContext) -> Iterator[DesiredItem]:
    at = context.document.at(pattern)
    captioned = get_bool(entry, "captions") is not False
    try:
        found = find_files(entry, context.workspace_files, context.read_facts)
    except WorkspaceFileError as error:
        context.add_problem(pattern, str(error))
        return
    if found.undated:
        more = f" and {len(found.undated) - _MAX_UNDATED:,} more" if len(found.undated) > _MAX_UNDATED else ""
        message = f"files without a capture time come last: {', '.join(found.undated[:_MAX_UNDATED])}{more}"
        context.warnings.append(Problem(at, message))
    for file in found.files:
        try:
            media = context.workspace_files.local_file(file.path, file.kind)
        except WorkspaceFileError as error:
            context.add_problem(pattern, str(error))
            continue
        own = parse_fields(entry, file.kind, context.document)
        facts, sidecar = NO_FACTS, Sidecar()
        if captioned:
            facts, sidecar = _read_metadata(file.path, pattern, context)
        own = _merge_metadata(facts, sidecar, own.with_fallback(_default_fields(file.kind, context)), file.kind, at)
        key = sidecar.key or key_from_text(PurePosixPath(file.path).stem)
        if not key:
            context.add_problem(pattern, f"cannot derive a key from the file name {file.path}; rename the file")
            continue
        unknown = _unknown_fields(facts, file.path, file.kind, _sidecar_fields(sidecar, file.kind), pattern, context)
        item = _build_item(entry, context, key=key, kind=file.kind, media=media, own_fields=own, sidecar=sidecar)
        yield replace(item, unknown=unknown)


def _read_metadata(path: str, node: YamlNode, context: ManifestContext) -> tuple[PhotoFacts, Sidecar]:
    """Return what a file and its .xmp sidecars say of it, and its YAML sidecar."""
    sidecar = load_sidecar(path, context.workspace_files, context.document.at(node), context.read_document)
    context.problems.extend(sidecar.problems)
    return context.read_facts(path), sidecar


def _merge_metadata(
    facts: PhotoFacts, sidecar: Sidecar, base: FieldValues, kind: Kind, at: SourcePosition
) -> FieldValues:
    """Merge fields: sidecar before captions before `base`; keywords are added to the tags of `base`."""
    captioned: dict[str, Json] = {
        name: value for name in _caption_fields(kind) if (value := getattr(facts.captions, name))
    }
    if facts.captions.tags:
        base_tags = base.fields.get("tags")
        tags = (*base_tags, *facts.captions.tags) if isinstance(base_tags, tuple) else facts.captions.tags
        captioned["tags"] = canonical("tags", tags)
    return (
        _sidecar_fields(sidecar, kind)
        .with_fallback(FieldValues(captioned, dict.fromkeys(captioned, at)))
        .with_fallback(base)
    )


def _caption_fields(kind: Kind) -> tuple[str, ...]:
    """Return the fields of a kind that captions set."""
    fields = {field.name for field in FIELDS_BY_KIND[kind]}
    return tuple(name for name in CAPTION_NAMES if name in fields)


def _sidecar_fields(sidecar: Sidecar, kind: Kind) -> FieldValues:
    return NO_FIELDS if sidecar.document is None else parse_fields(sidecar.document.root, kind, sidecar.document)


def _unknown_fields(
    facts: PhotoFacts, path: str, kind: Kind, explicit: FieldValues, node: YamlNode, context: ManifestContext
) -> frozenset[str]:
    """Return the fields whose captions cannot be read, except `explicit` ones; a warning says so."""
    unknown = facts.unknown.intersection(_caption_fields(kind)).difference(explicit.fields)
    if unknown:
        names = ", ".join(name for name in CAPTION_NAMES if name in unknown)
        file = "the file that the value from the environment names" if node.has_hidden_values() else path
        why = "" if node.has_hidden_values() else f" ({'; '.join(facts.problems)})"
        message = f"the captions of {file} cannot be read completely{why}: an item on the site keeps its {names}"
        context.warnings.append(Problem(context.document.at(node), message))
    return unknown


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
