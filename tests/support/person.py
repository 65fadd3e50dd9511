"""A person who knows the truth and answers in the manifests what a plan asks: which items are ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.plan.changes import Refusal

_QUESTIONS = ("interrupted run may have created it", "its content already", "any of them may be it")
_OUTDATED_ADOPTION = "adopt: names"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Person:
    """Answers that an item is somebody else's if its id is in `foreign`, and that it is the entry's otherwise."""

    foreign: Collection[str]
    answers: int = 0

    def answer(self, desired: Desired, refusals: Iterable[Refusal]) -> Desired:
        """Return the manifests with the answers to the questions among the refusals."""
        galleries = {gallery.address: gallery for gallery in desired.galleries}
        for refusal in refusals:
            address = refusal.address
            if address is None:
                continue
            if any(question in refusal.why for question in _QUESTIONS):
                galleries[address.parent] = self._answer_one(galleries[address.parent], address, refusal)
            elif refusal.why.startswith(_OUTDATED_ADOPTION):
                gallery = galleries[address.parent]
                adopt = {each: id_ for each, id_ in gallery.adopt.items() if each != address}
                galleries[address.parent] = replace(gallery, adopt=adopt)
        return replace(desired, galleries=tuple(galleries.values()))

    def _answer_one(self, gallery: DesiredGallery, address: Address, refusal: Refusal) -> DesiredGallery:
        self.answers += 1
        candidates = dict.fromkeys(_ID.findall(refusal.why))
        theirs = frozenset(id_ for id_ in candidates if id_ in self.foreign)
        ours = [id_ for id_ in candidates if id_ not in theirs and id_ not in gallery.adopt.values()]
        adopt = {address: ours[0]} if ours else {}
        return replace(gallery, adopt={**gallery.adopt, **adopt}, foreign=gallery.foreign | theirs)
