"""Validation of a whole workspace: all problems in galleryctl.yaml and its manifests, or a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import find_manifests, held_problems, load_manifests
from galleryctl.manifest.privacy import location_note
from galleryctl.manifest.problems import read_document, sort_problems
from galleryctl.manifest.profile import resolve_item_order
from galleryctl.manifest.site_settings import SiteConfig
from galleryctl.manifest.workspace import (
    DEFAULT_SITE,
    WORKSPACE_FILE,
    BackendConfig,
    WorkspaceConfig,
    load_workspace,
    string_values,
)
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.manifest.yaml.places import AllowedVariables
from galleryctl.manifest.yaml.variables import masked_variable_names
from galleryctl.model.checkup import Validation, ValidGallery
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.media import Kind, LocalFile
from galleryctl.model.upload_formats import limit_warnings

_HELD_ADVICE = "apply leaves the items of these files as they are, does the rest, and exits with 3"


def validate(root: Path, environ: Mapping[str, str], site: str | None = None) -> Validation:
    """Return a summary of the workspace in `root`, for all of its sites or for one.

    No variable needs to be set: the values with variables that are not set are not checked. Raises InvalidInput with every problem of every file, and GalleryctlError for an unknown site.
    """
    try:
        config = load_workspace(root, environ)
    except InvalidInput as error:
        problems = sort_problems((*error.problems, *_manifest_problems(root, environ)))
        raise InvalidInput(problems, do=error.do) from error
    sites = tuple(config.sites) if site is None else (site,)
    # Load once: the problems of what differs between sites are found for all of them.
    desired = load_manifests(config, sites[0], keep_unset=True, reads_content=False)
    for other in sites[1:]:
        resolve_item_order(config, other)
    if held := tuple(held_problems(desired.galleries)):
        raise InvalidInput(sort_problems(held), do=_HELD_ADVICE)
    unset = (name for name in referenced_variables(root, sites=False, state=False) if name not in environ)
    return _summarize(sites, desired, tuple(unset))


def partial_workspace(root: Path) -> WorkspaceConfig:
    """Return a workspace with only manifest patterns and site names, from a galleryctl.yaml that may be invalid.

    Raises InvalidInput if the file cannot be read at all.
    """
    document = read_document(root, WORKSPACE_FILE)
    if document.root is None:
        raise InvalidInput(document.problems)
    patterns, sites = document.root.part("galleries"), document.root.part("sites")
    return WorkspaceConfig(
        root=root,
        backend=BackendConfig(),
        sites=dict.fromkeys((sites.parts or {}) if sites else {}, SiteConfig()) or {DEFAULT_SITE: SiteConfig()},
        manifest_patterns=() if patterns is None else tuple(string_values(patterns)),
    )


def referenced_variables(
    root: Path, *, sites: bool, state: bool = True, site: str | None = None, auth: bool = True
) -> tuple[str, ...]:
    """Return the sorted names of the variables in a workspace's files; `sites`, `state`: include those of that key.

    With `site`, those of other sites are left out; without `auth`, those of all credentials.
    """
    problems: list[Problem] = []
    try:
        manifests = find_manifests(partial_workspace(root), WorkspaceFiles(root), problems)
    except InvalidInput:
        return ()
    top = read_document(root, WORKSPACE_FILE).root
    settings = (top.parts or {}) if top else {}
    left_out = {"sites"} if state else {"sites", "state"}
    nodes = [part for key, part in settings.items() if key not in left_out]
    for name, part in ((settings["sites"].parts or {}) if sites and "sites" in settings else {}).items():
        if site in (None, name):
            nodes += [value for key, value in (part.parts or {}).items() if auth or key != "auth"]
    nodes += [node for file in manifests if (node := read_document(root, file).root) is not None]
    return tuple(sorted({name for node in nodes for name in _variable_names(node)}))


def _variable_names(node: YamlNode) -> Iterator[str]:
    if isinstance(node.value, str):
        yield from masked_variable_names(node.value)
    for child in (*(node.parts or {}).values(), *(node.items or ())):
        yield from _variable_names(child)


def _manifest_problems(root: Path, environ: Mapping[str, str]) -> Sequence[Problem]:
    """Return the problems of the manifests of an invalid galleryctl.yaml; none if it cannot be read."""
    try:
        workspace = partial_workspace(root)
    except InvalidInput:
        return ()
    try:
        allowed = AllowedVariables.read(environ)
        workspace = replace(workspace, environ=environ, allowed=allowed)
        load_manifests(workspace, next(iter(workspace.sites)), keep_unset=True, reads_content=False)
    except InvalidInput as error:
        return error.problems
    return ()


def _summarize(sites: tuple[str, ...], desired: Desired, unset: tuple[str, ...]) -> Validation:
    files = {
        item.media.source: item.media.size
        for gallery in desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile)
    }
    return Validation(
        sites=sites,
        galleries=tuple(map(_summarize_gallery, desired.galleries)),
        media_files=len(files),
        media_bytes=sum(files.values()),
        notes=sort_problems((*desired.notes, *([location_note(desired.located)] if desired.located else []))),
        unset_variables=unset,
        warnings=sort_problems((*desired.warnings, *_limit_warnings(desired))),
    )


def _limit_warnings(desired: Desired) -> Iterator[Problem]:
    """Yield the warnings about files that the vendor may reject, each at the entry of its first item."""
    items = [item for gallery in desired.galleries for item in gallery.items]
    positions = {item.media.path: item.at for item in reversed(items) if isinstance(item.media, LocalFile)}
    for file, warning in limit_warnings(item.media for item in items if isinstance(item.media, LocalFile)):
        yield Problem(positions[file.path], warning)


def _summarize_gallery(gallery: DesiredGallery) -> ValidGallery:
    counts = Counter(item.kind for item in gallery.items)
    items_by_kind = {kind: counts[kind] for kind in Kind}
    return ValidGallery(key=gallery.address.gallery, file=gallery.at.file, items_by_kind=items_by_kind)
