"""Which creates of a plan make items that nobody could tell apart, and where each of them goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from galleryctl.model.address import Address
from galleryctl.model.media import HostedVideo
from galleryctl.plan.changes import Action, Change

OrdersByContent = Mapping[tuple[Address, str], frozenset[float]]
"""Gallery and what an item shows → the sort orders of all that are created there to show it."""


def orders_by_content(changes: Iterable[Change]) -> OrdersByContent:
    """Where the creates of a plan go."""
    found: dict[tuple[Address, str], set[float]] = defaultdict(set)
    for change in changes:
        if change.action in (Action.CREATE, Action.REPLACE) and change.sort_order is not None:
            for shown in _content_keys(change):
                found[change.address.parent, shown].add(change.sort_order)
    return {key: frozenset(orders) for key, orders in found.items()}


def lookalike_orders(change: Change, orders: OrdersByContent) -> frozenset[float]:
    """The sort orders of the other creates whose items could be taken for that of `change`."""
    alike = (orders.get((change.address.parent, shown), frozenset()) for shown in _content_keys(change))
    return frozenset().union(*alike) - {change.sort_order}


def _content_keys(change: Change) -> Iterator[str]:
    """What its item can be told by: its content; for a text its title or its words. Nothing for a gallery."""
    if change.media is not None:
        content = change.media.url if isinstance(change.media, HostedVideo) else change.media.source
        yield f"{change.kind} {content}"
    elif change.kind is not None:
        yield from (f"{name} {value}" for name in ("title", "html") if (value := change.write.get(name)))
