"""Notes entries of files that a pattern would show with their captions, and that leave these captions out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from galleryctl.manifest.context import ManifestContext
from galleryctl.manifest.files.search import composed
from galleryctl.manifest.files.tree import WorkspaceFileError, normalize_path
from galleryctl.manifest.sidecars import load_sidecar
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.errors import Problem
from galleryctl.model.media import Kind
from galleryctl.photo.facts import CAPTION_NAMES


def left_out_captions(entries: Iterable[YamlNode], context: ManifestContext) -> Iterator[Problem]:
    """Yield a note for each entry without `captions` whose file has some, and is one of a `from` of the manifest."""
    matched = {composed(path) for selection in context.selections.values() for path in selection.matched}
    for entry in entries if matched else ():
        node = entry.part(Kind.IMAGE.value) or entry.part(Kind.VIDEO.value)
        if node is None or entry.part("captions") is not None or node.has_hidden_values():
            continue
        try:
            path = normalize_path(str(node.value))
        except WorkspaceFileError:
            continue  # a URL, or reported with the entry
        if composed(path) in matched and (names := list(_left_out(entry, path, node, context))):
            message = f"this entry leaves out what {path} has: {', '.join(names)}; write captions: true, or false to keep it so"
            yield Problem(context.document.at(entry), message)


def _left_out(entry: YamlNode, path: str, node: YamlNode, context: ManifestContext) -> Iterator[str]:
    captions = context.read_facts(path).captions
    yield from (name for name in CAPTION_NAMES if getattr(captions, name) and entry.part(name) is None)
    sidecar = load_sidecar(path, context.workspace_files, context.document.at(node), context.read_document)
    if sidecar.document is not None or sidecar.unusable:
        yield "a YAML sidecar"
