"""Object stores of one's own, on loopback ports, with answers that can be lost; the first is S3: moto's, in this process."""

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
    """What stands before `server`, and passes on what it is not told to answer itself.

    Requests are named `METHOD suffix-of-the-path`. Those in `lose` take effect once each, and the answer is a 500; those in
    `answers` have no effect, and get that status and that body; so do those in `busy`, once each, which get a 429.
    """

    scheme: str
    server: WSGIApplication
    settings: Mapping[str, str]
    """Environment variables; `{url}` is the store's."""
    make_bucket: Callable[[str], None]
    secrets: Sequence[str]
    """What stands in the settings and must stand nowhere else."""
    url: str = ""
    lost_responses: list[str] = field(default_factory=list)
    fixed_responses: dict[str, tuple[str, str]] = field(default_factory=dict)
    throttled_requests: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append(f"{method} {path}")
        answer = next((said for named, said in self.fixed_responses.items() if _matches(method, path, named)), None)
        if answer is None and self._take(self.throttled_requests, method, path):
            answer = ("429 Too Many Requests", "<Error><Code>SlowDown</Code></Error>")
        if answer is None and not self._take(self.lost_responses, method, path):
            return self.server(environ, start)
        if answer is None:
            list(self.server(environ, lambda *_: lambda _: None))
            answer = ("500 Internal Server Error", "")
        body = answer[1].encode()
        start(answer[0], [("Content-Length", str(len(body))), ("Content-Type", "application/xml")])
        return [body]

    def _take(self, patterns: list[str], method: str, path: str) -> bool:
        """Whether this request is named; then one that names it is struck out."""
        with self.lock:
            found = next((one for one in patterns if _matches(method, path, one)), None)
            if found is not None:
                patterns.remove(found)
            return found is not None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to reach it."""
        return {name: value.format(url=self.url) for name, value in self.settings.items()}

    def location(self, bucket: str, key: str) -> str:
        """How a workspace names an object."""
        return f"{self.scheme}://{bucket}/{key}"

    def reset(self) -> None:
        """Answer as it is from now on; nothing was seen."""
        for told in (self.lost_responses, self.fixed_responses, self.throttled_requests, self.requests):
            told.clear()


@contextmanager
def serve_wsgi(server: WSGIApplication) -> Iterator[str]:
    """The address at which `server` answers, in this process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    made = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


@contextmanager
def serve_s3() -> Iterator[FakeObjectStore]:
    """An S3 that listens."""
    moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with turn:  # moto checks and writes in two steps
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
    wanted, _, end = pattern.partition(" ")
    return method == wanted and path.endswith(end)
