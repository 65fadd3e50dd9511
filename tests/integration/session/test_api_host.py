"""A state belongs to the API that it was written with."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from galleryctl.emulator import create_emulator
from tests.support.cli_harness import CliHarness
from tests.support.listening import listening

WIX = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}}
galleries: galleries/*.yaml
"""


@pytest.fixture
def online(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliHarness]:
    """Return a workspace whose job names an emulator on a port, while proxy variables are set."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        emulator = create_emulator(None, base_url=url)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://planted:planted@127.0.0.1:1")
        monkeypatch.setenv("GALLERYCTL_API_URL", url)
        monkeypatch.setenv("WIX_SITE_ID", emulator.ready.site_id)
        monkeypatch.setenv("WIX_API_KEY", emulator.ready.api_key)
        studio.write("galleryctl.yaml", WIX)
        studio.write_gallery(["{key: words, text: <p>Thanks</p>, title: Words}"])
        with listening(emulator.app, listener):
            yield studio
        emulator.close()


def test_a_plan_names_another_host_and_uses_no_proxy_for_this_machine(online: CliHarness) -> None:
    ran = online.run("plan")
    assert ran.code == 0, ran.err
    assert "requests and credentials go to localhost, not to the vendor's API" in ran.out
    assert online.run("doctor").code == 0


def test_the_site_id_is_shown_by_its_name(online: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    online.apply()
    site_id = online.state()["site_id"]
    for line in (
        "plan",
        "plan --format json",
        "drift --format html",
        "show --live --format json",
        "media list --format json",
    ):
        ran = online.run(*line.split(), "-vv")
        assert ran.code == 0, line
        assert site_id not in ran.out + ran.err, line
    monkeypatch.setenv("WIX_SITE_ID", "another-4f1c9e")
    ran = online.run("plan")
    assert f"this state belongs to site {site_id}, not to ${{WIX_SITE_ID}}" in ran.err


def test_a_state_of_another_host_is_rejected(online: CliHarness) -> None:
    online.apply()
    state = online.state()
    assert state["api_host"] == "localhost"
    for host, name in (("proxy.example", "the API at proxy.example"), (None, "the vendor's API")):
        other = {key: value for key, value in state.items() if key != "api_host"} | ({"api_host": host} if host else {})
        online.write(".galleryctl/state.json", json.dumps(other))
        for line in ("plan", "apply --auto-approve", "drift", "state mv weddings/words weddings/w"):
            ran = online.run(*line.split())
            assert ran.code == 1, line
            assert f"this state belongs to {name}, not to the API at localhost" in ran.err
        assert " state rebuild\n" in ran.err
        assert online.run("doctor").code == 1
    assert online.run("state", "rebuild", "--auto-approve").code == 0
    assert online.state()["api_host"] == "localhost"
    online.assert_no_changes()


def test_a_file_does_not_name_the_host(online: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    online.write("galleryctl.yaml", WIX.replace("type: wix", "type: wix, base_url: 'http://127.0.0.1:1'"))
    assert online.run("validate").code == 0
    ran = online.run("plan")
    assert ran.code == 1
    assert "backend.base_url is not the address that the job names" in ran.err
    assert "export GALLERYCTL_API_URL=http://127.0.0.1:1" in ran.err
    ran = online.run("doctor")
    assert (ran.code, "backend.base_url is not the address that the job names" in ran.out) == (1, True)
    monkeypatch.delenv("GALLERYCTL_API_URL")
    assert "backend.base_url is not the address that the job names" in online.run("plan").err
    local = WIX.replace("type: wix", "type: local")
    online.write("galleryctl.yaml", local)
    monkeypatch.setenv("GALLERYCTL_API_URL", "not a URL")
    assert online.run("plan").code == 0
