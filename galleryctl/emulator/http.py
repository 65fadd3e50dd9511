"""Requests and responses without a web framework, so that handlers are plain functions."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from galleryctl.emulator.api.rejection import Violation, validation_error

JsonBody = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRequest:
    """One request; `query` has every value of a name."""

    method: str
    path: str
    path_params: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> JsonBody:
        """Parse the body as a JSON object; an empty body is an empty object. Raises a 400 for anything else."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body, parse_constant=_reject_constant)
            if b"\\u" in self.body:
                json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair
        except (ValueError, RecursionError) as cause:
            raise validation_error(Violation("body", "is not valid JSON")) from cause
        if not isinstance(value, dict):
            raise validation_error(Violation("body", "must be a JSON object"))
        return value

    def query_value(self, name: str) -> str | None:
        """Return the first value of a query parameter; None if it is absent or empty."""
        return next(iter(self.query.get(name, [])), "") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedResponse:
    """One response; `body` is a JSON value, or bytes to send unchanged."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body_bytes(self) -> bytes:
        """Encode the body."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()


def _reject_constant(name: str) -> object:
    raise ValueError(name)  # json.loads accepts NaN and the infinities, which are not JSON


Handler = Callable[[ServedRequest], ServedResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedEndpoint:
    """One method and path template, the permission it requires, and its handler."""

    method: str
    template: str
    handler: Handler
    permission: str | None = None  # None: no Authorization required
    is_control: bool = False  # `/_emulator` and the page: no faults, no statistics, no quota
    precondition: Callable[[ServedRequest], Awaitable[None]] | None = None  # awaited before a control call


def json_response(body: Any) -> ServedResponse:
    """Return a 200 with a JSON body."""
    return ServedResponse(body=body)
