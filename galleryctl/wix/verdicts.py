"""The errors that answers mean, and that answers which never came mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from galleryctl.http import httpx
from galleryctl.wix.errors import (
    AnswerLost,
    ApiError,
    BadAnswer,
    InvalidRequest,
    PermissionDenied,
    Refusal,
    Throttled,
    Unavailable,
    from_status,
    refusal,
)
from galleryctl.wix.messages import Answer, NotJson, Outgoing, parse

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
UNSENDABLE = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
"""What a request raises that no network has seen: its URL or a header is not possible."""
NO_ANSWER = (httpx.HTTPError, *UNSENDABLE)

Hide = Callable[[str], str]
"""Takes the credentials out of a text that the API answered."""


class TooLarge(httpx.DecodingError):
    """An answer beyond what a call may answer."""


def refused(outgoing: Outgoing, answer: Answer, *, hide: Hide, now: float) -> ApiError:
    """The error that an answer other than 2xx means; `now` is epoch seconds, for a Retry-After without a Date."""
    body = parse(answer.body)
    error = from_status(
        answer.status,
        call=outgoing.call,
        said=Refusal() if isinstance(body, NotJson) else refusal(body, hide),
        scope=outgoing.endpoint.scope,
        request_id=answer.request_id,
        retry_after=_retry_after(answer, now),
    )
    if isinstance(error, Unavailable) and not outgoing.endpoint.repeatable:
        return AnswerLost(
            f"{error.what}; it may have taken effect",
            call=outgoing.call,
            status=answer.status,
            violations=error.violations,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )
    # an empty 403 was seen once as a way of throttling (wix-api)
    empty = isinstance(error, PermissionDenied) and not answer.body
    error.again = empty or isinstance(error, Throttled | Unavailable)
    return error


def without_answer(outgoing: Outgoing, cause: Exception) -> ApiError:
    """The error for a request that got no whole answer.

    Of the cause only its kind is told, for texts can hold headers; the text too where no request was made yet.
    """
    kind, call = type(cause).__name__, outgoing.call
    if isinstance(cause, NEVER_SENT):
        why = f"{kind}: {cause}" if str(cause) else kind
        return Unavailable(f"no connection ({why})", call=call, again=True)
    if isinstance(cause, UNSENDABLE):
        return InvalidRequest(
            f"the request cannot be sent ({kind})",
            call=call,
            do="check the base URL, the key and the site id",
        )
    if not outgoing.endpoint.repeatable:
        return AnswerLost(f"the answer was lost ({kind}); it may have taken effect", call=call)
    if isinstance(cause, TooLarge):
        return BadAnswer("the answer is too large", call=call)
    if isinstance(cause, httpx.DecodingError):
        return BadAnswer("the answer cannot be read", call=call)
    return Unavailable(f"no answer ({kind})", call=call, again=True)


def _retry_after(answer: Answer, now: float) -> float | None:
    """Seconds to wait, from a number or a date, by the API's own clock where the answer tells it; None for neither."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until = _epoch(text)
    if until is None:
        return None
    sent = _epoch(answer.headers.get("date", ""))
    return max(0.0, until - (now if sent is None else sent))


def _epoch(text: str) -> float | None:
    """Epoch seconds of an HTTP date; None for what is none."""
    try:
        date: datetime = parsedate_to_datetime(text)
        # a zone of -0000 gives a date without zone, which means UTC and not the zone of this machine
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
