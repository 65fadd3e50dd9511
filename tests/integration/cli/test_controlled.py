"""Text from a site, a lock or a file name never controls the terminal, in any message."""

from __future__ import annotations

import json
import threading
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from galleryctl.state.backend import LockInfo
from galleryctl.state.file_backend import FileStateBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli_harness import CliHarness, CommandResult

ESCAPE = "\x1b]0;owned\x07"
WIX = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: site, auth: {api_key: "${WIX_API_KEY}"}}}
galleries: galleries/*.yaml
"""
LOCAL = """\
galleryctl: 1
backend: {type: local}
galleries: galleries/*.yaml
state: "s\\e]0;owned\\a.json"
"""
GALLERY = {"id": f"id{ESCAPE}\n::error::x", "name": "Weddings", "totalItems": 0, "sortOrder": 1}


class Hostile(BaseHTTPRequestHandler):
    """A site with one empty gallery whose id and names are escape sequences."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        listed = {"totalGalleries": 1, "galleries": [GALLERY]}
        found = listed if path.endswith("/galleries") else {"items": []}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("x-wix-request-id", "told\x1b]0;owned\x07")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object, **named: object) -> None:
        """Do nothing: the streams belong to pytest."""


@pytest.fixture
def hostile(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliHarness]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("GALLERYCTL_API_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("WIX_API_KEY", "some-key")
    studio.write("galleryctl.yaml", WIX)
    (studio.root / "galleries").mkdir()
    yield studio
    server.shutdown()
    thread.join()
    server.server_close()


def assert_inert(ran: CommandResult) -> None:
    for line in (ran.out + ran.err).split("\n"):
        assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")], repr(line)
        assert not line.lstrip().startswith(("::", "##[")), repr(line)


@pytest.mark.parametrize("command", [("import", "weddings", "--name", "Weddings"), ("import", "--all", "--dry-run"), ("show", "--live")], ids=" ".join)  # fmt: skip
def test_what_the_api_names(hostile: CliHarness, command: tuple[str, ...]) -> None:
    ran = hostile.run("-vv", *command)
    # An import does not write an id that no manifest may have.
    assert ran.code == (1 if "--name" in command else 0), ran.err
    assert "told\\x1b]0;owned\\x07" in ran.err
    assert_inert(ran)


@pytest.mark.parametrize("command", [("state", "list"), ("state", "versions"), ("state", "unlock"), ("-v", "apply", "--auto-approve")], ids=" ".join)  # fmt: skip
def test_what_a_clone_names(studio: CliHarness, command: tuple[str, ...]) -> None:
    studio.write_photo(f"a{ESCAPE}.jpg", 1)
    studio.write_gallery(['{key: a, image: "a\\e]0;owned\\a.jpg"}'])
    studio.write("galleryctl.yaml", LOCAL)
    ran = studio.run(*command)
    assert ran.code == 0, ran.err
    assert "\\x1b]0;owned" in ran.out + ran.err
    assert_inert(ran)


def test_who_holds_a_lock(studio: CliHarness) -> None:
    studio.write_gallery(["{key: words, text: x}"])
    held = FileStateBackend(studio.root / ".galleryctl/state.json")
    owner = LockInfo(run="run-1", who=f"anna{ESCAPE}", pid=1, since=f"now{ESCAPE}", operation=ESCAPE)
    with held.lock(owner):
        for command in (("state", "unlock"), ("apply", "--auto-approve"), ("doctor",)):
            ran = studio.run(*command)
            assert "anna\\x1b" in ran.out + ran.err
            assert_inert(ran)
