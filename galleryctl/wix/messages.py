"""One request as it goes out, and what comes back: the bytes, or the JSON object in them."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from galleryctl.model.fields import Json
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import AnswerLost, ApiError, BadAnswer

REQUEST_ID = "x-wix-request-id"
LARGEST = int(sys.float_info.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
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

    def body(self) -> tuple[bytes | None, Mapping[str, str]]:
        """The bytes to send and the headers that describe them."""
        if self.json is None:
            return self.content, {}
        # ASCII: half a character in a live text, cut by somebody's JavaScript, goes back as it came
        return jsonlib.dumps(self.json, allow_nan=False).encode("ascii"), {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer: status, headers with names in lower case, the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """The vendor's name for this exchange, "" when there is none."""
        return self.headers.get(REQUEST_ID, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The JSON object that a call answered, and what an error about it must say."""

    body: Mapping[str, Json]
    outgoing: Outgoing
    status: int
    request_id: str

    def get(self, name: str) -> Json:
        """The member `name`, None when it is left out."""
        return self.body.get(name)

    def bad(self, what: str) -> ApiError:
        """The error for an answer that is not as documented; a create did take effect then, most likely."""
        kind = BadAnswer if self.outgoing.endpoint.repeatable else AnswerLost
        return kind(what, call=self.outgoing.call, status=self.status, request_id=self.request_id)


def parsed(answer: Answer, outgoing: Outgoing) -> Reply:
    """The JSON object of an answer; raises BadAnswer, or AnswerLost for a create, when it is none."""
    value = parse(answer.body)
    body = value if isinstance(value, dict) else {}
    reply = Reply(body=body, outgoing=outgoing, status=answer.status, request_id=answer.request_id)
    if isinstance(value, NotJson):
        raise reply.bad("the answer is not JSON")
    if not isinstance(value, dict):
        raise reply.bad("the answer is not a JSON object")
    return reply


class NotJson:
    """What bytes are that hold no JSON, or a number that no double can hold."""


def parse(body: bytes) -> Json | NotJson:
    """The JSON value in `body`."""
    try:
        value: Json = jsonlib.loads(body, parse_constant=_finite, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError):
        return NotJson()
    return value


def _whole(text: str) -> int:
    """An integer beyond every double would be refused wherever it went: in a plan file, in a request."""
    value = int(text)
    if abs(value) > LARGEST:
        raise ValueError(text)
    return value


def _finite(text: str) -> float:
    """NaN and infinity, which JSON does not know, could not be sent back."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
