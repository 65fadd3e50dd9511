"""Warnings about texts that visitors see and that YAML reads otherwise than their author may expect."""

from __future__ import annotations

import json
from collections.abc import Iterator

from galleryctl.manifest.media_source import is_bare_url
from galleryctl.manifest.yaml.nodes import YamlDocument, YamlNode
from galleryctl.model.errors import Problem

_TEXTS = ("title", "description", "alt_text", "text")


def gallery_text_warnings(document: YamlDocument) -> Iterator[Problem]:
    """Yield the warnings about the texts of a manifest."""
    if document.root is None:
        return
    nodes = [("name", document.root.part("name"))]
    items = document.root.part("items")
    for entry in (document.root.part("defaults"), *((items.items or ()) if items else ())):
        nodes += _item_texts(entry)
        yield from _link_warnings(document, entry)
    yield from _warnings(document, nodes)


def sidecar_text_warnings(document: YamlDocument) -> Iterator[Problem]:
    """Yield the warnings about the texts of a sidecar."""
    yield from _warnings(document, _item_texts(document.root))
    yield from _link_warnings(document, document.root)


def _link_warnings(document: YamlDocument, entry: YamlNode | None) -> Iterator[Problem]:
    link = entry.part("link") if entry else None
    url = link.part("url") or link if link else None
    if url and isinstance(url.value, str) and not url.has_hidden_values() and is_bare_url(url.value):
        yield Problem(document.at(url), f"the link {url.value[:80]} is not a whole URL; add https://")


def _item_texts(entry: YamlNode | None) -> list[tuple[str, YamlNode | None]]:
    """Return the texts of an entry with their names in messages."""
    if entry is None:
        return []
    link, tags = entry.part("link"), entry.part("tags")
    texts = [(name, entry.part(name)) for name in _TEXTS]
    listed = [("an entry of tags", tag) for tag in (tags.items or ())] if tags else []
    return [*texts, ("link.text", link.part("text") if link else None), ("tags", tags), *listed]


def _warnings(document: YamlDocument, nodes: list[tuple[str, YamlNode | None]]) -> Iterator[Problem]:
    for name, node in nodes:
        remark = document.remarks.get((node.line, node.column)) if node else None
        if remark is not None:
            shown = f"published as {json.dumps(remark.shown, ensure_ascii=False)}" if remark.shown else "empty"
            at = document.at(YamlNode(None, remark.line, remark.column))
            yield Problem(at, f"{name} is {shown}: {remark.why}")
