"""The lines of a journal as JSON: the intents and the results of steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from galleryctl.model import json_document as doc
from galleryctl.model.address import Address
from galleryctl.model.fields import Json
from galleryctl.model.last_applied import LastApplied, SentValue, SortOrderFormat
from galleryctl.model.last_applied_codec import encode_last_applied, read_last_applied
from galleryctl.model.media import Kind
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.secret import Secret

JOURNAL_VERSION = 2

IntentKind = Literal["upload", "create-gallery", "create-item", "update", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentItem:
    """The content of a created item: its kind, and the digest of its file or hosted video, "" for a text."""

    kind: Kind
    media: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The action that a step is about to take, in enough detail to find out later if it was done."""

    kind: IntentKind
    source: str = ""
    """The key of an upload's content in state."""
    gallery_id: str | None = None
    """The live id of the gallery in which items are created."""
    sort_orders: Mapping[Address, float] = field(default_factory=dict)
    """The addresses that are created or moved, each with a sort order that is unique in its gallery."""
    items: Mapping[Address, SentItem] = field(default_factory=dict)
    """The content of each created item."""
    ids: tuple[str, ...] = ()
    """The live ids of what is updated or deleted."""
    fields: Mapping[Address, Mapping[str, SentValue]] = field(default_factory=dict)
    """The values that a create or an update sends, by address and path."""
    listed: tuple[str, ...] = ()
    """The ids of all items of the gallery, or of all galleries, before a create: none of them is the created one.

    In the journal they have a record of their own, because many creates share them.
    """
    started_at: float = 0.0
    """Start time in epoch seconds, by this machine's clock."""
    partial: PartialUpload | None = None
    """The resumable upload that the step began, in the journal a record of its own."""

    @property
    def is_create(self) -> bool:
        """True if the step creates a gallery or an item."""
        return self.kind in ("create-gallery", "create-item")

    @property
    def created(self) -> frozenset[Address]:
        """The addresses that the step creates."""
        return frozenset(self.sort_orders) if self.is_create else frozenset()

    def renamed(self, new_address: Callable[[Address], Address]) -> Intent:
        """Return the intent with each address replaced."""
        return replace(
            self,
            sort_orders={new_address(address): order for address, order in self.sort_orders.items()},
            items={new_address(address): item for address, item in self.items.items()},
            fields={new_address(address): values for address, values in self.fields.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The result of a step: live ids and last applied values by address, file ids by content, and removed live ids.

    `sort_order_formats` has the galleries whose site turned out to round the sort orders of items.
    """

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[Address, LastApplied] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    sort_order_formats: Mapping[Address, SortOrderFormat] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The ids of all items of a gallery, or of all galleries for None, before the creates that follow."""

    gallery: str | None
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailure:
    """The failure of a step; `unconfirmed` if it may have taken effect all the same."""

    reason: str
    unconfirmed: bool


JournalRecord = tuple[str, Intent | StepResult | StepFailure | PartialUpload] | Listing
"""A step, and its intent, result or failure, or the upload that it began; or a listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHeader:
    """The first line of a journal: the run, when it started (ISO 8601), and the state that it started with.

    `carried` are the records of earlier runs whose steps are still pending.
    """

    run: str
    site_id: str
    lineage: str
    serial: int
    started: str
    carried: tuple[JournalRecord, ...]


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
        "items": {str(address): [item.kind.value, item.media] for address, item in intent.items.items()},
        "ids": intent.ids,
        "fields": {
            str(address): {path: [each.sent, each.before, *each.added] for path, each in fields.items()}
            for address, fields in intent.fields.items()
        },
        "at": intent.started_at,
    }


def encode_partial(partial: PartialUpload) -> dict[str, object]:
    """Return an upload as a JSON object with its URLs, which only the owner of the journal can read."""
    return {
        "url": partial.url.reveal(),
        "finish_url": partial.finish_url.reveal(),
        "size": partial.size,
        "digest": partial.digest,
    }


def encode_result(result: StepResult) -> dict[str, object]:
    """Return `result` as a JSON object; `decode_record` reads it."""
    return {
        "ids": {str(address): id_ for address, id_ in result.ids.items()},
        "media": dict(result.media),
        "records": {str(address): encode_last_applied(record) for address, record in result.records.items()},
        "removed": result.removed,
        "sort_order_formats": {
            str(address): stored_as.value for address, stored_as in result.sort_order_formats.items()
        },
    }


def _read_sent_value(value: Json) -> SentValue:
    match doc.array(doc.string)(value):
        case (sent, before, *added):
            return SentValue(sent=sent, before=before, added=tuple(added))
    raise doc.InvalidDocumentError("is not a list of digests")


def _read_sent_item(value: Json) -> SentItem:
    match doc.array(doc.string)(value):
        case (kind, media):
            return SentItem(kind=doc.one_of(Kind)(kind), media=media)
    raise doc.InvalidDocumentError("is not a kind and a digest")


_read_intent = doc.record(
    lambda at, **members: Intent(started_at=at, **members),
    kind=doc.one_of(get_args(IntentKind)),
    source=doc.string,
    gallery_id=doc.optional(doc.string),
    sort_orders=doc.mapping(doc.address, doc.number),
    items=doc.mapping(doc.address, _read_sent_item),
    ids=doc.array(doc.string),
    fields=doc.mapping(doc.address, doc.mapping(doc.string, _read_sent_value)),
    at=doc.number,
)
_read_result = doc.record(
    StepResult,
    ids=doc.mapping(doc.address, doc.string),
    media=doc.mapping(doc.string, doc.string),
    records=doc.mapping(doc.address, read_last_applied),
    removed=doc.array(doc.string),
    sort_order_formats=doc.mapping(doc.address, doc.one_of(SortOrderFormat)),
)
_read_partial = doc.record(
    lambda url, finish_url, **members: PartialUpload(url=Secret(url), finish_url=Secret(finish_url), **members),
    url=doc.string,
    finish_url=doc.string,
    size=doc.integer,
    digest=doc.string,
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
    "upload": doc.record(lambda upload, partial: (upload, partial), upload=doc.string, partial=_read_partial),
    "listed": doc.record(Listing, gallery=doc.optional(doc.string), listed=doc.array(doc.string)),
}
"""The reader of each kind of record, by a member that only it has."""


def _read_record(document: Json) -> JournalRecord:
    for name, read in _READERS.items():
        if isinstance(document, dict) and name in document:
            return read(document)
    raise doc.InvalidDocumentError("is not a record")


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
            carried=doc.array(_read_record),
        )
    },
)


def decode_header(line: bytes) -> JournalHeader:
    """Return the header on the first line. Raise ValueError, for another version UnsupportedVersionError."""
    return _read_header(doc.parse_json(line))


def decode_record(line: bytes) -> JournalRecord:
    """Return the record on another line. Raise ValueError if it is not valid."""
    return _read_record(doc.parse_json(line))
