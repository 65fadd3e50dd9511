"""Error responses of the API: statuses, and the vendor's two error envelopes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Violation:
    """One entry of `validationError.fieldViolations`; `rule` is the vendor's term, such as MIN."""

    field: str
    description: str
    rule: str = "OTHER"
    rule_name: str = ""
    data: dict[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the violation in the vendor's format."""
        body = {"field": self.field, "description": self.description, "violatedRule": self.rule, "data": self.data}
        return body | ({"ruleName": self.rule_name} if self.rule_name else {})


class Rejection(Exception):  # noqa: N818 - a response of the API, not a failure of the emulator
    """A response with an error status; `body` is None where the vendor's response has none."""

    def __init__(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}


def validation_error(*violations: Violation) -> Rejection:
    """Return a 400 with field violations; the message names each field, like the vendor's."""
    message = "; ".join(f"{v.field} {v.description}" for v in violations)
    fields = [v.as_json() for v in violations]
    return Rejection(400, {"message": message, "details": {"validationError": {"fieldViolations": fields}}})


def application_error(
    status: int,
    code: str,
    description: str,
    data: dict[str, Any] | None = None,
    *,
    headers: dict[str, str] | None = None,
) -> Rejection:
    """Return an error with an application code, such as 404 NOT_FOUND."""
    error = {"code": code, "description": description, "data": data or {}}
    return Rejection(status, {"message": description, "details": {"applicationError": error}}, headers)


def not_found(entity: str, ident: str) -> Rejection:
    """Return a 404 NOT_FOUND for an entity such as "Gallery"."""
    return application_error(404, "NOT_FOUND", f"{entity} {ident} not found", {"id": ident})
