"""Read responses, and turn error responses and missing responses into errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from galleryctl.http import RefusedResponse, httpx, read_body, retry_after_seconds, stream_body
from galleryctl.network import connection_advice
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
from galleryctl.wix.messages import BodySink, InvalidJson, Request, Response

MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""Bytes, inflated; a page of 100 items with EXIF data has about 300,000."""
_NOT_SENT_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNSENDABLE_ERRORS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
"""Raised before anything is sent: the URL or a header is invalid."""
NO_RESPONSE_ERRORS = (httpx.HTTPError, *_UNSENDABLE_ERRORS)

Redact = Callable[[str], str]
"""Removes credentials from a text of the API."""


class AttemptTimeout(httpx.TimeoutException):
    """An attempt was not complete in time; the message says so."""


async def read_response(
    response: httpx.Response, wait_for_turn: Callable[[], Awaitable[None]], sink: BodySink | None = None
) -> bytes:
    """Return the body; that of an error is empty if it exceeds a limit, because the status says what is wrong.

    `sink` takes the body of a successful response; b"" is returned for it.
    """
    if sink is not None and response.is_success:
        sink.begin()
        await stream_body(response, sink.write, sink.max_bytes)
        return b""
    try:
        return await read_body(response, MAX_RESPONSE_BYTES, wait_for_turn)
    except RefusedResponse:
        if response.is_success:
            raise
        return b""


def error_from_response(outgoing: Request, response: Response, *, redact: Redact, now: float) -> ApiError:
    """Return the error for a response other than 2xx; `now` is in epoch seconds, for a Retry-After without a Date."""
    body = response.json
    error = error_from_status(
        response.status,
        call=outgoing.call,
        error_body=ErrorBody() if isinstance(body, InvalidJson) else parse_error_body(body, redact),
        scope=outgoing.endpoint.scope,
        request_id=response.request_id,
        retry_after=retry_after_seconds(response.headers, now),
    )
    if isinstance(error, Unavailable) and not outgoing.endpoint.idempotent:
        return ResponseLost(
            f"{error.what}; the request may have taken effect",
            call=outgoing.call,
            status=response.status,
            violations=error.violations,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )
    # the API was once seen to throttle with an empty 403
    empty = isinstance(error, PermissionDenied) and not response.body
    error.retryable = empty or isinstance(error, Throttled | Unavailable)
    return error


def error_without_response(outgoing: Request, cause: Exception) -> ApiError:
    """Return the error for a request without a complete response.

    Only the class of the cause is shown, since its text can contain headers; before a connection exists, the text too.
    """
    kind, call = type(cause).__name__, outgoing.call
    if isinstance(cause, _NOT_SENT_ERRORS):
        why = f"{kind}: {cause}" if str(cause) else kind
        unreachable = Unavailable(f"cannot connect ({why})", call=call, do=connection_advice(cause), retryable=True)
        unreachable.effect_unknown = False
        return unreachable
    if isinstance(cause, _UNSENDABLE_ERRORS):
        do = "check the base URL, the API key and the site id"
        return InvalidRequest(f"the request cannot be sent ({kind})", call=call, do=do)
    what = str(cause) if isinstance(cause, RefusedResponse | AttemptTimeout) else f"no response ({kind})"
    if not outgoing.endpoint.idempotent:
        return ResponseLost(f"{what}; the request may have taken effect", call=call)
    if isinstance(cause, RefusedResponse):
        return MalformedResponse(what, call=call)
    if isinstance(cause, httpx.DecodingError):
        return MalformedResponse("the response cannot be decoded", call=call)
    return Unavailable(what, call=call, retryable=True)
