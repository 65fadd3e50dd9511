"""All that is on an emulated site, in a form that is equal after any two runs that reach the same goal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from galleryctl.emulator.store import SiteStore

Doc = dict[str, Any]


def describe_site(store: SiteStore, known_files: Collection[str]) -> Doc:
    """Return galleries, items and files; `leaked` are the files that no item shows and whose id is not known."""
    files = {f["id"]: f for f in store.fetch_documents("SELECT doc FROM files ORDER BY seq")}
    galleries = store.fetch_documents("SELECT doc FROM galleries ORDER BY sort_order")
    items = {
        g["id"]: store.fetch_documents("SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order", g["id"])
        for g in galleries
    }
    used = {image_id(item) for listed in items.values() for item in listed}
    # The place of an unmanaged item between the others depends on their sort orders, which are random.
    ours = {id_: [item for item in listed if not is_foreign(item)] for id_, listed in items.items()}
    return {
        "galleries": [[g.get("name"), [look(item, files) for item in ours[g["id"]]]] for g in galleries],
        "foreign": [item for listed in items.values() for item in listed if is_foreign(item)],
        "files": sorted(f["labels"] for f in files.values()),
        "leaked": [id_ for id_ in files if id_ not in used and id_ not in known_files],
    }


def is_foreign(item: Doc) -> bool:
    """Return True for the item that a person added."""
    return item.get("title") == "By hand"


def image_id(item: Doc) -> str:
    """Return the id of the file that an image shows."""
    return str(item.get("image", {}).get("imageInfo", {}).get("id", ""))


def look(item: Doc, files: dict[str, Doc]) -> Doc:
    """Return what a visitor sees of an item: all but ids, dates and the number that gives its place."""
    shown = {k: v for k, v in item.items() if k not in ("id", "sortOrder", "createdDate", "updatedDate")}
    if ident := image_id(item):
        info = {k: v for k, v in item["image"]["imageInfo"].items() if k in ("altText", "width", "height")}
        shown["image"] = item["image"] | {
            "imageInfo": info,
            "file": files[ident]["labels"] if ident in files else ident,
        }
    return shown
