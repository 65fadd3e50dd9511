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

SECRET = "planted-secret-key"


@dataclass(slots=True)
class Store:
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
    lose: list[str] = field(default_factory=list)
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)
    busy: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.seen.append(f"{method} {path}")
        answer = next((said for named, said in self.answers.items() if _is(method, path, named)), None)
        if answer is None and self._once(self.busy, method, path):
            answer = ("429 Too Many Requests", "<Error><Code>SlowDown</Code></Error>")
        if answer is None and not self._once(self.lose, method, path):
            return self.server(environ, start)
        if answer is None:
            list(self.server(environ, lambda *_: lambda _: None))
            answer = ("500 Internal Server Error", "")
        body = answer[1].encode()
        start(answer[0], [("Content-Length", str(len(body))), ("Content-Type", "application/xml")])
        return [body]

    def _once(self, named: list[str], method: str, path: str) -> bool:
        """Whether this request is named; then one that names it is struck out."""
        with self.turn:
            found = next((one for one in named if _is(method, path, one)), None)
            if found is not None:
                named.remove(found)
            return found is not None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to reach it."""
        return {name: value.format(url=self.url) for name, value in self.settings.items()}

    def location(self, bucket: str, key: str) -> str:
        """How a workspace names an object."""
        return f"{self.scheme}://{bucket}/{key}"

    def forget(self) -> None:
        """Answer as it is from now on; nothing was seen."""
        for told in (self.lose, self.answers, self.busy, self.seen):
            told.clear()


@contextmanager
def listening(server: WSGIApplication) -> Iterator[str]:
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
def serve_objects() -> Iterator[Store]:
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
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    store = Store("s3", one_at_a_time, settings, make_bucket, ("AKIAPLANTED", SECRET))
    with listening(store) as store.url:
        yield store


def _is(method: str, path: str, named: str) -> bool:
    wanted, _, end = named.partition(" ")
    return method == wanted and path.endswith(end)
