"""The record of a run: what an apply changed, and what the site showed before.

It is made from the plan before the first write, so that it also describes a run that is killed, and completed with the
outcomes when the run ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.fields import MEDIA_FIELD, Fields, is_empty
from galleryctl.model.last_applied import NEVER_APPLIED, value_digest
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import HostedVideo, Kind, WixFile
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.plan.changes import Action, Change, Plan, StateChange
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.leaves import value_at
from galleryctl.plan.ordering.display import display_rank, in_display_order

DESTROY = "destroy"
"""The operation of a run that deleted what the manifests still declare."""
UNKNOWN_STATUS = "unknown"
"""The status of a change of a run that did not report it, or that may have taken effect although it failed."""


class RunResult(StrEnum):
    """The result of a run."""

    APPLIED = "applied"
    PARTIAL = "applied in part"
    UNKNOWN = "unknown"
    """The run was killed, or it is still running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerResource:
    """A gallery or an item as the site showed it before a run, without empty fields.

    Of one that the run updated, and whose media it did not replace, it has only the fields that the run wrote, and the
    html of a text, by which it can be identified.
    """

    id: str
    key: str = ""
    """The key of an item, "" if it was unmanaged; of a gallery, its key."""
    kind: Kind | None = None
    """None for a gallery."""
    media: WixFile | HostedVideo | None = None
    fields: Fields = field(default_factory=dict)
    source: str = ""
    """The content of the file, as state names it, if galleryctl uploaded or imported it."""
    sent: Mapping[str, str] = field(default_factory=dict)
    """Path → digest of the value last sent, of what people changed since then on a resource that the run deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChange:
    """A change of a run, and what it overwrote.

    `former` is the resource before the change, none for a create or if no read showed it; a deleted gallery is followed
    by its items in display order.
    """

    change: Change
    """Without what only an apply needs: fingerprints, sort orders, the paths that the manifest manages."""
    former: tuple[FormerResource, ...] = ()
    status: str = UNKNOWN_STATUS
    """An OutcomeStatus, or `UNKNOWN_STATUS`."""
    why: str = ""
    """The reason of any status but done."""
    new_id: str | None = None
    """The live id of what was created, if it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedOrder:
    """The display order of a gallery before and after a run."""

    before: tuple[str, ...]
    """The live ids of all items."""
    keys: tuple[str, ...]
    """The key of each of these, "" if it was unmanaged."""
    after: tuple[str, ...]
    """The keys of the managed items; if `destroy` deleted them, in the order of the last apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """An apply that wrote to the site."""

    number: int
    """The name of the run for users: 1, 2, 3 … in the history of one state."""
    run: str
    """The run's id, as in locks."""
    who: str
    started: str
    operation: str
    site_id: str
    lineage: str
    serial: int
    """The serial of the state that has the results of the run; until it ends, of the state that it started with."""
    digest: str
    """The review digest of the plan."""
    result: RunResult = RunResult.UNKNOWN
    changes: tuple[RecordedChange, ...] = ()
    orders: Mapping[str, RecordedOrder] = field(default_factory=dict)
    """The order of the galleries in which items were moved, deleted or replaced, by the live id of the gallery."""
    state_changes: tuple[StateChange, ...] = ()

    @property
    def summary(self) -> RunSummary:
        """The run without its changes."""
        done = [each for each in self.changes if may_be_done(each.status)]
        counts = dict.fromkeys(Action, 0)
        for each in done:
            counts[each.change.action] += 1 + each.change.deleted_items
        return RunSummary(
            number=self.number,
            run=self.run,
            who=self.who,
            started=self.started,
            operation=self.operation,
            lineage=self.lineage,
            serial=self.serial,
            digest=self.digest,
            result=self.result,
            counts=counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run as a list of runs shows it; the members are those of its record."""

    number: int
    run: str
    who: str
    started: str
    operation: str
    lineage: str
    serial: int
    digest: str
    result: RunResult
    counts: Mapping[Action, int]
    """The number of resources that were changed, or that may have been; with the items of deleted galleries."""


def may_be_done(status: str) -> bool:
    """Return True if a change with this status was made, or may have been made."""
    return status not in (OutcomeStatus.FAILED, OutcomeStatus.SKIPPED)


def recorded_changes(plan: Plan, snapshot: SiteSnapshot, bindings: Bindings) -> tuple[RecordedChange, ...]:
    """Return the changes of the plan before they are made; `bindings` are the state with the findings of the plan."""
    before = _Before(snapshot, bindings, plan)
    return tuple(
        RecordedChange(
            change=replace(
                change,
                write={} if change.action is Action.CREATE else change.write,
                named=(),
                cleared=(),
                sort_order=None,
                fingerprint=None,
                deleted_content=None,
            ),
            former=tuple(before.former(change)),
        )
        for change in plan.changes
    )


class _Before:
    """The site before a run."""

    def __init__(self, snapshot: SiteSnapshot, bindings: Bindings, plan: Plan) -> None:
        self._galleries = {gallery.id: gallery for gallery in snapshot.galleries}
        self._items = {item.id: item for gallery in snapshot.galleries for item in gallery.items or ()}
        self._keys = {id_: address.item or address.gallery for address, id_ in bindings.ids.items()}
        self._sources = {file_id: source for source, file_id in bindings.media.items()}
        self._item_order = plan.item_order
        self._records = bindings.records
        self._addresses = {id_: address for address, id_ in bindings.ids.items()}

    def former(self, change: Change) -> Iterator[FormerResource]:
        """Yield the resource before the change, with the items of a deleted gallery."""
        if change.id is None:
            return
        gallery, item = self._galleries.get(change.id), self._items.get(change.id)
        is_deleted = change.action is Action.DELETE
        if gallery is not None:
            sent = self._sent(gallery) if is_deleted else {}
            yield FormerResource(
                id=gallery.id, key=change.address.gallery, fields=_without_empty(gallery.fields), sent=sent
            )
            if is_deleted:
                for each in in_display_order(gallery.items or (), self._item_order):
                    yield replace(self._former_item(each), sent=self._sent(each))
        elif item is not None:
            former = replace(self._former_item(item), key=change.address.item or "")
            if is_deleted:
                former = replace(former, sent=self._sent(item))
            if change.action is Action.UPDATE and change.media is None:
                former = replace(former, fields=_only(former.fields, {*change.write, "html"}))
            yield former

    def _sent(self, live: LiveGallery | LiveItem) -> Mapping[str, str]:
        """Return path → digest of the value last sent, of what people changed since then."""
        address = self._addresses.get(live.id)
        bases = self._records.get(address, NEVER_APPLIED).fields if address else {}
        media = media_digest(live.media) if isinstance(live, LiveItem) else ""
        return {
            path: base.sent
            for path, base in bases.items()
            if not base.doubt
            and base.answered != (media if path == MEDIA_FIELD else value_digest(value_at(live.fields, path)))
        }

    def _former_item(self, item: LiveItem) -> FormerResource:
        source = self._sources.get(item.media.id, "") if isinstance(item.media, WixFile) else ""
        return FormerResource(
            id=item.id,
            key=self._keys.get(item.id, ""),
            kind=item.kind,
            media=item.media,
            fields=_without_empty(item.fields),
            source=source,
        )


def _without_empty(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if not is_empty(value)}


def _only(fields: Fields, names: Collection[str]) -> Fields:
    return {name: value for name, value in fields.items() if name in names}


def recorded_orders(
    plan: Plan, snapshot: SiteSnapshot, bindings: Bindings, operation: str
) -> Mapping[str, RecordedOrder]:
    """Return the orders before and after the plan of the galleries in which it moves, deletes or replaces items."""
    changes: dict[Address, list[Change]] = {}
    for change in plan.changes:
        if change.address.item is not None or operation == DESTROY:
            changes.setdefault(change.address.parent, []).append(change)
    by_id = {gallery.id: gallery for gallery in snapshot.galleries}
    keys = {id_: address.item for address, id_ in bindings.ids.items() if address.item}
    return {
        gallery.id: RecordedOrder(
            before=tuple(item.id for item in before),
            keys=tuple(keys.get(item.id, "") for item in before),
            after=(
                _applied_order(before, bindings, plan)
                if operation == DESTROY
                else _order_after(gallery, members, keys, plan)
            ),
        )
        for address, members in changes.items()
        if (gallery := by_id.get(bindings.ids.get(address, "")))
        and (before := in_display_order(gallery.items or (), plan.item_order))
        and any(map(_changes_order, members))
    }


def _applied_order(items: Sequence[LiveItem], bindings: Bindings, plan: Plan) -> tuple[str, ...]:
    """Return the keys of the managed items in the order of the last apply."""
    addresses = {id_: address for address, id_ in bindings.ids.items()}
    orders: dict[str, float | None] = {}
    for item in items:
        if (address := addresses.get(item.id)) and address.item:
            applied = bindings.records.get(address, NEVER_APPLIED).sort_order
            orders[address.item] = item.sort_order if applied is None else applied
    return _sorted_keys(orders, plan)


def _changes_order(change: Change) -> bool:
    return change.action in (Action.DELETE, Action.REPLACE) or (
        change.action is Action.UPDATE and change.position is not None
    )


def _order_after(
    gallery: LiveGallery, changes: Sequence[Change], keys: Mapping[str, str], plan: Plan
) -> tuple[str, ...]:
    """Return the keys of the managed items in display order after the changes."""
    gone = {change.id for change in changes if change.action is Action.DELETE}
    live = (item for item in gallery.items or () if item.id in keys and item.id not in gone)
    orders: dict[str, float | None] = {keys[item.id]: item.sort_order for item in live}
    orders |= {c.address.item: c.sort_order for c in changes if c.address.item and c.sort_order is not None}
    return _sorted_keys(orders, plan)


def _sorted_keys(orders: Mapping[str, float | None], plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(orders, key=lambda key: (*display_rank(orders[key], plan.item_order), key)))


def with_outcomes(record: RunRecord, report: Report, *, unconfirmed: bool) -> RunRecord:
    """Return the record of a run that has ended, with the outcome of each change.

    `unconfirmed` is True if a step failed that may have taken effect.
    """
    changes = tuple(
        _with_outcome(each, outcome, unconfirmed=unconfirmed)
        for each, outcome in zip(record.changes, report.outcomes, strict=True)
    )
    done = all(each.status == OutcomeStatus.DONE for each in changes)
    return replace(record, changes=changes, result=RunResult.APPLIED if done else RunResult.PARTIAL)


def _with_outcome(recorded: RecordedChange, outcome: Outcome, *, unconfirmed: bool) -> RecordedChange:
    change = recorded.change
    created = change.action in (Action.CREATE, Action.REPLACE) and outcome.id != change.id
    is_unknown = unconfirmed and outcome.status is OutcomeStatus.FAILED
    return replace(
        recorded,
        status=UNKNOWN_STATUS if is_unknown else outcome.status.value,
        why=outcome.reason,
        new_id=outcome.id if created else None,
    )
