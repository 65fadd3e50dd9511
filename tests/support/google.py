"""A fake Google Cloud Storage in this process, with the part of the XML API that obstore uses.

No published server supports all of these requests. Generations, preconditions, pages of a listing, statuses and error
bodies follow Google's documentation of the XML API and of request preconditions.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from werkzeug import Request, Response
from werkzeug.http import http_date

from tests.support.object_store import FakeObjectStore, serve_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "planted-token"
PAGE_SIZE = 3
"""Objects per page of a listing; Google returns a thousand."""
ERRORS = {
    "AuthenticationRequired": (401, "Authentication required."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One version of an object."""

    content: bytes
    number: int
    at: datetime

    @property
    def e_tag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'

    @property
    def headers(self) -> dict[str, str]:
        return {
            "ETag": self.e_tag,
            "Last-Modified": http_date(self.at),
            "x-goog-generation": str(self.number),
            "x-goog-metageneration": "1",
            "x-goog-stored-content-length": str(len(self.content)),
        }


@dataclass(slots=True)
class FakeGoogleStorage:
    """The server: buckets and their objects."""

    buckets: dict[str, dict[str, Generation]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000_000_000, 1021))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        with self.lock:
            response = self._respond(request)
        return response(environ, start)

    def make_bucket(self, name: str) -> None:
        """Create a bucket."""
        self.buckets[name] = {}

    def _respond(self, request: Request) -> Response:
        bucket, _, key = request.path.removeprefix("/").partition("/")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error_response("AuthenticationRequired")
        if bucket not in self.buckets:
            return _error_response("NoSuchBucket")
        objects = self.buckets[bucket]
        if not key:
            return _list_response(bucket, objects, request)
        if request.method == "PUT":
            return self._put(objects, key, request)
        found = objects.get(key)
        if found is not None and request.method == "DELETE":
            del objects[key]
            return Response(status=204)
        return Response(found.content, headers=found.headers) if found else _error_response("NoSuchKey")

    def _put(self, objects: dict[str, Generation], key: str, request: Request) -> Response:
        expected = request.headers.get("x-goog-if-generation-match")
        found = objects.get(key)
        if expected is not None and int(expected) != (found.number if found else 0):
            return _error_response("PreconditionFailed")
        objects[key] = new = Generation(content=request.get_data(), number=next(self.numbers), at=datetime.now(UTC))
        return Response(status=200, headers=new.headers)


@contextmanager
def serve_google() -> Iterator[FakeObjectStore]:
    """Serve a Google Cloud Storage."""
    server = FakeGoogleStorage()
    settings = {"GOOGLE_BASE_URL": "{url}", "GOOGLE_ALLOW_HTTP": "true", "GOOGLE_BEARER_TOKEN": TOKEN}
    store = FakeObjectStore("gs", server, settings, server.make_bucket, (TOKEN,))
    with serve_wsgi(store) as store.url:
        yield store


def _list_response(bucket: str, objects: dict[str, Generation], request: Request) -> Response:
    prefix = request.args.get("prefix", "")
    after = request.args.get("continuation-token", "")
    keys = sorted(key for key in objects if key.startswith(prefix) and key > after)
    page, more = keys[:PAGE_SIZE], len(keys) > PAGE_SIZE
    root = Element("ListBucketResult", xmlns="http://doc.s3.amazonaws.com/2006-03-01")
    elements = {"Name": bucket, "Prefix": prefix, "KeyCount": str(len(page)), "IsTruncated": str(more).lower()}
    if more:
        elements["NextContinuationToken"] = page[-1]
    _add_elements(root, elements)
    for key in page:
        found = objects[key]
        elements = {"Key": key, "Generation": str(found.number), "MetaGeneration": "1"}
        elements |= {"LastModified": found.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
        _add_elements(SubElement(root, "Contents"), elements | {"ETag": found.e_tag, "Size": str(len(found.content))})
    return _xml_response(root, 200)


def _error_response(code: str) -> Response:
    status, message = ERRORS[code]
    root = Element("Error")
    _add_elements(root, {"Code": code, "Message": message})
    return _xml_response(root, status)


def _add_elements(parent: Element, elements: dict[str, str]) -> None:
    for name, value in elements.items():
        SubElement(parent, name).text = value


def _xml_response(root: Element, status: int) -> Response:
    content = tostring(root, encoding="UTF-8", xml_declaration=True)
    return Response(content, status=status, content_type="application/xml; charset=UTF-8")
