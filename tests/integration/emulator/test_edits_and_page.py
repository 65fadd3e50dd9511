from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galleryctl.emulator import create_emulator
from galleryctl.emulator.app import Emulator
from galleryctl.http import httpx
from galleryctl.model.errors import GalleryctlError

GALLERIES = "/progallery/v2/galleries"
TEXT = {"text": {"html": "<p>Thank you</p>"}}
Control = Callable[[str, dict[str, Any]], Any]


def test_the_editor_can_leave_odd_data(wix: httpx.Client, control: Control) -> None:
    created = control("edit", {"set": {"name": None}})["results"][0]["gallery"]
    assert "sortOrder" not in created
    odd = {
        "title": None,
        "sortOrder": 1.7954999500800e12,
        "tags": {"values": ["_fileOrigin_uploaded", "dance"]},
        "link": {"type": "EXTERNAL", "target": "_blank", "url": "https://example.com"},
        "image": {
            "type": "WIX_MEDIA",
            "imageInfo": {"id": "gone~mv2.jpg", "altText": "undefined", "url": "wix:image://x"},
        },
    }
    edits = [
        {"gallery": created["id"], "item": None, "set": odd},
        {"gallery": created["id"], "item": None, "set": TEXT},
    ]
    items = [result["item"] for result in control("edit", {"edits": edits})["results"]]
    path = f"{GALLERIES}/{created['id']}"
    shown = wix.get(path).json()["gallery"]
    assert shown["name"] is None
    assert {name: shown["items"][1][name] for name in odd} == odd
    assert "sortOrder" not in shown["items"][0]
    changed = wix.patch(f"{path}/items/{items[0]['id']}", json={"item": {"description": "d"}}).json()["item"]
    assert {name: changed[name] for name in odd} == odd
    unset = {"gallery": created["id"], "item": items[0]["id"], "unset": ["image"], "set": {"title": "t"}}
    assert "image" not in control("edit", unset)["results"][0]["item"]
    control("edit", {"gallery": created["id"], "item": items[0]["id"], "delete": True})
    control("edit", {"gallery": created["id"], "set": {"name": "N"}})
    shown = wix.get(path).json()["gallery"]
    assert (shown["name"], shown["totalItems"]) == ("N", 1)
    control("edit", {"gallery": created["id"], "delete": True})
    assert wix.get(GALLERIES).json()["totalGalleries"] == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"item": "x", "gallery": "none"}, 404),
        ({"gallery": "none", "delete": True}, 404),
        ({"set": []}, 400),
        ({"stuff": 1}, 400),
        ({"edits": [None]}, 400),
        ({"edits": None}, 400),
        ({"edits": [{"edits": []}]}, 400),
    ],
)
def test_edits_that_make_no_sense_are_refused(anonymous: httpx.Client, body: dict[str, Any], status: int) -> None:
    assert anonymous.post("/_emulator/edit", json=body).status_code == status


def test_the_page_shows_the_galleries_of_a_visitor(
    wix: httpx.Client, anonymous: httpx.Client, image: dict[str, Any], control: Control
) -> None:
    evil = "<script>alert(1)</script>"
    items = [
        {"title": evil, "description": '"quoted"', "sortOrder": 2, "image": image | {"focalPoint": {"x": 0.5, "y": 0.25}},
         "tags": {"values": ["dance"]}, "link": {"url": "javascript:alert(1)", "text": "never"}},
        {"title": "Film", "sortOrder": 3, "video": {"videoInfo": {"url": "https://vimeo.com/1"}}},
        {"title": "First", "sortOrder": 1, "text": {"html": f'{evil}<p style="color:red">"Words"</p>'},
         "link": {"url": "https://example.com/?a=1&b=2", "text": "Book"}},
    ]  # fmt: skip
    assert wix.post(GALLERIES, json={"gallery": {"name": f"W {evil}", "items": items}}).status_code == 200
    control("edit", {"set": {"name": None, "sortOrder": 99}})
    response = anonymous.get("/")
    page = response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "<script" not in page
    assert "javascript:" not in page
    assert f"/media/{image['imageInfo']['id']}" in page
    assert "object-position: 50.0% 25.0%" in page
    assert page.index("First") < page.index("alert(1)", page.index("First") + 200)
    assert 'sandbox=""' in page
    assert 'href="https://example.com/?a=1&amp;b=2"' in page
    assert "Untitled gallery" in page
    assert "https://fonts" not in page
    assert anonymous.get(f"/media/{image['imageInfo']['id']}").headers["Content-Type"] == "image/png"


def test_an_empty_site_has_a_page_too(anonymous: httpx.Client) -> None:
    assert "No galleries yet" in anonymous.get("/").text


def test_a_restart_keeps_data_and_credentials(tmp_path: Path, connect_to: Callable[[Emulator], httpx.Client]) -> None:
    data = tmp_path / "deep" / "data"
    first = create_emulator(data)
    client = connect_to(first)
    created = client.post(GALLERIES, json={"gallery": {"name": "W", "items": [TEXT]}}).json()["gallery"]
    request = {"url": f"{first.ready.base_url}/_emulator/sample.png"}
    file = client.post("/site-media/v1/files/import", json=request).json()["file"]
    client.get("/site-media/v1/files/get-file-by-id", params={"fileId": file["id"]})
    ready = first.ready
    first.close()
    again = create_emulator(data)
    assert again.ready == ready
    client = connect_to(again)
    assert client.get(f"{GALLERIES}/{created['id']}").json()["gallery"] == created
    assert client.get(f"/media/{file['id']}").content.startswith(b"\x89PNG")
    again.close()
    assert stat.S_IMODE((data / "credentials.json").stat().st_mode) == 0o600


def test_two_processes_can_have_the_same_data(tmp_path: Path, connect_to: Callable[[Emulator], httpx.Client]) -> None:
    one, two = create_emulator(tmp_path), create_emulator(tmp_path)
    created = connect_to(one).post(GALLERIES, json={"gallery": {"name": "W"}}).json()["gallery"]
    assert connect_to(two).get(f"{GALLERIES}/{created['id']}").json()["gallery"] == created
    one.close()
    two.close()


def test_data_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GalleryctlError, match="cannot be opened"):
        create_emulator(tmp_path / "file")
    (tmp_path / "credentials.json").write_text("{")
    with pytest.raises(GalleryctlError, match="credentials cannot be read"):
        create_emulator(tmp_path)
