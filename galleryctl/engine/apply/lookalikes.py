"""Creates of one plan whose items have the same content: only the sort order distinguishes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from galleryctl.model.address import Address
from galleryctl.model.media import HostedVideo
from galleryctl.plan.changes import Action, Change

OrdersByContent = Mapping[tuple[Address, str], frozenset[float]]
"""Gallery and content → the sort orders of all items with this content that the plan creates there."""


def orders_by_content(changes: Iterable[Change]) -> OrdersByContent:
    """Return the sort orders of the items that the plan creates, by content."""
    found: dict[tuple[Address, str], set[float]] = defaultdict(set)
    for change in changes:
        if change.action in (Action.CREATE, Action.REPLACE) and change.sort_order is not None:
            for content in _content_keys(change):
                found[change.address.parent, content].add(change.sort_order)
    return {key: frozenset(orders) for key, orders in found.items()}


def lookalike_orders(change: Change, orders: OrdersByContent) -> frozenset[float]:
    """Return the sort orders of the other creates whose items could be mistaken for that of `change`."""
    same_content = (orders.get((change.address.parent, content), frozenset()) for content in _content_keys(change))
    return frozenset().union(*same_content) - {change.sort_order}


def _content_keys(change: Change) -> Iterator[str]:
    """Yield what identifies the item: its media; for a text its title and its HTML. A gallery has no keys."""
    if change.media is not None:
        content = change.media.url if isinstance(change.media, HostedVideo) else change.media.source
        yield f"{change.kind} {content}"
    elif change.kind is not None:
        yield from (f"{name} {value}" for name in ("title", "html") if (value := change.write.get(name)))
