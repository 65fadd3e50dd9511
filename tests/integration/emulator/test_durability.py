"""Acknowledged writes are on disk, with concurrent writers and after a kill."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.emulator.credentials import Credentials
from galleryctl.http import httpx

ROOT = Path(__file__).parents[3]
GALLERIES = "/progallery/v2/galleries"
MEDIA = "/site-media/v1"
TEXT = {"text": {"html": "<p>x</p>"}}
Connect = Callable[[Emulator], httpx.Client]

# A process that adds items to one gallery and imports files, and prints each response.
WRITER = """
import asyncio, sys
from pathlib import Path
from galleryctl.http import httpx
from galleryctl.emulator import create_emulator

async def main(data, gallery, items):
    emulator = create_emulator(Path(data))
    ready = emulator.ready
    headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
    transport = httpx.ASGITransport(app=emulator.app)
    async with httpx.AsyncClient(transport=transport, base_url=ready.base_url, headers=headers) as wix:
        for number in range(items):
            item = {"title": f"{sys.argv[4]} {number}", "text": {"html": "x"}}
            response = await wix.post(f"/progallery/v2/galleries/{gallery}/items", json={"item": item})
            print(response.status_code, response.json()["item"]["id"], flush=True)
            request = {"url": f"{ready.base_url}/_emulator/sample.png"}
            file = (await wix.post("/site-media/v1/files/import", json=request)).json()["file"]
            read = await wix.get("/site-media/v1/files/get-file-by-id", params={"fileId": file["id"]})
            print(read.status_code, read.json()["file"]["operationStatus"], file["id"], flush=True)
    emulator.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.fixture
def emulator(tmp_path: Path, now: list[float]) -> Iterator[Emulator]:
    created = create_emulator(tmp_path / "data", clock=lambda: now[0])
    yield created
    created.close()


def writer(data: Path, gallery: str, items: int, name: str) -> subprocess.Popen[str]:
    ident = gallery.rpartition("/")[2]
    command = [sys.executable, "-c", WRITER, str(data), ident, str(items), name]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def test_two_processes_and_a_third_lose_no_write(
    tmp_path: Path, emulator: Emulator, wix: httpx.Client, gallery: str
) -> None:
    started = [writer(tmp_path / "data", gallery, 15, name) for name in ("one", "two")]
    mine = [wix.post(f"{gallery}/items", json={"item": TEXT}) for _ in range(15)]
    told = [response.json()["item"]["id"] for response in mine]
    for process in started:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        lines = [line.split() for line in out.splitlines()]
        assert {line[0] for line in lines} == {"200"}
        assert {line[1] for line in lines[1::2]} == {"READY"}
        told += [line[1] for line in lines[::2]]
    items = wix.get(f"{gallery}/items", params={"itemLimit": 100}).json()["items"]
    assert sorted(item["id"] for item in items) == sorted(told)
    assert len({item["sortOrder"] for item in items}) == len(items) == 45


def test_a_killed_process_leaves_every_answered_write(
    tmp_path: Path, emulator: Emulator, wix: httpx.Client, gallery: str
) -> None:
    process = writer(tmp_path / "data", gallery, 10_000, "killed")
    assert process.stdout is not None
    lines = [process.stdout.readline().split() for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    assert err == ""
    lines += [line.split() for line in out.splitlines() if line.count(" ") == 2 or len(line) == 40]
    found = {item["id"] for item in wix.get(f"{gallery}/items", params={"itemLimit": 200}).json()["items"]}
    assert found >= {line[1] for line in lines if len(line) == 2}
    for file in (line[2] for line in lines if len(line) == 3):
        assert wix.get(f"/media/{file}").content.startswith(b"\x89PNG")
    with sqlite3.connect(tmp_path / "data" / "emulator.sqlite3") as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def test_processes_that_begin_together_find_one_site(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from galleryctl.emulator import create_emulator; "
        "created = create_emulator(Path(sys.argv[1])); print(created.ready.site_id); created.close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "new"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    responses = [process.communicate(timeout=60) for process in started]
    assert {err for _, err in responses} == {""}
    assert len({out for out, _ in responses}) == 1


def test_a_writer_that_waits_too_long_is_told_so(
    tmp_path: Path, emulator: Emulator, wix: httpx.Client, gallery: str
) -> None:
    emulator.pipeline.site.store.db.execute("PRAGMA busy_timeout=20")
    other = sqlite3.connect(tmp_path / "data" / "emulator.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    response = wix.post(f"{gallery}/items", json={"item": TEXT})
    assert response.status_code == 503
    assert "database is locked" in response.json()["message"]
    assert wix.get(gallery).status_code == 200
    other.execute("ROLLBACK")
    other.close()
    assert wix.post(f"{gallery}/items", json={"item": TEXT}).status_code == 200


def test_a_full_disk_is_told_and_loses_nothing(
    emulator: Emulator, wix: httpx.Client, gallery: str, image: dict[str, Any]
) -> None:
    database = emulator.pipeline.site.store.db
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    item = {"item": {"text": {"html": "x" * 100_000}}}
    response = wix.post(f"{gallery}/items", json=item)
    assert response.status_code == 503
    assert "full" in response.json()["message"]
    assert wix.get(gallery).json()["gallery"]["totalItems"] == 0
    database.execute("PRAGMA max_page_count=1000000")
    assert wix.post(f"{gallery}/items", json=item).status_code == 200


def test_a_file_that_is_not_deleted_after_all_keeps_its_bytes(
    emulator: Emulator, wix: httpx.Client, image: dict[str, Any]
) -> None:
    ident = image["imageInfo"]["id"]
    emulator.pipeline.site.store.db.execute(
        "CREATE TEMP TRIGGER no_delete BEFORE DELETE ON files BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    wrong = {"fileIds": [ident], "permanent": True}
    assert wix.post(f"{MEDIA}/bulk/files/delete", json=wrong).status_code == 503
    assert wix.get(f"/media/{ident}").status_code == 200
    emulator.pipeline.site.store.db.execute("DROP TRIGGER no_delete")
    assert wix.post(f"{MEDIA}/bulk/files/delete", json=wrong).status_code == 200
    assert wix.get(f"/media/{ident}").status_code == 404


def test_a_stale_read_waits_for_the_writes_of_others(
    tmp_path: Path, emulator: Emulator, wix: httpx.Client, gallery: str, keys: Credentials
) -> None:
    item = wix.post(f"{gallery}/items", json={"item": TEXT}).json()["item"]["id"]
    wix.post("/_emulator/faults", json={"rates": {"stale": 1}})
    other = sqlite3.connect(tmp_path / "data" / "emulator.sqlite3", isolation_level=None)
    other.execute("UPDATE galleries SET doc = json_set(doc, '$.name', 'Other')")
    other.close()
    assert wix.get(f"{gallery}/items/{item}").status_code == 404
    assert wix.get(gallery).json()["gallery"]["name"] == "Other"


def begun_upload(wix: httpx.Client, size: int) -> str:
    """Return the URL for a resumable upload of that many bytes."""
    request = {"mimeType": "image/png", "fileName": "big.png"}
    place = str(wix.post(f"{MEDIA}/files/generate-resumable-upload-url", json=request).json()["uploadUrl"])
    wix.post(place, headers={"Upload-Length": str(size)})
    return place


def test_the_last_piece_of_a_large_file_and_the_file_come_together(
    emulator: Emulator, wix: httpx.Client, png: bytes
) -> None:
    place = begun_upload(wix, len(png))
    piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    emulator.pipeline.site.store.db.execute(
        "CREATE TEMP TRIGGER no_file BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    assert wix.patch(place, content=png, headers=piece).status_code == 503
    assert wix.head(place).headers["Upload-Offset"] == "0"
    emulator.pipeline.site.store.db.execute("DROP TRIGGER no_file")
    done = wix.patch(place, content=png, headers=piece)
    assert done.json()["file"]["operationStatus"] == "READY"


def test_an_answer_lost_at_the_last_piece_is_given_again(emulator: Emulator, wix: httpx.Client, png: bytes) -> None:
    place = begun_upload(wix, len(png))
    piece = {"Content-Type": "application/offset+octet-stream"}
    first = wix.patch(place, content=png, headers=piece | {"Upload-Offset": "0"}).json()["file"]
    again = wix.patch(place, content=b"", headers=piece | {"Upload-Offset": str(len(png))}).json()["file"]
    assert again["id"] == first["id"]
    assert len(wix.get(f"{MEDIA}/files").json()["files"]) == 1


def test_pages_and_creates_read_no_more_of_a_large_gallery(emulator: Emulator, wix: httpx.Client) -> None:
    database, steps = emulator.pipeline.site.store.db, [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def cost(size: int) -> dict[str, int]:
        items = [{"sortOrder": number, **TEXT} for number in range(size)]
        created = wix.post(GALLERIES, json={"gallery": {"items": items}}).json()["gallery"]["id"]
        path = f"{GALLERIES}/{created}/items"
        wix.post(path, json={"item": {"sortOrder": -1, **TEXT}})  # the next write also forgets the last one's undo
        costs = {}
        for name, method, body in (
            ("page", "GET", None),
            ("create", "POST", {"item": {"sortOrder": -2, **TEXT}}),
            ("create at the end", "POST", {"item": TEXT}),
        ):
            steps[0] = 0
            database.set_progress_handler(count, 20)  # every 20 steps of SQLite's machine
            response = wix.request(method, path, params={"itemLimit": 100}, json=body)
            database.set_progress_handler(None, 20)
            assert response.status_code == 200
            costs[name] = steps[0]
        return costs

    small, large = cost(100), cost(10_000)
    assert all(value <= 1.2 * small[name] + 2 for name, value in large.items()), (small, large)
