"""The emulator as a process of its own: ready file, sockets that are really cut, the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from galleryctl.emulator.server import serve
from galleryctl.model.errors import GalleryctlError

ROOT = Path(__file__).parents[3]
GALLERIES = "/progallery/v2/galleries"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "galleryctl.emulator", "--data", str(tmp_path / "data")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = subprocess.Popen([*command, "--ready-file", str(tmp_path / "ready.json")], env=environment)
    deadline = time.monotonic() + 30
    try:
        while not (tmp_path / "ready.json").exists():
            assert started.poll() is None
            assert time.monotonic() < deadline
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(0.02)
        yield started
    finally:
        started.kill()
        started.wait()


def test_a_served_emulator(process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    ready = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(ready) == {
        "base_url", "site_id", "api_key", "read_api_key", "app_id", "app_secret", "instance_id", "public_key",
    }  # fmt: skip
    assert ready["base_url"].startswith("http://127.0.0.1:")
    headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
    with httpx.Client(base_url=ready["base_url"], headers=headers) as client:
        asked = {"mimeType": "image/png", "fileName": "a.png"}
        upload = client.post("/site-media/v1/files/generate-upload-url", json=asked).json()["uploadUrl"]
        assert upload.startswith(ready["base_url"])
        for number, (fault, error) in enumerate(
            [
                ("drop_before", httpx.TransportError),
                ("drop_after", httpx.TransportError),
                ("cut", httpx.RemoteProtocolError),
            ]
        ):
            client.post("/_emulator/faults", json={"script": [{"fault": fault, "method": "POST"}]})
            with pytest.raises(error):
                client.post(GALLERIES, json={"gallery": {"name": "W"}})
            assert client.get(GALLERIES).json()["totalGalleries"] == number
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 0
    assert not path.exists()


CLIENT = """
import json, sys
import httpx
ready = json.loads(open(sys.argv[1]).read())
headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
with httpx.Client(base_url=ready["base_url"], headers=headers, timeout=60) as client:
    for number in range(5):
        client.post("/progallery/v2/galleries", json={"gallery": {"name": str(number)}})
"""


@pytest.mark.parametrize(("when", "done"), [("before", 2), ("after", 3)])
def test_a_client_is_killed_at_an_exact_request(
    process: subprocess.Popen[bytes], tmp_path: Path, when: str, done: int
) -> None:
    path = tmp_path / "ready.json"
    ready = json.loads(path.read_text())
    headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
    with httpx.Client(base_url=ready["base_url"], headers=headers, timeout=30) as control:
        control.post("/_emulator/faults", json={"script": [{"fault": "hold", "when": when, "nth": 3}]})
        client = subprocess.Popen([sys.executable, "-c", CLIENT, path])
        held = control.post("/_emulator/holds/wait", json={"timeout_ms": 20_000})
        client.kill()
        client.wait()
        assert held.json()["held"] == [{"method": "POST", "path": GALLERIES, "when": when}]
        assert control.post("/_emulator/holds/release", json={"drop": True}).json() == {"released": 1}
        assert control.get(GALLERIES).json()["totalGalleries"] == done
        stats = control.get("/_emulator/stats").json()
        assert (stats["statuses"]["none"], stats["running"]) == (1, 0)


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(GalleryctlError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(tmp_path, port, None)
    assert list(tmp_path.iterdir()) == []
