"""No command prints or writes a secret, however it ends: all output and files are searched for planted secrets."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from galleryctl.cli.main import COMMANDS
from galleryctl.http import httpx
from galleryctl.model.secret import Secret
from galleryctl.state import encryption
from tests.support.cli_harness import CliHarness
from tests.support.processes import GALLERYCTL_COMMAND, PROJECT_ROOT, TIMEOUT, start_server

FORMATS = ("text", "json", "markdown", "html", "github")
PASSPHRASE = "planted-passphrase: [x, \"y'"
FORMER = "planted-former: [x, \"y'"
WORKSPACE = """\
galleryctl: 1
backend: {type: wix}
sites:
  main: {site_id: "${WIX_SITE_ID}", auth: AUTH}
galleries: galleries/*.yaml
state: STATE
limits: {max_requests_per_minute: 1000000, max_delete_percent: 100}
"""
HEAD = "bind: {name: Weddings, create: true}\nname: Weddings\nprotect: false\n"
KEY = '{api_key: "${WIX_API_KEY}"}'
OPEN, SEALED = ".galleryctl/state.json", '{passphrase: "${STATE_PASSPHRASE}"}'
BEFORE, CHANGING = (
    '{passphrase: "${FORMER_PASSPHRASE}"}',
    '{passphrase: "${STATE_PASSPHRASE}", former_passphrase: "${FORMER_PASSPHRASE}"}',
)
APP = '{app_id: "${WIX_APP_ID}", app_secret: "${WIX_APP_SECRET}", instance_id: "${WIX_INSTANCE}"}'

# in the order in which a workspace uses them; `apply` comes while its saved plan is fresh
RUNS = (
    "init ../other", "validate", "lint --report sarif=r/l.sarif --report codequality=r/l.json", "fmt --check", "fmt", "expand weddings", "plan --out plan.json", "show plan.json", "apply plan.json",
    "plan", "drift --report sarif=r/drift.sarif --report junit=r/drift.xml --report html=r/drift.html", "drift --accept", "ci matrix", "ci run plan --report-dir r/ci --outputs r/ci.env", "apply --auto-approve --report sarif=r/a.sarif --report junit=r/a.xml --report github=r/a", "history", "history 1", "undo 1 --dry-run", "show", "show --live", "show --live weddings", "show --live weddings/words",
    "state list", "state show weddings", "state versions", "state unlock --force none",
    "state mv weddings/words weddings/word", "state mv weddings/word weddings/words", "state rm weddings/words",
    "state rebuild --auto-approve", "media list", "media gc --auto-approve", "import --all --dry-run", "velo weddings", "doctor", "probe --auto-approve",
    "destroy --auto-approve",
)  # fmt: skip
SEALED_RUNS = (
    "plan --out plan.json",
    "show plan.json",
    "apply plan.json",
    "show",
    "show --live",
    "history 1",
    "state versions",
    "drift",
    "doctor",
)
ONLINE = (
    "plan --report sarif=r/p.sarif --report junit=r/p.xml --report markdown=r/p.md --report terraform=r/p.json", "apply --auto-approve", "drift", "destroy --auto-approve", "import --all --dry-run", "show --live",
    "state rebuild --auto-approve", "media list", "media gc --auto-approve", "velo weddings", "doctor",
)  # fmt: skip


@dataclass(slots=True)
class Vault:
    """A workspace with secrets in its environment, its emulator, and everything that commands printed."""

    studio: CliHarness
    http: httpx.Client
    ready: dict[str, Any]
    secrets: dict[str, str]
    monkeypatch: pytest.MonkeyPatch
    printed: list[str]

    def run(self, line: str, format_: str = "text") -> int:
        """Run `galleryctl -vv LINE` in the workspace and return the exit code."""
        ran = self.studio.run("-vv", "--format", format_, *line.split())
        if "--format" in ran.out + ran.err:  # rejected: not every command supports every format
            ran = self.studio.run("-vv", *line.split())
        self.printed += [f"{line} ({format_}): {ran.out}", f"{line} ({format_}): {ran.err}"]
        return ran.code

    def sign_in(self, auth: str, state: str = OPEN, **changed: str) -> None:
        """Write a workspace with this auth and state, and set its variables, replacing some."""
        self.studio.write("galleryctl.yaml", WORKSPACE.replace("AUTH", auth).replace("STATE", state))
        names = {
            "GALLERYCTL_API_URL": "base_url",
            "WIX_SITE_ID": "site_id",
            "WIX_APP_ID": "app_id",
            "WIX_INSTANCE": "instance_id",
        }
        values = {name: self.ready[key] for name, key in names.items()}
        self.secrets |= {name: value for name, value in changed.items() if name in self.secrets}
        for name, value in {**values, **self.secrets, **changed}.items():
            self.monkeypatch.setenv(name, value)

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Return every file that a command may have written; the emulator's files are elsewhere."""
        for path in self.studio.root.parent.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes()

    def assert_kept(self, *more: str) -> None:
        """Check that nothing printed or written contains a secret in any encoding."""
        for secret in (*self.secrets.values(), *more):
            for form in forms(secret):
                for text in self.printed:
                    assert form not in text, text[:200]
                for path, content in self.written():
                    assert form.encode() not in content, path


def forms(secret: str) -> set[str]:
    """Return the secret as plain text and as encoded in URLs, JSON, headers and Python's bytes literals."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        encoded,
        repr(secret)[1:-1],
    }


@contextmanager
def emulator(folder: Path, *options: str) -> Iterator[dict[str, Any]]:
    """Start an emulator process and yield the content of its ready file; its log is in the same folder."""
    folder.mkdir()
    command = ("emulator", "--data", str(folder / "data"), *options)
    with (
        (folder / "log").open("wb") as log,
        start_server(folder / "ready.json", *command, out=log, err=log) as server,
    ):
        yield server.ready
        server.stop()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with emulator(tmp_path_factory.mktemp("emulator") / "served") as content:
        yield content


@pytest.fixture
def vault(
    ready: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Vault]:
    studio = CliHarness(tmp_path / "workspace", capsys)
    studio.write_photo("photos/cake.jpg", 1)
    words = "{key: words, text: <p>Thanks</p>, title: 'Said: ${GALLERYCTL_VAR_PUBLIC}'}"
    studio.write_gallery(["{image: photos/cake.jpg, title: Cake}", words], head=HEAD)
    monkeypatch.chdir(studio.root)  # where plan files go
    monkeypatch.setenv("GALLERYCTL_VAR_PUBLIC", "what everybody may read")
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)  # every command derives its keys, which is slow by design
    secrets = {
        "WIX_API_KEY": ready["api_key"],
        "WIX_APP_SECRET": ready["app_secret"],
        "STATE_PASSPHRASE": PASSPHRASE,
        "FORMER_PASSPHRASE": FORMER,
    }
    with httpx.Client(base_url=ready["base_url"], timeout=TIMEOUT) as http:
        http.post("/_emulator/reset", json={})
        yield Vault(studio, http, ready, secrets, monkeypatch, [])


def test_every_command_is_among_those_searched() -> None:
    # the emulator has its own test; `schema` reads no workspace
    assert {line.split()[0] for line in RUNS} | {"emulator", "events", "schema"} == set(COMMANDS)


def test_no_successful_command_shows_or_writes_a_secret(vault: Vault) -> None:
    vault.sign_in(KEY)
    codes = {line: vault.run(line, FORMATS[n % 5]) for n, line in enumerate(RUNS)}
    assert {line for line, code in codes.items() if code} == {"fmt --check", "state unlock --force none"}
    vault.assert_kept()


def test_an_app_and_a_sealed_state_keep_their_secrets(vault: Vault) -> None:
    vault.sign_in(APP, state=SEALED)
    assert all(vault.run(line, FORMATS[n % 5]) == 0 for n, line in enumerate(SEALED_RUNS))
    vault.assert_kept()


@pytest.mark.parametrize("auth", [KEY, APP], ids=["key", "app"])
def test_nothing_is_shown_of_a_secret_that_is_wrong(vault: Vault, auth: str) -> None:
    vault.sign_in(
        auth,
        WIX_API_KEY="IST.wrong-key-4f1c9e",
        WIX_APP_SECRET="wrong-app-secret-4f1c9e",
        STATE_PASSPHRASE="other-4f1c9e",
    )
    assert all(vault.run(line, FORMATS[n % 5]) == 1 for n, line in enumerate(ONLINE))
    vault.assert_kept()


def test_nothing_is_shown_of_a_passphrase_that_does_not_fit(vault: Vault) -> None:
    vault.sign_in(KEY, state=SEALED)
    assert vault.run("apply --auto-approve") == 0
    vault.sign_in(KEY, state=SEALED, STATE_PASSPHRASE="other-4f1c9e")
    assert [vault.run(line, format_) for line, format_ in (("plan", "html"), ("state list", "text"))] == [
        1,
        1,
    ]
    vault.assert_kept(PASSPHRASE)


def test_a_passphrase_that_is_changed_shows_neither(vault: Vault) -> None:
    vault.sign_in(KEY, state=BEFORE)
    assert vault.run("plan --out plan.json") == vault.run("apply plan.json") == 0
    vault.sign_in(KEY, state=SEALED)
    assert [vault.run(line) for line in ("plan", "apply plan.json", "state reseal")] == [1, 1, 1]
    vault.sign_in(KEY, state=CHANGING)
    assert [vault.run(line) for line in ("plan", "state reseal", "apply plan.json")] == [0, 0, 1]
    vault.sign_in(KEY, state=CHANGING, STATE_PASSPHRASE="other-4f1c9e", FORMER_PASSPHRASE="others-4f1c9e")
    assert [vault.run(line) for line in ("plan", "state reseal", "apply plan.json")] == [1, 1, 1]
    vault.assert_kept(PASSPHRASE, FORMER)


class Gossip(BaseHTTPRequestHandler):
    """An API that repeats each request in its response: in the status line, headers, JSON and plain text."""

    def answer(self) -> None:
        said = f"{self.headers.get('Authorization')} {self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()}"
        status = (401, 403, 404, 400)[len(self.path) % 4]
        details: dict[str, Any] = {"applicationError": {"code": said, "description": said, "data": {"key": said}}}
        if status == 400:
            details = {
                "validationError": {"fieldViolations": [{"field": said, "description": said, "violatedRule": said}]}
            }
        body = json.dumps({"message": f"bad key {said}", "details": details}) if status != 404 else f"<h1>{said}</h1>"
        self.send_response(status)
        self.send_header("x-wix-request-id", said.replace("\n", " "))
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object, **named: object) -> None:
        """Do nothing: the log does not belong in pytest's output."""


for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
    setattr(Gossip, f"do_{method}", Gossip.answer)


@pytest.fixture
def gossip() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gossip)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("auth", [KEY, APP], ids=["key", "app"])
def test_a_vendor_that_repeats_a_secret_is_not_quoted(vault: Vault, gossip: str, auth: str) -> None:
    vault.sign_in(auth, GALLERYCTL_API_URL=gossip)
    assert all(vault.run(line, FORMATS[n % 5]) == 1 for n, line in enumerate((*ONLINE, *ONLINE)))
    vault.assert_kept()


def test_a_connection_that_is_refused_shows_nothing(vault: Vault) -> None:
    vault.sign_in(KEY, GALLERYCTL_API_URL="http://127.0.0.1:9")
    assert vault.run("doctor") == 1
    vault.assert_kept()


def test_the_files_of_a_killed_apply_contain_no_secret(vault: Vault) -> None:
    vault.sign_in(KEY)
    hold = {"fault": "hold", "when": "before", "methods": ["POST"], "path": "/galleries$"}
    vault.http.post("/_emulator/faults", json={"script": [hold]})
    command = [*GALLERYCTL_COMMAND, "-C", str(vault.studio.root), "-vv", "apply", "--auto-approve"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
    ) as process:
        vault.http.post("/_emulator/holds/wait", json={"count": 1, "timeout_ms": TIMEOUT * 1000})
        process.kill()
        vault.printed.append(process.communicate(timeout=TIMEOUT)[0])
    left = [path for path, _ in vault.written()]
    assert any("journal" in path for path in left), left
    vault.assert_kept()
    vault.http.post("/_emulator/faults", json={})
    vault.http.post("/_emulator/holds/release", json={"drop": True})
    assert vault.run("apply --auto-approve", "json") == 0
    vault.assert_kept()


WRITTEN_OUT = "written-out-4f1c9e"


@pytest.mark.parametrize("format_", FORMATS)
def test_a_secret_that_is_written_out_is_a_problem_and_not_repeated(vault: Vault, format_: str) -> None:
    vault.sign_in(KEY)
    written = (
        WORKSPACE.replace("AUTH", KEY)
        .replace("STATE", CHANGING)
        .replace('"${WIX_API_KEY}"', WRITTEN_OUT)
        .replace('"${STATE_PASSPHRASE}"', WRITTEN_OUT)
        .replace('"${FORMER_PASSPHRASE}"', WRITTEN_OUT)
    )
    vault.studio.write("galleryctl.yaml", written)
    assert vault.run("validate", format_) == vault.run("plan", format_) == 1
    printed = "".join(vault.printed)
    assert "api_key is in plain text" in printed.replace("\\_", "_")
    assert "state.passphrase is in plain text" in printed
    assert "state.former_passphrase is in plain text" in printed.replace("\\_", "_")
    assert WRITTEN_OUT not in printed


def test_the_emulator_logs_no_key(tmp_path: Path) -> None:
    with emulator(tmp_path / "served", "-vv") as ready, httpx.Client(base_url=ready["base_url"]) as http:
        for key in (ready["api_key"], "wrong-4f1c9e"):
            headers = {"Authorization": key, "wix-site-id": ready["site_id"]}
            http.get(f"/progallery/v2/galleries?authorization={key}", headers=headers)
        app = {
            "client_id": ready["app_id"],
            "client_secret": ready["app_secret"],
            "instance_id": ready["instance_id"],
        }
        token = http.post("/oauth2/token", json={"grant_type": "client_credentials", **app}).json()["access_token"]
    said = (tmp_path / "served" / "log").read_text(encoding="utf-8")
    assert ready["base_url"] in said
    assert not any(secret in said for secret in (ready["api_key"], ready["app_secret"], token, "wrong-4f1c9e"))


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("planted-4f1c9e")
    shown = (f"{secret}", f"{secret!r}", str([secret]), f"{(secret, 1)}")
    assert not any("planted" in text for text in shown)
