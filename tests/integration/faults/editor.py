"""A user of the Editor who edits the site while commands run; the commands must not touch unmanaged resources."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from tests.support.engine_harness import EngineHarness

Doc = dict[str, Any]
MANAGED_GALLERIES = ("Weddings", "Other")
"""The names of the managed galleries."""


@dataclass(slots=True)
class Editor:
    """Makes random edits, and records the unmanaged resources that it leaves."""

    harness: EngineHarness
    rng: random.Random
    items: dict[str, Doc] = field(default_factory=dict)
    galleries: dict[str, Doc] = field(default_factory=dict)
    files: dict[str, Doc] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    def add_own_resources(self) -> None:
        """Create unmanaged resources: a gallery with items, an item in a managed gallery, a file."""
        (made,) = self.harness.edit({"set": {"name": "By hand", "sortOrder": -5.5, "later": {"a": [1, None]}}})
        gallery = made["gallery"]
        self.galleries[gallery["id"]] = gallery
        for place in range(3):
            self._create_item(gallery["id"], place + 0.25)
        self.add_item()
        for file in self.harness.files():
            if not file["labels"]:
                self.files[file["id"]] = file

    def make_random_edit(self) -> None:
        """Make one random edit."""
        self.rng.choice(
            [
                self.add_item,
                self.edit_own_item,
                self.edit_managed_title,
                self.edit_managed_description,
                self.move_managed_item,
                self.delete_managed_item,
            ]
        )()

    def add_item(self) -> None:
        """Create an item in a managed gallery, between two others."""
        gallery = self.rng.choice(self._managed_galleries())
        self._create_item(gallery["id"], self._between(gallery))

    def _create_item(self, gallery: str, order: float) -> None:
        new = {
            "type": "TEXT",
            "title": f"hand {next(self.numbers)}",
            "sortOrder": order,
            "text": {"html": "x"},
        }
        (made,) = self.harness.edit({"gallery": gallery, "item": None, "set": {**new, "later": [{"b": None}]}})
        self.items[made["item"]["id"]] = made["item"]

    def edit_own_item(self) -> None:
        """Edit an unmanaged item of any gallery."""
        if self.items:
            gallery, item = self.rng.choice(
                [(g, i) for g in self.harness.galleries() for i in self._items_of(g) if i["id"] in self.items]
            )
            title = f"hand {next(self.numbers)}"
            (made,) = self.harness.edit({"gallery": gallery["id"], "item": item["id"], "set": {"title": title}})
            self.items[item["id"]] = made["item"]

    def edit_managed_title(self) -> None:
        """Edit a declared field of a managed item."""
        self._edit_managed_item({"title": f"drift {next(self.numbers)}"})

    def edit_managed_description(self) -> None:
        """Edit an undeclared field of a managed item."""
        self._edit_managed_item({"description": f"hand {next(self.numbers)}"})

    def move_managed_item(self) -> None:
        """Move a managed item between two others."""
        if ours := self._managed_items():
            gallery, item = self.rng.choice(ours)
            order = self._between(gallery)
            self.harness.edit({"gallery": gallery["id"], "item": item["id"], "set": {"sortOrder": order}})

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
        return [g for g in self.harness.galleries() if g.get("name") in MANAGED_GALLERIES]

    def _managed_items(self) -> list[tuple[Doc, Doc]]:
        return [(g, i) for g in self._managed_galleries() for i in self._items_of(g) if i["id"] not in self.items]

    def _items_of(self, gallery: Doc) -> list[Doc]:
        sql = "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq"
        return self.harness.emulator.pipeline.site.store.fetch_documents(sql, gallery["id"])

    def _between(self, gallery: Doc) -> float:
        """Return the unused mean of the sort orders of two neighbours."""
        orders = [float(item["sortOrder"]) for item in self._items_of(gallery)]
        means = [(a + b) / 2 for a, b in pairwise([0.0, *orders, max(orders, default=0.0) + 2.0])]
        return self.rng.choice([mean for mean in means if mean not in orders])

    def assert_own_resources_unchanged(self) -> None:
        """Assert that the unmanaged resources are unchanged, byte for byte."""
        store = self.harness.emulator.pipeline.site.store
        items = {i["id"]: i for i in store.fetch_documents("SELECT doc FROM items")}
        galleries = {g["id"]: g for g in store.fetch_documents("SELECT doc FROM galleries")}
        files = {f["id"]: f for f in self.harness.files()}
        assert {id_: items.get(id_) for id_ in self.items} == self.items
        assert {id_: galleries.get(id_) for id_ in self.galleries} == self.galleries
        assert {id_: files.get(id_) for id_ in self.files} == self.files
