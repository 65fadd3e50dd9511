"""When a plan must not be applied without a second word (design, rules 5 and 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import ceil

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired
from galleryctl.plan.changes import Action, Change, MatchedBy, Refusal

_TOLERANCE = 1e-9
"""For percentages that are exactly the limit but for rounding."""


def missing_gallery(missing: Mapping[Address, str]) -> Iterator[Refusal]:
    """Galleries that a manifest or state knows by id, and that the site does not have."""
    for address, id_ in missing.items():
        yield Refusal(
            address=address,
            why=f"its gallery {id_} is gone from the site; no page would show a new one",
            allow="bind it to another gallery, bind: {id: …}, or have it created again with --allow-recreate",
        )


def protected_removed(removed: Mapping[Address, Change], protected: Collection[Address]) -> Iterator[Refusal]:
    """Things that a change would take away though they are protected; `removed` by each address that goes."""
    for address, change in removed.items():
        if address not in protected:
            continue
        inside = "" if address == change.address else f" with gallery {change.address}"
        verb = "replaced" if change.action is Action.REPLACE else "deleted"
        yield Refusal(
            address=address,
            why=f"it is protected and would be {verb}{inside}",
            allow="apply a manifest that names it with protect: false first; if it has a new key, say so in moved:",
        )


def unmanaged_items_lost(counts: Mapping[Address, int]) -> Iterator[Refusal]:
    """Galleries that would take along items that are not ours; `going` counts those by gallery."""
    for address, count in counts.items():
        if count > 0:
            items = "1 item that is" if count == 1 else f"{count} items that are"
            yield Refusal(
                address=address,
                why=f"it would be deleted together with {items} not managed",
                allow="move them elsewhere or delete them in the Editor; "
                "or set unmanaged: delete in the gallery's manifest",
            )


def no_room_for_target(addresses: Iterable[Address]) -> Iterator[Refusal]:
    """Items that would have to move to make room for a target; left where they are, its place would not last."""
    for address in addresses:
        yield Refusal(
            address=address,
            why="it would have to move to make room for a target, and it is none",
            allow=f"give --target {address}, too, or leave out --target",
        )


def empty_manifest(desired: Desired, changes: Sequence[Change], in_state: Collection[Address]) -> Iterator[Refusal]:
    """Manifests that suddenly want nothing of what state knows, or of what is there."""
    allow = "put the manifests back, or mean it with --allow-empty"
    # What an earlier replacement left to delete was agreed to when that was applied.
    losing = [c for c in changes if c.action is Action.DELETE and c.matched_by is not MatchedBy.JOURNAL]
    ours = {change.address.parent for change in losing if change.address in in_state}
    anything = {change.address.parent for change in losing}
    if not desired.galleries:
        if ours:
            yield Refusal(address=None, why="no manifest is left, but state knows resources", allow=allow)
        return
    for gallery in desired.galleries:
        if gallery.items or gallery.address not in anything:
            continue
        known = "state knows some" if gallery.address in ours else "unmanaged: delete would empty the gallery"
        yield Refusal(address=gallery.address, why=f"it lists no items any more, but {known}", allow=allow)


def too_many_deletes(removed: Collection[Address], managed: int, limit: float) -> Iterator[Refusal]:
    """More deletions and replacements than `limit` percent of the managed resources."""
    percent = 100 * len(removed) / managed if managed else 0.0
    # Not `>`: a limit that is no number allows nothing.
    if removed and not percent <= limit + _TOLERANCE:
        what = "resource" if managed == 1 else "resources"
        yield Refusal(
            address=None,
            why=f"{len(removed)} of {managed} managed {what} would be deleted or replaced: {percent:.3g} %, "
            f"and max_delete_percent is {limit:g}",
            allow=f"--max-delete-percent {ceil(percent - _TOLERANCE)}",
        )
