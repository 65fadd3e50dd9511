"""The errors that answers mean, and that answers which never came mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from galleryctl.http import httpx
from galleryctl.wix.errors import (
    ApiError,
    ErrorBody,
    InvalidRequest,
    MalformedResponse,
    PermissionDenied,
    ResponseLost,
    Throttled,
    Unavailable,
    error_from_status,
    parse_error_body,
)
from galleryctl.wix.messages import InvalidJson, Request, Response, decode_json_body

_NOT_SENT_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNSENDABLE_ERRORS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
"""What a request raises that no network has seen: its URL or a header is not possible."""
NO_RESPONSE_ERRORS = (httpx.HTTPError, *_UNSENDABLE_ERRORS)

Redact = Callable[[str], str]
"""Takes the credentials out of a text that the API answered."""


class ResponseTooLarge(httpx.DecodingError):
    """An answer beyond what a call may answer."""


def error_from_response(outgoing: Request, response: Response, *, redact: Redact, now: float) -> ApiError:
    """The error that an answer other than 2xx means; `now` is epoch seconds, for a Retry-After without a Date."""
    body = decode_json_body(response.body)
    error = error_from_status(
        response.status,
        call=outgoing.call,
        error_body=ErrorBody() if isinstance(body, InvalidJson) else parse_error_body(body, redact),
        scope=outgoing.endpoint.scope,
        request_id=response.request_id,
        retry_after=_retry_after(response, now),
    )
    if isinstance(error, Unavailable) and not outgoing.endpoint.idempotent:
        return ResponseLost(
            f"{error.what}; it may have taken effect",
            call=outgoing.call,
            status=response.status,
            violations=error.violations,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )
    # an empty 403 was seen once as a way of throttling (wix-api)
    empty = isinstance(error, PermissionDenied) and not response.body
    error.retryable = empty or isinstance(error, Throttled | Unavailable)
    return error


def error_without_response(outgoing: Request, cause: Exception) -> ApiError:
    """The error for a request that got no whole answer.

    Of the cause only its kind is told, for texts can hold headers; the text too where no request was made yet.
    """
    kind, call = type(cause).__name__, outgoing.call
    if isinstance(cause, _NOT_SENT_ERRORS):
        why = f"{kind}: {cause}" if str(cause) else kind
        return Unavailable(f"no connection ({why})", call=call, retryable=True)
    if isinstance(cause, _UNSENDABLE_ERRORS):
        return InvalidRequest(
            f"the request cannot be sent ({kind})",
            call=call,
            do="check the base URL, the key and the site id",
        )
    if not outgoing.endpoint.idempotent:
        return ResponseLost(f"the answer was lost ({kind}); it may have taken effect", call=call)
    if isinstance(cause, ResponseTooLarge):
        return MalformedResponse("the answer is too large", call=call)
    if isinstance(cause, httpx.DecodingError):
        return MalformedResponse("the answer cannot be read", call=call)
    return Unavailable(f"no answer ({kind})", call=call, retryable=True)


def _retry_after(response: Response, now: float) -> float | None:
    """Seconds to wait, from a number or a date, by the API's own clock where the answer tells it; None for neither."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until = _parse_http_date(text)
    if until is None:
        return None
    sent = _parse_http_date(response.headers.get("date", ""))
    return max(0.0, until - (now if sent is None else sent))


def _parse_http_date(text: str) -> float | None:
    """Epoch seconds of an HTTP date; None for what is none."""
    try:
        date: datetime = parsedate_to_datetime(text)
        # a zone of -0000 gives a date without zone, which means UTC and not the zone of this machine
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
