"""A person who knows the truth and answers in the manifests what a plan asks: which items are ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired, DesiredGallery
from galleryctl.plan.changes import Refusal

_QUESTIONS = ("an earlier run may have created it", "its content already", "any of them may be it")
_GUESS = re.compile(r"([^\s{]+): ([0-9a-f-]{36})")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: the id of the entry's resource, if it is among those asked about, and other people's."""

    ours: str | None
    theirs: frozenset[str]


@dataclass(slots=True)
class Person:
    """Answers that an item is somebody else's if its id is in `foreign`, and that it is the entry's otherwise.

    An item that `owners` names, by its id, is the entry's only if it has that address. Keeps a protected item on the
    site, by `removed`, if no manifest names it.
    """

    foreign: Collection[str]
    owners: Mapping[str, Address] = field(default_factory=dict)
    answers: int = 0

    def answer(self, desired: Desired, refusals: Iterable[Refusal]) -> Desired:
        """Return the manifests with the answers to the questions among the refusals."""
        galleries = {gallery.address: gallery for gallery in desired.galleries}
        for refusal in refusals:
            if refusal.address is not None and (gallery := galleries.get(refusal.address.parent)):
                galleries[gallery.address] = self._answer_one(gallery, refusal.address, refusal)
        return replace(desired, galleries=tuple(galleries.values()))

    def _answer_one(self, gallery: DesiredGallery, address: Address, refusal: Refusal) -> DesiredGallery:
        if answer := self.decide(address, refusal.why, gallery.adopt.values()):
            return _with_answer(gallery, address, answer)
        if guesses := self.decide_guesses(address, refusal.why, refusal.allow, gallery.adopt.values()):
            for entry, answer in guesses.items():
                gallery = _with_answer(gallery, entry, answer)
        elif refusal.why.startswith("adopt: names"):
            return replace(gallery, adopt={each: id_ for each, id_ in gallery.adopt.items() if each != address})
        elif refusal.why.startswith("removed: names"):
            unknown = {Address(address.gallery, key) for key in re.findall(r"[^ ,]+", refusal.why.split(", which")[0])}
            return replace(gallery, removed=gallery.removed - unknown)
        elif refusal.why == "it is protected and would be deleted":
            self.answers += 1
            return replace(gallery, removed=gallery.removed | {address})
        return gallery

    def decide(self, address: Address, why: str, adopted: Collection[str]) -> Answer | None:
        """Return the answer to a refusal, None if it asks nothing; `adopted` are the ids that are assigned already."""
        if not any(question in why for question in _QUESTIONS):
            return None
        self.answers += 1
        return self._identify(address, _ID.findall(why), adopted)

    def decide_guesses(self, gallery: Address, why: str, allow: str, adopted: Collection[str]) -> dict[Address, Answer]:
        """Return the answers to the guesses that a refusal lists, by their entries; none if it asks for no guess."""
        if "guess" not in why:
            return {}
        self.answers += 1
        entries = {Address(gallery.gallery, key): id_ for key, id_ in _GUESS.findall(allow)}
        return {entry: self._identify(entry, [id_], adopted) for entry, id_ in entries.items()}

    def _identify(self, address: Address, candidates: Iterable[str], adopted: Collection[str]) -> Answer:
        ids = dict.fromkeys(candidates)
        theirs = frozenset(id_ for id_ in ids if id_ in self.foreign)
        others = {*theirs, *adopted, *(id_ for id_, owner in self.owners.items() if owner != address)}
        return Answer(next((id_ for id_ in ids if id_ not in others), None), theirs)


def _with_answer(gallery: DesiredGallery, address: Address, answer: Answer) -> DesiredGallery:
    adopt = {address: answer.ours} if answer.ours else {}
    return replace(gallery, adopt={**gallery.adopt, **adopt}, foreign=gallery.foreign | answer.theirs)
