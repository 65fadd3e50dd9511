"""What state shall know once a plan is applied: files, protection, and what it shall forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.media import LocalFile, RemoteFile
from galleryctl.plan.changes import Change
from galleryctl.plan.context import PlanContext
from galleryctl.plan.targets import is_targeted


def addresses_to_forget(context: PlanContext, ids: Mapping[Address, str]) -> Iterator[Address]:
    """What state shall drop: old names, and what no manifest names and the site does not have, or has as another."""
    targets = context.options.targets
    for old, new in context.moved_state.moves.items():
        if is_targeted(old, targets) or is_targeted(new, targets):
            yield old
    orphans = context.unmatched_galleries
    live = {address: {item.id for item in gallery.items or ()} for address, gallery in context.matches.live.items()}
    taken = set(ids.values())
    for address, id_ in context.state.ids.items():
        if address in context.protect_by_address or not is_targeted(address, targets):
            continue
        if address.item is None:
            gone = id_ not in orphans
        elif address.parent in live:
            gone = id_ in taken or id_ not in live[address.parent]
        else:
            gone = context.state.ids.get(address.parent) not in orphans
        if gone:
            yield address


def media_to_record(
    context: PlanContext, found_media: Mapping[str, str], changes: Sequence[Change]
) -> Mapping[str, str]:
    """The files of what the changes show, and those that were recognised: source → file id."""
    known = {**context.state.media, **found_media}
    learnt = {
        item.media.source
        for gallery in context.desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile | RemoteFile)
        and item.media.source in found_media
        and is_targeted(item.address, context.options.targets)
    }
    used = {c.media.source for c in changes if isinstance(c.media, LocalFile | RemoteFile)}
    return {source: known[source] for source in sorted(learnt | used) if source in known}


def protected_addresses(context: PlanContext, forget: frozenset[Address]) -> frozenset[Address]:
    """What shall be protected from now on: what the manifests say, and what they said last of what they name no more."""
    remembered = (context.state.protected | context.original_state.protected) - forget
    if context.options.destroy:
        return remembered
    heard = {a: protect for a, protect in context.protect_by_address.items() if is_targeted(a, context.options.targets)}
    kept = frozenset(
        address for address in remembered if address not in heard and _is_declared_or_in_state(context, address)
    )
    return kept | {address for address, protect in heard.items() if protect}


def _is_declared_or_in_state(context: PlanContext, address: Address) -> bool:
    """Whether there is something to protect: what was never made and is named no more, is nothing."""
    return (
        address in context.protect_by_address or address in context.state.ids or address in context.original_state.ids
    )
