"""Local object stores whose responses can be lost, and an S3: moto's, in this process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from galleryctl.http import httpx

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SECRET_KEY = "planted-secret-key"


@dataclass(slots=True)
class FakeObjectStore:
    """A proxy in front of `server` that can inject faults.

    Requests are named `METHOD suffix-of-the-path`. Each one in `lost_responses` takes effect once and gets a 500, those
    in `fixed_responses` get that status and body without effect, each one in `throttled_requests` gets a 429 once.
    """

    scheme: str
    server: WSGIApplication
    settings: Mapping[str, str]
    """Environment variables; `{url}` is replaced by the store's URL."""
    make_bucket: Callable[[str], None]
    secrets: Sequence[str]
    """The values in the settings that must not appear anywhere else."""
    url: str = ""
    lost_responses: list[str] = field(default_factory=list)
    fixed_responses: dict[str, tuple[str, str]] = field(default_factory=dict)
    throttled_requests: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append(f"{method} {path}")
        fixed = self.fixed_responses.items()
        response = next((value for name, value in fixed if _matches(method, path, name)), None)
        if response is None and self._take(self.throttled_requests, method, path):
            response = ("429 Too Many Requests", "<Error><Code>SlowDown</Code></Error>")
        if response is None and not self._take(self.lost_responses, method, path):
            return self.server(environ, start)
        if response is None:
            list(self.server(environ, lambda *_: lambda _: None))
            response = ("500 Internal Server Error", "")
        body = response[1].encode()
        start(response[0], [("Content-Length", str(len(body))), ("Content-Type", "application/xml")])
        return [body]

    def _take(self, patterns: list[str], method: str, path: str) -> bool:
        """Remove one entry that names this request; return True if there was one."""
        with self.lock:
            found = next((one for one in patterns if _matches(method, path, one)), None)
            if found is not None:
                patterns.remove(found)
            return found is not None

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables that a process needs to use the store."""
        return {name: value.format(url=self.url) for name, value in self.settings.items()}

    def location(self, bucket: str, key: str) -> str:
        """Return the URL by which a workspace names an object."""
        return f"{self.scheme}://{bucket}/{key}"

    def reset(self) -> None:
        """Inject no more faults and forget all requests."""
        for record in (self.lost_responses, self.fixed_responses, self.throttled_requests, self.requests):
            record.clear()


@contextmanager
def serve_wsgi(server: WSGIApplication) -> Iterator[str]:
    """Serve `server` in this process and yield its URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    listener = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


@contextmanager
def serve_s3() -> Iterator[FakeObjectStore]:
    """Serve an S3."""
    moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with turn:  # moto checks a precondition and writes in two steps
            return list(moto(environ, start))

    def make_bucket(name: str) -> None:
        assert httpx.put(f"{store.url}/{name}").status_code == 200

    settings = {
        "AWS_ENDPOINT_URL": "{url}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    store = FakeObjectStore("s3", one_at_a_time, settings, make_bucket, ("AKIAPLANTED", SECRET_KEY))
    with serve_wsgi(store) as store.url:
        yield store


def _matches(method: str, path: str, pattern: str) -> bool:
    expected_method, _, end = pattern.partition(" ")
    return method == expected_method and path.endswith(end)
