"""The manifests of a workspace as what is wanted of a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from galleryctl.manifest.files.glob import natural_sort_key
from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.items import ManifestContext, build_items
from galleryctl.manifest.keys import key_from_text
from galleryctl.manifest.moved import read_moved
from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.schema import schema_problems
from galleryctl.manifest.values import get_bool, get_string, ignored_fields
from galleryctl.manifest.workspace import WORKSPACE_FILE, WorkspaceConfig
from galleryctl.manifest.yaml.interpolate import replace_variables
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.address import KEY_PATTERN, Address
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem, Moved, UnmanagedPolicy
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.model.fields import Json, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest file: its gallery, None where too much is wrong, and its renames."""

    file: str
    gallery: DesiredGallery | None
    moved: tuple[Moved, ...]
    problems: tuple[Problem, ...]


def load_manifests(config: WorkspaceConfig, site: str) -> Desired:
    """What the workspace wants of the site. Raises InvalidInput with all the problems of all its manifests."""
    if site not in config.sites:
        raise GalleryctlError(
            f"the workspace has no site {site!r}",
            where=config.root / WORKSPACE_FILE,
            do=f"it has: {', '.join(config.sites)}",
        )
    tree = WorkspaceFiles(config.root)
    problems: list[Problem] = []
    manifests = [read_manifest(config, file, tree) for file in find_manifests(config, tree, problems)]
    for manifest in manifests:
        problems += manifest.problems
    galleries = tuple(manifest.gallery for manifest in manifests if manifest.gallery is not None)
    problems += _duplicate_galleries(galleries)
    moved = (*config.moved, *(entry for manifest in manifests for entry in manifest.moved))
    if problems:
        raise InvalidInput(sort_problems(problems))
    return Desired(
        galleries=galleries,
        moved=moved,
        limits=config.limits,
        item_order=config.sites[site].item_order or config.item_order,
    )


def find_manifests(
    config: WorkspaceConfig, workspace_files: WorkspaceFiles, problems: list[Problem]
) -> tuple[str, ...]:
    """The manifest files, relative to the root, in natural order; what finds none is added to `problems`."""
    found: set[str] = set()
    for pattern in config.manifest_patterns:
        files, why = set[str](), f"{pattern} finds no file"
        try:
            files = {workspace_files.existing_path(file) for file in workspace_files.glob(pattern)}
        except WorkspaceFileError as error:
            why = str(error)
        if not files:
            told = "the value from the environment cannot be used here" if pattern in config.hidden_patterns else why
            problems.append(Problem(None, f"{WORKSPACE_FILE}: galleries: {told}"))
        found |= files
    return tuple(sorted(found - {WORKSPACE_FILE}, key=natural_sort_key))


def read_manifest(config: WorkspaceConfig, file: str, workspace_files: WorkspaceFiles) -> Manifest:
    """One manifest, with all its problems."""
    document = _read_document(config, file)
    problems = [*document.problems, *schema_problems(document, "gallery")]
    top = document.root
    if top is None or top.parts is None:
        return Manifest(file=file, gallery=None, moved=(), problems=tuple(problems))
    key = _gallery_key(document, top, problems)
    shelf = ManifestContext(
        document=document,
        gallery_key=key,
        defaults=top.part("defaults"),
        ignore=ignored_fields(top),
        workspace_files=workspace_files,
        read_document=partial(_read_document, config),
        problems=problems,
    )
    entries = top.part("items")
    nodes = (entries.items or ()) if entries else ()
    items = tuple(item for entry in nodes for item in build_items(entry, shelf))
    problems += _duplicate_items(items)
    moved = read_moved(document, gallery=key, problems=problems)
    gallery = _build_gallery(document, top, key, items, problems)
    return Manifest(file=file, gallery=gallery, moved=moved, problems=tuple(problems))


def _read_document(config: WorkspaceConfig, file: str) -> YamlDocument:
    """The YAML file with its variables replaced; all that it says is for everybody to see."""
    return replace_variables(read_document(config.root, file), config.environ, is_secret=config.is_secret)


def _gallery_key(document: YamlDocument, top: YamlNode, problems: list[Problem]) -> str:
    written = get_string(top, "gallery")
    if written is not None:
        return written if KEY_PATTERN.match(written) else "gallery"
    stem = document.file.rpartition("/")[2].rpartition(".")[0]
    key = key_from_text(stem)
    if not key:
        problems.append(Problem(document.at(top), "no key can be made from the file's name; write gallery: KEY"))
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


def _parse_bind(document: YamlDocument, top: YamlNode, problems: list[Problem]) -> Bind:
    node = top.part("bind")
    id_, name, create = get_string(node, "id"), get_string(node, "name"), bool(get_bool(node, "create"))
    if node is None:
        name = get_string(top, "name")
        if not name:
            message = (
                "which gallery of the site is this? write bind: {id: …} or bind: {name: …}, "
                "or bind: {create: true} to have it made"
            )
            problems.append(Problem(document.at(top), message))
        return Bind(name=name or None)
    if id_ and name:
        problems.append(Problem(document.at(node), "bind has an id and a name; the id is enough"))
    elif id_ and create:
        problems.append(Problem(document.at(node), "bind has an id, so there is nothing to create; take one away"))
    elif node.parts is not None and not (id_ or create or name or get_string(top, "name")):
        problems.append(Problem(document.at(node), "bind needs an id, a name, or create: true"))
    elif node.parts is not None and not (id_ or name or create):
        name = get_string(top, "name")
    return Bind(id=id_, name=name, create=create)


def _duplicate_items(items: Iterable[DesiredItem]) -> Iterator[Problem]:
    first: dict[Address, DesiredItem] = {}
    for item in items:
        earlier = first.setdefault(item.address, item)
        if earlier is not item:
            key = item.address.item
            yield Problem(item.at, f"the key {key!r} stands twice, first at {earlier.at}; give one a key of its own")


def _duplicate_galleries(galleries: Iterable[DesiredGallery]) -> Iterator[Problem]:
    first: dict[Address, DesiredGallery] = {}
    for gallery in galleries:
        earlier = first.setdefault(gallery.address, gallery)
        if earlier is not gallery:
            key = gallery.address.gallery
            yield Problem(gallery.at, f"the gallery {key!r} stands twice, first at {earlier.at}")
