"""`where` beside `from`: selects files by what they say of themselves."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from galleryctl.manifest.publish import AddProblem, read_local_period
from galleryctl.manifest.yaml.nodes import YamlNode
from galleryctl.photo.facts import PhotoFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The conditions of an entry, all of which a file must meet; None and () for no condition."""

    keywords: tuple[str, ...] = ()
    """The file has one of these keywords."""
    rating: float | None = None
    """The file has at least so many stars."""
    labels: tuple[str, ...] = ()
    """The file has one of these colour labels."""
    start: datetime | None = None
    """The file was captured then or later, on the clock of the place."""
    end: datetime | None = None
    """The file was captured before."""

    def selects(self, facts: PhotoFacts) -> bool:
        """Return True if a file with these facts meets all conditions; what it does not say, it does not meet."""
        return all(self._results(facts))

    def unknown(self, facts: PhotoFacts) -> str:
        """Return the facts that a condition needs and that cannot be read, "" if there are none."""
        needs = {
            "keywords": "tags" in facts.unknown and self.keywords,
            "rating": "rating" in facts.unknown and self.rating is not None,
            "label": "labels" in facts.unknown and self.labels,
            "capture time": "captured" in facts.unknown and (self.start or self.end),
        }
        return ", ".join(name for name, is_unknown in needs.items() if is_unknown)

    def _results(self, facts: PhotoFacts) -> Iterator[bool]:
        if self.keywords:
            yield _has_one_of(facts.captions.tags, self.keywords)
        if self.labels:
            yield _has_one_of(facts.labels, self.labels)
        if self.rating is not None:
            yield facts.rating is not None and facts.rating >= self.rating
        if self.start or self.end:
            time = facts.captured.local if facts.captured else None
            yield time is not None and (self.start is None or self.start <= time)
            yield time is not None and (self.end is None or time < self.end)


def read_where(node: YamlNode | None, add_problem: AddProblem) -> Where | None:
    """Return the value of `where`; None if it is missing."""
    if node is None or node.parts is None:
        return None
    rating, captured = node.part("rating"), node.part("captured")
    start, end = read_local_period(captured, add_problem) if captured else (None, None)
    return Where(
        keywords=tuple(_texts(node.part("keyword"))),
        rating=float(rating.value) if rating and isinstance(rating.value, int | float) else None,
        labels=tuple(_texts(node.part("label"))),
        start=start,
        end=end,
    )


def _texts(node: YamlNode | None) -> Iterator[str]:
    for item in (node.items if node.items is not None else (node,)) if node else ():
        if isinstance(item.value, str):
            yield item.value


def _has_one_of(texts: Iterable[str], wanted: Iterable[str]) -> bool:
    return not set(map(_folded, texts)).isdisjoint(map(_folded, wanted))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip()
