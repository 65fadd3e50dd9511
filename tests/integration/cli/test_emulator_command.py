"""`emulator` as a separate process: address, output, exit, and errors at the start."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from galleryctl.cli.main import run
from galleryctl.emulator.credentials import CREDENTIALS_FILE
from galleryctl.emulator.store import DATABASE_FILE
from galleryctl.http import httpx
from tests.support.cli_harness import CliHarness, CommandResult
from tests.support.processes import start_server
from tests.support.reports import parse_report


def call(capture: pytest.CaptureFixture[str], *args: str) -> CommandResult:
    capture.readouterr()
    code = run(["emulator", *args])
    out, err = capture.readouterr()
    return CommandResult(code=code, out=out, err=err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_a_signal_and_ends_with_0(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    with start_server(tmp_path / "ready.json", "emulator", "--data", str(data)) as emulator:
        ready = emulator.ready
        headers = {"Authorization": ready["api_key"], "wix-site-id": ready["site_id"]}
        answer = httpx.get(f"{ready['base_url']}/progallery/v2/galleries", headers=headers)
        assert answer.json() == {"totalGalleries": 0, "galleries": []}
        ran = emulator.stop(number)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        f"Serving site {ready['site_id']} at {ready['base_url']}, data in {data}.\n"
        f"To use it: export GALLERYCTL_API_URL={ready['base_url']}\n"
        f"The keys are in {data / CREDENTIALS_FILE}. Press Ctrl-C to stop.\n"
    )
    assert ready["api_key"] not in ran.err
    assert not emulator.ready_file.exists()


def test_two_do_not_serve_the_same_data_and_the_port_stays_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "data")
    with start_server(tmp_path / "ready.json", "emulator", "--data", data, "-q") as emulator:
        ran = call(capsys, "--data", data)
        assert ran.code == 1
        assert f"Error: {data}: another emulator is using this data" in ran.err
        assert "→ stop it, or choose another directory" in ran.err
        port = emulator.ready["base_url"].rpartition(":")[2]
        ran = call(capsys, "--port", port, "--data", str(tmp_path / "other"))
        assert ran.code == 1
        assert f"the emulator cannot listen on 127.0.0.1:{port}" in ran.err
        assert "port 0 selects a free port" in ran.err
        assert not (tmp_path / "other").exists()
        assert emulator.stop(signal.SIGTERM).err == ""


def test_without_data_it_serves_the_workspace(wedding: CliHarness, tmp_path: Path) -> None:
    wedding.apply()
    with start_server(tmp_path / "run" / "ready.json", "-C", str(wedding.root), "emulator") as emulator:
        page = httpx.get(f"{emulator.ready['base_url']}/").text
        assert "Weddings" in page
        assert "First dance" in page
        emulator.stop(signal.SIGTERM)
    wedding.assert_no_changes()


def test_a_workspace_with_the_real_api_has_no_data_to_serve(
    studio: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIX_API_KEY", "secret")
    sites = "sites: {main: {site_id: s, auth: {api_key: '${WIX_API_KEY}'}}}"
    studio.write("galleryctl.yaml", f"galleryctl: 1\nbackend: {{type: wix}}\n{sites}\ngalleries: '*.yaml'\n")
    ran = studio.run("emulator")
    assert ran.code == 1
    assert "give a data folder: --data DIR" in ran.err


def test_no_workspace_and_no_data(studio: CliHarness) -> None:
    (studio.root / "galleryctl.yaml").unlink()
    ran = studio.run("emulator")
    assert ran.code == 1
    assert "galleryctl.yaml does not exist" in ran.err


def test_whoever_listens_for_others_is_warned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = call(capsys, "--data", str(tmp_path), "--host", "192.0.2.1", "-q")
    assert ran.err.startswith("Warning: the emulator listens on 192.0.2.1: anyone who can reach this machine")


def test_a_host_that_is_not_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = call(capsys, "--data", str(tmp_path), "--host", "192.0.2.1", "-q")
    assert ran.code == 1
    assert "the emulator cannot listen on 192.0.2.1:0" in ran.err


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(capsys: pytest.CaptureFixture[str], port: str) -> None:
    ran = call(capsys, f"--port={port}")
    assert ran.code == 1
    assert "Invalid value for '--port'" in ran.err


def test_data_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("a file")
    ran = call(capsys, "--data", str(tmp_path / "data"))
    assert ran.code == 1
    assert re.match(rf"Error: {tmp_path}/data: the emulator's data cannot be used\n  .*File exists", ran.err)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (DATABASE_FILE, "the emulator's database cannot be opened\n  file is not a database"),
        (CREDENTIALS_FILE, "the emulator's credentials cannot be read"),
    ],
)
def test_data_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, told: str) -> None:
    (tmp_path / file).write_text("something else " * 100)
    ran = call(capsys, "--data", str(tmp_path))
    assert ran.code == 1
    assert told in ran.err


def test_a_ready_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("a file")
    ran = call(capsys, "--data", str(tmp_path), "--ready-file", str(tmp_path / "file" / "ready.json"))
    assert ran.code == 1
    assert "cannot write the ready file" in ran.err
    assert ran.err.count("\n") <= 4


def test_the_extra_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("galleryctl.emulator")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in [name for name in sys.modules if name.startswith("starlette.")]:
        monkeypatch.setitem(sys.modules, name, None)
    ran = call(capsys, "--data", str(tmp_path))
    assert ran.code == 1
    assert "Error: the emulator is not installed" in ran.err
    assert "pip install '.[emulator]'" in ran.err


def test_a_failure_is_json_when_json_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = call(capsys, "--format", "json", "--data", str(tmp_path))
    assert parse_report(ran.out)["what"] == "--format has no effect on `emulator`."


def test_after_a_kill_another_takes_over(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with start_server(tmp_path / "ready.json", "emulator", "--data", data) as first:
        site = first.ready["site_id"]
        first.process.kill()
        first.process.communicate()
    with start_server(tmp_path / "ready.json", "emulator", "--data", data, "--port", "0") as second:
        assert second.ready["site_id"] == site
        assert second.stop(signal.SIGINT).code == 0
