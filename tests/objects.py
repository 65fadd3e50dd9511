"""An S3 of one's own: moto's server in this process, on a loopback port, with answers that can be lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

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

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def make_bucket(self, name: str) -> None:
        """Make a bucket."""
        assert httpx.put(f"{self.url}/{name}").status_code == 200


@contextmanager
def serve_objects() -> Iterator[Store]:
    """A store that listens."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = Store()
    listening = make_server("127.0.0.1", 0, store, threaded=True)
    store.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
