"""The order of a gallery's entries when the moves of a run are undone, or its deleted items are back.

before the run    a, b, c, d
after it          c, a, d         c was moved to the front, b was deleted
manifest now      c, a, x, d      x was added since
undone            a, b, c, x, d
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from galleryctl.plan.ordering.reorder import longest_run


def undone_order(
    now: Sequence[str], before: Sequence[str], back: Collection[str], *, undo_moves: bool
) -> tuple[str, ...]:
    """Return the keys of the entries that stay and of those in `back`, in their order after the undo.

    `now` are the keys of the entries that stay, in the order of the manifest, `before` those of all items before the run.
    Only as many entries as necessary are moved, without `undo_moves` none.
    """
    known = {*now, *back}
    former = [key for key in before if key in known]
    stay = list(now)
    if undo_moves:
        rank = {key: float(index) for index, key in enumerate(former)}
        ranked = [key for key in now if key in rank]
        in_order = {ranked[index] for index in longest_run([rank[key] for key in ranked])}
        stay = [key for key in now if key in in_order or key not in rank]
    return _with_inserted(stay, [*former, *back])


def _with_inserted(keys: Sequence[str], order: Iterable[str]) -> tuple[str, ...]:
    """Return `keys` with those of `order` that they lack, each after the one that precedes it in `order`."""
    present, following = set(keys), defaultdict[str, list[str]](list)
    last = ""
    for key in dict.fromkeys(order):
        if key in present:
            last = key
        else:
            following[last].append(key)
    return (*following[""], *(each for key in keys for each in (key, *following[key])))


def same_order(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return True if the keys that both have are in the same order in both."""
    first, second = tuple(one), tuple(other)
    both = {*first} & {*second}
    return [key for key in first if key in both] == [key for key in second if key in both]
