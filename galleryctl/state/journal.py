"""The journal of a run: one JSON line before each step, with its intent, and one after it, with its result.

A killed run leaves its journal behind; the next run adds the results to the state and searches the site for the steps
without a result:

    {"begin": "s1", …}  {"done": "s1", …}  {"begin": "s2", …}
    → the result of s1 is added to the state; s2 is pending

An upload of a large file has a third record, with the address at which another run can continue it. Before the first create in a gallery, a record has the ids of all its items. The header carries the creates of earlier
runs whose outcome is unknown: it replaces the previous journal as a whole, so that a kill cannot lose them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from types import TracebackType
from typing import Self

from galleryctl.model import json_document as doc
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.model.last_applied import LastApplied, SortOrderFormat
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.variable_text import displayed
from galleryctl.state.journal_file import MOVE_ASIDE_ADVICE, JournalLog, JournalStore, invalid_journal_error
from galleryctl.state.journal_records import (
    JOURNAL_VERSION,
    Intent,
    JournalHeader,
    JournalRecord,
    Listing,
    StepResult,
    decode_header,
    decode_record,
    encode_intent,
    encode_partial,
    encode_record,
    encode_result,
)
from galleryctl.state.state_file import State

Listings = dict[str | None, tuple[str, ...]]
"""Gallery id → the ids of all its items; None → those of all galleries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReplay:
    """The run of a journal, the results that are not in the state, and the steps that may have taken effect."""

    run: str = ""
    result: StepResult = field(default_factory=StepResult)
    pending: tuple[tuple[str, Intent], ...] = ()
    """Step and intent of the steps without a known outcome."""


class Journal:
    """The journal of the current run.

    An intent is durable when `begin` returns. A result may wait for the next write: the next run looks up steps without
    one. All methods raise StateError when a record cannot be written; a step that cannot be recorded must not start.
    """

    def __init__(self, log: JournalLog, listings: Listings | None = None) -> None:
        self._log = log
        self._listings = {} if listings is None else listings
        self._write_lock = asyncio.Lock()
        self._appended_count = 0
        self._written_count = 0

    @classmethod
    def open(cls, store: JournalStore, *, run: str, state: State, carried: Iterable[tuple[str, Intent]] = ()) -> Self:
        """Start the journal of a run on `state`. It replaces the previous one, whose results are in `state`.

        `carried` are the pending steps of the previous one that stay pending.
        """
        listings: Listings = {}
        header = encode_record(
            journal=JOURNAL_VERSION,
            run=run,
            site_id=state.site_id,
            lineage=state.lineage,
            serial=state.serial,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            carried=[record for step, intent in carried for record in _begin_records(step, intent, listings)],
        )
        return cls(store.start(header), listings)

    async def begin(self, step: str, intent: Intent) -> None:
        """Record the intent of `step`, which may start once this has returned.

        Steps that begin during a write share the next one: a and b append while another write is in progress, one
        flush then writes both, and the second caller finds its record written.
        """
        await self._append(*_begin_records(step, intent, self._listings))

    async def upload_begun(self, step: str, partial: PartialUpload) -> None:
        """Record the resumable upload that `step` began, so that the next run can continue it."""
        await self._append(_partial_record(step, partial))

    async def _append(self, *records: dict[str, object]) -> None:
        for record in records:
            self._log.append(encode_record(**record))
        self._appended_count += 1
        own_count = self._appended_count
        async with self._write_lock:
            if self._written_count < own_count:
                flushed_count = self._appended_count
                await self._log.flush()
                self._written_count = flushed_count

    def done(self, step: str, result: StepResult) -> None:
        """Record the result of `step`."""
        self._log.append(encode_record(done=step, result=encode_result(result)))

    def failed(self, step: str, reason: str, *, unconfirmed: bool = False) -> None:
        """Record that `step` failed; `unconfirmed` if it may have taken effect all the same."""
        self._log.append(encode_record(failed=step, reason=reason, unknown=unconfirmed))

    def close(self) -> None:
        """Close the log; the journal stays."""
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def earlier_try(step: str, number: object) -> str:
    """Return the name of an earlier run's try of `step`, which is settled once the step is done."""
    return f"{step}, try {number}"


def read_journal(store: JournalStore, state: State) -> JournalReplay:
    """Return what the journal in `store` adds to `state`; empty if there is none.

    A state written after the journal was started contains all its results. Raises StateError if this is not a journal,
    or belongs to another site or to another lineage.
    """
    lines = store.read()
    if not lines:
        return JournalReplay()
    try:
        header = decode_header(lines[0])
        _check_owner(header, state)
        records = [_decode_record(number, line) for number, line in enumerate(lines[1:], start=2)]
        return _replay(header.run, chain(header.carried, records), superseded=state.serial > header.serial)
    except doc.UnsupportedVersionError as error:
        what = f"unsupported journal version {error.version}; this galleryctl reads version {JOURNAL_VERSION}"
        raise StateError(what, where=store.location, do=MOVE_ASIDE_ADVICE) from None
    except ValueError as error:
        raise invalid_journal_error(store.location, str(error)) from error
    except StateError as error:
        raise StateError(error.what, where=store.location, why=error.why, do=error.do) from None


def replay(bindings: Bindings, journal: JournalReplay) -> Bindings:
    """Return `bindings` with the results of the journal's steps."""
    return apply_result(bindings, journal.result)


def merge_results(results: Iterable[StepResult]) -> StepResult:
    """Return all `results` as one; later ones override earlier ones."""
    ids: dict[Address, str] = {}
    media: dict[str, str] = {}
    records: dict[Address, LastApplied] = {}
    removed: list[str] = []
    sort_order_formats: dict[Address, SortOrderFormat] = {}
    for result in results:
        ids.update(result.ids)
        records.update(result.records)
        media.update(result.media)
        removed.extend(result.removed)
        sort_order_formats.update(result.sort_order_formats)
    return StepResult(
        ids=ids, media=media, records=records, removed=tuple(removed), sort_order_formats=sort_order_formats
    )


def apply_result(bindings: Bindings, result: StepResult) -> Bindings:
    """Return `bindings` updated with `result`.

    An item whose address got a new id is deposed until it is removed; a removed gallery takes its items with it:

        bindings a/x → 1, result a/x → 2                → a/x → 2, deposed 1 (a/x)
        bindings a → 8, a/x → 1, result removed 8       → nothing is left
        bindings a → 8, a/x → 1, result a → 9, a/x → 2  → a → 9, a/x → 2; 1 went with its gallery, so it is not deposed
    """
    removed = frozenset(result.removed)
    recreated = {address.gallery for address in result.ids if address.item is None}
    deposed = dict(bindings.deposed)
    for address, new_id in result.ids.items():
        old_id = bindings.ids.get(address, new_id)
        if old_id != new_id and address.gallery not in recreated:
            deposed[old_id] = address
    ids = {**bindings.ids, **result.ids}
    removed_galleries = {address.gallery for address, id_ in ids.items() if address.item is None and id_ in removed}
    dropped = {address for address, id_ in ids.items() if id_ in removed or address.gallery in removed_galleries}
    formats = {**bindings.sort_order_formats, **result.sort_order_formats}
    return replace(
        bindings,
        ids={address: id_ for address, id_ in ids.items() if address not in dropped},
        media={**bindings.media, **result.media},
        protected=bindings.protected - dropped,
        deposed={id_: a for id_, a in deposed.items() if id_ not in removed and a.gallery not in removed_galleries},
        records={a: record for a, record in {**bindings.records, **result.records}.items() if a not in dropped},
        sort_order_formats={address: stored_as for address, stored_as in formats.items() if address not in dropped},
    )


def _check_owner(header: JournalHeader, state: State) -> None:
    """Raise StateError if the journal belongs to another site or lineage; "" is a state before its first write."""
    if header.site_id != state.site_id:
        what = f"this journal belongs to site {header.site_id}, not to {displayed(state.site_id)}"
        raise StateError(what, do=MOVE_ASIDE_ADVICE)
    if header.lineage != state.lineage and header.lineage and state.lineage:
        raise StateError(
            "this journal belongs to another state",
            why=f"the journal has lineage {header.lineage}, the state has {state.lineage}",
            do=f"restore the state of run {header.run}, or {MOVE_ASIDE_ADVICE}",
        )


def _decode_record(number: int, line: bytes) -> JournalRecord:
    try:
        return decode_record(line)
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error


def _begin_records(step: str, intent: Intent, listings: Listings) -> Iterator[dict[str, object]]:
    """Yield the records of an intent, with the listed ids only if `listings`, which is updated, does not have them."""
    if intent.is_create and intent.listed != listings.get(intent.gallery_id, ()):
        listings[intent.gallery_id] = intent.listed
        yield {"gallery": intent.gallery_id, "listed": intent.listed}
    yield {"begin": step, "intent": encode_intent(intent)}
    if intent.partial is not None:
        yield _partial_record(step, intent.partial)


def _partial_record(step: str, partial: PartialUpload) -> dict[str, object]:
    return {"upload": step, "partial": encode_partial(partial)}


def _replay(run: str, records: Iterable[JournalRecord], *, superseded: bool) -> JournalReplay:
    results: list[StepResult] = []
    pending: dict[str, Intent] = {}
    listings: Listings = {}
    for entry in records:
        if isinstance(entry, Listing):
            listings[entry.gallery] = entry.listed
            continue
        step, record = entry
        if isinstance(record, Intent):
            pending[step] = replace(record, listed=listings.get(record.gallery_id, ()) if record.is_create else ())
            continue
        if isinstance(record, PartialUpload):
            if step in pending:
                pending[step] = replace(pending[step], partial=record)
            continue
        if isinstance(record, StepResult):
            results.append(record)
            for earlier in [name for name in pending if name.startswith(earlier_try(step, ""))]:
                del pending[earlier]
        if isinstance(record, StepResult) or not record.unconfirmed:
            pending.pop(step, None)
    return JournalReplay(
        run=run,
        result=StepResult() if superseded else merge_results(results),
        pending=tuple(pending.items()),
    )
