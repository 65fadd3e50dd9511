"""How the API says no: statuses and the two error envelopes of the vendor."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Violation:
    """One entry of `validationError.fieldViolations`; `rule` is the vendor's word, such as MIN."""

    field: str
    description: str
    rule: str = "OTHER"
    rule_name: str = ""
    data: dict[str, Any] = dataclasses.field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The violation as the vendor writes it."""
        body: dict[str, Any] = {
            "field": self.field,
            "description": self.description,
            "violatedRule": self.rule,
            "data": self.data,
        }
        return body | ({"ruleName": self.rule_name} if self.rule_name else {})


class Rejection(Exception):  # noqa: N818 - an answer of the API, not a failure of the emulator
    """An answer with an error status; `body` is None where the vendor answers with nothing."""

    def __init__(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}


def validation_error(*violations: Violation) -> Rejection:
    """400 with field violations; the message names each field, as the vendor's does."""
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
    """An error with an application code, such as 404 NOT_FOUND."""
    error = {"code": code, "description": description, "data": data or {}}
    return Rejection(status, {"message": description, "details": {"applicationError": error}}, headers)


def not_found(what: str, ident: str) -> Rejection:
    """404 for an entity that is not there."""
    return application_error(404, "NOT_FOUND", f"{what} {ident} not found", {"id": ident})
