"""The errors of API requests, all subclasses of ApiError."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.wix_places import API_KEY_PLACE, SITE_ID_PLACE

_MAX_TEXT_LENGTH = 500
"""Characters of a text from the API that an error repeats."""
_SORT_ORDER = re.compile(r"sort[\s_]*order", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldViolation:
    """One field that the API rejected, with the API's description."""

    field: str
    description: str

    def __str__(self) -> str:
        """Return `field: description`."""
        return f"{self.field}: {self.description}" if self.field else self.description


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """The parts of an API error body that an error repeats."""

    message: str = ""
    violations: tuple[FieldViolation, ...] = ()
    code: str = ""
    """The application code, or the rule of the first violation."""


class ApiError(GalleryctlError):
    """A request to the API failed; `code` is the API's own, or "".

    `call` is `METHOD path`; `status` is None without a response; `retryable` is True if another attempt may succeed;
    `retry_after` is in seconds. `effect_unknown` is True if the request, or an earlier attempt at it, may have taken
    effect.
    """

    advice = "run with -v to see the requests; if the error persists, report the request id to Wix"
    effect_unknown = False

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
        code: str = "",
    ) -> None:
        why = "\n  ".join([*map(str, violations), *([f"request id {request_id}"] if request_id else [])])
        super().__init__(what, where=call, why=why, do=do or self.advice)
        self.call = call
        self.status = status
        self.violations = violations
        self.request_id = request_id
        self.retryable = retryable
        self.retry_after = retry_after
        self.code = code

    def add_earlier_attempt(self) -> None:
        """Record that an earlier attempt may have taken effect, although this error says that the last one did not."""
        if not self.effect_unknown:
            self.effect_unknown = True
            self.what = f"{self.what}; an earlier attempt may have taken effect"


class AuthError(ApiError):
    """401: the API rejected the API key or the app's credentials."""

    advice = (
        "check the API key (or app id, secret and instance id) of the site in galleryctl.yaml; "
        f"keys are in {API_KEY_PLACE}"
    )


class PermissionDenied(ApiError):  # noqa: N818 - named for what it says
    """403: a permission is missing; `do` names it."""

    advice = f"check the permissions of the API key or the app, and the site id: {SITE_ID_PLACE}"


class NotFound(ApiError):  # noqa: N818 - named for what it says
    """404: the requested resource does not exist on the site."""

    advice = "check the site id; if the resource was deleted, create a new plan"


class Conflict(ApiError):  # noqa: N818 - named for what it says
    """409, or a 400 about the sort order: the sort order is in use, or the resource already exists."""

    advice = "the gallery has changed since the plan; create a new plan"


class InvalidRequest(ApiError):  # noqa: N818 - named for what it says
    """Any other 4xx: the API rejected the values."""

    advice = "correct the value in the manifest"


class Throttled(ApiError):  # noqa: N818 - named for what it says
    """429, after all retries."""

    advice = "wait a minute and try again, or lower limits.max_requests_per_minute"


class Unavailable(ApiError):  # noqa: N818 - named for what it says
    """5xx, 408, no connection or no response, after all retries."""

    advice = "check the network and the Wix status page, and try again later"
    effect_unknown = True


class ResponseLost(ApiError):  # noqa: N818 - named for what it says
    """A create was sent and its outcome is unknown: look for the resource before sending the request again."""

    advice = "run apply again: it first looks for what this request may have created"
    effect_unknown = True


class MalformedResponse(ApiError):  # noqa: N818 - named for what it says
    """The response is not JSON, or not as documented."""

    advice = "check that no proxy alters the responses of Wix; the API is a preview and may have changed"
    effect_unknown = True


class MediaFailed(ApiError):  # noqa: N818 - named for what it says
    """The Media Manager failed to process a file, or did not finish in time."""

    advice = "check that the file or the URL is an image or a video that Wix supports"


def is_rejection(error: ApiError) -> bool:
    """Return True if the API answered that it rejects the request, which then has had no effect."""
    return isinstance(error, AuthError | PermissionDenied | NotFound | Conflict | InvalidRequest | Throttled)


def parse_error_body(body: object, redact: Callable[[str], str]) -> ErrorBody:
    """Return the texts of an error body, redacted and shortened; no texts for an unknown structure."""
    if not isinstance(body, Mapping):
        return ErrorBody()

    def shown(value: object) -> str:
        # redact before cutting: a truncated secret would not be recognised
        line = " ".join(redact(value).split()) if isinstance(value, str) else ""
        return line if len(line) <= _MAX_TEXT_LENGTH else f"{line[:_MAX_TEXT_LENGTH]}…"

    details = _as_mapping(body.get("details"))
    fields = _as_mapping(details.get("validationError")).get("fieldViolations")
    entries = [entry for entry in (fields if isinstance(fields, list) else ()) if isinstance(entry, Mapping)]
    violations = tuple(
        FieldViolation(field=shown(entry.get("field")), description=shown(entry.get("description")))
        for entry in entries
    )
    application = _as_mapping(details.get("applicationError"))
    texts = (body.get("message"), application.get("description"), body.get("error_description"))
    rules = [entry.get(name) for entry in entries for name in ("ruleName", "violatedRule")]
    code = next(filter(None, map(shown, (application.get("code"), *rules))), "")
    return ErrorBody(message=next(filter(None, map(shown, texts)), ""), violations=violations, code=code)


def error_from_status(
    status: int, *, call: str, error_body: ErrorBody, scope: str, request_id: str, retry_after: float | None
) -> ApiError:
    """Return the error for a status other than 2xx; `scope` is the permission that the request needs."""
    kind, do = _error_class(status, error_body), ""
    if kind is PermissionDenied and scope:
        do = f"grant the API key or the app the permission {scope}, and check the site id: {SITE_ID_PLACE}"
    message = error_body.message or _STATUS_TEXTS.get(status, _REDIRECT_TEXT if 300 <= status < 400 else "")  # noqa: PLR2004
    return kind(
        f"{status} {message}".rstrip(),
        call=call,
        status=status,
        violations=error_body.violations,
        request_id=request_id,
        do=do,
        retry_after=retry_after,
        code=error_body.code,
    )


_REDIRECT_TEXT = "redirects are not followed"
_STATUS_TEXTS = {403: "permission denied", 404: "not found", 429: "too many requests", 500: "internal error"}


def _error_class(status: int, error_body: ErrorBody) -> type[ApiError]:
    kinds: dict[int, type[ApiError]] = {
        401: AuthError,
        403: PermissionDenied,
        404: NotFound,
        409: Conflict,
        # from a proxy that stopped waiting: as after a 504, the request may have taken effect
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
    """Return True if the error is about the sort order: the API has no error code for one that is in use."""
    texts = (error_body.message, *(violation.field for violation in error_body.violations))
    return any(_SORT_ORDER.search(text) for text in texts)


def _as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
