"""The emulator as a separate process: ready file, aborted connections, shutdown."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from galleryctl.http import httpx
from tests.support.processes import RunningServer, start_server

GALLERIES = "/progallery/v2/galleries"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[RunningServer]:
    with start_server(tmp_path / "ready.json", "emulator", "--data", str(tmp_path / "data")) as created:
        yield created


def test_a_served_emulator(emulator: RunningServer) -> None:
    path, ready = emulator.ready_file, emulator.ready
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(ready) == {
        "base_url", "site_id", "api_key", "read_api_key", "app_id", "app_secret", "instance_id", "public_key",
    }  # fmt: skip
    assert ready["base_url"].startswith("http://127.0.0.1:")
    headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
    with httpx.Client(base_url=ready["base_url"], headers=headers) as client:
        request = {"mimeType": "image/png", "fileName": "a.png"}
        upload = client.post("/site-media/v1/files/generate-upload-url", json=request).json()["uploadUrl"]
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
    assert emulator.stop(signal.SIGINT).code == 0
    assert not path.exists()


CLIENT = """
import json, sys
from galleryctl.http import httpx
ready = json.loads(open(sys.argv[1]).read())
headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
with httpx.Client(base_url=ready["base_url"], headers=headers, timeout=60) as client:
    for number in range(5):
        client.post("/progallery/v2/galleries", json={"gallery": {"name": str(number)}})
"""


@pytest.mark.parametrize(("when", "done"), [("before", 2), ("after", 3)])
def test_a_client_is_killed_at_an_exact_request(emulator: RunningServer, when: str, done: int) -> None:
    ready = emulator.ready
    headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
    with httpx.Client(base_url=ready["base_url"], headers=headers, timeout=30) as control:
        control.post("/_emulator/faults", json={"script": [{"fault": "hold", "when": when, "nth": 3}]})
        client = subprocess.Popen([sys.executable, "-c", CLIENT, emulator.ready_file])
        held = control.post("/_emulator/holds/wait", json={"timeout_ms": 20_000})
        client.kill()
        client.wait()
        assert held.json()["held"] == [{"method": "POST", "path": GALLERIES, "when": when}]
        assert control.post("/_emulator/holds/release", json={"drop": True}).json() == {"released": 1}
        assert control.get(GALLERIES).json()["totalGalleries"] == done
        stats = control.get("/_emulator/stats").json()
        assert (stats["statuses"]["none"], stats["running"]) == (1, 0)
