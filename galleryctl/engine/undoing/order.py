"""The order of a gallery's entries when the moves of a run are undone, or its deleted items are back.

before the run    a, b, c, d
after it          c, a, d         c was moved to the front, b was deleted
manifest now      c, a, x, d      x was added since
undone            a, x, b, c, d
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def undone_order(
    now: Sequence[str], before: Sequence[str], back: Collection[str], *, undo_moves: bool
) -> tuple[str, ...]:
    """Return the keys of the entries that stay and of those in `back`, in their order after the undo.

    `now` are the keys of the entries that stay, in the order of the manifest, `before` those of all items before the run.
    Without `undo_moves`, the entries keep their order.
    """
    known = {*now, *back}
    former = [key for key in before if key in known]
    if undo_moves:
        return tuple(dict.fromkeys((*_with_inserted(former, now), *back)))
    return _with_inserted(now, [key for key in (*former, *back) if key in back or key in now])


def _with_inserted(keys: Iterable[str], order: Sequence[str]) -> tuple[str, ...]:
    """Return `keys` with those of `order` that they lack, each after the one that precedes it in `order`."""
    result = list(dict.fromkeys(keys))
    present = set(result)
    index = 0
    for key in order:
        if key in present:
            index = result.index(key) + 1
        else:
            result.insert(index, key)
            present.add(key)
            index += 1
    return tuple(result)


def same_order(one: Iterable[str], other: Iterable[str]) -> bool:
    """Return True if the keys that both have are in the same order in both."""
    first, second = tuple(one), tuple(other)
    both = {*first} & {*second}
    return [key for key in first if key in both] == [key for key in second if key in both]
