"""Changes of the state by an apply: last applied values and files to record, protected addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin
from galleryctl.model.media import LocalFile, RemoteFile, file_of_content
from galleryctl.plan.changes import Change, StateAction, StateChange
from galleryctl.plan.context import PlanContext


def records_to_save(context: PlanContext, records: Mapping[Address, LastApplied]) -> Mapping[Address, LastApplied]:
    """Return the last applied values, in scope of the plan, that differ from those in state."""
    state = context.state
    return {
        address: record
        for address, record in records.items()
        if (known := state.records.get(address, NEVER_APPLIED)) is not record
        and record != known
        and context.in_scope(address)
    }


def displayed_changes(
    context: PlanContext, ids: Mapping[Address, str], forget: frozenset[Address], protected: frozenset[Address]
) -> Iterator[StateChange]:
    """Yield the changes of addresses, ids and protection that a plan shows; those of fields come from the galleries."""
    state, before = context.state, context.identity.original_state
    moved = {new: old for old, new in context.identity.moves.addresses.items() if old in before.ids}
    for new, old in sorted(moved.items()):
        yield StateChange(address=new, action=StateAction.MOVE, detail=str(old))
    for address in sorted(forget.difference(ids)):
        yield StateChange(address=address, action=StateAction.FORGET, detail=context.identity.forget[address])
    for address, id_ in ids.items():
        is_restored = state.records.get(address, NEVER_APPLIED).origin is Origin.RESTORED
        if context.in_scope(address) and (state.ids.get(address) != id_ or is_restored):
            yield StateChange(address=address, action=StateAction.ADOPT, detail=id_)
    for address in sorted(protected ^ state.protected):
        if address in state.ids and address not in forget:
            action = StateAction.PROTECT if address in protected else StateAction.UNPROTECT
            yield StateChange(address=address, action=action)


def media_to_record(
    context: PlanContext, found_media: Mapping[str, str], changes: Sequence[Change]
) -> Mapping[str, str]:
    """Return the files that the changes use and those that were recognized for targets: source → file id."""
    media = {**context.state.media, **found_media}
    recognized = (
        item.media
        for gallery in context.desired.galleries
        for item in gallery.items
        if isinstance(item.media, LocalFile | RemoteFile)
        and item.media.source in found_media
        and context.covers(item.address)
    )
    used = (change.media for change in changes if isinstance(change.media, LocalFile | RemoteFile))
    to_record: dict[str, str] = {}
    for source in (*recognized, *used):
        if (file_id := file_of_content(media, source)) is not None:
            names = {source.source, *(name for name in source.sources if name not in context.state.media)}
            to_record |= dict.fromkeys(names, file_id)
    return dict(sorted(to_record.items()))


def protected_addresses(context: PlanContext, forget: frozenset[Address]) -> frozenset[Address]:
    """Return the addresses to protect from now on: as declared for targets, and as last applied for all others.

    An address that is neither declared nor in state, as its resource was never created, is not protected any longer.
    """
    last_applied = context.state.protected - forget
    if context.options.destroy:
        return last_applied
    declared = context.protect_by_address
    existing = declared.keys() | context.state.ids.keys()
    applied_now = set(filter(context.covers, declared))
    return (last_applied & existing) - applied_now | {address for address in applied_now if declared[address]}
