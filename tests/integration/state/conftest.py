"""An S3 of one's own: moto's server in this process, on a loopback port, with answers that can be lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from galleryctl.state.bucket import Bucket, open_bucket
from tests.studio import Studio

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SECRET = "planted-secret-key"


@dataclass(slots=True)
class Store:
    """What stands before moto: one request at a time, since moto checks and writes in two steps.

    `lose` holds `METHOD suffix-of-the-path` of the requests that take effect and whose answer is a 500; `refuse` of those
    that are answered with a 503 and have no effect.
    """

    url: str = ""
    lose: list[str] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    moto: DomainDispatcherApplication = field(
        default_factory=lambda: DomainDispatcherApplication(create_backend_app)
    )
    turn: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        with self.turn:
            self.seen.append(request)
            if any(request.startswith(f[:4]) and request.endswith(f[4:]) for f in self.refuse):
                start("503 Service Unavailable", [("Content-Length", "0")])
                return [b""]
            lost = next((f for f in self.lose if request.startswith(f[:4]) and request.endswith(f[4:])), None)
            if lost is None:
                return list(self.moto(environ, start))
            self.lose.remove(lost)
            list(self.moto(environ, lambda *_: lambda _: None))
        start("500 Internal Server Error", [("Content-Length", "0")])
        return [b""]


@pytest.fixture(scope="session")
def server() -> Iterator[Store]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = Store()
    listening = make_server("127.0.0.1", 0, store, threaded=True)
    store.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield store
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def s3(server: Store, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Store]:
    """The store, reachable through the environment; each test has a bucket `b-…` of its own, see `bucket_name`."""
    environ = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    yield server
    server.lose.clear()
    server.refuse.clear()
    server.seen.clear()


@pytest.fixture
def bucket_name(s3: Store, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = f"b-{tmp_path_factory.mktemp('bucket').name.lower()}"
    assert httpx.put(f"{s3.url}/{name}").status_code == 200
    return name


@pytest.fixture
def bucket(bucket_name: str) -> Bucket:
    return open_bucket(f"s3://{bucket_name}/unused")[0]


@pytest.fixture
def shared(wedding: Studio, bucket_name: str) -> Studio:
    """The workspace with a gallery of three photos and a text, its state in the bucket."""
    wedding.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
        f"state: s3://{bucket_name}/sites/{{site}}.json\n",
    )
    return wedding
