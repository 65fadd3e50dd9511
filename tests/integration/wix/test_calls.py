from __future__ import annotations

import pytest

from galleryctl.emulator.media.sample import sample_png
from galleryctl.model.fields import Json
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, MediaFile, VideoHost
from galleryctl.model.secret import Secret
from galleryctl.wix.auth import ApiKeyAuth, AppAuth, Auth
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import (
    ApiError,
    AuthError,
    Conflict,
    InvalidRequest,
    MediaFailed,
    NotFound,
    PermissionDenied,
)
from galleryctl.wix.items import NewItem
from galleryctl.wix.tus import CHUNK_BYTES
from tests.support import clock
from tests.support.client_harness import ClientHarness

SAMPLE = "http://emulator.local/_emulator/sample.png"
YOUTUBE = HostedVideo(host=VideoHost.YOUTUBE, url="https://youtu.be/x")
GONE = "00000000-0000-4000-8000-000000000000"
TUS_CREATE, TUS_PATCH = "POST /upload/tus", "PATCH /upload/tus"


def text(order: float, title: str = "") -> NewItem:
    fields = {"html": "<p>x</p>", **({"title": title} if title else {})}
    return NewItem(kind=Kind.TEXT, fields=fields, sort_order=order)


async def photo(client: WixClient, size: int | None = None, name: str = "a.png") -> MediaFile:
    data = sample_png() if size is None else sample_png().ljust(size, b"\0")[:size]
    return await client.upload(
        name=name, mime="image/png", size=len(data), open_bytes=lambda: data, folder="a/b", labels=["label"]
    )


async def every_call(client: WixClient) -> None:
    file = await photo(client)
    (file,) = await client.wait_ready([file])
    created = await client.create_gallery("Weddings", 1.0, [text(1.0), text(2.0)])
    assert [item.sort_order for item in created.items or ()] == [1.0, 2.0]
    fields: dict[str, Json] = {
        "title": "Dance",
        "tags": ("b", "a"),
        "focal_point": {"x": 0.5, "y": 0.5},
        "quality": 90,
    }
    item = await client.create_item(created.id, NewItem(kind=Kind.IMAGE, fields=fields, file=file, sort_order=3.0))
    assert {name: item.fields[name] for name in fields} == fields | {"tags": ("a", "b")}
    film = await client.create_item(created.id, NewItem(kind=Kind.VIDEO, file=YOUTUBE, sort_order=4.0))
    assert film.media == YOUTUBE
    changed = await client.update_item(created.id, item, {"title": "New"}, sort_order=9.5)
    assert (changed.fields["title"], changed.sort_order) == ("New", 9.5)
    assert (await client.update_gallery(created.id, {"name": "Parties"})).name == "Parties"
    page = await client.list_items(created.id, 0)
    assert (page.count, [entry.sort_order for entry in page.items]) == (4, [1.0, 2.0, 4.0, 9.5])
    assert changed.raw == page.items[3].raw
    assert [gallery.total_items for gallery in (await client.list_galleries(0)).galleries] == [4]
    assert (await client.get_gallery(created.id)).name == "Parties"
    await client.delete_items(created.id, [film.id, GONE])
    assert await client.delete_gallery(created.id)
    assert not await client.delete_gallery(created.id)
    imported = await client.import_url(SAMPLE, Kind.IMAGE, name="b.png", folder="a/b", labels=["other"])
    (imported,) = await client.wait_ready([imported])
    assert (imported.width, imported.height, imported.display_name) == (640, 480, "b.png")
    found = await client.find_by_label("other")
    assert found is not None
    assert {f.id for f in await client.list_files("a/b")} == {file.id, found.id}
    assert await client.list_files("a/none") == ()
    await client.delete_files([file.id, imported.id], permanent=True)
    assert await client.get_files([file.id, imported.id]) == ()


def test_every_call_with_a_key_and_what_it_costs(bench: ClientHarness) -> None:
    bench.run(every_call)
    assert bench.request_counts() == {
        "POST /files/generate-upload-url": 1,
        "PUT /upload": 1,
        "POST /galleries": 1,
        "POST /galleries/{id}/items": 2,
        "PATCH /galleries/{id}/items/{item}": 1,
        "PATCH /galleries/{id}": 1,
        "GET /galleries/{id}/items": 1,
        "GET /galleries": 1,
        "GET /galleries/{id}": 1,
        "POST /galleries/{id}/items/delete": 1,
        "DELETE /galleries/{id}": 2,
        "POST /files/import": 1,
        "POST /files/get-files": 2,
        "POST /files/search": 1,
        "GET /folders": 4,
        "GET /files": 1,
        "POST /bulk/files/delete": 1,
    }


def test_every_call_as_an_app_costs_one_token_more(bench: ClientHarness) -> None:
    bench.run(every_call)
    with_key = bench.request_counts()
    bench.run(every_call, auth=bench.app_auth())
    assert bench.request_counts() - with_key == {"POST /oauth2/token": 1}


def test_a_token_that_expires_meanwhile_is_renewed(bench: ClientHarness) -> None:
    bench.settings(token_ttl_seconds=3600, import_pending_reads=300)

    async def wait_long(client: WixClient) -> None:
        await client.wait_ready([await client.import_url(SAMPLE, Kind.IMAGE)], within=7200)

    bench.run(wait_long, auth=bench.app_auth())
    assert bench.now[0] - clock.EPOCH > 3600
    assert bench.request_counts()["POST /oauth2/token"] == 2
    assert bench.emulator.pipeline.traffic.by_status == {"200": len(bench.requests)}


def test_a_token_that_is_withdrawn_is_renewed_once(bench: ClientHarness) -> None:
    async def withdraw(client: WixClient) -> None:
        await client.list_galleries(0)
        with bench.emulator.pipeline.site.store.transaction():
            bench.emulator.pipeline.site.store.db.execute("DELETE FROM tokens")
        await client.create_gallery("Weddings", 1.0)

    bench.run(withdraw, auth=bench.app_auth())
    assert bench.requests == [
        "POST /oauth2/token", "GET /galleries", "POST /galleries", "POST /oauth2/token", "POST /galleries",
    ]  # fmt: skip
    assert len(bench.documents("galleries")) == 1


def test_the_read_scope_is_enough_to_read_and_to_no_more(bench: ClientHarness) -> None:
    async def prepare(client: WixClient) -> tuple[str, LiveItem, str]:
        created = await client.create_gallery("Weddings", 1.0, [text(1.0)])
        assert created.items
        return created.id, created.items[0], (await photo(client)).id

    gallery, item, file = bench.run(prepare)

    async def read(client: WixClient) -> None:
        await client.list_galleries(0)
        await client.get_gallery(gallery)
        await client.list_items(gallery, 0)
        await client.get_files([file])
        await client.find_by_label("label")
        assert len(await client.list_files("a/b")) == 1

    async def write(client: WixClient) -> None:
        for refused in (
            client.create_gallery("x", 2.0),
            client.update_gallery(gallery, {"name": "x"}),
            client.delete_gallery(gallery),
            client.create_item(gallery, text(2.0)),
            client.update_item(gallery, item, {"title": "x"}),
            client.delete_items(gallery, [item.id]),
        ):
            with pytest.raises(PermissionDenied, match=r"PRO_GALLERY\.MANAGE") as raised:
                await refused
            assert "Manage Galleries" in raised.value.do
        for refused_file in (
            photo(client),
            client.import_url(SAMPLE, Kind.IMAGE),
            client.delete_files([file]),
        ):
            with pytest.raises(PermissionDenied, match=r"MEDIA\.MANAGE") as raised:
                await refused_file
            assert "Manage Media Manager" in raised.value.do

    bench.run(read, auth=bench.read_only_auth())
    before = [bench.documents(table) for table in ("galleries", "items", "files")]
    bench.run(write, auth=bench.read_only_auth())
    assert [bench.documents(table) for table in ("galleries", "items", "files")] == before


def test_who_is_not_known_hears_so(bench: ClientHarness) -> None:
    async def refused(client: WixClient) -> ApiError:
        with pytest.raises(ApiError) as raised:
            await client.list_galleries(0)
        return raised.value

    good = bench.emulator.ready
    cases: tuple[tuple[Auth, type[ApiError], str], ...] = (
        (ApiKeyAuth(Secret("wrong"), good.site_id), AuthError, "not known"),
        (ApiKeyAuth(Secret(good.api_key), "another site"), PermissionDenied, "is not a site of this API key"),
        (AppAuth(good.app_id, Secret("wrong"), good.instance_id), AuthError, "client_secret is not known"),
        (AppAuth(good.app_id, Secret(good.app_secret), "wrong"), InvalidRequest, "instance_id is not known"),
    )
    for auth, kind, words in cases:
        error = bench.run(refused, auth=auth)
        assert type(error) is kind
        assert words in error.what
        assert "request id " in error.why
        assert len(bench.requests) == 1


def test_pages_are_asked_for_in_the_largest_sizes_that_the_api_allows(bench: ClientHarness) -> None:
    async def fill(client: WixClient) -> None:
        for number in range(11):
            await client.create_gallery(f"g{number}", float(number))
        big = await client.create_gallery("big", 99.0, [text(float(n)) for n in range(101)])
        first, second = await client.list_galleries(0), await client.list_galleries(10)
        assert (first.total, len(first.galleries), len(second.galleries)) == (12, 10, 2)
        pages = [await client.list_items(big.id, offset) for offset in (0, 100, 200)]
        assert [page.count for page in pages] == [100, 1, 0]
        with pytest.raises(InvalidRequest, match="400"):
            await client.list_galleries(0, 11)

    bench.run(fill)


def test_a_thousand_items_go_in_one_call_and_the_next_in_another(bench: ClientHarness) -> None:
    async def empty(client: WixClient) -> None:
        created = await client.create_gallery("big", 1.0, [text(float(n)) for n in range(1001)])
        ids = [str(doc["id"]) for doc in bench.documents("items")]
        await client.delete_items(created.id, ids)

    bench.run(empty)
    assert bench.requests == ["POST /galleries", *["POST /galleries/{id}/items/delete"] * 2]
    assert bench.documents("items") == []


def test_a_hundred_files_are_read_in_one_call(bench: ClientHarness) -> None:
    bench.settings(import_pending_reads=0)

    async def read(client: WixClient) -> None:
        files = [await client.import_url(SAMPLE, Kind.IMAGE) for _ in range(101)]
        bench.requests.clear()
        assert [f.id for f in await client.get_files(f.id for f in files)] == [f.id for f in files]
        assert len(await client.list_files()) == 101

    bench.run(read)
    assert bench.requests == ["POST /files/get-files"] * 2 + ["GET /files"] * 2


@pytest.mark.parametrize("status", [400, 409])
def test_a_sort_order_that_is_taken_is_a_conflict_whatever_its_status(bench: ClientHarness, status: int) -> None:
    bench.settings(repeated_sort_order_status=status)

    async def collide(client: WixClient) -> None:
        created = await client.create_gallery("a", 1.0, [text(1.0), text(2.0)])
        assert created.items
        item = created.items[0]
        for call in (
            client.create_item(created.id, text(1.0)),
            client.update_item(created.id, item, {}, sort_order=2.0),
            client.create_gallery("b", 1.0),
        ):
            with pytest.raises(Conflict):
                await call

    bench.run(collide)


@pytest.mark.parametrize("nested", ["merge", "replace"])
def test_a_patch_means_the_same_whether_nested_objects_merge_or_are_replaced(bench: ClientHarness, nested: str) -> None:
    bench.settings(nested_patch=nested)

    async def change(client: WixClient) -> None:
        file = await photo(client)
        created = await client.create_gallery("a", 1.0)
        fields: dict[str, Json] = {
            "exif": {"Model": "X", "GPS": {"lat": 1}},
            "sharpen": {"amount": 1, "radius": 2},
            "alt_text": "A",
        }
        item = await client.create_item(created.id, NewItem(kind=Kind.IMAGE, fields=fields, file=file, sort_order=1.0))
        desired: dict[str, Json] = {
            "exif": {"GPS": {"lat": 2}},
            "sharpen": {"radius": 3},
            "focal_point": {"x": 0, "y": 1},
        }
        item = await client.update_item(created.id, item, desired)
        assert {name: item.fields[name] for name in desired} == desired
        assert item.fields["alt_text"] == "A"
        cleared: dict[str, Json] = {"exif": None, "sharpen": None, "focal_point": None, "alt_text": ""}
        item = await client.update_item(created.id, item, cleared)
        assert {name: item.fields[name] for name in cleared} == cleared
        film = await client.create_item(created.id, NewItem(kind=Kind.VIDEO, file=YOUTUBE, sort_order=2.0))
        vimeo = HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/1")
        assert (await client.update_item(created.id, film, {}, vimeo)).media == vimeo

    bench.run(change)


def test_what_is_gone_or_wrong_is_told_with_the_vendors_words(bench: ClientHarness) -> None:
    async def wrong(client: WixClient) -> None:
        with pytest.raises(NotFound, match=GONE):
            await client.get_gallery(GONE)
        with pytest.raises(InvalidRequest) as raised:
            await client.get_gallery("no-guid")
        assert "galleryId: value is not a valid GUID" in str(raised.value)
        created = await client.create_gallery("a", 1.0)
        with pytest.raises(InvalidRequest) as raised:
            await client.create_item(created.id, NewItem(kind=Kind.TEXT, sort_order=1.0))
        assert raised.value.violations

    bench.run(wrong)


def test_one_byte_is_uploaded_and_judged(bench: ClientHarness) -> None:
    async def tiny(client: WixClient) -> None:
        file = await photo(client, 1)
        assert file.failed
        with pytest.raises(MediaFailed, match=r"could not process a\.png"):
            await client.wait_ready([file])

    bench.run(tiny)
    assert bench.requests == ["POST /files/generate-upload-url", "PUT /upload"]


@pytest.mark.parametrize(("size", "requests"), [(10 * 1024 * 1024, 2), (10 * 1024 * 1024 + 1, 4)])
def test_over_10_mb_a_file_goes_in_pieces(bench: ClientHarness, size: int, requests: int) -> None:
    file = bench.run(lambda client: photo(client, size))
    assert (file.ready, file.size, file.width) == (True, size, 640)
    assert len(bench.requests) == requests


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "cut", "error_500", "error_503"])
@pytest.mark.parametrize("piece", [1, 2])
def test_a_large_upload_that_is_cut_goes_on_and_makes_one_file(bench: ClientHarness, kind: str, piece: int) -> None:
    bench.faults({"fault": kind, "method": "PATCH", "nth": piece})
    file = bench.run(lambda client: photo(client, CHUNK_BYTES + 3_000_000))
    assert (file.ready, file.size) == (True, CHUNK_BYTES + 3_000_000)
    assert [doc["id"] for doc in bench.documents("files")] == [file.id]
    assert bench.request_counts()[TUS_CREATE] == 1


def test_an_import_is_pending_then_ready(bench: ClientHarness) -> None:
    bench.settings(import_pending_reads=5, hash_at_ready=False)

    async def wait(client: WixClient) -> MediaFile:
        pending = await client.import_url(SAMPLE, Kind.IMAGE)
        assert not pending.ready
        assert (pending.width, pending.size) == (0, 0)
        (ready,) = await client.wait_ready([pending])
        assert ready.id == pending.id
        return ready

    ready = bench.run(wait)
    assert (ready.ready, ready.width, ready.height) == (True, 640, 480)
    assert bench.documents("files")[0]["hash"] == ""
    assert bench.request_counts() == {"POST /files/import": 1, "POST /files/get-files": 5}


@pytest.mark.parametrize("data", [None, b"no picture"], ids=["404", "no picture"])
def test_an_import_that_fails_names_its_source(bench: ClientHarness, data: bytes | None) -> None:
    bench.register_source("https://example.com/a.png", data)

    async def wait(client: WixClient) -> None:
        pending = await client.import_url("https://example.com/a.png", Kind.IMAGE)
        with pytest.raises(MediaFailed, match=r"could not process a\.png") as raised:
            await client.wait_ready([pending])
        assert "https://example.com/a.png" in raised.value.do

    bench.run(wait)


def test_reads_see_what_was_written_though_the_site_lags_behind(bench: ClientHarness) -> None:
    async def write_and_read(client: WixClient) -> None:
        created = await client.create_gallery("a", 1.0)
        bench.faults({"fault": "stale", "times": 99})
        assert (await client.update_gallery(created.id, {"name": "b"})).name == "b"
        assert (await client.get_gallery(created.id)).name == "b"

    bench.run(write_and_read)


def test_the_quota_of_the_site_is_never_exceeded(bench: ClientHarness) -> None:
    bench.settings(requests_per_minute=20)

    async def read(client: WixClient) -> None:
        for _ in range(50):
            await client.list_galleries(0)

    bench.run(read, per_minute=20)
    assert bench.emulator.pipeline.traffic.by_status == {"200": 50}


def test_a_quota_smaller_than_ours_is_met_by_waiting(bench: ClientHarness) -> None:
    bench.settings(requests_per_minute=15)

    async def read(client: WixClient) -> None:
        for _ in range(40):
            await client.list_galleries(0)

    bench.run(read)
    assert bench.emulator.pipeline.traffic.by_status["200"] == 40
    assert bench.emulator.pipeline.traffic.by_status["429"] <= 4
