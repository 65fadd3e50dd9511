"""The plan of one gallery and its items."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import DesiredGallery, DesiredItem, ItemOrder, UnmanagedPolicy
from galleryctl.model.fields import manifest_name
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, Origin
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import Kind, LocalFile, MediaFile, RemoteFile, WixFile, file_of_content
from galleryctl.model.tolerated import ToleratedDrift
from galleryctl.plan.changes import Action, Cause, Change, HeldItem, MatchedBy, Notice, StateAction, StateChange
from galleryctl.plan.compare import ItemDifference, changed_paths, has_undeclared_values
from galleryctl.plan.diff import Difference, diff_for_create
from galleryctl.plan.identity.evidence import same_content
from galleryctl.plan.identity.galleries import gallery_names
from galleryctl.plan.identity.identify import GalleryItems
from galleryctl.plan.identity.items import ItemMatch
from galleryctl.plan.identity.messages import guess_notice
from galleryctl.plan.ordering.reorder import OrderSource, assign_sort_orders
from galleryctl.plan.positions import NOT_MOVED, ItemPlaces, position_of_new
from galleryctl.plan.resources import (
    DisplayPosition,
    create_item_change,
    delete_change,
    replace_item_change,
    update_gallery_change,
    update_item_change,
)
from galleryctl.plan.sidecars import sidecars_of_new, with_missing_sidecars, with_sidecar
from galleryctl.plan.targets import is_targeted
from galleryctl.plan.tolerate import (
    NO_TOLERANCE,
    Tolerance,
    compare_gallery_tolerantly,
    compare_tolerantly,
)
from galleryctl.plan.unmanaged import delete_orphaned, prune_unmanaged, report_unmanaged

GONE_REASON = "gone from the site"
DESTROY_REASON = "destroy deletes all managed resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPlan:
    """The changes of one gallery, and what planning found out for the state."""

    changes: tuple[Change, ...] = ()
    ids: Mapping[Address, str] = field(default_factory=dict)
    """The live ids of all matches, whether in state or not."""
    media: Mapping[str, str] = field(default_factory=dict)
    """Live files whose content was recognized: source → file id."""
    records: Mapping[Address, LastApplied] = field(default_factory=dict)
    """The last applied values of all matches, before anything is written."""
    state_changes: tuple[StateChange, ...] = ()
    """Fields that are released, and fields that changed to the same value on both sides."""
    unmanaged: int = 0
    """The number of items that are on the site only."""
    undeclared: frozenset[Address] = frozenset()
    """The items that people may have edited in fields that no manifest declares."""
    unchanged: frozenset[Address] = frozenset()
    notices: tuple[Notice, ...] = ()
    unmanaged_items_lost: Mapping[Address, int] = field(default_factory=dict)
    """The number of unmanaged items that would be deleted with a gallery."""
    tolerated: tuple[ToleratedDrift, ...] = ()
    held: tuple[HeldItem, ...] = ()
    blocking_items: tuple[Address, ...] = ()
    """Items that would have to move to make room for a target but are not targeted."""


def plan_gallery_create(
    desired: DesiredGallery, sort_order: float, item_order: ItemOrder, source: OrderSource, *, reason: str = ""
) -> GalleryPlan:
    """Return the plan that creates the gallery with all its items."""
    names = gallery_names(desired)
    difference = diff_for_create({**desired.fields, **({"name": names[0]} if names else {})})
    cause = Cause.DRIFT if reason else Cause.MANIFEST
    gallery = Change(
        address=desired.address,
        action=Action.CREATE,
        name=names[0] if names else desired.address.gallery,
        write=difference.write,
        fields=difference.fields,
        named=tuple(desired.fields),
        sort_order=sort_order,
        reason=reason,
        cause=cause,
    )
    created = [item for item in desired.items if item.held is None]
    orders = assign_sort_orders([None] * len(created), (), item_order, source=source)
    items = (
        create_item_change(item, DisplayPosition(before=0, after=i + 1, sort_order=orders[i]), cause=cause)
        for i, item in enumerate(created)
    )
    notices = tuple(_page_code_notices(desired))
    records = sidecars_of_new(created, {})
    return GalleryPlan(changes=(gallery, *items), records=records, notices=notices, held=held_items(desired))


def plan_gallery_update(
    desired: DesiredGallery,
    identified: GalleryItems,
    matched_by: MatchedBy,
    *,
    files: Mapping[str, MediaFile],
    item_order: ItemOrder,
    targets: Collection[Address] = (),
    source: OrderSource,
    in_doubt: Mapping[Address, float],
    tolerance: Tolerance = NO_TOLERANCE,
) -> GalleryPlan:
    """Return the plan that makes the live gallery match its manifest, without what is tolerated.

    It contains all changes, not only those of `targets`, but only targets are moved. `source` is that of new sort
    orders; `in_doubt` has those of creates that an earlier run may have sent.
    """
    live, matches, state = identified.live, identified.matches, identified.state
    known = with_missing_sidecars(desired, state)
    desired = known.gallery
    found_media = match_media(desired.items, matches, state, files)
    media = {**state.media, **found_media}
    places = ItemPlaces.build(desired, identified, item_order, targets, source, in_doubt, tolerance)
    findings = _Findings(state)
    gallery_difference, other_form, effects = compare_gallery_tolerantly(
        desired, live, findings.record(desired.address, live.id), tolerance
    )
    tolerated = [*places.tolerated, *effects]
    changes = [change for change in (update_gallery_change(desired, live, matched_by, gallery_difference),) if change]
    findings.add_gallery(desired.address, live, gallery_difference, other_form)
    undeclared: set[Address] = set()
    for item in desired.items:
        match, position = matches.get(item.address), places.positions.get(item.address, NOT_MOVED)
        if item.address in places.missing:
            continue
        if item.held is not None:
            if match is not None:
                findings.keep(item.address, match.live)
            continue
        if match is None:
            gone = item.address in state.ids
            reason, cause = (GONE_REASON, Cause.DRIFT) if gone else ("", Cause.MANIFEST)
            new_position = position_of_new(position, in_doubt.get(item.address))
            changes.append(create_item_change(item, new_position, reason=reason, cause=cause))
            continue
        record = state.records.get(item.address, NEVER_APPLIED)
        if match.live.kind is not item.kind:
            new_position = position_of_new(position, in_doubt.get(item.address))
            changes.append(replace_item_change(item, match, new_position, record))
            continue
        difference, effects = compare_tolerantly(
            item, match.live, findings.record(item.address, match.live.id), tolerance, media=media, files=files
        )
        difference = replace(difference, record=with_sidecar(item, difference.record))
        tolerated += effects
        if has_undeclared_values(item, match.live, difference.record):
            undeclared.add(item.address)
        keeps_base = position.sort_order is not None or item.address in places.fixed
        findings.add_item(item.address, match.live, difference, keeps_base=keeps_base)
        if change := update_item_change(item, match, position, difference, moved=places.cause_of_moves):
            changes.append(change)
    changed = {change.address for change in changes}
    created = [item for item in desired.items if item.address in changed and item.address not in findings.records]
    moving = [address for address, position in places.positions.items() if position.sort_order is not None]
    guesses = (guess_notice(address, match) for address, match in matches.items() if match.matched_by.is_guess)
    return GalleryPlan(
        changes=(*changes, *delete_orphaned(identified), *prune_unmanaged(desired, identified)),
        ids=_matched_ids(desired.address, live, matches),
        media=found_media,
        records={**sidecars_of_new(created, state.records), **findings.records},
        state_changes=tuple(findings.state_changes),
        unmanaged=len(identified.unmanaged),
        undeclared=frozenset(undeclared),
        unchanged=frozenset({desired.address, *matches} - changed),
        notices=(*guesses, *findings.notices, *known.notices, *report_unmanaged(desired, identified)),
        tolerated=tuple(tolerated),
        held=held_items(desired),
        blocking_items=tuple(address for address in moving if not is_targeted(address, targets)),
    )


class _Findings:
    """The last applied values of the matches of a gallery, and the changes of them that a plan shows."""

    def __init__(self, state: Bindings) -> None:
        self._state = state
        self.records: dict[Address, LastApplied] = {}
        self.state_changes: list[StateChange] = []
        self.notices: list[Notice] = []

    def record(self, address: Address, id_: str) -> LastApplied:
        """Return the record of a match before the comparison; one that is new to the state, or restored, is adopted."""
        known = self._state.records.get(address, NEVER_APPLIED)
        is_new = self._state.ids.get(address) != id_ or known.origin is Origin.RESTORED
        return LastApplied(origin=Origin.ADOPTED) if is_new else known

    def keep(self, address: Address, live: LiveItem) -> None:
        """Keep the record of an item that is held."""
        self.records[address] = self.record(address, live.id)

    def add_gallery(
        self, address: Address, live: LiveGallery, difference: Difference, other_form: Sequence[str]
    ) -> None:
        """Add the findings of the gallery itself."""
        self.records[address] = replace(self.record(address, live.id), fields=difference.bases)
        self._add_state_changes(address, live, difference)
        self._add_other_form(address, other_form)

    def add_item(self, address: Address, live: LiveItem, difference: ItemDifference, *, keeps_base: bool) -> None:
        """Add the findings of an item, with the sort order of one that stays where it is, unless it `keeps_base`."""
        record = difference.record
        if not keeps_base and record.sort_order != live.sort_order:
            record = replace(record, sort_order=live.sort_order)
        self.records[address] = record
        self._add_state_changes(address, live, difference.fields)
        self._add_other_form(address, [manifest_name(path, live.kind) for path in difference.other_form])
        if ignored := [manifest_name(path, live.kind) for path, base in record.fields.items() if base.ignored]:
            message = f"the site answered the last write of {', '.join(ignored)}, but kept the previous value"
            self.notices.append(Notice(address=address, message=message))

    def _add_other_form(self, address: Address, paths: Sequence[str]) -> None:
        if paths:
            message = f"the site stores {', '.join(paths)} in another form than was sent"
            self.notices.append(Notice(address=address, message=message))

    def _add_state_changes(self, address: Address, live: LiveItem | LiveGallery, difference: Difference) -> None:
        released = set(changed_paths(live, self.record(address, live.id))) if difference.released else set[str]()
        kind = live.kind if isinstance(live, LiveItem) else None
        changed = [manifest_name(path, kind) for path in sorted(released.intersection(difference.released))]
        for action, paths in ((StateAction.RELEASE, difference.released), (StateAction.RECORD, difference.rebased)):
            if paths:
                kept = f"; changed on the site since, and kept: {', '.join(changed)}"
                detail = ", ".join(manifest_name(path, kind) for path in paths) + (
                    kept if action is StateAction.RELEASE and changed else ""
                )
                self.state_changes.append(StateChange(address=address, action=action, detail=detail))


def held_items(desired: DesiredGallery) -> tuple[HeldItem, ...]:
    """Return the items of a gallery that are held, with the reasons."""
    return tuple(HeldItem(address=item.address, why=item.held.why) for item in desired.items if item.held is not None)


def plan_gallery_destroy(desired: DesiredGallery, identified: GalleryItems, matched_by: MatchedBy) -> GalleryPlan:
    """Return the plan that deletes the gallery with all its items; `unmanaged: delete` also allows unmanaged ones.

    It does not allow foreign items, nor those whose management ends.
    """
    live, kept = identified.live, identified.kept
    change = delete_change(desired.address, live, matched_by=matched_by, reason=DESTROY_REASON)
    managed = {match.live.id for match in identified.certain_matches.values()}
    managed |= {*identified.state.ids.values(), *identified.state.deposed, *identified.superseded}
    lost = live.item_count - sum(item.id in managed - kept for item in identified.items)
    if desired.unmanaged is UnmanagedPolicy.DELETE:
        lost = sum(item.id in kept for item in identified.items)
    return GalleryPlan(changes=(change,), ids={desired.address: live.id}, unmanaged_items_lost={desired.address: lost})


def plan_items_destroy(desired: DesiredGallery, identified: GalleryItems) -> GalleryPlan:
    """Return the plan that deletes the managed items of a gallery; the gallery and its unmanaged items are kept."""
    matches = identified.certain_matches
    deletes = (
        delete_change(address, match.live, matched_by=match.matched_by, reason=DESTROY_REASON)
        for address, match in matches.items()
    )
    return GalleryPlan(
        changes=(*deletes, *delete_orphaned(identified)), ids=_matched_ids(desired.address, identified.live, matches)
    )


def match_media(
    desired: Iterable[DesiredItem],
    matches: Mapping[Address, ItemMatch],
    state: Bindings,
    files: Mapping[str, MediaFile],
) -> Mapping[str, str]:
    """Return the live files that hold the content of a desired item but are not in state: source → file id."""
    shown = {match.live.media.id for match in matches.values() if isinstance(match.live.media, WixFile)}
    found: dict[str, str] = {}
    for item in desired:
        match = matches.get(item.address)
        if match is None or not isinstance(item.media, LocalFile | RemoteFile):
            continue
        source, live = item.media.source, match.live.media
        # If several files hold the content, the one in state is kept as long as an item shows it.
        file_id = found.get(source) or file_of_content(state.media, item.media)
        if isinstance(live, WixFile) and file_id not in shown and same_content(item, match.live, state.media, files):
            found[source] = live.id
        elif file_id is not None and source not in state.media:  # state knows the file by all of its bytes
            found[source] = file_id
    return found


def _matched_ids(address: Address, live: LiveGallery, matches: Mapping[Address, ItemMatch]) -> Mapping[Address, str]:
    return {address: live.id, **{item: match.live.id for item, match in matches.items()}}


def _page_code_notices(desired: DesiredGallery) -> Iterator[Notice]:
    """Yield notices about a gallery that the API creates, which pages show only through page code."""
    yield Notice(
        address=desired.address,
        message="created by the API: no page shows it until page code connects it; see `galleryctl velo`",
    )
    for item in desired.items:
        if item.kind is Kind.TEXT:
            yield Notice(
                address=item.address, message="page code cannot show a text item in a gallery component; velo omits it"
            )
        if item.fields.get("link.text"):
            message = "a gallery component filled by page code does not show an item with a link text"
            yield Notice(address=item.address, message=message)
