"""Credentials from a command that the job names."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from galleryctl.manifest.workspace import WorkspaceConfig, load_workspace
from galleryctl.model.credentials import ApiKeyCredentials, AppCredentials, SiteCredentials
from galleryctl.model.errors import GalleryctlError
from galleryctl.session.backends import site_backend
from galleryctl.session.credential_command import run_credential_command
from tests.support.processes import TIMEOUT
from tests.support.wait_lines import PrintedWaits

WIX = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: "${WIX_SITE_ID}"}}
galleries: galleries/*.yaml
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a workspace without credentials."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "galleryctl.yaml").write_text(WIX, encoding="utf-8")
    return folder


def script(tmp_path: Path, body: str) -> str:
    """Return the command line of a Python script outside the workspace."""
    path = tmp_path / "store.py"
    path.write_text(body, encoding="utf-8")
    return f"{sys.executable} {path} 'with a space; $(touch evil)'"


def printing(tmp_path: Path, document: object) -> dict[str, str]:
    """Return the environment of a job whose command prints a document."""
    text = document if isinstance(document, str) else json.dumps(document)
    return {"GALLERYCTL_CREDENTIAL_COMMAND": script(tmp_path, f"print({text!r})"), "WIX_SITE_ID": "site"}


def run_command(
    environ: Mapping[str, str], site: str, *, root: Path, seconds: float = TIMEOUT
) -> SiteCredentials | None:
    """Return the credentials that the command prints."""
    return asyncio.run(run_credential_command(environ, site, root=root, seconds=seconds))


async def secrets_of(config: WorkspaceConfig) -> list[str]:
    """Return the secrets with which requests are sent."""
    async with site_backend(config, "main").open() as endpoint:
        return [secret.reveal() for secret in endpoint.auth.secrets()]


def test_no_command_prints_nothing(root: Path) -> None:
    assert run_command({}, "main", root=root) is None


def test_the_command_gets_the_site_and_no_shell(root: Path, tmp_path: Path) -> None:
    body = (
        "import json, os, sys\nprint(json.dumps({'api_key': '|'.join([*sys.argv[1:], os.getcwd()]).replace(' ', '_')}))"
    )
    environ = {**os.environ, "GALLERYCTL_CREDENTIAL_COMMAND": script(tmp_path, body)}
    printed = run_command(environ, "main", root=root)
    assert isinstance(printed, ApiKeyCredentials)
    assert printed.api_key.reveal() == "with_a_space;_$(touch_evil)|main|/"


def test_its_credentials_replace_those_of_the_workspace(root: Path, tmp_path: Path) -> None:
    config = load_workspace(root, printing(tmp_path, {"api_key": "planted"}))
    assert asyncio.run(secrets_of(config)) == ["planted"]
    app = {"app_id": "a", "app_secret": "planted", "instance_id": "i"}
    config = load_workspace(root, printing(tmp_path, app))
    assert isinstance(run_command(config.environ, "main", root=root), AppCredentials)
    assert asyncio.run(site_backend(config, "main").webhook_sender()).instance_id == "i"


def test_without_a_command_and_auth_the_message_names_both(root: Path) -> None:
    config = load_workspace(root, {"WIX_SITE_ID": "site"})
    with pytest.raises(GalleryctlError, match="site main has no credentials") as caught:
        asyncio.run(secrets_of(config))
    assert "GALLERYCTL_CREDENTIAL_COMMAND" in caught.value.do


@pytest.mark.parametrize(
    "document",
    [
        "planted",
        '{"api_key": "planted"} planted',
        {"api_key": 1},
        {"api_key": "planted", "app_id": "a"},
        {"app_id": "planted"},
        ["planted"],
        {"api_key": "planted\n"},
        {"api_key": ""},
        {"api_key": "planted" * 10_000},
    ],
)
def test_what_it_prints_otherwise_is_rejected_and_not_shown(root: Path, tmp_path: Path, document: object) -> None:
    with pytest.raises(
        GalleryctlError, match="no credentials from the command in GALLERYCTL_CREDENTIAL_COMMAND"
    ) as caught:
        run_command(printing(tmp_path, document), "main", root=root)
    assert "planted" not in str(caught.value)


def test_a_command_that_fails_or_does_not_end(root: Path, tmp_path: Path) -> None:
    environ = {"GALLERYCTL_CREDENTIAL_COMMAND": script(tmp_path, "print('planted'); raise SystemExit(7)")}
    with pytest.raises(GalleryctlError) as caught:
        run_command(environ, "main", root=root)
    assert "exit code 7" in caught.value.why
    body = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    environ = {"GALLERYCTL_CREDENTIAL_COMMAND": script(tmp_path, body)}
    with pytest.raises(GalleryctlError) as caught:
        run_command(environ, "main", root=root, seconds=0.3)
    assert "it did not end within 0 seconds" in caught.value.why


@pytest.mark.parametrize("line", ["./store", "store", "scripts/store", "'unclosed", " ", "no-such-program-4f1c9e"])
def test_a_program_that_is_not_found(root: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    for name in ("store", "scripts/store"):
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('#!/bin/sh\necho \'{"api_key": "x"}\'\n', encoding="utf-8")
        path.chmod(0o755)
    monkeypatch.chdir(root)
    with pytest.raises(GalleryctlError, match="no credentials from the command"):
        run_command({"GALLERYCTL_CREDENTIAL_COMMAND": line, "PATH": ".:"}, "main", root=root)


def test_a_program_of_the_repository_is_not_run(root: Path) -> None:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    program = root / "tools" / "store"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ntouch ran\n", encoding="utf-8")
    program.chmod(0o755)
    inner = root / "clients"
    inner.mkdir()
    with pytest.raises(GalleryctlError) as caught:
        run_command({"GALLERYCTL_CREDENTIAL_COMMAND": str(program)}, "main", root=inner)
    assert "in the repository, where a pull request can change it" in caught.value.why


def test_its_wait_is_announced_and_a_cancellation_ends_it(root: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    body = f"import os, time\nopen({str(pipe)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    environ = {"GALLERYCTL_CREDENTIAL_COMMAND": script(tmp_path, body)}
    waits = PrintedWaits()

    async def cancel() -> int:
        running = asyncio.ensure_future(run_credential_command(environ, "main", root=root, on_wait=waits.observe))
        pid = int(await asyncio.to_thread(pipe.read_text))
        (waiting,) = waits.current
        assert (waiting.seconds, waiting.at_most) == (30.0, True)
        assert waiting.what == "the command in GALLERYCTL_CREDENTIAL_COMMAND to print the credentials of site main"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return pid

    pid = asyncio.run(cancel())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert waits.current == []
