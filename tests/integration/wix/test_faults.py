"""Each kind of fault hits each request once: the call succeeds with one more request, or raises the right error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from galleryctl.emulator.media.sample import sample_png
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import Kind, MediaFile
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ResponseLost, Throttled, Unavailable
from galleryctl.wix.items import NewItem
from tests.support.client_harness import ClientHarness

SAMPLE = "http://emulator.local/_emulator/sample.png"
NEW = NewItem(kind=Kind.TEXT, fields={"html": "<p>x</p>"}, sort_order=9.0)
# without `edit` and `hold`, which simulate other users, not faults of a request
KINDS = ("throttle", "error_500", "error_503", "drop_before", "drop_after", "cut", "stale", "latency")
NOTHING_DONE = {"throttle"}
HARMLESS = {"stale", "latency"}
DONE_UNHEARD = {"drop_after", "cut"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site before a call: a gallery with one item, and a file."""

    gallery: LiveGallery
    item: LiveItem
    file: MediaFile


def upload(client: WixClient, label: str = "new") -> Awaitable[MediaFile]:
    data = sample_png()
    return client.upload(name="a.png", mime="image/png", size=len(data), open_bytes=lambda: data, labels=[label])


def import_it(client: WixClient) -> Awaitable[MediaFile]:
    return client.import_url(SAMPLE, Kind.IMAGE, labels=["new"])


Do = Callable[[WixClient, Site], Awaitable[object]]
REPEATED: dict[str, Do] = {
    "list_galleries": lambda c, _: c.list_galleries(0),
    "get_gallery": lambda c, s: c.get_gallery(s.gallery.id),
    "list_items": lambda c, s: c.list_items(s.gallery.id, 0),
    "update_gallery": lambda c, s: c.update_gallery(s.gallery.id, {"name": "New"}),
    "delete_gallery": lambda c, s: c.delete_gallery(s.gallery.id),
    "update_item": lambda c, s: c.update_item(s.gallery.id, s.item, {"title": "New"}, sort_order=5.0),
    "delete_items": lambda c, s: c.delete_items(s.gallery.id, [s.item.id]),
    "get_files": lambda c, s: c.get_files([s.file.id]),
    "wait_ready": lambda c, s: c.wait_ready([s.file]),
    "find_by_label": lambda c, _: c.find_by_label("old"),
    "list_files": lambda c, _: c.list_files(),
    "delete_files": lambda c, s: c.delete_files([s.file.id], permanent=True),
}
CREATES: dict[str, Do] = {
    "create_gallery": lambda c, _: c.create_gallery("New", 9.0, [NEW]),
    "create_item": lambda c, s: c.create_item(s.gallery.id, NEW),
}
FOUND_AGAIN: dict[str, Do] = {"upload": lambda c, _: upload(c), "import_url": lambda c, _: import_it(c)}
TABLES = ("galleries", "items", "files")
PLAIN = {"id", "createdDate", "updatedDate", "url", "thumbnailUrl", "media", "hash", "pendingReads"}


async def prepared(client: WixClient) -> Site:
    gallery = await client.create_gallery("Weddings", 1.0, [replace(NEW, sort_order=1.0)])
    assert gallery.items
    return Site(gallery=gallery, item=gallery.items[0], file=await upload(client, "old"))


def site_after(bench: ClientHarness) -> dict[str, list[dict[str, object]]]:
    """Return the site without values that differ between runs."""
    return {
        table: [{name: doc[name] for name in doc.keys() - PLAIN} for doc in bench.documents(table)] for table in TABLES
    }


def fault(kind: str, nth: int = 1) -> dict[str, object]:
    return {"fault": kind, "nth": nth, "latency_ms": 10 if kind == "latency" else 0}


def clean(bench: ClientHarness, do: Do) -> tuple[dict[str, list[dict[str, object]]], list[str]]:
    """Return the site and the requests of a run without faults, and empty the site again."""
    site = bench.run(prepared)
    bench.run(lambda client: do(client, site))
    after, requests = site_after(bench), list(bench.requests)
    bench.emulator.pipeline.site.store.clear()
    return after, requests


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("do", REPEATED.values(), ids=REPEATED)
def test_what_may_be_repeated_converges_with_one_request_more(bench: ClientHarness, do: Do, kind: str) -> None:
    expected, requests = clean(bench, do)
    site = bench.run(prepared)
    bench.faults(fault(kind))
    start = bench.now[0]
    bench.run(lambda client: do(client, site))
    assert site_after(bench) == expected
    more = 0 if kind in HARMLESS or not requests else 1
    if kind in DONE_UNHEARD and requests == ["POST /bulk/files/delete"]:
        more = 2  # the second attempt gets 404 for the whole request, and then reads which files still exist
        assert bench.requests[-1] == "POST /files/get-files"
    assert len(bench.requests) == len(requests) + more
    assert bench.now[0] - start >= (60 if kind == "throttle" and requests else 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("do", CREATES.values(), ids=CREATES)
def test_a_create_is_sent_again_only_where_it_was_not_begun(bench: ClientHarness, do: Do, kind: str) -> None:
    expected, _ = clean(bench, do)
    site = bench.run(prepared)
    before = site_after(bench)
    bench.faults(fault(kind))
    if kind in NOTHING_DONE | HARMLESS:
        bench.run(lambda client: do(client, site))
        assert site_after(bench) == expected
        assert len(bench.requests) == (2 if kind in NOTHING_DONE else 1)
    else:
        with pytest.raises(ResponseLost, match="may have taken effect"):
            bench.run(lambda client: do(client, site))
        assert site_after(bench) == (expected if kind in DONE_UNHEARD else before)
        assert len(bench.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("do", FOUND_AGAIN.values(), ids=FOUND_AGAIN)
def test_a_file_is_made_once_whatever_gets_lost(bench: ClientHarness, do: Do, kind: str, nth: int) -> None:
    expected, _ = clean(bench, do)
    site = bench.run(prepared)
    bench.faults(fault(kind, nth))
    bench.run(lambda client: do(client, site))
    assert site_after(bench) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", [1, 2])
def test_an_apps_first_calls_converge(bench: ClientHarness, kind: str, nth: int) -> None:
    """The first request fetches the token, the second uses it."""
    bench.faults(fault(kind, nth))
    bench.run(lambda client: client.list_galleries(0), auth=bench.app_auth())
    assert len(bench.requests) == (2 if kind in HARMLESS else 3)
    assert bench.request_counts()["POST /oauth2/token"] == (2 if nth == 1 and kind not in HARMLESS else 1)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in HARMLESS])
def test_a_fault_that_does_not_end_ends_in_an_error_after_six_tries(bench: ClientHarness, kind: str) -> None:
    site = bench.run(prepared)
    bench.faults({"fault": kind, "times": 1000})
    start = bench.now[0]
    with pytest.raises(Throttled if kind == "throttle" else Unavailable):
        bench.run(lambda client: REPEATED["get_gallery"](client, site))
    assert len(bench.requests) == 6
    assert bench.now[0] - start < 900
