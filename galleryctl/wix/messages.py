"""One request as it goes out, and what comes back: the bytes, or the JSON object in them."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.fields import Json
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import ApiError, MalformedResponse, ResponseLost

REQUEST_ID_HEADER = "x-wix-request-id"
_MAX_INTEGER = int(sys.float_info.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to send. `url` replaces the endpoint's path, and is never shown: it may carry a token."""

    endpoint: Endpoint
    ids: tuple[str, ...] = ()
    url: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    @property
    def call(self) -> str:
        """METHOD and path, for people."""
        path = self.endpoint.template if self.url else self.endpoint.path(*self.ids)
        return f"{self.endpoint.method} {path}"

    def encoded_body(self) -> tuple[bytes | None, Mapping[str, str]]:
        """The bytes to send and the headers that describe them."""
        if self.json is None:
            return self.content, {}
        # ASCII: half a character in a live text, cut by somebody's JavaScript, goes back as it came
        return jsonlib.dumps(self.json, allow_nan=False).encode("ascii"), {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer: status, headers with names in lower case, the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """The vendor's name for this exchange, "" when there is none."""
        return self.headers.get(REQUEST_ID_HEADER, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonReply:
    """The JSON object that a call answered, and what an error about it must say."""

    body: Mapping[str, Json]
    request: Request
    status: int
    request_id: str

    def get(self, name: str) -> Json:
        """The member `name`, None when it is left out."""
        return self.body.get(name)

    def malformed(self, what: str) -> ApiError:
        """The error for an answer that is not as documented; a create did take effect then, most likely."""
        kind = MalformedResponse if self.request.endpoint.idempotent else ResponseLost
        return kind(what, call=self.request.call, status=self.status, request_id=self.request_id)


def parse_reply(response: Response, outgoing: Request) -> JsonReply:
    """The JSON object of an answer; raises BadAnswer, or AnswerLost for a create, when it is none."""
    value = decode_json_body(response.body)
    body = value if isinstance(value, dict) else {}
    reply = JsonReply(body=body, request=outgoing, status=response.status, request_id=response.request_id)
    if isinstance(value, InvalidJson):
        raise reply.malformed("the answer is not JSON")
    if not isinstance(value, dict):
        raise reply.malformed("the answer is not a JSON object")
    return reply


class InvalidJson:
    """What bytes are that hold no JSON, or a number that no double can hold."""


def decode_json_body(body: bytes) -> Json | InvalidJson:
    """The JSON value in `body`."""
    try:
        value: Json = jsonlib.loads(
            body, parse_constant=_parse_finite, parse_float=_parse_finite, parse_int=_parse_integer
        )
    except (ValueError, RecursionError):
        return InvalidJson()
    return value


def _parse_integer(text: str) -> int:
    """An integer beyond every double would be refused wherever it went: in a plan file, in a request."""
    value = int(text)
    if abs(value) > _MAX_INTEGER:
        raise ValueError(text)
    return value


def _parse_finite(text: str) -> float:
    """NaN and infinity, which JSON does not know, could not be sent back."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
