"""The work of `expand`: read the manifest of a gallery, and replace its `from:` entries."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from galleryctl.manifest.files.atomic_write import read_text
from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.load import combine_manifests, find_manifests, read_manifest
from galleryctl.manifest.workspace import WorkspaceConfig
from galleryctl.manifest.write.expand import expand_patterns
from galleryctl.model.errors import MatchError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedFile:
    """A manifest before and after; `entries` is the number of entries that replace `from:`, 0 if it has none."""

    file: str
    before: str
    after: str
    entries: int


def expand_gallery(config: WorkspaceConfig, site: str, key: str) -> ExpandedFile:
    """Return the expanded manifest of a gallery; nothing is written.

    Raises MatchError if no manifest has the gallery, InvalidInput with the problems of all manifests.
    """
    tree = WorkspaceFiles(config.root)
    problems: list[Problem] = []
    manifests = [read_manifest(config, file, tree, site=site) for file in find_manifests(config, tree, problems)]
    galleries = combine_manifests(config, manifests, site, problems).galleries
    by_key = {gallery.address.gallery: manifest for gallery, manifest in zip(galleries, manifests, strict=True)}
    if key not in by_key:
        close = get_close_matches(key, by_key, n=3)
        advice = f"did you mean {' or '.join(close)}?" if close else f"the galleries are: {', '.join(by_key)}"
        raise MatchError(f"no manifest declares the gallery {key}", do=advice)
    manifest = by_key[key]
    before = read_text(config.root / manifest.file)
    expansion = expand_patterns(
        before, manifest, lambda text: read_manifest(config, manifest.file, tree, site=site, text=text)
    )
    return ExpandedFile(file=manifest.file, before=before, after=expansion.text, entries=expansion.entries)
