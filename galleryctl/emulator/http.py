"""A request and its answer, free of any web framework, so that handlers are plain functions."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from galleryctl.emulator.api.rejection import Violation, validation_error

JsonBody = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRequest:
    """One request: `params` from the path, `query` with every value of a name, the raw `body`."""

    method: str
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> JsonBody:
        """The body as a JSON object; an empty body is an empty object; raises a 400 for anything else."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body, parse_constant=_reject_constant)
            if b"\\u" in self.body:
                json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError) as cause:
            raise validation_error(Violation("body", "is not JSON")) from cause
        if not isinstance(value, dict):
            raise validation_error(Violation("body", "must be an object"))
        return value

    def query_value(self, name: str) -> str | None:
        """The first value of a query parameter; empty counts as absent."""
        return next(iter(self.query.get(name, [])), "") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedResponse:
    """What goes back: `body` is JSON, or bytes that go out as they are."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body_bytes(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()


def _reject_constant(name: str) -> object:
    raise ValueError(name)  # NaN and the infinities are Python's, not JSON's


Handler = Callable[[ServedRequest], ServedResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedEndpoint:
    """One method and path template, what it needs to be allowed, and the function that answers."""

    method: str
    template: str
    handler: Handler
    permission: str | None = None  # None: no Authorization wanted
    is_control: bool = False  # `/_emulator` and the page: no faults, no statistics, no quota
    precondition: Callable[[ServedRequest], Awaitable[None]] | None = None  # what a control call waits for


def json_response(body: Any) -> ServedResponse:
    """A 200 with JSON."""
    return ServedResponse(body=body)
