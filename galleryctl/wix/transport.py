"""One request, however often it takes: credentials, limits, retries, read-your-writes, and errors told to people."""

from __future__ import annotations

import asyncio
import random as dice
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from galleryctl.http import httpx
from galleryctl.model.fields import Json
from galleryctl.version import __version__
from galleryctl.wix import endpoints
from galleryctl.wix.auth import Auth
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import ApiError, AuthError, PermissionDenied, ResponseLost, Throttled, Unavailable
from galleryctl.wix.messages import REQUEST_ID_HEADER, JsonReply, Request, Response, parse_reply
from galleryctl.wix.rate_limit import MAX_WAIT, Limiter
from galleryctl.wix.responses import NO_RESPONSE_ERRORS, ResponseTooLarge, error_from_response, error_without_response
from galleryctl.wix.upload_urls import resolve_upload_url

_USER_AGENT = f"galleryctl/{__version__}"
_CONSISTENT_HEADER = "X-Wix-Consistent"
TIMEOUT = httpx.Timeout(30.0, connect=10.0, write=60.0, pool=None)
"""Seconds; the pool has none, because the limiter decides how many requests run."""
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Bytes; a page of 100 items with their EXIF is far below."""


class Phase(StrEnum):
    """When an observer is called."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an observer sees of one try of a request; `status` is None before it, and when no answer came."""

    phase: Phase
    name: str
    call: str
    number: int
    status: int | None = None
    seconds: float = 0.0
    request_id: str = ""


Observer = Callable[[Attempt], None]
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
    """Where time and chance come from; tests put in their own. `now` is epoch seconds, `clock` never goes back."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = dice.random


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
        self.request_counts: Counter[str] = Counter()
        self._consistency_token = ""

    async def request(
        self,
        endpoint: Endpoint,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Json] | None = None,
    ) -> JsonReply:
        """The JSON object that the call answers; raises ApiError."""
        outgoing = Request(endpoint=endpoint, ids=ids, params=params or {}, json=json)
        return parse_reply(await self.send(outgoing), outgoing)

    def resolve_upload_url(self, location: str, base: str = "") -> str | None:
        """The URL that the API answered for bytes, relative to `base`; None for one that must not be used."""
        api = self._http.base_url
        return resolve_upload_url(location, base or str(api), api)

    async def send(self, outgoing: Request) -> Response:
        """The answer to `outgoing`, tried again while that is safe and may help; raises ApiError."""
        began = self.timing.clock()
        tries, forbidden = count(1), count(1)

        async def once() -> Response:
            return await self._send_authorized(outgoing, next(tries))

        def may_help(error: BaseException) -> bool:
            if isinstance(error, PermissionDenied):
                return error.retryable and next(forbidden) == 1
            return isinstance(error, ApiError) and error.retryable

        retrying = AsyncRetrying(
            sleep=self.timing.sleep,
            retry=retry_if_exception(may_help),
            stop=lambda state: (
                stop_after_attempt(self._policy.attempts)(state) or self.timing.clock() - began > self._policy.seconds
            ),
            wait=self._retry_delay,
            reraise=True,
        )
        return await retrying(once)

    def _retry_delay(self, state: RetryCallState) -> float:
        """Seconds before the next try: what the API asks for, or a doubling wait with half of it left to chance.

        After a 429 the limiter makes all requests wait, this one too, at the same time.
        """
        error = state.outcome.exception() if state.outcome else None
        doubled = self._policy.first_wait * 2.0 ** (state.attempt_number - 1)
        wait = min(doubled, self._policy.longest_wait) * (0.5 + self.timing.random() / 2)
        asked = error.retry_after if isinstance(error, Unavailable) and error.retry_after is not None else 0.0
        return max(wait, min(asked, MAX_WAIT))

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
            error.retryable = False  # it was tried often enough, whatever request waits for it
            raise

    async def _send_limited(self, outgoing: Request, auth: Mapping[str, str], attempt: int) -> Response:
        """The answer to one try, unless it is an error; raises ApiError."""
        async with self._limiter.slot() as began:
            answer = await self._send_observed(outgoing, auth, attempt)
            # An error is raised here, never where its cause is caught: that can hold headers, and tracebacks show it.
            if isinstance(answer, ApiError):
                self._limiter.on_failure(began)
                raise answer
            self._raise_for_status(outgoing, answer, began, auth)
            return answer

    async def _send_observed(self, outgoing: Request, auth: Mapping[str, str], attempt: int) -> Response | ApiError:
        """The answer, or the error that there is none; the observer hears of it before and after."""
        endpoint, began = outgoing.endpoint, self.timing.clock()
        self.request_counts[endpoint.name] += 1
        self._notify(Attempt(phase=Phase.BEFORE, name=endpoint.name, call=outgoing.call, number=attempt))
        status, request_id = None, ""
        try:
            answer = await self._send_once(outgoing, auth)
            status, request_id = answer.status, answer.request_id
        except NO_RESPONSE_ERRORS as cause:
            return error_without_response(outgoing, cause)
        finally:
            seconds = self.timing.clock() - began
            self._notify(
                Attempt(
                    phase=Phase.AFTER,
                    name=endpoint.name,
                    call=outgoing.call,
                    number=attempt,
                    status=status,
                    seconds=seconds,
                    request_id=request_id,
                )
            )
        return answer

    async def _send_once(self, outgoing: Request, auth: Mapping[str, str]) -> Response:
        """One request and its whole answer; raises one of NO_ANSWER."""
        content, described = outgoing.encoded_body()
        headers = {
            "User-Agent": _USER_AGENT,
            "Accept": "application/json",
            **described,
            **outgoing.headers,
            **auth,
        }
        if self._consistency_token and not outgoing.endpoint.public:
            headers[_CONSISTENT_HEADER] = self._consistency_token
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise httpx.LocalProtocolError("no header can hold this value")  # h11's own words would show the key
        request = self._http.build_request(
            outgoing.endpoint.method,
            outgoing.url or outgoing.endpoint.path(*outgoing.ids),
            params=outgoing.params or None,
            content=content,
            headers=headers,
        )
        response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            if not outgoing.endpoint.public:
                self._store_consistency_token(response.headers.get(_CONSISTENT_HEADER, ""))
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_RESPONSE_BYTES:
                    raise ResponseTooLarge(f"more than {MAX_RESPONSE_BYTES} bytes")
        finally:
            await response.aclose()
        names = {name.lower(): value for name, value in response.headers.items()}
        if REQUEST_ID_HEADER in names:
            names[REQUEST_ID_HEADER] = self._redact(names[REQUEST_ID_HEADER], auth, outgoing)
        return Response(status=response.status_code, headers=names, body=bytes(body))

    def _store_consistency_token(self, consistent: str) -> None:
        """Keep what makes the next reads see this write, though the rest of the answer may get lost."""
        if consistent and consistent.isascii() and consistent.isprintable():
            self._consistency_token = consistent

    def _raise_for_status(
        self, outgoing: Request, response: Response, started_at: float, auth: Mapping[str, str]
    ) -> None:
        """Tell the limiter how it went; raise ApiError for anything but a 2xx."""
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
        """`text` without the credentials, should the API repeat them, and without a URL that is a permission."""
        secrets = (auth.get("Authorization"), outgoing.url, *(s.reveal() for s in self._auth.secrets()))
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text

    def _notify(self, attempt: Attempt) -> None:
        if self._observer is not None:
            self._observer(attempt)
