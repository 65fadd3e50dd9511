"""The manifests of a random history, and what a person has written into them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, DesiredGallery, DesiredItem
from galleryctl.plan.changes import Plan, Refusal
from tests.integration.faults.editor import Editor
from tests.support.engine_harness import EngineHarness, make_desired, make_gallery
from tests.support.person import Person

MAIN = "weddings"
_LOST_WITH_GALLERY = "would be deleted together with"


@dataclass(slots=True)
class Manifests:
    """The items by gallery, and the other entries; `removed_galleries` are those whose management ended."""

    items: dict[str, list[DesiredItem]]
    moved: list[tuple[str, str]] = field(default_factory=list)
    answered: dict[str, DesiredGallery] = field(default_factory=dict)
    """Galleries with the lines `adopt`, `foreign` and `removed` that a person wrote."""
    removed_galleries: set[Address] = field(default_factory=set)
    other: str = "other"
    """The second gallery, which a manifest may declare; another one once the management of the first has ended."""

    def desired(self) -> Desired:
        """Return what the manifests say now."""
        galleries = [self._gallery(name) for name in self.items]
        desired = make_desired(moved=self.moved)
        return replace(desired, galleries=tuple(galleries), removed=frozenset(self.removed_galleries))

    def _gallery(self, name: str) -> DesiredGallery:
        gallery = make_gallery(*self.items[name], gallery=name, name=name.title())
        if (answered := self.answered.get(name)) is None:
            return gallery
        return replace(gallery, adopt=answered.adopt, foreign=answered.foreign, removed=answered.removed)

    def rename(self, gallery: str, place: int, key: str) -> None:
        """Give an item another key."""
        item = self.items[gallery][place]
        self._forget_adoption(gallery, item)
        self.items[gallery][place] = replace(item, address=Address(gallery, key))
        self._take_out_of_removed(gallery, [key])

    def add(self, gallery: str, place: int, item: DesiredItem) -> None:
        """Add an item; its key is no longer removed."""
        self.items[gallery].insert(place, item)
        self._take_out_of_removed(gallery, [str(item.address.item)])

    def remove(self, gallery: str, place: int) -> DesiredItem:
        """Remove an item, and return it."""
        item = self.items[gallery].pop(place)
        self._forget_adoption(gallery, item)
        return item

    def declare(self, gallery: str, items: list[DesiredItem]) -> None:
        """Write the manifest of a gallery, or write it again."""
        for item in self.items.get(gallery, []):
            self._forget_adoption(gallery, item)
        self.items[gallery] = items
        self._take_out_of_removed(gallery, self.keys(gallery))

    def drop(self, gallery: str) -> None:
        """Remove the manifest of a gallery, if there is one."""
        self.declare(gallery, [])
        del self.items[gallery]

    def _take_out_of_removed(self, gallery: str, keys: Iterable[str]) -> None:
        if answered := self.answered.get(gallery):
            removed = answered.removed - {Address(gallery, key) for key in keys}
            self.answered[gallery] = replace(answered, removed=removed)

    def _forget_adoption(self, gallery: str, item: DesiredItem) -> None:
        """Remove the line that adopted an item: its key may be used for another one."""
        if answered := self.answered.get(gallery):
            adopt = {address: id_ for address, id_ in answered.adopt.items() if address.item != item.address.item}
            self.answered[gallery] = replace(answered, adopt=adopt)

    def keys(self, gallery: str) -> list[str]:
        """Return the keys of a gallery's items, in order."""
        return [str(item.address.item) for item in self.items[gallery]]

    def moved_addresses(self) -> set[Address]:
        """Return the addresses in `moved` entries."""
        return {Address.parse(name) for pair in self.moved for name in pair}

    def release(self, gallery: str, place: int, world: EngineHarness, editor: Editor) -> None:
        """Write the key of an item into `removed`; the item on the site is the editor's from now on."""
        address = Address(gallery, self.remove(gallery, place).address.item)
        declared = self._gallery(gallery)
        self.answered[gallery] = replace(declared, removed=declared.removed | {address})
        editor.take_item(world.state_ids()[address])

    def answer(self, plan: Plan, world: EngineHarness, editor: Editor, person: Person) -> None:
        """Answer what the plan asks; what is no longer managed is the editor's from now on."""
        desired = self.desired()
        # What an interrupted run has created is not in state yet.
        ids = {**world.state_ids(), **{change.address: change.id for change in plan.changes if change.id}}
        for refusal in plan.refusals:
            if lost := _lost_gallery(refusal):
                self.removed_galleries.add(lost)
                self.other = f"{lost.gallery}x"
                editor.take_gallery(ids[lost])
            elif refusal.address is None and refusal.why.startswith("removed: names"):
                self.removed_galleries.clear()
        answered = person.answer(desired, plan.refusals)
        for before, gallery in zip(desired.galleries, answered.galleries, strict=True):
            self.answered[gallery.address.gallery] = gallery
            for address in gallery.removed - before.removed:
                editor.take_item(ids[address])


def _lost_gallery(refusal: Refusal) -> Address | None:
    """Return the gallery whose deletion is rejected because of an item that is unmanaged or protected."""
    if refusal.address is None:
        return None
    if _LOST_WITH_GALLERY in refusal.why or "with gallery" in refusal.why:
        return refusal.address.parent
    return None
