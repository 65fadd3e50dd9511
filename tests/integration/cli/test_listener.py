"""Commands that listen: the socket, its base URL, the ready file."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from galleryctl.cli.listener import base_url, bind_socket, is_loopback, write_ready_file
from galleryctl.model.errors import GalleryctlError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])  # noqa: S104 - what is not
def test_others_reach_every_other_address(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - which nobody can open
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("localhost", "localhost"),
    ],
)
def test_an_address_is_one_that_this_machine_can_open(host: str, name: str) -> None:
    with bind_socket("127.0.0.1", 0, "the test") as listener:
        port = listener.getsockname()[1]
        assert port > 0
        assert base_url(host, listener) == f"http://{name}:{port}"


def test_a_port_that_is_taken_is_told_with_who_wants_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(GalleryctlError) as caught:
            bind_socket("127.0.0.1", port, "the test")
    assert str(caught.value).startswith(f"the test cannot listen on 127.0.0.1:{port}\n")
    assert "port 0 selects a free port" in str(caught.value)


@pytest.mark.parametrize("host", ["é..x", "é" * 70, "a..b", "x y", "1.2.3.4.5"])
def test_what_is_no_address_is_told(host: str) -> None:
    with pytest.raises(GalleryctlError, match=f"the test cannot listen on {host}:0") as caught:
        bind_socket(host, 0, "the test")
    assert "choose another address" in caught.value.do


def test_a_ready_file_is_its_owners_and_there_as_long_as_the_block_runs(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ready.json"
    with write_ready_file(path, {"url": "http://127.0.0.1:1"}):
        assert json.loads(path.read_text(encoding="utf-8")) == {"url": "http://127.0.0.1:1"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]
    assert list(path.parent.iterdir()) == []


def test_what_was_there_before_is_nobodys_address_any_more(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text('{"url": "http://127.0.0.1:2"}', encoding="utf-8")
    path.chmod(0o644)
    with write_ready_file(path, {"url": "http://127.0.0.1:1"}):
        assert "127.0.0.1:1" in path.read_text(encoding="utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_ready_file_that_somebody_removed_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with write_ready_file(path, {}):
        path.unlink()
    assert not path.exists()
