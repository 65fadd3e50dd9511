"""Pair manifest entries with live items that have the same evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredItem
from galleryctl.model.live import LiveItem
from galleryctl.plan.identity.evidence import Evidence


def pair_by_evidence(
    desired: Iterable[DesiredItem],
    live: Iterable[LiveItem],
    evidence_of_desired: Callable[[DesiredItem], Iterable[Evidence]],
    evidence_of_live: Callable[[LiveItem], Iterable[Evidence]],
    *,
    title_required: bool = False,
) -> dict[Address, LiveItem]:
    """Return a live item of equal kind and evidence for each entry that has one.

    Items of equal title are paired first, then (unless `title_required`) the others, in display order:

        desired          a: file F, title T · b: file F
        live             1: file F · 2: file F, title T
        result           a = 2, b = 1
    """
    candidates: dict[tuple[Evidence, str, str | None], list[LiveItem]] = defaultdict(list)
    for live_item in reversed(list(live)):
        for evidence in evidence_of_live(live_item):
            candidates[evidence, live_item.kind, None].append(live_item)
            if title := live_item.fields.get("title"):
                candidates[evidence, live_item.kind, str(title)].append(live_item)
    found: dict[Address, LiveItem] = {}
    used: set[str] = set()
    for by_title in (True,) if title_required else (True, False):
        for item in desired:
            title = str(item.fields.get("title") or "") if by_title else None
            if item.address in found or title == "":
                continue
            for evidence in evidence_of_desired(item):
                # The lists are reversed, so that pop() takes the first item in display order.
                stack = candidates.get((evidence, item.kind, title), [])
                while stack and stack[-1].id in used:
                    stack.pop()
                if stack:
                    found[item.address] = stack.pop()
                    used.add(found[item.address].id)
                    break
    return found
