"""Recognize the items of a gallery that is new to the state, by what they show.

Exact evidence is the same file, content label, import URL, hosted video or text. It decides only if there are not more
live items of that content than entries: otherwise one of them may be somebody else's.

    entries a: file F                     live 1: file F                       a is 1
    entries a: file F, title T            live 1: file F, 2: file F, title T   refused: a may be 1 or 2
    entries a: text X                     live 1: text X, 2: text x            refused: 2 may be X in another form
    entries a: photo.jpg of 9 bytes       live 1: photo.jpg of 9 bytes         a guess, which somebody has to confirm
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.live import LiveItem
from galleryctl.model.media import Kind, MediaFile
from galleryctl.plan.changes import MatchedBy
from galleryctl.plan.identity.evidence import (
    Evidence,
    desired_evidence,
    desired_weak_evidence,
    live_evidence,
    live_weak_evidence,
    loose_text,
)
from galleryctl.plan.identity.items import ItemMatch, KnownItems
from galleryctl.plan.identity.pairing import pair_by_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The matches by evidence, and the live items of each entry for which there are too many."""

    matches: Mapping[Address, ItemMatch] = field(default_factory=dict)
    ties: Mapping[Address, tuple[LiveItem, ...]] = field(default_factory=dict)


def recognize(known: KnownItems, files: Mapping[str, MediaFile]) -> Recognition:
    """Return the matches of the unmatched entries of a new gallery; `files` are descriptors by id."""
    refused = {refusal.address for refusal in known.refusals}
    known_content = (item for item in known.unmatched if item.held is None or item.held.source)
    entries = [item for item in known_content if item.address not in refused]
    in_state = set(known.state.ids.values())
    live = [item for item in known.unclaimed if item.id not in in_state and item.id not in known.kept]
    if not entries or not live:
        return Recognition()

    contents = _Contents()
    for entry in entries:
        contents.add(entry, desired_evidence(entry, known.state.media))
    for live_item in live:
        contents.add(live_item, live_evidence(live_item, files))
    exact = pair_by_evidence(entries, live, contents.of, contents.of)
    ties = _ties(entries, live, exact, contents)
    matches = {
        address: ItemMatch(live=item, matched_by=MatchedBy.FILE)
        for address, item in exact.items()
        if address not in ties
    }
    tied = {item.id for items in ties.values() for item in items}
    undecided = known.gone_adopted.keys() | ties.keys() | matches.keys()
    rest = [item for item in entries if item.held is None and item.address not in undecided]
    claimed = {match.live.id for match in matches.values()} | tied
    free = [item for item in live if item.id not in claimed]
    return Recognition(matches={**matches, **_guesses(rest, free, files)}, ties=ties)


def _guesses(
    entries: Sequence[DesiredItem], live: Sequence[LiveItem], files: Mapping[str, MediaFile]
) -> Mapping[Address, ItemMatch]:
    """Return the matches by weak evidence, the stronger kinds first."""
    found: dict[Address, ItemMatch] = {}
    used: set[str] = set()
    for matched_by, of_desired, of_live in (
        (MatchedBy.TEXT, loose_text, loose_text),
        (MatchedBy.CONTENT, desired_weak_evidence, lambda item: live_weak_evidence(item, files)),
        (MatchedBy.TITLE, lambda _: [("title",)], lambda _: [("title",)]),
    ):
        rest = [item for item in entries if item.address not in found]
        free = [item for item in live if item.id not in used]
        pairs = pair_by_evidence(rest, free, of_desired, of_live, title_required=matched_by is MatchedBy.TITLE)
        found |= {address: ItemMatch(live=item, matched_by=matched_by) for address, item in pairs.items()}
        used |= {item.id for item in pairs.values()}
    return found


def _ties(
    entries: Iterable[DesiredItem], live: Iterable[LiveItem], exact: Collection[Address], contents: _Contents
) -> Mapping[Address, tuple[LiveItem, ...]]:
    """Return the live items of each entry whose content more live items than entries show, in any form."""
    members: dict[Evidence, list[DesiredItem]] = defaultdict(list)
    shown: dict[Evidence, list[LiveItem]] = defaultdict(list)
    for item in entries:
        for content in loose_text(item) if item.kind is Kind.TEXT else contents.of(item):
            members[content].append(item)
    for live_item in live:
        for content in loose_text(live_item) if live_item.media is None else contents.of(live_item):
            shown[content].append(live_item)
    return {
        item.address: tuple(shown[content])
        for content, items in members.items()
        if len(shown.get(content, ())) > len(items) and any(item.address in exact for item in items)
        for item in items
    }


class _Contents:
    """The content of each item, as one piece of evidence for it: a file id, a label and a URL may be of one content."""

    def __init__(self) -> None:
        self._above: dict[Evidence, Evidence] = {}
        self._first: dict[Address | str, Evidence] = {}

    def add(self, item: DesiredItem | LiveItem, evidence: Iterable[Evidence]) -> None:
        """Record that all the evidence is of one content, which the item shows."""
        key = _key_of(item)
        for each in evidence:
            first = self._first.setdefault(key, each)
            if first is not each:
                self._above[self._top(each)] = self._top(first)

    def of(self, item: DesiredItem | LiveItem) -> Iterator[Evidence]:
        """Yield the evidence that stands for the content of the item; nothing if its content is not known."""
        if (first := self._first.get(_key_of(item))) is not None:
            yield self._top(first)

    def _top(self, evidence: Evidence) -> Evidence:
        while (above := self._above.get(evidence, evidence)) != evidence:
            evidence = above
        return evidence


def _key_of(item: DesiredItem | LiveItem) -> Address | str:
    return item.address if isinstance(item, DesiredItem) else item.id
