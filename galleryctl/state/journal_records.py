"""The lines of a journal as JSON: the intents and the results of steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from galleryctl.model import json_document as doc
from galleryctl.model.address import Address
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import LastApplied, SentValue
from galleryctl.model.last_applied_codec import encode_last_applied, read_last_applied

JOURNAL_VERSION = 2

IntentKind = Literal["upload", "create-gallery", "create-item", "update", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The action that a step is about to take, in enough detail to find out later if it was done."""

    kind: IntentKind
    source: str = ""
    """The key of an upload's content in state."""
    gallery_id: str | None = None
    """The live id of the gallery in which items are created."""
    sort_orders: Mapping[Address, float] = field(default_factory=dict)
    """The created addresses, each with a sort order that is unique in its gallery."""
    markers: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    """Fingerprints of each created item, so that another item with that sort order is not mistaken for it."""
    ids: tuple[str, ...] = ()
    """The live ids of what is updated or deleted."""
    fields: Mapping[Address, Mapping[str, SentValue]] = field(default_factory=dict)
    """The values that a create or an update sends, by address and path."""
    listed: tuple[str, ...] = ()
    """The ids of all items of the gallery before a create: none of them is the created item."""
    started_at: float = 0.0
    """Start time in epoch seconds, by this machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The result of a step: live ids and last applied values by address, file ids by content, and removed live ids."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[Address, LastApplied] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHeader:
    """The first line of a journal: the run, when it started (ISO 8601), and the state that it started with."""

    run: str
    site_id: str
    lineage: str
    serial: int
    started: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailure:
    """The failure of a step; `unconfirmed` if it may have taken effect all the same."""

    reason: str
    unconfirmed: bool


JournalRecord = tuple[str, Intent | StepResult | StepFailure]
"""A step, and its intent, result or failure."""


def encode_record(**members: object) -> bytes:
    """Return a record as a line, without its newline."""
    return json.dumps(members, separators=(",", ":")).encode()


def encode_intent(intent: Intent) -> dict[str, object]:
    """Return `intent` as a JSON object; `decode_record` reads it."""
    return {
        "kind": intent.kind,
        "source": intent.source,
        "gallery_id": intent.gallery_id,
        "sort_orders": {str(address): order for address, order in intent.sort_orders.items()},
        "signs": {str(address): signs for address, signs in intent.markers.items()},
        "ids": intent.ids,
        "fields": {
            str(address): {path: [each.sent, each.before, *each.added] for path, each in fields.items()}
            for address, fields in intent.fields.items()
        },
        "listed": intent.listed,
        "at": intent.started_at,
    }


def encode_result(result: StepResult) -> dict[str, object]:
    """Return `result` as a JSON object; `decode_record` reads it."""
    return {
        "ids": {str(address): id_ for address, id_ in result.ids.items()},
        "media": dict(result.media),
        "records": {str(address): encode_last_applied(record) for address, record in result.records.items()},
        "removed": result.removed,
    }


def _read_sent_value(value: Json) -> SentValue:
    match doc.array(doc.string)(value):
        case (sent, before, *added):
            return SentValue(sent=sent, before=before, added=tuple(added))
    raise doc.InvalidDocumentError("is not a list of digests")


_read_intent = doc.record(
    lambda signs, at, **members: Intent(markers=signs, started_at=at, **members),
    kind=doc.one_of(get_args(IntentKind)),
    source=doc.string,
    gallery_id=doc.optional(doc.string),
    sort_orders=doc.mapping(doc.address, doc.number),
    signs=doc.mapping(doc.address, doc.array(doc.string)),
    ids=doc.array(doc.string),
    fields=doc.mapping(doc.address, doc.mapping(doc.string, _read_sent_value)),
    listed=doc.array(doc.string),
    at=doc.number,
)
_read_result = doc.record(
    StepResult,
    ids=doc.mapping(doc.address, doc.string),
    media=doc.mapping(doc.string, doc.string),
    records=doc.mapping(doc.address, read_last_applied),
    removed=doc.array(doc.string),
)
_READERS: Mapping[str, doc.Reader[JournalRecord]] = {
    "begin": doc.record(lambda begin, intent: (begin, intent), begin=doc.string, intent=_read_intent),
    "done": doc.record(lambda done, result: (done, result), done=doc.string, result=_read_result),
    "failed": doc.record(
        lambda failed, reason, unknown: (failed, StepFailure(reason=reason, unconfirmed=unknown)),
        failed=doc.string,
        reason=doc.string,
        unknown=doc.boolean,
    ),
}
"""The reader of each kind of record, by its first member."""


_read_header = doc.versioned(
    "journal",
    {
        JOURNAL_VERSION: doc.record(
            JournalHeader,
            run=doc.string,
            site_id=doc.string,
            lineage=doc.string,
            serial=doc.integer,
            started=doc.string,
        )
    },
)


def decode_header(line: bytes) -> JournalHeader:
    """Return the header on the first line. Raise ValueError, for another version UnsupportedVersionError."""
    return _read_header(doc.parse_json(line))


def decode_record(line: bytes) -> JournalRecord:
    """Return the record on another line. Raise ValueError if it is not valid."""
    document = doc.parse_json(line)
    for name, read in _READERS.items():
        if isinstance(document, dict) and name in document:
            return read(document)
    raise doc.InvalidDocumentError("is not a record")
