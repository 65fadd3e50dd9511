"""The journal of a run: what was about to be done and what came of it, one JSON line each.

A run that is killed leaves it; the next one learns what was done, and looks up what was begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.state.journal_file import MOVE_ASIDE_ADVICE, JournalLog, JournalStore, invalid_journal_error
from galleryctl.state.journal_records import (
    Intent,
    StepResult,
    decode_intent,
    decode_record,
    decode_result,
    encode_intent,
    encode_record,
    encode_result,
)
from galleryctl.state.state_file import State

_JOURNAL_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReplay:
    """What a journal tells: the run, what its steps taught that state does not know, and which may have been done."""

    run: str = ""
    result: StepResult = field(default_factory=StepResult)
    pending: tuple[tuple[str, Intent], ...] = ()
    """Step and intent of what was begun and whose end is not known."""


class Journal:
    """The journal of the run under way.

    What a step is about to do is written for good when `begin` returns. What came of it may wait for the next record: a
    step whose end is not known is looked up. All methods raise StateError when a record cannot be written; a step that
    cannot be journalled must not begin.
    """

    def __init__(self, log: JournalLog) -> None:
        self._log = log
        self._write_lock = asyncio.Lock()
        self._appended_count = 0
        self._written_count = 0

    @classmethod
    def open(cls, store: JournalStore, *, run: str, state: State) -> Self:
        """A new journal of a run that begins with `state`; it replaces the one there, which state knows by now."""
        header = encode_record(
            journal=_JOURNAL_VERSION,
            run=run,
            site_id=state.site_id,
            lineage=state.lineage,
            serial=state.serial,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        return cls(store.start(header))

    async def begin(self, step: str, intent: Intent) -> None:
        """Say what `step` is about to do; it may be done only once this has returned.

        Steps that begin while a write is under way share the next one.
        """
        self._log.append(encode_record(begin=step, intent=encode_intent(intent)))
        self._appended_count += 1
        mine = self._appended_count
        async with self._write_lock:
            if self._written_count < mine:
                begun = self._appended_count
                await self._log.flush()
                self._written_count = begun

    def done(self, step: str, result: StepResult) -> None:
        """Say what `step` taught."""
        self._log.append(encode_record(done=step, result=encode_result(result)))

    def failed(self, step: str, reason: str, *, unconfirmed: bool = False) -> None:
        """Say that `step` failed; `unknown` when it may have taken effect all the same."""
        self._log.append(encode_record(failed=step, reason=reason, unknown=unconfirmed))

    def close(self) -> None:
        """Let go of the place; what is written stays."""
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_journal(store: JournalStore, state: State) -> JournalReplay:
    """What the journal at `place` adds to `state`; empty when there is none.

    A state that was written after the journal was begun knows all that is done in it. Raises StateError when this is no
    journal, or belongs to another site or to another lineage of states.
    """
    lines = store.read()
    if not lines:
        return JournalReplay()
    try:
        header, *records = [decode_record(line) for line in lines]
        _check_header(header, state)
        return _replay(header, records, superseded=state.serial > header["serial"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise invalid_journal_error(store.location, str(error)) from error
    except StateError as error:
        raise StateError(error.what, where=store.location, why=error.why, do=error.do) from None


def replay(bindings: Bindings, journal: JournalReplay) -> Bindings:
    """`bindings` with what the journal's steps had taught."""
    return apply_result(bindings, journal.result)


def merge_results(results: Iterable[StepResult]) -> StepResult:
    """All that `results` taught, the later over the earlier."""
    ids: dict[Address, str] = {}
    media: dict[str, str] = {}
    removed: list[str] = []
    for result in results:
        ids.update(result.ids)
        media.update(result.media)
        removed.extend(result.removed)
    return StepResult(ids=ids, media=media, removed=tuple(removed))


def apply_result(bindings: Bindings, result: StepResult) -> Bindings:
    """`bindings` with `result`.

    An item whose address got a new id is deposed until it is removed; with a gallery all that lay in it is gone.
    """
    gone = frozenset(result.removed)
    remade = {address.gallery for address in result.ids if address.item is None}
    deposed = dict(bindings.deposed)
    for address, new in result.ids.items():
        old = bindings.ids.get(address, new)
        if old != new and address.gallery not in remade:
            deposed[old] = address
    ids = {**bindings.ids, **result.ids}
    emptied = {address.gallery for address, id_ in ids.items() if address.item is None and id_ in gone}
    dropped = {address for address, id_ in ids.items() if id_ in gone or address.gallery in emptied}
    return replace(
        bindings,
        ids={address: id_ for address, id_ in ids.items() if address not in dropped},
        media={**bindings.media, **result.media},
        protected=bindings.protected - dropped,
        deposed={id_: a for id_, a in deposed.items() if id_ not in gone and a.gallery not in emptied},
    )


def _check_header(header: Mapping[str, Any], state: State) -> None:
    """Raise StateError unless the journal is one of this state, or of the time before it was first written."""
    version = header["journal"]
    if version != _JOURNAL_VERSION:
        raise StateError(
            f"the journal has version {version}; this galleryctl reads {_JOURNAL_VERSION}", do=MOVE_ASIDE_ADVICE
        )
    if header["site_id"] != state.site_id:
        raise StateError(f"this journal is of site {header['site_id']}, not of {state.site_id}", do=MOVE_ASIDE_ADVICE)
    if header["lineage"] != state.lineage and header["lineage"] and state.lineage:
        raise StateError(
            "this journal belongs to another state",
            why=f"its lineage is {header['lineage']}, the state's is {state.lineage}",
            do=f"put the state of run {header['run']} back; or {MOVE_ASIDE_ADVICE}",
        )


def _replay(header: Mapping[str, Any], records: Iterable[Mapping[str, Any]], *, superseded: bool) -> JournalReplay:
    results: list[StepResult] = []
    open_: dict[str, Intent] = {}
    for record in records:
        if "begin" in record:
            open_[record["begin"]] = decode_intent(record["intent"])
        elif "done" in record:
            results.append(decode_result(record["result"]))
            open_.pop(record["done"], None)
        elif not record["unknown"]:
            open_.pop(record["failed"], None)
    return JournalReplay(
        run=str(header["run"]),
        result=StepResult() if superseded else merge_results(results),
        pending=tuple(open_.items()),
    )
