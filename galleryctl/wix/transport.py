"""Send requests with credentials, rate limits, retries and read-your-writes consistency."""

from __future__ import annotations

import asyncio
import random as dice
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from galleryctl.http import ACCEPT_ENCODING, LargeBodies, httpx
from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.version import __version__
from galleryctl.waits import Waits
from galleryctl.wix import endpoints
from galleryctl.wix.auth import Auth
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import ApiError, AuthError, PermissionDenied, ResponseLost, Throttled, Unavailable
from galleryctl.wix.messages import REQUEST_ID_HEADER, JsonReply, Request, Response, decode_json_body, parse_reply
from galleryctl.wix.rate_limit import MAX_WAIT, Limiter
from galleryctl.wix.responses import (
    NO_RESPONSE_ERRORS,
    AttemptTimeout,
    error_from_response,
    error_without_response,
    read_response,
)
from galleryctl.wix.retry_pauses import RetryPauses
from galleryctl.wix.upload_urls import resolve_upload_url
from galleryctl.wix.write_guard import WriteGuard, guard_extensions

_USER_AGENT = f"galleryctl/{__version__}"
_CONSISTENT_HEADER = "X-Wix-Consistent"
TIMEOUT = httpx.Timeout(30.0, connect=10.0, write=60.0, pool=None)
"""Seconds; waiting for a connection has no timeout, because the limiter decides how many requests run."""
_TRANSFER_SECONDS = 600.0
"""Seconds in which an attempt must be complete that sends a file, or a part of it: up to 10 MB."""


class Phase(StrEnum):
    """The moment of an attempt at which an observer is called."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a request, for observers; `status` is None before the attempt and without a response."""

    phase: Phase
    name: str
    call: str
    number: int
    status: int | None = None
    seconds: float = 0.0
    request_id: str = ""


Observer = Callable[[Attempt], None]
"""Called before and after each attempt; an exception from it ends the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Limits of retries: attempts, seconds since the first attempt, and the first and the longest (doubling) wait.

    `attempt_seconds` is the time in which one attempt must be complete: a server that sends one byte now and then, or
    interim responses without end, resets the timeouts of the connection for ever. `galleryctl.state.lease` relies on it.
    """

    attempts: int = 6
    seconds: float = 900.0
    attempt_seconds: float = 30.0
    first_wait: float = 0.5
    longest_wait: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The sources of time and randomness, replaced by tests. `now` is epoch seconds, `clock` is monotonic."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = dice.random


class Transport:
    """Sends all requests for one site, under one limiter."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        auth: Auth,
        limiter: Limiter,
        *,
        timing: Timing,
        waits: Waits,
        policy: RetryPolicy,
        observer: Observer | None,
        before_write: WriteGuard | None = None,
    ) -> None:
        self._http, self._auth, self._limiter = http, auth, limiter
        self._policy, self._observer = policy, observer
        self._before_write = before_write
        self.timing, self.waits = timing, waits
        self.request_counts: Counter[str] = Counter()
        self._consistency_token = ""
        self._large_bodies = LargeBodies()

    async def request(
        self,
        endpoint: Endpoint,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Json] | None = None,
    ) -> JsonReply:
        """Send a request and return the JSON object in the response; raises ApiError."""
        outgoing = Request(endpoint=endpoint, ids=ids, params=params or {}, json=json)
        return parse_reply(await self.send(outgoing), outgoing)

    def resolve_upload_url(self, location: str, base: str = "") -> str | None:
        """Return the absolute upload URL, relative to `base`, or None if it must not be used."""
        api = self._http.base_url
        return resolve_upload_url(location, base or str(api), api)

    async def send(self, outgoing: Request) -> Response:
        """Return the response, retrying while that is safe and may succeed; raises ApiError.

        Raises StateError if a write must not be sent; ResponseLost instead if an earlier attempt may have taken effect.
        """
        began = self.timing.clock()
        attempts, forbidden = count(1), count(1)
        effect_unknown = False

        async def attempt() -> Response:
            nonlocal effect_unknown
            try:
                return await self._send_authorized(outgoing, next(attempts))
            except ApiError as error:
                if effect_unknown:
                    error.add_earlier_attempt()
                effect_unknown = error.effect_unknown
                raise
            except StateError as error:
                if not effect_unknown:
                    raise
                what = f"an earlier attempt may have taken effect; it was not repeated: {error.what}"
                raise ResponseLost(what, call=outgoing.call) from error

        def may_succeed(error: BaseException) -> bool:
            if isinstance(error, PermissionDenied):
                return error.retryable and next(forbidden) == 1
            return isinstance(error, ApiError) and error.retryable

        def is_over(state: RetryCallState) -> bool:
            used_up = state.attempt_number >= self._policy.attempts
            return used_up or self.timing.clock() - began > self._policy.seconds

        retry = retry_if_exception(may_succeed)
        pauses = RetryPauses(
            call=outgoing.call, attempts=self._policy.attempts, waits=self.waits, clock=self.timing.clock
        )
        return await AsyncRetrying(
            retry=retry,
            stop=is_over,
            wait=self._retry_delay,
            before_sleep=pauses.prepare,
            sleep=pauses.sleep,
            reraise=True,
        )(attempt)

    def _retry_delay(self, state: RetryCallState) -> float:
        """Return the seconds before the next attempt: Retry-After, or a doubling wait of which half is random.

        After a 429 the limiter additionally pauses all requests.
        """
        error = state.outcome.exception() if state.outcome else None
        doubled = self._policy.first_wait * 2.0 ** (state.attempt_number - 1)
        wait = min(doubled, self._policy.longest_wait) * (0.5 + self.timing.random() / 2)
        requested = error.retry_after if isinstance(error, Unavailable) and error.retry_after is not None else 0.0
        return max(wait, min(requested, MAX_WAIT))

    async def _send_authorized(self, outgoing: Request, attempt: int) -> Response:
        if outgoing.endpoint.public:
            return await self._send_limited(outgoing, {}, attempt)
        headers = await self._auth.headers(self._fetch_token, self.timing.clock())
        try:
            return await self._send_limited(outgoing, headers, attempt)
        except AuthError:
            if not self._auth.handle_unauthorized(headers):
                raise
        headers = await self._auth.headers(self._fetch_token, self.timing.clock())
        return await self._send_limited(outgoing, headers, attempt)

    async def _fetch_token(self, body: Mapping[str, Json]) -> JsonReply:
        try:
            return await self.request(endpoints.TOKEN, json=body)
        except ApiError as error:
            error.retryable = False  # the token request had its own retries
            error.effect_unknown = False  # the request itself was not sent
            raise

    async def _send_limited(self, outgoing: Request, auth: Mapping[str, str], attempt: int) -> Response:
        async with self._limiter.slot() as began:
            if self._before_write is not None and outgoing.endpoint.writes:
                await self._before_write()
            response = await self._send_observed(outgoing, auth, attempt)
            # Raised here, not where the cause is caught: tracebacks show the cause, which can contain headers.
            if isinstance(response, ApiError):
                self._limiter.on_failure(began)
                raise response
            self._raise_for_status(outgoing, response, began, auth)
            return response

    async def _send_observed(self, outgoing: Request, auth: Mapping[str, str], attempt: int) -> Response | ApiError:
        """Return the response, or the error that there is none; notify the observer before and after."""
        endpoint, began = outgoing.endpoint, self.timing.clock()
        self.request_counts[endpoint.name] += 1
        before = Attempt(phase=Phase.BEFORE, name=endpoint.name, call=outgoing.call, number=attempt)
        self._notify(before)
        status, request_id = None, ""
        limit = _TRANSFER_SECONDS if outgoing.is_transfer else self._policy.attempt_seconds
        what = f"the response to {outgoing.call}"
        try:
            with self.waits.during(Waiting(kind=WaitKind.RESPONSE, what=what, seconds=limit, at_most=True)):
                response = await self._send_once(outgoing, auth, limit)
            status, request_id = response.status, response.request_id
        except NO_RESPONSE_ERRORS as cause:
            return error_without_response(outgoing, cause)
        finally:
            seconds = self.timing.clock() - began
            self._notify(replace(before, phase=Phase.AFTER, status=status, seconds=seconds, request_id=request_id))
        return response

    async def _send_once(self, outgoing: Request, auth: Mapping[str, str], seconds: float) -> Response:
        """Send one request and return the complete response within `seconds`; raises one of NO_RESPONSE_ERRORS."""
        request = self._build_request(outgoing, auth)
        try:
            async with asyncio.timeout(seconds) as deadline, self._large_bodies.turn(deadline) as turn:
                response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
                try:
                    self._keep_consistency_token(outgoing, response)
                    body = await read_response(response, turn.wait, outgoing.sink)
                finally:
                    await response.aclose()
                value = None if outgoing.endpoint.is_binary else decode_json_body(body)
        except TimeoutError:
            raise AttemptTimeout(f"no complete response within {seconds:g} seconds") from None
        names = {name.lower(): value for name, value in response.headers.items()}
        if REQUEST_ID_HEADER in names:
            names[REQUEST_ID_HEADER] = self._redact(names[REQUEST_ID_HEADER], auth, outgoing)
        return Response(status=response.status_code, headers=names, body=body, json=value)

    def _build_request(self, outgoing: Request, auth: Mapping[str, str]) -> httpx.Request:
        content, described = outgoing.encoded_body()
        base = {"User-Agent": _USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPT_ENCODING}
        headers = {**base, **described, **outgoing.headers, **auth}
        if self._consistency_token and outgoing.consistent and not outgoing.endpoint.public:
            headers[_CONSISTENT_HEADER] = self._consistency_token
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise httpx.LocalProtocolError("invalid header value")  # h11's message would contain the key
        return self._http.build_request(
            outgoing.endpoint.method,
            outgoing.url or outgoing.endpoint.path(*outgoing.ids),
            params=outgoing.params or None,
            content=content,
            headers=headers,
            extensions=guard_extensions(self._before_write, outgoing.endpoint),
        )

    def _keep_consistency_token(self, outgoing: Request, response: httpx.Response) -> None:
        """Store the token before the body is read, which may get lost: later reads see this write."""
        token = response.headers.get(_CONSISTENT_HEADER, "")
        if token and token.isascii() and token.isprintable() and not outgoing.endpoint.public:
            self._consistency_token = token

    def _raise_for_status(
        self, outgoing: Request, response: Response, started_at: float, auth: Mapping[str, str]
    ) -> None:
        """Report the result to the limiter; raises ApiError unless the status is 2xx."""
        if 200 <= response.status < 300:  # noqa: PLR2004 - HTTP's own classes
            self._limiter.on_success()
            return
        error = error_from_response(
            outgoing, response, redact=lambda text: self._redact(text, auth, outgoing), now=self.timing.now()
        )
        if isinstance(error, Throttled):
            self._limiter.on_throttled(started_at, error.retry_after)
        elif isinstance(error, Unavailable | ResponseLost):
            self._limiter.on_failure(started_at)
        raise error

    def _redact(self, text: str, auth: Mapping[str, str], outgoing: Request) -> str:
        """Return `text` without credentials that the API may repeat, upload URLs included."""
        secrets = (auth.get("Authorization"), outgoing.url, *(s.reveal() for s in self._auth.secrets()))
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text

    def _notify(self, attempt: Attempt) -> None:
        if self._observer is not None:
            self._observer(attempt)
