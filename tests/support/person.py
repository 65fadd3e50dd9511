"""A person who knows the truth and answers in the manifests what a plan asks: which items are ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.plan.changes import Refusal

_QUESTIONS = ("interrupted run may have created it", "its content already", "any of them may be it")
_GUESS = re.compile(r"([^\s{]+): ([0-9a-f-]{36})")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class Person:
    """Answers that an item is somebody else's if its id is in `foreign`, and that it is the entry's otherwise.

    Keeps a protected item on the site, by `removed`, if no manifest names it.
    """

    foreign: Collection[str]
    answers: int = 0

    def answer(self, desired: Desired, refusals: Iterable[Refusal]) -> Desired:
        """Return the manifests with the answers to the questions among the refusals."""
        galleries = {gallery.address: gallery for gallery in desired.galleries}
        for refusal in refusals:
            if refusal.address is not None and (gallery := galleries.get(refusal.address.parent)):
                galleries[gallery.address] = self._answer_one(gallery, refusal.address, refusal)
        return replace(desired, galleries=tuple(galleries.values()))

    def _answer_one(self, gallery: DesiredGallery, address: Address, refusal: Refusal) -> DesiredGallery:
        if any(question in refusal.why for question in _QUESTIONS):
            self.answers += 1
            return self._identify(gallery, address, _ID.findall(refusal.why))
        if "guess" in refusal.why:
            self.answers += 1
            for key, id_ in _GUESS.findall(refusal.allow):
                gallery = self._identify(gallery, Address(address.gallery, key), [id_])
        elif refusal.why.startswith("adopt: names"):
            return replace(gallery, adopt={each: id_ for each, id_ in gallery.adopt.items() if each != address})
        elif refusal.why.startswith("removed: names"):
            unknown = {Address(address.gallery, key) for key in re.findall(r"[^ ,]+", refusal.why.split(", which")[0])}
            return replace(gallery, removed=gallery.removed - unknown)
        elif refusal.why == "it is protected and would be deleted":
            self.answers += 1
            return replace(gallery, removed=gallery.removed | {address})
        return gallery

    def _identify(self, gallery: DesiredGallery, address: Address, candidates: Iterable[str]) -> DesiredGallery:
        ids = dict.fromkeys(candidates)
        theirs = frozenset(id_ for id_ in ids if id_ in self.foreign)
        ours = [id_ for id_ in ids if id_ not in theirs and id_ not in gallery.adopt.values()]
        adopt = {address: ours[0]} if ours else {}
        return replace(gallery, adopt={**gallery.adopt, **adopt}, foreign=gallery.foreign | theirs)
