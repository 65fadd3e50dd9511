"""The journal of a run: what was about to be done and what came of it, one JSON line each, flushed to the disk.

A run that is killed leaves it; the next one learns what was done, and looks up what was begun. The last line may be
torn: a line counts only with its newline.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, get_args

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StateError
from galleryctl.state.disk import sync_folder, trouble_with
from galleryctl.state.document import State

VERSION = 1

Kind = Literal["upload", "create-gallery", "create-item", "update", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a step is about to do, as much of it as finding out needs whether it was done."""

    kind: Kind
    source: str = ""
    """The content of an upload, as state names it."""
    gallery_id: str | None = None
    """The live gallery that an item is created in."""
    sort_orders: Mapping[Address, float] = field(default_factory=dict)
    """What is created, each with the sort order that nothing else in its gallery has."""
    ids: tuple[str, ...] = ()
    """The live ids that are updated or deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a step taught: the ids of what was made, the files that contents became, the live ids that are gone."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalReplay:
    """What a journal tells: the run, what its steps taught that state does not know, and which may have been done."""

    run: str = ""
    done: Result = Result()
    pending: tuple[tuple[str, Intent], ...] = ()
    """Step and intent of what was begun and whose end is not known."""


class Journal:
    """The journal of the run under way; every record is on the disk when its method returns.

    All methods raise StateError when a record cannot be written. From then on nothing is: a step that cannot be
    journalled must not begin.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._size = 0
        self._broken = False

    @classmethod
    def open(cls, path: Path, *, run: str, state: State) -> Journal:
        """A new journal of a run that begins with `state`; it replaces the one at `path`, which state knows by now."""
        with trouble_with(path, "the journal cannot be made"):
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            journal = cls(path, os.open(path, flags, 0o600))
            sync_folder(path.parent)
        try:
            journal._write(
                journal=VERSION,
                run=run,
                site_id=state.site_id,
                lineage=state.lineage,
                serial=state.serial,
                started=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        except BaseException:
            journal.close()
            raise
        return journal

    @staticmethod
    def clear(path: Path) -> None:
        """Remove the journal: state knows all that it tells."""
        with trouble_with(path, "the journal cannot be removed"):
            path.unlink(missing_ok=True)

    def begin(self, step: str, intent: Intent) -> None:
        """Say what `step` is about to do; it may be done only once this has returned."""
        self._write(begin=step, intent=_encode_intent(intent))

    def done(self, step: str, result: Result) -> None:
        """Say what `step` taught."""
        self._write(done=step, result=_encode_result(result))

    def failed(self, step: str, reason: str, *, unknown: bool = False) -> None:
        """Say that `step` failed; `unknown` when it may have taken effect all the same."""
        self._write(failed=step, reason=reason, unknown=unknown)

    def close(self) -> None:
        """Let go of the file, which stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, **record: object) -> None:
        if self._broken:
            raise StateError("the journal could not be written before", where=self._path)
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        with trouble_with(self._path, "the journal cannot be written"):
            try:
                _write_all(self._descriptor, line)
                os.fsync(self._descriptor)
            except OSError:
                self._broken = True
                with suppress(OSError):  # half a record at the end is expected by the reader anyway
                    os.ftruncate(self._descriptor, self._size)
                raise
        self._size += len(line)


def read_journal(path: Path, state: State) -> JournalReplay:
    """What the journal at `path` adds to `state`; empty when there is none.

    A state that was written after the journal was begun knows all that is done in it. Raises StateError when the file is
    no journal, or belongs to another site or to another lineage of states.
    """
    with trouble_with(path, "the journal cannot be read"):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return JournalReplay()
    *lines, _torn = content.split(b"\n")
    if not lines:
        return JournalReplay()
    try:
        header, *records = [_record(line) for line in lines]
        _check_header(header, state)
        return _replay(header, records, superseded=state.serial > header["serial"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(
            "this is no journal of galleryctl, or it was changed",
            where=path,
            why=str(error),
            do=_ASIDE,
        ) from error
    except StateError as error:
        raise StateError(error.what, where=path, why=error.why, do=error.do) from None


def replay(bindings: Bindings, journal: JournalReplay) -> Bindings:
    """`bindings` with what the journal's steps had taught."""
    return learn(bindings, journal.done)


def merge(results: Iterable[Result]) -> Result:
    """All that `results` taught, the later over the earlier."""
    ids: dict[Address, str] = {}
    media: dict[str, str] = {}
    removed: list[str] = []
    for result in results:
        ids.update(result.ids)
        media.update(result.media)
        removed.extend(result.removed)
    return Result(ids=ids, media=media, removed=tuple(removed))


def learn(bindings: Bindings, result: Result) -> Bindings:
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


_ASIDE = "move it aside, once no run is under way: what that run had made is found by content and title"


def _check_header(header: Mapping[str, Any], state: State) -> None:
    """Raise StateError unless the journal is one of this state, or of the time before it was first written."""
    version = header["journal"]
    if version != VERSION:
        raise StateError(f"the journal has version {version}; this galleryctl reads {VERSION}", do=_ASIDE)
    if header["site_id"] != state.site_id:
        raise StateError(f"this journal is of site {header['site_id']}, not of {state.site_id}", do=_ASIDE)
    if header["lineage"] != state.lineage and header["lineage"] and state.lineage:
        raise StateError(
            "this journal belongs to another state",
            why=f"its lineage is {header['lineage']}, the state's is {state.lineage}",
            do=f"put the state of run {header['run']} back; or {_ASIDE}",
        )


def _replay(
    header: Mapping[str, Any], records: Iterable[Mapping[str, Any]], *, superseded: bool
) -> JournalReplay:
    results: list[Result] = []
    open_: dict[str, Intent] = {}
    for record in records:
        if "begin" in record:
            open_[record["begin"]] = _decode_intent(record["intent"])
        elif "done" in record:
            results.append(_decode_result(record["result"]))
            open_.pop(record["done"], None)
        elif not record["unknown"]:
            open_.pop(record["failed"], None)
    return JournalReplay(
        run=str(header["run"]),
        done=Result() if superseded else merge(results),
        pending=tuple(open_.items()),
    )


def _record(line: bytes) -> Mapping[str, Any]:
    record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError(f"{line[:40]!r} is no record")  # noqa: TRY004 - told as StateError
    return record


def _encode_intent(intent: Intent) -> dict[str, object]:
    return {
        "kind": intent.kind,
        "source": intent.source,
        "gallery_id": intent.gallery_id,
        "sort_orders": {str(address): order for address, order in intent.sort_orders.items()},
        "ids": intent.ids,
    }


def _decode_intent(part: Mapping[str, Any]) -> Intent:
    kind = part["kind"]
    if kind not in get_args(Kind):
        raise ValueError(f"{kind!r} is no kind of step")
    return Intent(
        kind=kind,
        source=part["source"],
        gallery_id=part["gallery_id"],
        sort_orders={Address.parse(address): float(order) for address, order in part["sort_orders"].items()},
        ids=tuple(part["ids"]),
    )


def _encode_result(result: Result) -> dict[str, object]:
    return {
        "ids": {str(address): id_ for address, id_ in result.ids.items()},
        "media": dict(result.media),
        "removed": result.removed,
    }


def _decode_result(part: Mapping[str, Any]) -> Result:
    return Result(
        ids={Address.parse(address): id_ for address, id_ in part["ids"].items()},
        media=dict(part["media"]),
        removed=tuple(part["removed"]),
    )


def _write_all(descriptor: int, content: bytes) -> None:
    """Write all of `content`; a write may take less than it is given."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
