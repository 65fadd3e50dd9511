"""Requests, responses and the JSON objects in responses."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from galleryctl.model.fields import Json
from galleryctl.model.json_limits import JsonLimitError, check_json_limits, json_weight
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import ApiError, MalformedResponse, ResponseLost

REQUEST_ID_HEADER = "x-wix-request-id"
_MAX_REQUEST_ID = 100
"""Characters of a request id that messages show; the service's own have 36."""
_MAX_INTEGER = int(sys.float_info.max)
_MAX_LISTING_MEMORY = 128 * 1024 * 1024
"""Bytes for the pages of one listing; an item with EXIF data takes about 8,000."""


class BodySink(Protocol):
    """Takes the body of a successful response, so that it is not kept in memory."""

    @property
    def max_bytes(self) -> int:
        """Return the limit of the body."""
        ...

    def begin(self) -> None:
        """Begin to take a body, and forget that of an earlier attempt."""
        ...

    def write(self, block: bytes) -> object:
        """Take the next bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `url` replaces the endpoint's path and never appears in messages: it may contain a token."""

    endpoint: Endpoint
    ids: tuple[str, ...] = ()
    url: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    consistent: bool = True
    """False to leave out the consistency token: the response may lag behind this client's own writes."""
    sink: BodySink | None = None
    """Takes the body of the response, which then is empty."""

    @property
    def is_transfer(self) -> bool:
        """True if the request sends or receives a file."""
        return self.content is not None or self.sink is not None

    @property
    def call(self) -> str:
        """`METHOD path`, as messages show it."""
        path = self.endpoint.template if self.url else self.endpoint.path(*self.ids)
        return f"{self.endpoint.method} {path}"

    def encoded_body(self) -> tuple[bytes | None, Mapping[str, str]]:
        """Return the body's bytes and the headers that describe it."""
        if self.json is None:
            return self.content, {}
        # ASCII with \u escapes: a lone surrogate in a live text can be sent back unchanged
        return jsonlib.dumps(self.json, allow_nan=False).encode("ascii"), {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response; header names are in lower case. `json` is the value in the body, None if it is binary."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Json | InvalidJson

    @property
    def request_id(self) -> str:
        """The request id that Wix assigned, or ""."""
        return self.headers.get(REQUEST_ID_HEADER, "")[:_MAX_REQUEST_ID]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonReply:
    """The JSON object in a response, with what an error about it reports."""

    body: Mapping[str, Json]
    request: Request
    status: int
    request_id: str
    weight: int
    """About the bytes of memory that `body` takes."""

    def get(self, name: str) -> Json:
        """Return the member `name`, or None if it is missing."""
        return self.body.get(name)

    def malformed(self, what: str) -> ApiError:
        """Return the error for an undocumented response: ResponseLost for a create, which probably took effect."""
        kind = MalformedResponse if self.request.endpoint.idempotent else ResponseLost
        return kind(what, call=self.request.call, status=self.status, request_id=self.request_id)


class ListingMemory:
    """The memory that is left for the pages of one listing, whose entries are all kept."""

    def __init__(self) -> None:
        self._left = _MAX_LISTING_MEMORY

    def take(self, reply: JsonReply) -> None:
        """Count a page; raises the error for a malformed response if nothing is left."""
        self._left -= reply.weight
        if self._left < 0:
            limit = _MAX_LISTING_MEMORY // (1024 * 1024)
            raise reply.malformed(f"the pages of the listing take more than {limit} MiB of memory")


def parse_reply(response: Response, outgoing: Request) -> JsonReply:
    """Return the JSON object in `response`.

    Raises MalformedResponse if the body is anything else, or ResponseLost if the request was a create.
    """
    value = response.json
    reply = JsonReply(
        body=value if isinstance(value, dict) else {},
        request=outgoing,
        status=response.status,
        request_id=response.request_id,
        weight=0 if isinstance(value, InvalidJson) else json_weight(response.body, value),
    )
    if isinstance(value, InvalidJson):
        raise reply.malformed(f"the response {value.problem}")
    if not isinstance(value, dict):
        raise reply.malformed("the response is not a JSON object")
    return reply


@dataclass(frozen=True, slots=True)
class InvalidJson:
    """The result for bytes that are not JSON, exceed a limit, or contain a number outside the range of a double."""

    problem: str = "is not valid JSON"


def decode_json_body(body: bytes) -> Json | InvalidJson:
    """Return the JSON value in `body`, or InvalidJson."""
    number, integer = _parse_finite, _parse_integer
    try:
        check_json_limits(body)
        value: Json = jsonlib.loads(body, parse_constant=number, parse_float=number, parse_int=integer)
    except JsonLimitError as error:
        return InvalidJson(str(error))
    except (ValueError, RecursionError):
        return InvalidJson()
    return value


def _parse_integer(text: str) -> int:
    value = int(text)  # outside the range of a double, neither a plan file nor a request accepts it
    if abs(value) > _MAX_INTEGER:
        raise ValueError(text)
    return value


def _parse_finite(text: str) -> float:
    value = float(text)  # NaN and infinity are not JSON and could not be sent back
    if not math.isfinite(value):
        raise ValueError(text)
    return value
