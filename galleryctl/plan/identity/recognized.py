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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.live import LiveItem
from galleryctl.model.media import MediaFile
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
    entries = [item for item in known.unmatched if item.address not in refused]
    in_state = set(known.state.ids.values())
    live = [item for item in known.unclaimed if item.id not in in_state and item.id not in known.kept]
    if not entries or not live:
        return Recognition()

    def of_desired(item: DesiredItem) -> Iterator[Evidence]:
        yield from desired_evidence(item, known.state.media)

    def of_live(item: LiveItem) -> Iterator[Evidence]:
        yield from live_evidence(item, files)

    exact = pair_by_evidence(entries, live, of_desired, of_live)
    ties = _ties(entries, live, exact, of_desired, of_live)
    matches = {
        address: ItemMatch(live=item, matched_by=MatchedBy.FILE)
        for address, item in exact.items()
        if address not in ties
    }
    tied = {item.id for items in ties.values() for item in items}
    undecided = known.gone_adopted.keys() | ties.keys() | matches.keys()
    rest = [item for item in entries if item.address not in undecided]
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
    entries: Iterable[DesiredItem],
    live: Iterable[LiveItem],
    exact: Mapping[Address, LiveItem],
    of_desired: Callable[[DesiredItem], Iterable[Evidence]],
    of_live: Callable[[LiveItem], Iterable[Evidence]],
) -> Mapping[Address, tuple[LiveItem, ...]]:
    """Return the live items of each entry whose content more live items than entries show, in any form."""
    contents = _Contents()
    by_entry = [(item, contents.add(item, (*of_desired(item), *loose_text(item)))) for item in entries]
    by_live = [(item, contents.add(item, (*of_live(item), *loose_text(item)))) for item in live]
    members: dict[_Content, list[DesiredItem]] = defaultdict(list)
    shown: dict[_Content, list[LiveItem]] = defaultdict(list)
    for item, content in by_entry:
        members[contents.group(content)].append(item)
    for live_item, content in by_live:
        shown[contents.group(content)].append(live_item)
    return {
        item.address: tuple(shown[group])
        for group, items in members.items()
        if len(shown.get(group, ())) > len(items) and any(item.address in exact for item in items)
        for item in items
    }


_Content = tuple[str, Evidence]


class _Contents:
    """Contents, each with all the evidence that identifies it: a file id, a label and a URL may be of one content."""

    def __init__(self) -> None:
        self._group_of: dict[_Content, _Content] = {}

    def add(self, item: DesiredItem | LiveItem, evidence: Iterable[Evidence]) -> _Content:
        """Record that all the evidence is of one content, and return a piece of it."""
        first, *others = [(str(item.kind), each) for each in evidence] or [(str(item.kind), ("none", ""))]
        for other in others:
            self._group_of[self.group(other)] = self.group(first)
        return first

    def group(self, content: _Content) -> _Content:
        """Return the piece of evidence that stands for the whole content."""
        while (above := self._group_of.get(content, content)) != content:
            content = above
        return content
