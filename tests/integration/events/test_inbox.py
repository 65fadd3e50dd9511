"""The inbox: durable before the response, each event once, late events marked stale, old ids expired."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from galleryctl.events.event import decode_event
from galleryctl.events.inbox import DAY, Inbox
from galleryctl.model.errors import GalleryctlError
from tests.support.signed_events import NOW, event_claim, item_updated


def put(inbox: Inbox, ident: str, sequence: int | None, now: float = NOW) -> bool:
    data = item_updated(id=ident, entityEventSequence=sequence)
    return inbox.put(data, decode_event(data), now)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inner" / "events.sqlite3"


def test_what_was_put_is_there_after_a_restart_and_done_once(path: Path) -> None:
    with Inbox(path) as inbox:
        assert put(inbox, "a", 1)
        assert put(inbox, "b", 2)
        assert not put(inbox, "a", 1)
    with Inbox(path) as inbox:
        (first, second) = inbox.pending()
        assert [first.event.id, second.event.id] == ["a", "b"]
        inbox.mark_done([first.number])
        inbox.mark_reported(second.number)
    with Inbox(path) as inbox:
        assert [(entry.event.id, entry.reported) for entry in inbox.pending()] == [("b", True)]
        assert not put(inbox, "a", 1)
        assert not put(inbox, "b", 2)


def test_a_late_event_is_kept_and_marked(path: Path) -> None:
    with Inbox(path) as inbox:
        for ident, sequence in (("a", 5), ("b", 3), ("c", 6), ("d", None), ("e", 6)):
            assert put(inbox, ident, sequence)
        gallery = event_claim("deleted", {"deletedEvent": {}}, id="f", entityEventSequence="1")
        assert inbox.put(gallery, decode_event(gallery), NOW)
        assert [entry.event.id for entry in inbox.pending() if entry.stale] == ["b"]
        assert len(list(inbox.pending())) == 6


def test_only_its_owner_may_read_it(path: Path) -> None:
    with Inbox(path) as inbox:
        put(inbox, "a", 1)
        files = list(path.parent.iterdir())
        assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_ids_are_forgotten_only_when_a_repeat_would_be_too_old(path: Path) -> None:
    with Inbox(path, max_age=30 * DAY) as inbox:
        assert put(inbox, "a", 5)
        assert not put(inbox, "a", 5, NOW + 30 * DAY)
        assert put(inbox, "b", None, NOW + 32 * DAY)
        assert put(inbox, "a", 4, NOW + 32 * DAY)
        assert not any(entry.stale for entry in inbox.pending())
    with Inbox(path, max_age=1) as inbox:
        assert not put(inbox, "a", 4, NOW + 39 * DAY)


def test_a_damaged_event_is_one_clear_error(path: Path) -> None:
    with Inbox(path) as inbox:
        put(inbox, "a", 1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("""UPDATE inbox SET data = '{"data": {}, "data": {}}'""")
    with Inbox(path) as inbox, pytest.raises(GalleryctlError, match="the events inbox is damaged") as caught:
        list(inbox.pending())
    assert "event 1 is not valid JSON: duplicate name 'data'" in caught.value.why
    assert "can be deleted" in caught.value.do


def test_a_second_receiver_is_refused(path: Path) -> None:
    with Inbox(path), pytest.raises(GalleryctlError, match="another `galleryctl events` process uses this inbox"):
        Inbox(path)
    Inbox(path).close()


def test_a_file_that_is_none_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(GalleryctlError, match="the events inbox cannot be used"):
        Inbox(path)
    assert path.read_bytes() == b"not a database" * 100


def test_what_cannot_be_written_was_not_put(path: Path) -> None:
    with Inbox(path) as inbox:
        inbox._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(GalleryctlError, match="the events inbox cannot be written"):
            any(not put(inbox, f"{number}", number) for number in range(1000))
        kept = len(list(inbox.pending()))
    with Inbox(path) as inbox:
        assert len(list(inbox.pending())) == kept
        assert put(inbox, f"{kept}", kept)
