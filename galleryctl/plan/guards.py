"""Safety checks that reject a plan until an option or an edit allows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.desired import Desired
from galleryctl.plan.changes import Action, Change, Refusal
from galleryctl.plan.identity.messages import unknown_removed_refusal


def missing_gallery(missing: Mapping[Address, str]) -> Iterator[Refusal]:
    """Reject a plan that creates galleries again which are bound or in state and are gone from the site."""
    for address, id_ in missing.items():
        yield Refusal(
            address=address,
            why=f"its gallery {id_} is gone from the site, and no page would show a new one",
            allow="bind it to another gallery with bind: {id: …}, or create it again with --allow-recreate",
        )


def protected_removed(removed: Mapping[Address, Change], protected: Collection[Address]) -> Iterator[Refusal]:
    """Reject a plan that removes protected resources; `removed` has the change by each address that it removes."""
    for address, change in removed.items():
        if address not in protected:
            continue
        with_gallery = "" if address == change.address else f" with gallery {change.address}"
        verb = "replaced" if change.action is Action.REPLACE else "deleted"
        yield Refusal(
            address=address,
            why=f"it is protected and would be {verb}{with_gallery}",
            allow=_protected_advice(address, change),
        )


def _protected_advice(address: Address, change: Change) -> str:
    lift = "to delete it: first apply a manifest that sets protect: false for it"
    if change.action is Action.REPLACE:
        return "first apply a manifest that sets protect: false for it"
    where = "galleryctl.yaml" if change.address.item is None else "its gallery's manifest"
    name = change.address.item or change.address.gallery
    moved = "" if address != change.address else "; if its key changed, add a moved: entry"
    return f"to keep it on the site: add removed: [{name}] to {where}; {lift}{moved}"


def unmanaged_items_lost(counts: Mapping[Address, int]) -> Iterator[Refusal]:
    """Reject a plan that deletes galleries with unmanaged items; `counts` has their number by gallery."""
    for address, count in counts.items():
        if count > 0:
            items = "1 unmanaged item" if count == 1 else f"{count} unmanaged items"
            yield Refusal(
                address=address,
                why=f"it would be deleted together with {items}",
                allow="move or delete them in the Editor, or set unmanaged: delete in the gallery's manifest",
            )


def unknown_removed(unknown: Collection[Address], changes: Sequence[Change]) -> Iterator[Refusal]:
    """Reject deletes next to keys in `removed` that the state does not have: one may be the deleted item, renamed."""
    if not unknown:
        return
    deletes = [change.address for change in changes if change.action is Action.DELETE and not change.was_allowed]
    keys: dict[Address | None, list[Address]] = defaultdict(list)
    for address in sorted(unknown):
        keys[_scope(address)].append(address)
    for scope, addresses in keys.items():
        if near := [address for address in deletes if _scope(address) == scope]:
            yield unknown_removed_refusal(scope, addresses, near[0])


def _scope(address: Address) -> Address | None:
    """Return the gallery of an item, None for a gallery."""
    return None if address.item is None else address.parent


def no_room_for_target(addresses: Iterable[Address]) -> Iterator[Refusal]:
    """Reject a plan in which items that are not targeted must move; otherwise the next plan would move the target."""
    for address in addresses:
        yield Refusal(
            address=address,
            why="it would have to move to make room for a target but is not targeted",
            allow=f"add --target {address}, or plan without --target",
        )


def deletes_before_creates(changes: Sequence[Change], in_doubt: Iterable[Address]) -> Iterator[Refusal]:
    """Reject a plan that deletes items of a gallery and leaves a create there in doubt: deletes come last."""
    deleting = {c.address.parent for c in changes if c.action is Action.DELETE and c.address.item is not None}
    planned = {change.address for change in changes if change.action is not Action.DELETE}
    for address in in_doubt:
        if address.parent in deleting and address not in planned:
            yield Refusal(
                address=address,
                why="an earlier run may have created it, and items of its gallery would be deleted before that is known",
                allow=f"add --target {address}, or plan without --target",
            )


def empty_manifest(desired: Desired, changes: Sequence[Change], in_state: Collection[Address]) -> Iterator[Refusal]:
    """Reject a plan that deletes resources because there are no manifests, or because a manifest lists no items."""
    allow = "restore the manifests, or confirm with --allow-empty"
    deletes = [change for change in changes if change.action is Action.DELETE and not change.was_allowed]
    with_deletes = {change.address.parent for change in deletes}
    with_managed_deletes = {change.address.parent for change in deletes if change.address in in_state}
    if not desired.galleries and with_managed_deletes:
        yield Refusal(address=None, why="the workspace has no manifests, but state has resources", allow=allow)
    for gallery in desired.galleries:
        if not gallery.items and gallery.address in with_deletes:
            managed = gallery.address in with_managed_deletes
            conflict = "state has items" if managed else "unmanaged: delete would empty the gallery"
            yield Refusal(address=gallery.address, why=f"its manifest lists no items, but {conflict}", allow=allow)
