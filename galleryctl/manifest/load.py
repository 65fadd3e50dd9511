"""Loads the manifests of a workspace as the desired state of a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from galleryctl.manifest.context import ManifestContext
from galleryctl.manifest.files.glob import natural_sort_key
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.gallery_items import build_gallery_items, pinned_files
from galleryctl.manifest.leftovers import Coverage, unmatched_files
from galleryctl.manifest.moved import moved_problems, read_moved
from galleryctl.manifest.ownership import (
    Claim,
    claim_problems,
    read_claims,
    read_removed,
    removed_problems,
    undeclared_problems,
)
from galleryctl.manifest.photo_facts import facts_reader, own_facts_reader
from galleryctl.manifest.pinned_captions import left_out_captions
from galleryctl.manifest.privacy import read_privacy
from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.profile import resolve_item_order
from galleryctl.manifest.published_texts import gallery_text_warnings
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.tolerated import read_tolerated
from galleryctl.manifest.values import get_bool, get_string, ignored_fields
from galleryctl.manifest.workspace import WORKSPACE_FILE, WorkspaceConfig, manifest_names
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.manifest.yaml.places import MANIFEST_PLACES
from galleryctl.model.address import KEY_PATTERN, Address, key_from_text
from galleryctl.model.command import command_line
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem, ItemOrder, Moved, UnmanagedPolicy
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.fields import Json, canonical
from galleryctl.model.tolerated import TOLERATED_FILE

_NO_MANIFEST = f"; write a manifest, or import the galleries of the site: {command_line('import', '--all')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest file; `gallery` is None if it cannot be read.

    `claims` are those of all sites. The gallery has only those of the site that the manifest was read for.
    """

    file: str
    gallery: DesiredGallery | None
    moved: tuple[Moved, ...] = ()
    claims: tuple[Claim, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    """Facts to know besides, such as files that are skipped."""
    coverage: Coverage = field(default_factory=Coverage)
    located: frozenset[str] = frozenset()
    """The files that hold a location, if no setting says what is to be done about it."""


def load_manifests(
    config: WorkspaceConfig, site: str, *, keep_unset: bool = False, reads_content: bool = True
) -> Desired:
    """Return the desired state of a site; with `keep_unset`, values whose variables are not set are not checked.

    Without `reads_content`, files are not recognised by what they show, so the result cannot be compared with a site.

    Raises InvalidInput with all problems of all manifests, GalleryctlError for an unknown site.
    """
    config.check_site(site)
    files = WorkspaceFiles(config.root, reads_content=reads_content)
    problems: list[Problem] = []
    manifests = [
        read_manifest(config, file, files, site=site, keep_unset=keep_unset)
        for file in find_manifests(config, files, problems)
    ]
    return combine_manifests(config, manifests, site, problems)


def combine_manifests(
    config: WorkspaceConfig, manifests: Sequence[Manifest], site: str, problems: Sequence[Problem] = ()
) -> Desired:
    """Return the desired state that these manifests declare. Raises InvalidInput with all problems and those given."""
    problems = list(problems)
    for manifest in manifests:
        problems += manifest.problems
    problems += problems_between(config, manifests)
    tolerated = read_tolerated(config, site, problems)
    item_order = ItemOrder.ASCENDING
    try:
        item_order = resolve_item_order(config, site)
    except InvalidInput as error:
        problems += error.problems
    if problems:
        problems += held_problems(manifest.gallery for manifest in manifests if manifest.gallery is not None)
        raise InvalidInput(sort_problems(problems))
    return Desired(
        galleries=tuple(manifest.gallery for manifest in manifests if manifest.gallery is not None),
        moved=all_moved(config, manifests),
        removed=frozenset(config.removed),
        approvals=config.approvals,
        limits=config.limits,
        item_order=item_order,
        tolerated=tolerated,
        located=frozenset[str]().union(*(manifest.located for manifest in manifests)),
        warnings=sort_problems(warning for manifest in manifests for warning in manifest.warnings),
        notes=(
            *(note for m in manifests for note in m.notes),
            *unmatched_files((manifest.coverage for manifest in manifests), WorkspaceFiles(config.root)),
        ),
    )


def held_problems(galleries: Iterable[DesiredGallery]) -> Iterator[Problem]:
    """Yield the problems with files that cannot be used now; each of them holds one item."""
    for gallery in galleries:
        yield from (Problem(item.held.at, item.held.why) for item in gallery.items if item.held is not None)


def problems_between(config: WorkspaceConfig, manifests: Sequence[Manifest]) -> Iterator[Problem]:
    """Yield the problems that no manifest has alone, such as a key or an id that two of them have."""
    galleries = [manifest.gallery for manifest in manifests if manifest.gallery is not None]
    yield from _duplicates(galleries)
    yield from claim_problems(claim for manifest in manifests for claim in manifest.claims)
    yield from removed_problems(config.removed, galleries)
    yield from moved_problems(all_moved(config, manifests))


def all_moved(config: WorkspaceConfig, manifests: Iterable[Manifest]) -> tuple[Moved, ...]:
    """Return the `moved` entries of galleryctl.yaml and of the manifests."""
    return (*config.moved, *(entry for manifest in manifests for entry in manifest.moved))


def find_manifests(
    config: WorkspaceConfig, workspace_files: WorkspaceFiles, problems: list[Problem]
) -> tuple[str, ...]:
    """Return the manifest files, relative to the root, in natural order; add a problem for a pattern without any.

    Of several names of one file, that which is not a link counts, otherwise the first.
    """
    found: set[str] = set()
    for pattern in config.manifest_patterns:
        files, why = set[str](), f"{pattern} matches no files{'' if found else _NO_MANIFEST}"
        try:
            paths = (file for name in manifest_names(pattern) for file in workspace_files.glob(name))
            files = set(map(workspace_files.existing_path, paths))
        except WorkspaceFileError as error:
            why = str(error)
        if not files:
            problems.append(Problem(None, f"{WORKSPACE_FILE}: galleries: {why}"))
        found |= files
    names = sorted(found - {WORKSPACE_FILE, TOLERATED_FILE}, key=natural_sort_key)
    chosen: dict[Path, str] = {}
    for name in sorted(names, key=lambda name: (config.root / name).is_symlink()):
        chosen.setdefault((config.root / name).resolve(), name)
    return tuple(name for name in names if name in chosen.values())


def read_manifest(
    config: WorkspaceConfig,
    file: str,
    workspace_files: WorkspaceFiles,
    *,
    site: str,
    text: str | None = None,
    keep_unset: bool = False,
) -> Manifest:
    """Return one manifest, for a site of the workspace, with all its problems; `text` replaces the content of the file.

    `keep_unset` is that of `load_manifests`.
    """
    read_file = partial(_read_document, config, keep_unset=keep_unset)
    document = read_file(file) if text is None else _replace_variables(config, parse_yaml_text(text, file))
    problems = [*document.problems, *schema_problems(document, "gallery")]
    top = document.root
    if top is None or top.parts is None:
        return Manifest(file=file, gallery=None, problems=tuple(problems))
    key = _gallery_key(document, top, problems)
    entries = top.part("items")
    nodes = (entries.items or ()) if entries else ()
    read_own_facts = own_facts_reader(workspace_files)
    context = ManifestContext(
        document=document,
        gallery_key=key,
        defaults=top.part("defaults"),
        ignore=ignored_fields(top),
        workspace_files=workspace_files,
        read_document=read_file,
        read_facts=facts_reader(workspace_files, read_own_facts),
        problems=problems,
        warnings=list(gallery_text_warnings(document)),
        notes=[],
        selections={},
        privacy=read_privacy(top.part("privacy")).with_fallback(config.privacy),
        read_own_facts=read_own_facts,
        located=set(),
        pinned=pinned_files(nodes, document),
    )
    items, unselected = build_gallery_items(nodes, context)
    context.notes.extend(left_out_captions(nodes, context))
    incomplete = bool(problems or document.unresolved)
    moved = read_moved(document, gallery=key, problems=problems)
    claims = read_claims(document, gallery=key, sites=config.sites, problems=problems)
    removed = read_removed(document, gallery=key, problems=problems)
    problems += removed_problems(removed, items)
    if not incomplete:  # otherwise an item can be missing only because its entry is invalid
        problems += undeclared_problems(claims, items)
    gallery = replace(_build_gallery(document, top, key, items, problems), unselected=unselected)
    gallery = _with_ownership(gallery, [claim for claim in claims if claim.site == site], removed)
    return Manifest(
        file=file,
        gallery=gallery,
        moved=moved,
        claims=claims,
        problems=tuple(problems),
        warnings=tuple(context.warnings),
        notes=tuple(context.notes),
        coverage=Coverage.of(context),
        located=frozenset(context.located),
    )


def _read_document(config: WorkspaceConfig, file: str, *, keep_unset: bool) -> YamlDocument:
    """Return a YAML file with its variables replaced."""
    return _replace_variables(config, read_document(config.root, file), keep_unset=keep_unset)


def _replace_variables(config: WorkspaceConfig, document: YamlDocument, *, keep_unset: bool = False) -> YamlDocument:
    return replace_variables(document, MANIFEST_PLACES, config.allowed, config.environ, keep_unset=keep_unset)


def _gallery_key(document: YamlDocument, top: YamlNode, problems: list[Problem]) -> str:
    explicit = get_string(top, "gallery")
    if explicit is not None:
        return explicit if KEY_PATTERN.match(explicit) else "gallery"
    stem = document.file.rpartition("/")[2].rpartition(".")[0]
    key = key_from_text(stem)
    if not key:
        problems.append(Problem(document.at(top), "cannot derive a key from the file name; specify gallery: KEY"))
    return key or "gallery"


def _build_gallery(
    document: YamlDocument, top: YamlNode, key: str, items: tuple[DesiredItem, ...], problems: list[Problem]
) -> DesiredGallery:
    fields: dict[str, Json] = {}
    name = top.part("name")
    if name is not None and "name" not in ignored_fields(top):
        fields["name"] = canonical("name", name.value)
    unmanaged = get_string(top, "unmanaged")
    protect = get_bool(top, "protect")
    return DesiredGallery(
        address=Address(key),
        bind=_parse_bind(document, top, problems),
        fields=fields,
        items=items,
        at=document.at_key(top, "gallery"),
        protect=True if protect is None else protect,
        unmanaged=UnmanagedPolicy(unmanaged) if unmanaged in set(UnmanagedPolicy) else UnmanagedPolicy.KEEP,
    )


def _with_ownership(gallery: DesiredGallery, claims: Sequence[Claim], removed: Iterable[Address]) -> DesiredGallery:
    """Return the gallery with the claims of one site and the addresses whose management ends."""
    adopted = {claim.address: claim for claim in claims if claim.address is not None}
    return replace(
        gallery,
        adopt={address: claim.id for address, claim in adopted.items()},
        adopt_positions={address: claim.at for address, claim in adopted.items()},
        foreign=frozenset(claim.id for claim in claims if claim.address is None),
        removed=frozenset(removed),
    )


def _parse_bind(document: YamlDocument, top: YamlNode, problems: list[Problem]) -> Bind:
    node = top.part("bind")
    id_, name, create = get_string(node, "id"), get_string(node, "name"), bool(get_bool(node, "create"))
    if node is None:
        name = get_string(top, "name")
        if not name:
            problems.append(Problem(document.at(top), "missing bind: specify {id: …}, {name: …} or {create: true}"))
        return Bind(name=name or None)
    if id_ and name:
        problems.append(Problem(document.at(node), "bind has both id and name; remove the name"))
    elif id_ and create:
        problems.append(Problem(document.at(node), "bind has both id and create; remove one of them"))
    elif node.parts is not None and not (id_ or create or name or get_string(top, "name")):
        problems.append(Problem(document.at(node), "bind requires id, name or create: true"))
    elif node.parts is not None and not (id_ or name or create):
        name = get_string(top, "name")
    return Bind(id=id_, name=name, create=create)


def _duplicates(galleries: Iterable[DesiredGallery]) -> Iterator[Problem]:
    first: dict[Address, DesiredGallery] = {}
    for gallery in galleries:
        earlier = first.setdefault(gallery.address, gallery)
        if earlier is not gallery:
            key = gallery.address.gallery
            yield Problem(gallery.at, f"duplicate gallery {key!r}, first defined at {earlier.at}")
