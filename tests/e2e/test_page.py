"""The page at `/` in a real browser: all images are drawn, and no injected script runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from galleryctl.http import httpx
from tests.support.chromium import Tab, open_tab
from tests.support.processes import GALLERYCTL_COMMAND, PROJECT_ROOT, start_server

GALLERIES = "/progallery/v2/galleries"
pytestmark = pytest.mark.browser


@pytest.fixture
def portfolio(tmp_path: Path) -> Iterator[httpx.Client]:
    """The portfolio, applied to the embedded emulator, then served on a port."""
    workspace = tmp_path / "portfolio"
    shutil.copytree(PROJECT_ROOT / "examples" / "portfolio", workspace, ignore=shutil.ignore_patterns(".galleryctl"))
    subprocess.run(
        [*GALLERYCTL_COMMAND, "-C", workspace, "apply", "--auto-approve"],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}, check=True, capture_output=True, timeout=90,
    )  # fmt: skip
    with start_server(tmp_path / "ready.json", "-C", str(workspace), "emulator") as emulator:
        ready = emulator.ready
        headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
        with httpx.Client(base_url=ready["base_url"], headers=headers) as client:
            yield client


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Another server, and the paths requested from it."""
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if self.path == "/page" else "text/javascript")
            self.end_headers()
            page = b"<script src='/script.js'></script><img src='/x'>"
            self.wfile.write(page if self.path == "/page" else b"window.planted = 1")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", requested
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Tab]:
    with open_tab(tmp_path / "profile") as opened:
        yield opened


def test_the_portfolio_is_drawn(portfolio: httpx.Client, browser: Tab) -> None:
    listed = portfolio.get(GALLERIES, params={"itemLimit": 100}).json()["galleries"]
    galleries = sorted(listed, key=lambda gallery: gallery["sortOrder"])
    items = [item for gallery in galleries for item in gallery["items"]]
    pictures = [item for item in items if "image" in item]
    browser.open(str(portfolio.base_url))
    widths = browser.evaluate("[...document.querySelectorAll('main img')].map(i => i.naturalWidth)")
    assert widths == [item["image"]["imageInfo"]["width"] for item in pictures]
    assert len([width for width in widths if width > 0]) == len(pictures) == 40
    headings = browser.evaluate("[...document.querySelectorAll('main h2')].map(h => h.textContent)")
    assert headings == [gallery["name"] for gallery in galleries]
    titles = browser.evaluate("[...document.querySelectorAll('main h3')].map(h => h.textContent)")
    assert titles == [item["title"] for item in items if item.get("title")]
    place = "getComputedStyle([...document.querySelectorAll('.card')].find(c => c.textContent.includes('Ada')).querySelector('img')).objectPosition"
    assert browser.evaluate(place) == "50% 35%"
    links = browser.evaluate("[...document.querySelectorAll('main .words a')].map(a => a.getAttribute('href'))")
    assert links == [item["link"]["url"] for item in items if item.get("link")]
    videos = browser.evaluate("[...document.querySelectorAll('.card.video .frame a')].map(a => a.href)")
    assert videos == [item["video"]["videoInfo"]["url"] for item in items if "video" in item]
    framed = browser.evaluate("[...document.querySelectorAll('.card.text iframe')].map(f => f.srcdoc)")
    texts = [item["text"]["html"] for item in items if "text" in item]
    assert [html.endswith(text) for html, text in zip(framed, texts, strict=True)] == [True] * len(texts)
    assert browser.events_named("Log.entryAdded") == []


def planted(site: str) -> list[dict[str, Any]]:
    """Return items that try to run scripts, or to load them from `site`."""
    run = f"window.planted = 1; document.title = 'planted'; fetch('{site}/fetched')"
    evil = f'<script>{run}</script><img src="{site}/x" onerror="{run}"><svg onload="{run}"></svg>'
    frames = (
        evil,
        f'<script src="{site}/script.js"></script><link rel="stylesheet" href="{site}/style.css">',
        f'<meta http-equiv="refresh" content="0; url={site}/refreshed"><base href="{site}">',
        f'<iframe src="{site}/framed"></iframe><object data="{site}/object"></object>',
        f"<style>body {{ background: url({site}/background) }}</style><p>Styled</p>",
        f'"></iframe>{evil}',
    )
    words = {"title": f"T {evil}", "description": evil, "tags": {"values": [evil]}}
    link = {"text": evil, "url": f"javascript:{run}"}
    return [
        *({"title": f"Text {number}", "text": {"html": html}} for number, html in enumerate(frames)),
        words | {"link": link, "text": {"html": "<p>plain</p>"}},
        words | {"image": {"imageInfo": {"id": f'"><script>{run}</script>', "altText": evil}}},
        {"title": "Video", "video": {"videoInfo": {"url": f"javascript:{run}"}}},
        {"title": "Focus", "image": {"focalPoint": {"x": evil, "y": 0.5}, "imageInfo": {"id": "x"}}},
    ]


def test_nothing_planted_runs(portfolio: httpx.Client, browser: Tab, elsewhere: tuple[str, list[str]]) -> None:
    site, requested = elsewhere
    created = portfolio.post("/_emulator/edit", json={"set": {"name": "<script>window.planted = 1</script>"}})
    ident = created.json()["results"][0]["gallery"]["id"]
    items = planted(site)
    edits = [{"gallery": ident, "item": None, "set": item | {"sortOrder": n}} for n, item in enumerate(items)]
    assert portfolio.post("/_emulator/edit", json={"edits": edits}).status_code == 200
    portfolio.post("/_emulator/stats/reset", json={})
    browser.open(str(portfolio.base_url))
    assert browser.evaluate("document.querySelectorAll('main section').length") == 4
    assert browser.evaluate("[...document.querySelectorAll('.card.text iframe')].length") >= 7
    assert browser.evaluate("window.planted ?? null") is None
    assert browser.evaluate("document.title") == "Galleries"
    assert browser.evaluate("[...document.querySelectorAll('a')].filter(a => a.protocol == 'javascript:').length") == 0
    assert browser.events_named("Page.javascriptDialogOpening") == []
    assert requested == []
    assert portfolio.get("/_emulator/stats").json()["requests"].keys() == {"GET /media/{file}"}


def test_a_planted_script_would_be_noticed(browser: Tab, elsewhere: tuple[str, list[str]]) -> None:
    site, requested = elsewhere
    browser.open(f"{site}/page")
    assert browser.evaluate("window.planted") == 1
    assert {"/page", "/script.js", "/x"} <= set(requested)
