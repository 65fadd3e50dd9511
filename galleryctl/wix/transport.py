"""One request, however often it takes: credentials, limits, retries, read-your-writes, and errors told to people."""

from __future__ import annotations

import asyncio
import json as jsonlib
import random as dice
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from itertools import count

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from galleryctl import __version__
from galleryctl.model.fields import Json
from galleryctl.wix import endpoints
from galleryctl.wix.auth import Auth
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import (
    AnswerLost,
    ApiError,
    AuthError,
    BadAnswer,
    InvalidRequest,
    PermissionDenied,
    Refusal,
    Throttled,
    Unavailable,
    from_status,
    refusal,
)
from galleryctl.wix.limits import Limiter

USER_AGENT = f"galleryctl/{__version__}"
CONSISTENT = "X-Wix-Consistent"
TIMEOUT = httpx.Timeout(30.0, connect=10.0, write=60.0, pool=None)
"""Seconds; the pool has none, because the limiter decides how many requests run."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; a page of 100 items with their EXIF is far below."""
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Phase(StrEnum):
    """When an observer is called."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What an observer sees of one try of a request; `status` is None before it, and when no answer came."""

    phase: Phase
    name: str
    call: str
    attempt: int
    status: int | None = None
    seconds: float = 0.0
    request_id: str = ""


Observer = Callable[[Exchange], None]
"""Called before and after each try; what it raises ends the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Bounds of trying again: tries, seconds since the first one went, and the waits between two (doubling)."""

    attempts: int = 6
    seconds: float = 900.0
    first_wait: float = 0.5
    longest_wait: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where time and chance come from; tests put in their own."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = dice.random


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 2xx: status, headers with names in lower case, the bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests for one site, with one limit of concurrency and one of rate for all of them."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        auth: Auth,
        limiter: Limiter,
        *,
        timing: Timing,
        policy: RetryPolicy,
        observer: Observer | None,
    ) -> None:
        self._http, self._auth, self._limiter = http, auth, limiter
        self._policy, self._observer = policy, observer
        self.timing = timing
        self.requests: Counter[str] = Counter()
        self._consistent = ""

    async def request(
        self,
        endpoint: Endpoint,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Json] | None = None,
    ) -> Mapping[str, Json]:
        """The JSON object that the call answers; raises ApiError."""
        outgoing = Outgoing(endpoint=endpoint, ids=ids, params=params or {}, json=json)
        return parsed(await self.send(outgoing), outgoing)

    async def send(self, outgoing: Outgoing) -> Answer:
        """The answer to `outgoing`, tried again while that is safe and may help; raises ApiError."""
        began = self.timing.clock()
        tries = count(1)

        async def once() -> Answer:
            return await self._authorised(outgoing, next(tries))

        retrying = AsyncRetrying(
            sleep=self.timing.sleep,
            retry=retry_if_exception(lambda error: isinstance(error, ApiError) and error.again),
            stop=lambda state: (
                stop_after_attempt(self._policy.attempts)(state)
                or self.timing.clock() - began > self._policy.seconds
            ),
            wait=self._wait,
            reraise=True,
        )
        return await retrying(once)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next try: what the API asks for, or a doubling wait with half of it left to chance."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Throttled):
            return 0.0  # the limiter makes all requests wait, this one too
        doubled = self._policy.first_wait * 2.0 ** (state.attempt_number - 1)
        wait = min(doubled, self._policy.longest_wait) * (0.5 + self.timing.random() / 2)
        asked = error.retry_after if isinstance(error, ApiError) and error.retry_after is not None else 0.0
        return max(wait, min(asked, self._policy.seconds))

    async def _authorised(self, outgoing: Outgoing, attempt: int) -> Answer:
        if outgoing.endpoint.public:
            return await self._attempt(outgoing, {}, attempt)
        headers = await self._auth.headers(self._token, self.timing.clock())
        try:
            return await self._attempt(outgoing, headers, attempt)
        except AuthError:
            if not self._auth.refused(headers):
                raise
        headers = await self._auth.headers(self._token, self.timing.clock())
        return await self._attempt(outgoing, headers, attempt)

    async def _token(self, body: Mapping[str, Json]) -> Mapping[str, Json]:
        return await self.request(endpoints.TOKEN, json=body)

    async def _attempt(self, outgoing: Outgoing, auth: Mapping[str, str], attempt: int) -> Answer:
        endpoint = outgoing.endpoint
        async with self._limiter.slot() as began:
            self.requests[endpoint.name] += 1
            self._tell(Exchange(phase=Phase.BEFORE, name=endpoint.name, call=outgoing.call, attempt=attempt))
            status, request_id = None, ""
            try:
                answer = await self._exchange(outgoing, auth)
                status, request_id = answer.status, answer.headers.get("x-wix-request-id", "")
            except httpx.HTTPError as cause:
                self._limiter.failed(began)
                raise _without_answer(outgoing, cause) from cause
            finally:
                seconds = self.timing.clock() - began
                self._tell(
                    Exchange(
                        phase=Phase.AFTER,
                        name=endpoint.name,
                        call=outgoing.call,
                        attempt=attempt,
                        status=status,
                        seconds=seconds,
                        request_id=request_id,
                    )
                )
            self._judge(outgoing, answer, began, auth, attempt)
            return answer

    async def _exchange(self, outgoing: Outgoing, auth: Mapping[str, str]) -> Answer:
        """One request and its whole answer; raises httpx.HTTPError."""
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **outgoing.headers, **auth}
        if self._consistent and not outgoing.endpoint.public:
            headers[CONSISTENT] = self._consistent
        request = self._http.build_request(
            outgoing.endpoint.method,
            outgoing.url or outgoing.endpoint.path(*outgoing.ids),
            params=outgoing.params or None,
            json=outgoing.json,
            content=outgoing.content,
            headers=headers,
        )
        response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise httpx.DecodingError(f"the answer is larger than {LARGEST_ANSWER} bytes")
        finally:
            await response.aclose()
        if not outgoing.endpoint.public:
            self._consistent = response.headers.get(CONSISTENT, self._consistent)
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status_code, headers=names, body=bytes(body))

    def _judge(
        self, outgoing: Outgoing, answer: Answer, began: float, auth: Mapping[str, str], attempt: int
    ) -> None:
        """Tell the limiter how it went; raise ApiError for anything but a 2xx."""
        if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own classes
            self._limiter.good()
            return
        error = _refused(outgoing, answer, auth)
        if isinstance(error, Throttled):
            self._limiter.throttled(began, error.retry_after)
        elif isinstance(error, Unavailable | AnswerLost):
            self._limiter.failed(began)
        elif isinstance(error, PermissionDenied) and not answer.body and attempt == 1:
            error.again = True  # an empty 403 was seen once as a way of throttling (wix-api)
        raise error

    def _tell(self, exchange: Exchange) -> None:
        if self._observer is not None:
            self._observer(exchange)


def parsed(answer: Answer, outgoing: Outgoing) -> Mapping[str, Json]:
    """The JSON object of an answer; raises BadAnswer, or AnswerLost for a create, when it is none."""
    try:
        value = jsonlib.loads(answer.body)
    except ValueError as cause:
        raise _unreadable(outgoing, answer, "the answer is not JSON") from cause
    if not isinstance(value, dict):
        raise _unreadable(outgoing, answer, "the answer is not a JSON object")
    return value


def _unreadable(outgoing: Outgoing, answer: Answer, what: str) -> ApiError:
    kind = BadAnswer if outgoing.endpoint.repeatable else AnswerLost
    request_id = answer.headers.get("x-wix-request-id", "")
    return kind(what, call=outgoing.call, status=answer.status, request_id=request_id)


def _refused(outgoing: Outgoing, answer: Answer, auth: Mapping[str, str]) -> ApiError:
    """The error that an answer other than 2xx means."""
    error = from_status(
        answer.status,
        call=outgoing.call,
        said=_said(answer, auth),
        scope=outgoing.endpoint.scope,
        request_id=answer.headers.get("x-wix-request-id", ""),
        retry_after=_retry_after(answer.headers.get("retry-after", "")),
    )
    if isinstance(error, Unavailable) and not outgoing.endpoint.repeatable:
        return AnswerLost(
            f"{error.what}; it may have taken effect",
            call=outgoing.call,
            status=answer.status,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )
    error.again = isinstance(error, Throttled | Unavailable)
    return error


def _said(answer: Answer, auth: Mapping[str, str]) -> Refusal:
    """What the error's body says, should it be JSON, without the credentials."""
    text = answer.body.decode(errors="replace")
    secret = auth.get("Authorization")
    try:
        return refusal(jsonlib.loads(text.replace(secret, "***") if secret else text))
    except ValueError:
        return Refusal()


def _without_answer(outgoing: Outgoing, cause: httpx.HTTPError) -> ApiError:
    """The error for a request that got no whole answer. Of the cause only its kind is told: texts can hold headers."""
    kind, call = type(cause).__name__, outgoing.call
    if isinstance(cause, NEVER_SENT):
        return Unavailable(f"no connection ({kind})", call=call, again=True)
    if isinstance(cause, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return InvalidRequest(f"the request cannot be sent ({kind})", call=call, do="check base URL and key")
    if not outgoing.endpoint.repeatable:
        return AnswerLost(f"the answer was lost ({kind}); it may have taken effect", call=call)
    if isinstance(cause, httpx.DecodingError):
        return BadAnswer("the answer cannot be read", call=call)
    return Unavailable(f"no answer ({kind})", call=call, again=True)


def _retry_after(text: str) -> float | None:
    """Seconds, from a number or an HTTP date; None for neither."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
