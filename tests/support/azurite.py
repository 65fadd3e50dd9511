"""A local Azure Blob Storage: Microsoft's Azurite, as a Node process."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug import Request, Response
from werkzeug.http import http_date

from galleryctl.http import httpx
from tests.support.npm import install
from tests.support.object_store import FakeObjectStore, serve_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FOLDER = Path(__file__).parents[1] / "e2e/azurite"
MAIN = "node_modules/azurite/dist/src/blob/main.js"
ACCOUNT, KEY = "plantedaccount", base64.b64encode(b"planted account key").decode()
READY = "successfully listens on "


@contextmanager
def serve_azure() -> Iterator[FakeObjectStore]:
    """Serve an Azure Blob Storage with one account."""
    settings = {
        "AZURE_STORAGE_ENDPOINT": f"{{url}}/{ACCOUNT}",
        "AZURE_ALLOW_HTTP": "true",
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": KEY,
    }
    with azurite() as port:
        store = FakeObjectStore("az", _forward_to(port), settings, lambda name: _create_container(port, name), (KEY,))
        with serve_wsgi(store) as store.url:
            yield store


@contextmanager
def azurite() -> Iterator[int]:
    """Run Azurite with all data in memory and yield its port."""
    process = subprocess.Popen(
        [install(FOLDER), MAIN, "--blobPort", "0", "--inMemoryPersistence", "--silent", "--disableTelemetry"],
        cwd=FOLDER,
        env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = next((line for line in process.stdout if READY in line), None)
        assert ready is not None, "Azurite ended before it was ready"
        yield int(ready.rpartition(":")[2])
    finally:
        process.terminate()
        process.communicate()


def _forward_to(port: int) -> WSGIApplication:
    """Return a proxy to `port` that leaves requests unchanged, because they are signed."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        connection = HTTPConnection("127.0.0.1", port)
        try:
            connection.request(request.method, environ["REQUEST_URI"], request.get_data(), dict(request.headers))
            got = connection.getresponse()
            content = got.read()
        finally:
            connection.close()
        headers = [
            pair
            for pair in got.getheaders()
            if pair[0].lower() not in {"connection", "keep-alive", "transfer-encoding"}
        ]
        response = Response(content, status=got.status, headers=headers)
        return response(environ, start)

    return answer


def _create_container(port: int, name: str) -> None:
    """Create a container, which obstore cannot do."""
    headers = {"x-ms-date": http_date(), "x-ms-version": "2021-12-02"}
    lines = ["PUT", *[""] * 11, *(f"{header}:{value}" for header, value in headers.items())]
    text = "\n".join([*lines, f"/{ACCOUNT}/{ACCOUNT}/{name}", "restype:container"])
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
    response = httpx.put(
        f"http://127.0.0.1:{port}/{ACCOUNT}/{name}?restype=container",
        headers=headers | {"Authorization": f"SharedKey {ACCOUNT}:{signature}"},
    )
    assert response.status_code == 201, response.text
