"""Somebody in the Editor while commands run, whose things nobody else may touch."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from tests.world import World

Doc = dict[str, Any]
OURS = ("Weddings", "Other")
"""The names of the galleries that the manifests manage."""


@dataclass(slots=True)
class Editor:
    """Edits the site by the dice, and remembers how it left what is its own."""

    world: World
    dice: random.Random
    items: dict[str, Doc] = field(default_factory=dict)
    galleries: dict[str, Doc] = field(default_factory=dict)
    files: dict[str, Doc] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    def settle_in(self) -> None:
        """A gallery with items, an item in a gallery of ours, a file: all made by hand."""
        (made,) = self.world.edit({"set": {"name": "By hand", "sortOrder": -5.5, "later": {"a": [1, None]}}})
        gallery = made["gallery"]
        self.galleries[gallery["id"]] = gallery
        for place in range(3):
            self._add(gallery["id"], place + 0.25)
        self.add()
        for file in self.world.files():
            if not file["labels"]:
                self.files[file["id"]] = file

    def act(self) -> None:
        """One edit of some kind."""
        self.dice.choice([self.add, self.change_own, self.retitle, self.describe, self.move, self.delete])()

    def add(self) -> None:
        """A new item in a gallery of ours, between two others."""
        gallery = self.dice.choice(self._ours())
        self._add(gallery["id"], self._between(gallery))

    def _add(self, gallery: str, order: float) -> None:
        new = {
            "type": "TEXT",
            "title": f"hand {next(self.numbers)}",
            "sortOrder": order,
            "text": {"html": "x"},
        }
        (made,) = self.world.edit({"gallery": gallery, "item": None, "set": {**new, "later": [{"b": None}]}})
        self.items[made["item"]["id"]] = made["item"]

    def change_own(self) -> None:
        """An item that is its own, of whichever gallery."""
        if self.items:
            gallery, item = self.dice.choice(
                [(g, i) for g in self.world.galleries() for i in self._in(g) if i["id"] in self.items]
            )
            title = f"hand {next(self.numbers)}"
            (made,) = self.world.edit({"gallery": gallery["id"], "item": item["id"], "set": {"title": title}})
            self.items[item["id"]] = made["item"]

    def retitle(self) -> None:
        """An item of ours: a field that the manifests name."""
        self._change({"title": f"drift {next(self.numbers)}"})

    def describe(self) -> None:
        """An item of ours: a field that no manifest names."""
        self._change({"description": f"hand {next(self.numbers)}"})

    def move(self) -> None:
        """An item of ours, between two others."""
        if ours := self._managed():
            gallery, item = self.dice.choice(ours)
            order = self._between(gallery)
            self.world.edit({"gallery": gallery["id"], "item": item["id"], "set": {"sortOrder": order}})

    def delete(self) -> None:
        """An item of ours."""
        if ours := self._managed():
            gallery, item = self.dice.choice(ours)
            self.world.edit({"gallery": gallery["id"], "item": item["id"], "delete": True})

    def _change(self, fields: Doc) -> None:
        if ours := self._managed():
            gallery, item = self.dice.choice(ours)
            self.world.edit({"gallery": gallery["id"], "item": item["id"], "set": fields})

    def _ours(self) -> list[Doc]:
        return [g for g in self.world.galleries() if g.get("name") in OURS]

    def _managed(self) -> list[tuple[Doc, Doc]]:
        return [(g, i) for g in self._ours() for i in self._in(g) if i["id"] not in self.items]

    def _in(self, gallery: Doc) -> list[Doc]:
        sql = "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq"
        return self.world.emulator.pipeline.site.store.fetch_documents(sql, gallery["id"])

    def _between(self, gallery: Doc) -> float:
        """The mean of two neighbours' sort orders, which no item of the gallery has."""
        orders = [float(item["sortOrder"]) for item in self._in(gallery)]
        means = [(a + b) / 2 for a, b in pairwise([0.0, *orders, max(orders, default=0.0) + 2.0])]
        return self.dice.choice([mean for mean in means if mean not in orders])

    def check_nobody_touched(self) -> None:
        """What is its own is byte for byte as it was left."""
        store = self.world.emulator.pipeline.site.store
        items = {i["id"]: i for i in store.fetch_documents("SELECT doc FROM items")}
        galleries = {g["id"]: g for g in store.fetch_documents("SELECT doc FROM galleries")}
        files = {f["id"]: f for f in self.world.files()}
        assert {id_: items.get(id_) for id_ in self.items} == self.items
        assert {id_: galleries.get(id_) for id_ in self.galleries} == self.galleries
        assert {id_: files.get(id_) for id_ in self.files} == self.files
