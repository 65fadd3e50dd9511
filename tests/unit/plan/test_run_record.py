"""Records of runs: they come back whole or are rejected."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.address import Address
from galleryctl.model.errors import StateError
from galleryctl.model.fields import FIELD_BY_NAME
from galleryctl.model.json_document import MAX_SAFE_INTEGER
from galleryctl.model.media import HostedVideo, Kind, LocalFile, RemoteFile, VideoHost, WixFile
from galleryctl.model.outcome import OutcomeStatus
from galleryctl.plan.changes import Action, Cause, Change, FieldChange, MatchedBy, StateAction, StateChange
from galleryctl.plan.history.codec import deserialize_record, deserialize_summary, serialize_record
from galleryctl.plan.history.record import (
    UNKNOWN_STATUS,
    FormerResource,
    RecordedChange,
    RecordedOrder,
    RunHeader,
    RunRecord,
    RunResult,
)

TEXT = st.text(max_size=8)
COUNT = st.integers(0, 999)
KEYS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True)
ADDRESSES = st.builds(Address, KEYS, st.none() | KEYS)
NUMBERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda parts: st.lists(parts, max_size=3).map(tuple) | st.dictionaries(TEXT, parts, max_size=3),
    max_leaves=5,
)
FIELDS = st.dictionaries(st.sampled_from([*FIELD_BY_NAME]), VALUES, max_size=3)
PATHS = st.sampled_from([*FIELD_BY_NAME]) | st.sampled_from(["focal_point.x", "css.a\\.b", "tags.sea"])
KINDS = st.none() | st.sampled_from(Kind)
CAUSES = st.sampled_from(Cause)
LIVE_MEDIA = st.builds(WixFile, id=TEXT, filename=TEXT, width=COUNT, height=COUNT) | st.builds(
    HostedVideo, host=st.sampled_from(VideoHost), url=TEXT
)
MEDIA = (
    LIVE_MEDIA
    | st.builds(RemoteFile, url=TEXT)
    | st.builds(LocalFile, path=TEXT, sha256=TEXT, size=COUNT, mime_type=TEXT)
)
IDS = st.none() | st.text(min_size=1, max_size=8)
CHANGES = st.builds(
    Change,
    address=ADDRESSES,
    action=st.sampled_from(Action),
    kind=KINDS,
    id=IDS,
    name=TEXT,
    write=FIELDS,
    fields=st.lists(st.builds(FieldChange, path=PATHS, before=VALUES, after=VALUES, cause=CAUSES), max_size=3).map(
        tuple
    ),
    media=st.none() | MEDIA,
    media_before=IDS,
    position=st.none() | st.tuples(COUNT, COUNT),
    cause=CAUSES,
    media_cause=CAUSES,
    position_cause=CAUSES,
    changed_at=TEXT,
    deleted_items=COUNT,
    matched_by=st.sampled_from(MatchedBy),
    reason=TEXT,
)
FORMER = st.builds(
    FormerResource,
    id=TEXT,
    key=st.just("") | KEYS,
    kind=KINDS,
    media=st.none() | LIVE_MEDIA,
    fields=FIELDS,
    source=TEXT,
    sent=st.dictionaries(TEXT, TEXT, max_size=2),
)
STATUSES = st.sampled_from([UNKNOWN_STATUS, *(status.value for status in OutcomeStatus)])
NAMES = st.lists(TEXT, max_size=4).map(tuple)
HEADERS = st.builds(
    RunHeader,
    number=COUNT,
    run=TEXT,
    who=TEXT,
    started=TEXT,
    operation=TEXT,
    lineage=TEXT,
    serial=COUNT,
    digest=TEXT,
    result=st.sampled_from(RunResult),
)
RECORDS = st.builds(
    RunRecord,
    header=HEADERS,
    site_id=TEXT,
    changes=st.lists(
        st.builds(
            RecordedChange,
            change=CHANGES,
            former=st.lists(FORMER, max_size=2).map(tuple),
            status=STATUSES,
            why=TEXT,
            new_id=IDS,
        ),
        max_size=3,
    ).map(tuple),
    orders=st.dictionaries(TEXT, st.builds(RecordedOrder, before=NAMES, keys=NAMES, after=NAMES), max_size=2),
    state_changes=st.lists(
        st.builds(StateChange, address=ADDRESSES, action=st.sampled_from(StateAction), detail=TEXT), max_size=2
    ).map(tuple),
)


@given(record=RECORDS)
def test_a_record_comes_back_whole(record: RunRecord) -> None:
    content = serialize_record(record)
    assert content.count(b"\n") == 1
    assert deserialize_record(content, number=record.header.number, where="here") == record


@given(record=RECORDS)
def test_the_summary_is_read_without_the_changes(record: RunRecord) -> None:
    assert deserialize_summary(serialize_record(record), number=record.header.number, where="here") == record.summary


def test_a_record_with_an_unknown_field_is_rejected() -> None:
    former = FormerResource(id="1", kind=Kind.TEXT, fields={"title": "A"})
    change = Change(
        address=Address("g", "a"), action=Action.UPDATE, fields=(FieldChange(path="title", before="A", after="B"),)
    )
    content = serialize_record(replace(RECORD, changes=(RecordedChange(change=change, former=(former,)),)))
    for known, why in (
        (b'"path":"title"', "changes[0].change.fields[0].path is not the path of a field"),
        (b'{"title"', "changes[0].former[0].fields.nosuch is not one of "),
    ):
        unknown = content.replace(known, known.replace(b"title", b"nosuch"))
        with pytest.raises(StateError) as caught:
            deserialize_record(unknown, number=RECORD.header.number, where="here")
        assert why in str(caught.value.why)


@given(record=RECORDS, share=st.floats(0, 1, exclude_max=True))
def test_a_part_of_a_record_is_rejected(record: RunRecord, share: float) -> None:
    content = serialize_record(record).rstrip()
    with pytest.raises(StateError, match=f"the record of run {record.header.number} cannot be read"):
        deserialize_record(content[: int(len(content) * share)], number=record.header.number, where="here")


HEADER = RunHeader(
    number=3,
    run="r",
    who="ann@studio",
    started="2026-11-28T10:00:00+00:00",
    operation="apply",
    lineage="l",
    serial=7,
    digest="d",
)
RECORD = RunRecord(header=HEADER, site_id="s")


def test_the_record_of_another_run_is_rejected() -> None:
    with pytest.raises(StateError) as caught:
        deserialize_record(serialize_record(RECORD), number=4, where="here")
    assert (caught.value.where, caught.value.why) == ("here", "the document is that of run 3")


def test_a_record_of_a_later_format_is_rejected() -> None:
    document = {**json.loads(serialize_record(RECORD)), "history": 2}
    with pytest.raises(StateError) as caught:
        deserialize_record(json.dumps(document).encode(), number=3, where="here")
    assert "unsupported version 2, written by another version of galleryctl" in caught.value.why
