"""Builds the desired items of the entries in a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from galleryctl.manifest.captions import find_xmp_sidecar, reads_captions
from galleryctl.manifest.context import ManifestContext
from galleryctl.manifest.files.glob import SelectedFile
from galleryctl.manifest.files.tree import UnusableFileError, WorkspaceFileError, normalize_path
from galleryctl.manifest.media_source import MediaSourceError, media_base_name, parse_media_source
from galleryctl.manifest.publish import read_publish_window
from galleryctl.manifest.published_texts import sidecar_text_warnings
from galleryctl.manifest.selection import select_entry_files
from galleryctl.manifest.sidecars import Sidecar, load_sidecar
from galleryctl.manifest.values import NO_FIELDS, FieldValues, get_bool, get_string, ignored_fields, parse_fields
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.address import KEY_PATTERN, Address, key_from_text
from galleryctl.model.desired import DesiredItem
from galleryctl.model.errors import Problem
from galleryctl.model.fields import FIELDS_BY_KIND, Json, canonical
from galleryctl.model.file_keys import key_of_file
from galleryctl.model.media import HeldFile, Kind, LocalFile, Media
from galleryctl.model.position import SourcePosition
from galleryctl.model.publishing import PublishWindow
from galleryctl.model.variable_text import displayed
from galleryctl.photo.facts import CAPTION_NAMES, NO_FACTS, PhotoFacts


class ItemDraft(NamedTuple):
    """An item of a manifest; its key is not final if it comes from the name of `file`."""

    item: DesiredItem
    file: str = ""
    is_selected: bool = True
    """False for a file that `where` does not select and that has no .xmp sidecar."""


_SIDECAR_ADVICE = "restore it, or exclude the photo with except:"


def build_items(entry: YamlNode, context: ManifestContext) -> Iterator[ItemDraft]:
    """Yield the items of one entry; none if it is invalid."""
    parts = entry.parts or {}
    kind = next((kind for kind in Kind if kind.value in parts), None)
    if kind is not None:
        yield from _single_item(entry, parts[kind.value], kind, context)
    elif "from" in parts:
        yield from _items_from_files(entry, parts["from"], context)


def _single_item(entry: YamlNode, source_node: YamlNode, kind: Kind, context: ManifestContext) -> Iterator[ItemDraft]:
    if not isinstance(source_node.value, str):
        return
    media: Media = None
    held: HeldFile | None = None
    at = context.document.at(source_node)
    try:
        if kind is not Kind.TEXT:
            media = parse_media_source(source_node.value, kind, context.workspace_files, context.privacy)
            if isinstance(media, LocalFile):
                media = context.with_location(media)
    except UnusableFileError as error:
        held = _held_file(normalize_path(source_node.value), error, source_node, context)
    except MediaSourceError as error:
        context.add_problem(source_node, str(error))
        return
    facts, sidecar = NO_FACTS, Sidecar()
    own = explicit = parse_fields(entry, kind, context.document)
    has_captions = reads_captions(entry, default=False) and isinstance(media, LocalFile)
    if has_captions and isinstance(media, LocalFile):
        facts, sidecar = _read_metadata(entry, media.path, source_node, context)
        if sidecar.unusable:
            why = UnusableFileError(sidecar.unusable, media.sha256)
            held, media, has_captions = _held_file(media.path, why, source_node, context), None, False
        own = own.with_fallback(_merge_metadata(facts, sidecar, NO_FIELDS, kind, at))
    key = get_string(entry, "key") or sidecar.key
    if not key and "${" in PurePosixPath(displayed(source_node.value)).name:
        message = "missing key: required where a variable names the file, because keys are shown"
        context.problems.append(Problem(at, message))
        return
    name = "" if kind is Kind.TEXT else media_base_name(media, source_node.value)
    key = key or key_from_text(name)
    if not key:
        no_name = "cannot derive a key from the file name; specify a key"
        context.add_problem(entry, "missing key: required for a text item" if kind is Kind.TEXT else no_name)
        return
    item = _build_item(entry, context, key=key, kind=kind, media=media, own_fields=own, sidecar=sidecar)
    explicit = explicit.with_fallback(_sidecar_fields(sidecar, kind))
    path = media.path if isinstance(media, LocalFile) else held.path if held else ""
    unknown = _unknown_fields(facts, path, kind, explicit, source_node, context)
    xmp = find_xmp_sidecar(entry, path, context.read_facts, _open_fields(kind, explicit)) if has_captions else None
    yield ItemDraft(replace(item, held=held, unknown=unknown, xmp=xmp))


def _items_from_files(entry: YamlNode, pattern: YamlNode, context: ManifestContext) -> Iterator[ItemDraft]:
    for file in select_entry_files(entry, pattern, context):
        try:
            media = context.with_location(context.workspace_files.local_file(file.path, file.kind, context.privacy))
            if file.unknown:
                raise UnusableFileError(file.unknown, media.sha256)
        except WorkspaceFileError as error:
            yield _held_item(entry, pattern, file, error, context)
        else:
            yield _item_from_file(entry, pattern, file, media, context)
    aside = replace(context, problems=[], warnings=[])  # what is wrong with a file that is not selected does not matter
    for file in context.unselected_files(pattern):
        missing = UnusableFileError(
            f"the .xmp sidecar of {file.path} is missing since the last apply; {_SIDECAR_ADVICE}"
        )
        yield _held_item(entry, pattern, file, missing, aside)._replace(is_selected=False)


def _item_from_file(
    entry: YamlNode, pattern: YamlNode, file: SelectedFile, media: LocalFile, context: ManifestContext
) -> ItemDraft:
    own = parse_fields(entry, file.kind, context.document)
    facts, sidecar = NO_FACTS, Sidecar()
    has_captions = reads_captions(entry, default=True)
    if has_captions:
        facts, sidecar = _read_metadata(entry, file.path, pattern, context)
        if sidecar.unusable:
            why = UnusableFileError(sidecar.unusable, media.sha256)
            return _held_item(entry, pattern, file, why, context)
    own = own.with_fallback(_default_fields(file.kind, context))
    own = _merge_metadata(facts, sidecar, own, file.kind, context.document.at(pattern))
    explicit = _sidecar_fields(sidecar, file.kind)
    unknown = _unknown_fields(facts, file.path, file.kind, explicit, pattern, context)
    open_fields = _open_fields(file.kind, explicit) if has_captions else frozenset[str]()
    xmp = find_xmp_sidecar(entry, file.path, context.read_facts, open_fields)
    key = sidecar.key or key_of_file(file.path)
    item = _build_item(entry, context, key=key, kind=file.kind, media=media, own_fields=own, sidecar=sidecar)
    item = replace(item, unknown=unknown, keeps_place=file.keeps_place, xmp=xmp)
    return ItemDraft(item, "" if sidecar.key else file.path)


def _held_item(
    entry: YamlNode, pattern: YamlNode, file: SelectedFile, error: WorkspaceFileError, context: ManifestContext
) -> ItemDraft:
    """Return the item of a file that cannot be used: only its key, its protection and its time count."""
    sidecar = Sidecar()
    at = context.document.at(pattern)
    if reads_captions(entry, default=True):
        sidecar = load_sidecar(file.path, context.workspace_files, at, context.read_document)
        context.problems.extend(sidecar.problems)
    key = sidecar.key or key_of_file(file.path)
    item = _build_item(entry, context, key=key, kind=file.kind, media=None, own_fields=NO_FIELDS, sidecar=sidecar)
    held = _held_file(file.path, error, pattern, context)
    return ItemDraft(replace(item, held=held), "" if sidecar.key else file.path)


def _held_file(path: str, error: WorkspaceFileError, node: YamlNode, context: ManifestContext) -> HeldFile:
    """Return the file that holds an item; the reason does not show a value from the environment."""
    hidden = "a file that the value from the environment names cannot be used"
    return HeldFile(
        path=path,
        why=hidden if node.has_hidden_values() else str(error),
        at=context.document.at(node),
        sha256=error.sha256 if isinstance(error, UnusableFileError) else "",
    )


def _read_metadata(entry: YamlNode, path: str, node: YamlNode, context: ManifestContext) -> tuple[PhotoFacts, Sidecar]:
    """Return what a file and its .xmp sidecars say of it, and its YAML sidecar."""
    sidecar = load_sidecar(path, context.workspace_files, context.document.at(node), context.read_document)
    context.problems.extend(sidecar.problems)
    if sidecar.document is not None:
        context.warnings.extend(sidecar_text_warnings(sidecar.document))
    return context.facts_reader_of(entry)(path), sidecar


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


def _open_fields(kind: Kind, explicit: FieldValues) -> frozenset[str]:
    """Return the fields of a kind that captions may set, without those that are explicit in the manifest."""
    return frozenset(_caption_fields(kind)).difference(explicit.fields)


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
        key = key_from_text(key) or "item"  # an invalid key, which is reported
    return DesiredItem(
        address=Address(context.gallery_key, key),
        kind=kind,
        media=media,
        fields=values.fields,
        at=context.document.at(entry),
        protect=next((value for value in flags if value is not None), False),
        ignore=ignore,
        field_positions=values.positions,
        publish=_publish_window(entry, context, sidecar),
    )


def _publish_window(entry: YamlNode, context: ManifestContext, sidecar: Sidecar) -> PublishWindow | None:
    """Return the time in which the item is published: that of the sidecar, else that of the entry."""
    node = sidecar.document.root.part("publish") if sidecar.document and sidecar.document.root else None
    if node is None or sidecar.document is None:
        return read_publish_window(entry.part("publish"), context.add_problem)
    document = sidecar.document
    return read_publish_window(node, lambda at, message: context.problems.append(Problem(document.at(at), message)))
