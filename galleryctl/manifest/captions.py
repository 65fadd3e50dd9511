"""The setting `captions` of an entry, and the .xmp sidecars of its files."""

from __future__ import annotations

from galleryctl.manifest.photo_facts import FactsReader
from galleryctl.manifest.values import get_bool, get_string
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.model.desired import XmpSidecar

_OF_FILE = "file"


def reads_captions(entry: YamlNode, *, default: bool) -> bool:
    """Return True if the entry takes captions from its files."""
    setting = get_bool(entry, "captions")
    return not reads_sidecars(entry) or (default if setting is None else setting)


def reads_sidecars(entry: YamlNode) -> bool:
    """Return False if the entry leaves .xmp sidecars out: `captions: file`."""
    return get_string(entry, "captions") != _OF_FILE


def find_xmp_sidecar(entry: YamlNode, path: str, read_facts: FactsReader, fields: frozenset[str]) -> XmpSidecar | None:
    """Return the .xmp sidecar of a file, None if the entry needs none; `fields` are the captions that it may set."""
    by_date = (get_string(entry, "order") or "").removeprefix("-") == "captured"
    if not reads_sidecars(entry) or not (fields or by_date or entry.part("where")):
        return None
    return XmpSidecar(path=path, is_there=read_facts(path).has_sidecar, fields=fields, orders=by_date)
