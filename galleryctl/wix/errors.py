"""What can go wrong with a call of the API, told to a person.

ApiError
├── AuthError         401: the key or the app's credentials are not accepted
├── PermissionDenied  403: a scope is missing; `do` names it
├── NotFound          404
├── Conflict          409, or a 400 about the sort order: the value is taken
├── InvalidRequest    any other 4xx
├── Throttled         429, still after the retries
├── Unavailable       5xx, 408, no connection or no answer, still after the retries
├── AnswerLost        a create was sent and no answer came: it may have taken effect
├── BadAnswer         not JSON, or not of the documented shape
└── MediaFailed       the Media Manager could not process a file, or not in time
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from galleryctl.model.errors import GalleryctlError

_MAX_TEXT_LENGTH = 500
"""Characters of a vendor's text that are told."""
_SORT_ORDER = re.compile(r"sort[\s_]*order", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldViolation:
    """One field that the API found wrong, with the vendor's words."""

    field: str
    description: str

    def __str__(self) -> str:
        """`field: description`."""
        return f"{self.field}: {self.description}" if self.field else self.description


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """An error body of the API, in the parts that people need."""

    message: str = ""
    violations: tuple[FieldViolation, ...] = ()


class ApiError(GalleryctlError):
    """The API answered a call with an error, or not at all.

    `call` is METHOD and path; `status` is None without an answer; `again` says whether another try may help;
    `retry_after` is in seconds.
    """

    advice = "run with -v to see the calls; if it stays, tell Wix the request id"

    def __init__(
        self,
        what: str,
        *,
        call: str,
        status: int | None = None,
        violations: tuple[FieldViolation, ...] = (),
        request_id: str = "",
        do: str = "",
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        why = "\n  ".join([*map(str, violations), *([f"request id {request_id}"] if request_id else [])])
        super().__init__(what, where=call, why=why, do=do or self.advice)
        self.call = call
        self.status = status
        self.violations = violations
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after


class AuthError(ApiError):
    """401: the API key, or the app's credentials, are not accepted."""

    advice = "check the API key (or app id, secret and instance id) of the site in galleryctl.yaml"


class PermissionDenied(ApiError):  # noqa: N818 - named for what it says
    """403: the caller may not do this; `do` names the scope to add."""

    advice = "check the permissions of the API key or the app, and the site id"


class NotFound(ApiError):  # noqa: N818 - named for what it says
    """404: what the call names is not on the site."""

    advice = "it was deleted meanwhile, or the site id is another site's; make a new plan"


class Conflict(ApiError):  # noqa: N818 - named for what it says
    """The sort order is taken, or what the call makes is already there."""

    advice = "something else changed the gallery; make a new plan"


class InvalidRequest(ApiError):  # noqa: N818 - named for what it says
    """A 4xx: the API does not accept the values."""

    advice = "correct the value in the manifest"


class Throttled(ApiError):  # noqa: N818 - named for what it says
    """429, and the retries are used up."""

    advice = "wait a minute, or lower limits.max_requests_per_minute"


class Unavailable(ApiError):  # noqa: N818 - named for what it says
    """The API cannot be reached or fails on its side, and the retries are used up."""

    advice = "try again later; check the network and the status page of Wix"


class ResponseLost(ApiError):  # noqa: N818 - named for what it says
    """A create was sent and its outcome is not known: look it up before it is sent again."""

    advice = "run apply again: it looks up what was made before it goes on"


class MalformedResponse(ApiError):  # noqa: N818 - named for what it says
    """The answer is no JSON, or not of the documented shape."""

    advice = "check that no proxy stands between here and Wix; the API is a preview and may have changed"


class MediaFailed(ApiError):  # noqa: N818 - named for what it says
    """The Media Manager could not process a file, or did not in time."""

    advice = "check that the file or the URL is a picture or video that Wix supports"


def parse_error_body(body: object, redact: Callable[[str], str]) -> ErrorBody:
    """What an error body says, each text through `hide`; nothing for a body that is none of the vendor's envelopes."""
    if not isinstance(body, Mapping):
        return ErrorBody()

    def told(value: object) -> str:
        # hidden before it is cut: half a secret would not be recognised
        return _shorten(redact(value)) if isinstance(value, str) else ""

    details = _as_mapping(body.get("details"))
    fields = _as_mapping(details.get("validationError")).get("fieldViolations")
    violations = tuple(
        FieldViolation(field=told(entry.get("field")), description=told(entry.get("description")))
        for entry in (fields if isinstance(fields, list) else ())
        if isinstance(entry, Mapping)
    )
    application = _as_mapping(details.get("applicationError"))
    texts = (body.get("message"), application.get("description"), body.get("error_description"))
    return ErrorBody(message=next(filter(None, map(told, texts)), ""), violations=violations)


def _shorten(text: str) -> str:
    """On one line, and without what nobody reads to the end."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TEXT_LENGTH else f"{line[:_MAX_TEXT_LENGTH]}…"


def error_from_status(
    status: int, *, call: str, error_body: ErrorBody, scope: str, request_id: str, retry_after: float | None
) -> ApiError:
    """The error that a status other than 2xx means; `scope` is what the call needs."""
    kind, do = _error_class(status, error_body), ""
    if kind is PermissionDenied and scope:
        do = f"give the API key or the app the permission {scope}, and check the site id"
    message = error_body.message or _STATUS_TEXTS.get(status, "")
    return kind(
        f"{status} {message}".rstrip(),
        call=call,
        status=status,
        violations=error_body.violations,
        request_id=request_id,
        do=do,
        retry_after=retry_after,
    )


_STATUS_TEXTS = {403: "no permission", 404: "not found", 429: "too many requests", 500: "internal error"}


def _error_class(status: int, error_body: ErrorBody) -> type[ApiError]:
    kinds: dict[int, type[ApiError]] = {
        401: AuthError,
        403: PermissionDenied,
        404: NotFound,
        409: Conflict,
        # a proxy gave up waiting: what became of the request is as open as after a 504
        408: Unavailable,
        429: Throttled,
    }
    if status == 400 and _mentions_sort_order(error_body):  # noqa: PLR2004 - HTTP's own number
        return Conflict
    if status in kinds:
        return kinds[status]
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return Unavailable
    return InvalidRequest if status >= 400 else MalformedResponse  # noqa: PLR2004


def _mentions_sort_order(error_body: ErrorBody) -> bool:
    """No application code says that a sort order is taken (wix-api): the field does, or the words."""
    texts = (error_body.message, *(violation.field for violation in error_body.violations))
    return any(_SORT_ORDER.search(text) for text in texts)


def _as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
