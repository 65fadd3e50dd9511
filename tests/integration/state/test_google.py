"""State in Google Cloud Storage, which accepts one write per second to an object and rejects others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import GCSStore

from galleryctl.model.errors import StateError
from galleryctl.state.bucket import MAX_RATE_LIMIT_PAUSES, RATE_LIMIT_PAUSE, Bucket
from galleryctl.state.journal import Journal, read_journal
from galleryctl.state.journal_records import Intent
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.state_file import State
from tests.support.google import serve_google
from tests.support.object_store import FakeObjectStore


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeObjectStore]:
    with serve_google() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        store.make_bucket("bucket")
        yield store


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def bucket(google: FakeObjectStore, slept: list[float]) -> Bucket:
    """Return a store whose library does not retry, so that no test waits."""
    return Bucket(GCSStore("bucket", retry_config={"max_retries": 0}), "gs://bucket", sleep=slept.append)


def test_a_journal_that_is_written_too_fast_waits_and_loses_nothing(
    bucket: Bucket, google: FakeObjectStore, slept: list[float]
) -> None:
    state = State(site_id="site-1", lineage="lineage-1")
    place = ObjectStateBackend(bucket, "state.json").journal(Path("unused"))
    with Journal.open(place, run="run-1", state=state) as journal:
        google.throttled_requests += ["PUT /state.json.journal"] * 7
        for step in "abc":
            asyncio.run(journal.begin(step, Intent(kind="update")))
    assert slept == [RATE_LIMIT_PAUSE] * 7
    assert [step for step, _ in read_journal(place, state).pending] == ["a", "b", "c"]


def test_a_write_that_took_effect_counts_although_the_store_is_busy_then(
    bucket: Bucket, google: FakeObjectStore, slept: list[float]
) -> None:
    google.lost_responses += ["PUT /key"]
    tag = bucket.put("key", b"1", None)
    google.throttled_requests += ["PUT /key"]
    google.lost_responses += ["PUT /key"]
    second = bucket.put("key", b"2", tag)
    found = bucket.get("key")
    assert found is not None
    assert (found.content, found.tag) == (b"2", second)
    assert slept == [RATE_LIMIT_PAUSE]


def test_a_store_that_stays_busy_is_reported(bucket: Bucket, google: FakeObjectStore, slept: list[float]) -> None:
    google.fixed_responses["PUT /key"] = ("429 Too Many Requests", "<Error><Code>SlowDown</Code></Error>")
    with pytest.raises(StateError, match="the state cannot be written") as caught:
        bucket.put("key", b"1", None)
    assert caught.value.why == "429 Too Many Requests (SlowDown)"
    assert "run the same command again" in caught.value.do
    assert len(slept) == MAX_RATE_LIMIT_PAUSES
