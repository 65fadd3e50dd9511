"""A user of the Editor who edits the site while commands run; the commands must not touch unmanaged resources."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from galleryctl.emulator.api.rejection import Rejection
from galleryctl.model.fields import Json
from tests.support.engine_harness import EngineHarness

Doc = dict[str, Any]


@dataclass(slots=True)
class Editor:
    """Makes random edits, and records the unmanaged resources that it leaves."""

    harness: EngineHarness
    rng: random.Random
    items: dict[str, Doc] = field(default_factory=dict)
    galleries: dict[str, Doc] = field(default_factory=dict)
    files: dict[str, Doc] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)
    moved: set[str] = field(default_factory=set)
    rephotographed: set[str] = field(default_factory=set)
    """Managed items that were moved, and those that show another photo: an item in doubt that is both counts as theirs."""

    def add_own_resources(self) -> None:
        """Create unmanaged resources: a gallery with items, an item in a managed gallery, a file."""
        (made,) = self.harness.edit({"set": {"name": "By hand", "sortOrder": -5.5, "later": {"a": [1, None]}}})
        gallery = made["gallery"]
        self.galleries[gallery["id"]] = gallery
        for place in range(3):
            self._create_item(gallery["id"], {"sortOrder": place + 0.25})
        self.add_item()
        for file in self.harness.files():
            if not file["labels"]:
                self.files[file["id"]] = file

    def make_random_edit(self) -> None:
        """Make one random edit."""
        edit = self.rng.choice(
            [
                self.add_item,
                self.copy_managed_item,
                self.edit_own_item,
                self.imitate_managed_text,
                self.move_own_item,
                self.delete_own_item,
                self.edit_managed_title,
                self.edit_managed_description,
                self.edit_managed_text,
                self.replace_managed_photo,
                self.move_managed_item,
                self.delete_managed_item,
            ]
        )
        with suppress(Rejection):  # the mean of two neighbours can be taken once it is rounded
            edit()

    def add_item(self) -> None:
        """Create an item in a managed gallery, between two others."""
        gallery = self.rng.choice(self._managed_galleries())
        self._create_item(gallery["id"], {}, after=self._place(gallery))

    def _create_item(self, gallery: str, fields: Doc, **place: Json) -> None:
        new = {"type": "TEXT", "title": f"hand {next(self.numbers)}", "text": {"html": "x"}, "later": [{"b": None}]}
        (made,) = self.harness.edit({"gallery": gallery, "item": None, "set": {**new, **fields}, **place})
        self.items[made["item"]["id"]] = made["item"]

    def copy_managed_item(self) -> None:
        """Duplicate a managed item, as the Editor's own command does."""
        if ours := self._managed_items():
            gallery, item = self.rng.choice(ours)
            (made,) = self.harness.edit({"gallery": gallery["id"], "item": None, "copy": item["id"]})
            self.items[made["item"]["id"]] = made["item"]

    def edit_own_item(self) -> None:
        """Edit an unmanaged item of any gallery."""
        self._edit_own_item({"title": f"hand {next(self.numbers)}"})

    def imitate_managed_text(self) -> None:
        """Give an unmanaged text the title and text of a managed one."""
        if texts := [item for _, item in self._managed_items() if item["type"] == "TEXT"]:
            text = self.rng.choice(texts)
            self._edit_own_item({"title": text.get("title"), "text": text["text"]}, "TEXT")

    def move_own_item(self) -> None:
        """Move an unmanaged item between two others."""
        if theirs := self._own_items():
            gallery, item = self.rng.choice(theirs)
            self._save_own_item(gallery, item, after=self._place(gallery, item))

    def delete_own_item(self) -> None:
        """Delete an unmanaged item."""
        if theirs := self._own_items():
            gallery, item = self.rng.choice(theirs)
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "delete": True})
            del self.items[item["id"]]

    def _edit_own_item(self, fields: Doc, kind: str | None = None) -> None:
        if theirs := [(g, i) for g, i in self._own_items() if kind in (None, i["type"])]:
            self._save_own_item(*self.rng.choice(theirs), set=fields)

    def _save_own_item(self, gallery: Doc, item: Doc, **edit: Json) -> None:
        (made,) = self.harness.edit({"gallery": gallery["id"], "item": item["id"], **edit})
        self.items[item["id"]] = made["item"]

    def edit_managed_title(self) -> None:
        """Edit a declared field of a managed item."""
        self._edit_managed_item({"title": f"drift {next(self.numbers)}"})

    def edit_managed_description(self) -> None:
        """Edit an undeclared field of a managed item."""
        self._edit_managed_item({"description": f"hand {next(self.numbers)}"})

    def edit_managed_text(self) -> None:
        """Edit the text of a managed item."""
        if texts := [(g, i) for g, i in self._managed_items() if i["type"] == "TEXT"]:
            gallery, item = self.rng.choice(texts)
            text = {"text.html": f"<p>drift {next(self.numbers)}</p>"}
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "set": text})

    def replace_managed_photo(self) -> None:
        """Show the unmanaged file in a managed image."""
        images = [(g, i) for g, i in self._managed_items() if i["type"] == "IMAGE" and i["id"] not in self.moved]
        if images and self.files:
            gallery, item = self.rng.choice(images)
            self.rephotographed.add(item["id"])
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "photo": min(self.files)})

    def move_managed_item(self) -> None:
        """Move a managed item between two others."""
        if ours := [(g, i) for g, i in self._managed_items() if i["id"] not in self.rephotographed]:
            gallery, item = self.rng.choice(ours)
            self.moved.add(item["id"])
            place = self._place(gallery, item)
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "after": place})

    def delete_managed_item(self) -> None:
        """Delete a managed item."""
        if ours := self._managed_items():
            gallery, item = self.rng.choice(ours)
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "delete": True})

    def _edit_managed_item(self, fields: Doc) -> None:
        if ours := self._managed_items():
            gallery, item = self.rng.choice(ours)
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "set": fields})

    def _managed_galleries(self) -> list[Doc]:
        return [g for g in self.harness.galleries() if g["id"] not in self.galleries]

    def _own_items(self) -> list[tuple[Doc, Doc]]:
        return [(g, i) for g in self.harness.galleries() for i in self._items_of(g) if i["id"] in self.items]

    def _managed_items(self) -> list[tuple[Doc, Doc]]:
        return [(g, i) for g in self._managed_galleries() for i in self._items_of(g) if i["id"] not in self.items]

    def _items_of(self, gallery: Doc) -> list[Doc]:
        sql = "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq"
        return self.harness.emulator.pipeline.site.store.fetch_documents(sql, gallery["id"])

    def _place(self, gallery: Doc, moved: Doc | None = None) -> str | None:
        """Return the id of an item to add or move something behind, or None for the front."""
        others = [str(item["id"]) for item in self._items_of(gallery) if item != moved]
        return self.rng.choice([None, *others])

    def take_item(self, id_: str) -> None:
        """Note that an item is unmanaged from now on; it may be gone."""
        store = self.harness.emulator.pipeline.site.store
        for item in store.fetch_documents("SELECT doc FROM items WHERE id = ?", id_):
            self.items[id_] = item

    def take_gallery(self, id_: str) -> None:
        """Note that a gallery and its items are unmanaged from now on; it may be gone."""
        for gallery in self.harness.galleries():
            if gallery["id"] == id_:
                self.galleries[id_] = gallery
                self.items |= {item["id"]: item for item in self._items_of(gallery)}

    def assert_own_resources_unchanged(self) -> None:
        """Assert that the unmanaged resources are unchanged, byte for byte."""
        store = self.harness.emulator.pipeline.site.store
        items = {i["id"]: i for i in store.fetch_documents("SELECT doc FROM items")}
        galleries = {g["id"]: g for g in store.fetch_documents("SELECT doc FROM galleries")}
        files = {f["id"]: f for f in self.harness.files()}
        assert {id_: items.get(id_) for id_ in self.items} == self.items
        assert {id_: galleries.get(id_) for id_ in self.galleries} == self.galleries
        assert {id_: files.get(id_) for id_ in self.files} == self.files
