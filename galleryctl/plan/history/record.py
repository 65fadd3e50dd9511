"""The record of a run: what an apply changed, and what the site showed before.

It is made from the plan before the first write (see `recording`), so that it also describes a run that is killed, and
completed with the outcomes when the run ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from galleryctl.model.fields import Fields
from galleryctl.model.media import HostedVideo, Kind, WixFile
from galleryctl.model.outcome import Outcome, OutcomeStatus, Report
from galleryctl.plan.changes import Action, Change, StateChange

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
class RunHeader:
    """A run without its changes."""

    number: int
    """The name of the run for users: 1, 2, 3 … in the history of one state."""
    run: str
    """The run's id, as in locks."""
    who: str
    started: str
    operation: str
    lineage: str
    serial: int
    """The serial of the state that has the results of the run; until it ends, of the state that it started with."""
    digest: str
    """The review digest of the plan."""
    result: RunResult = RunResult.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """An apply that wrote to the site."""

    header: RunHeader
    site_id: str
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
        return RunSummary(header=self.header, counts=counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run as a list of runs shows it."""

    header: RunHeader
    counts: Mapping[Action, int]
    """The number of resources that were changed, or that may have been; with the items of deleted galleries."""


def may_be_done(status: str) -> bool:
    """Return True if a change with this status was made, or may have been made."""
    return status not in (OutcomeStatus.FAILED, OutcomeStatus.SKIPPED)


def with_outcomes(record: RunRecord, report: Report, *, unconfirmed: bool) -> RunRecord:
    """Return the record of a run that has ended, with the outcome of each change.

    `unconfirmed` is True if a step failed that may have taken effect.
    """
    changes = tuple(
        _with_outcome(each, outcome, unconfirmed=unconfirmed)
        for each, outcome in zip(record.changes, report.outcomes, strict=True)
    )
    done = all(each.status == OutcomeStatus.DONE for each in changes)
    header = replace(record.header, result=RunResult.APPLIED if done else RunResult.PARTIAL)
    return replace(record, header=header, changes=changes)


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
