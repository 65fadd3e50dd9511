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

from galleryctl import __version__
from galleryctl.http import httpx
from galleryctl.model.fields import Json
from galleryctl.wix import endpoints
from galleryctl.wix.addresses import upload_address
from galleryctl.wix.auth import Auth
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import AnswerLost, ApiError, AuthError, PermissionDenied, Throttled, Unavailable
from galleryctl.wix.limits import LONGEST_WAIT, Limiter
from galleryctl.wix.messages import REQUEST_ID, Answer, Outgoing, Reply, parsed
from galleryctl.wix.verdicts import NO_ANSWER, TooLarge, refused, without_answer

USER_AGENT = f"galleryctl/{__version__}"
CONSISTENT = "X-Wix-Consistent"
TIMEOUT = httpx.Timeout(30.0, connect=10.0, write=60.0, pool=None)
"""Seconds; the pool has none, because the limiter decides how many requests run."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; a page of 100 items with their EXIF is far below."""


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
        self.requests: Counter[str] = Counter()
        self._consistent = ""

    async def request(
        self,
        endpoint: Endpoint,
        *ids: str,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Json] | None = None,
    ) -> Reply:
        """The JSON object that the call answers; raises ApiError."""
        outgoing = Outgoing(endpoint=endpoint, ids=ids, params=params or {}, json=json)
        return parsed(await self.send(outgoing), outgoing)

    def upload_address(self, answered: str, base: str = "") -> str | None:
        """The URL that the API answered for bytes, relative to `base`; None for one that must not be used."""
        api = self._http.base_url
        return upload_address(answered, base or str(api), api)

    async def send(self, outgoing: Outgoing) -> Answer:
        """The answer to `outgoing`, tried again while that is safe and may help; raises ApiError."""
        began = self.timing.clock()
        tries, forbidden = count(1), count(1)

        async def once() -> Answer:
            return await self._authorised(outgoing, next(tries))

        def may_help(error: BaseException) -> bool:
            if isinstance(error, PermissionDenied):
                return error.again and next(forbidden) == 1
            return isinstance(error, ApiError) and error.again

        retrying = AsyncRetrying(
            sleep=self.timing.sleep,
            retry=retry_if_exception(may_help),
            stop=lambda state: (
                stop_after_attempt(self._policy.attempts)(state) or self.timing.clock() - began > self._policy.seconds
            ),
            wait=self._wait,
            reraise=True,
        )
        return await retrying(once)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next try: what the API asks for, or a doubling wait with half of it left to chance.

        After a 429 the limiter makes all requests wait, this one too, at the same time.
        """
        error = state.outcome.exception() if state.outcome else None
        doubled = self._policy.first_wait * 2.0 ** (state.attempt_number - 1)
        wait = min(doubled, self._policy.longest_wait) * (0.5 + self.timing.random() / 2)
        asked = error.retry_after if isinstance(error, Unavailable) and error.retry_after is not None else 0.0
        return max(wait, min(asked, LONGEST_WAIT))

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

    async def _token(self, body: Mapping[str, Json]) -> Reply:
        try:
            return await self.request(endpoints.TOKEN, json=body)
        except ApiError as error:
            error.again = False  # it was tried often enough, whatever request waits for it
            raise

    async def _attempt(self, outgoing: Outgoing, auth: Mapping[str, str], attempt: int) -> Answer:
        """The answer to one try, unless it is an error; raises ApiError."""
        async with self._limiter.slot() as began:
            answer = await self._told(outgoing, auth, attempt)
            # An error is raised here, never where its cause is caught: that can hold headers, and tracebacks show it.
            if isinstance(answer, ApiError):
                self._limiter.failed(began)
                raise answer
            self._judge(outgoing, answer, began, auth)
            return answer

    async def _told(self, outgoing: Outgoing, auth: Mapping[str, str], attempt: int) -> Answer | ApiError:
        """The answer, or the error that there is none; the observer hears of it before and after."""
        endpoint, began = outgoing.endpoint, self.timing.clock()
        self.requests[endpoint.name] += 1
        self._tell(Exchange(phase=Phase.BEFORE, name=endpoint.name, call=outgoing.call, attempt=attempt))
        status, request_id = None, ""
        try:
            answer = await self._exchange(outgoing, auth)
            status, request_id = answer.status, answer.request_id
        except NO_ANSWER as cause:
            return without_answer(outgoing, cause)
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
        return answer

    async def _exchange(self, outgoing: Outgoing, auth: Mapping[str, str]) -> Answer:
        """One request and its whole answer; raises one of NO_ANSWER."""
        content, described = outgoing.body()
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            **described,
            **outgoing.headers,
            **auth,
        }
        if self._consistent and not outgoing.endpoint.public:
            headers[CONSISTENT] = self._consistent
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
                self._remember(response.headers.get(CONSISTENT, ""))
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise TooLarge(f"more than {LARGEST_ANSWER} bytes")
        finally:
            await response.aclose()
        names = {name.lower(): value for name, value in response.headers.items()}
        if REQUEST_ID in names:
            names[REQUEST_ID] = self._hide(names[REQUEST_ID], auth, outgoing)
        return Answer(status=response.status_code, headers=names, body=bytes(body))

    def _remember(self, consistent: str) -> None:
        """Keep what makes the next reads see this write, though the rest of the answer may get lost."""
        if consistent and consistent.isascii() and consistent.isprintable():
            self._consistent = consistent

    def _judge(self, outgoing: Outgoing, answer: Answer, began: float, auth: Mapping[str, str]) -> None:
        """Tell the limiter how it went; raise ApiError for anything but a 2xx."""
        if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's own classes
            self._limiter.good()
            return
        error = refused(outgoing, answer, hide=lambda text: self._hide(text, auth, outgoing), now=self.timing.now())
        if isinstance(error, Throttled):
            self._limiter.throttled(began, error.retry_after)
        elif isinstance(error, Unavailable | AnswerLost):
            self._limiter.failed(began)
        raise error

    def _hide(self, text: str, auth: Mapping[str, str], outgoing: Outgoing) -> str:
        """`text` without the credentials, should the API repeat them, and without a URL that is a permission."""
        secrets = (auth.get("Authorization"), outgoing.url, *(s.reveal() for s in self._auth.secrets()))
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text

    def _tell(self, exchange: Exchange) -> None:
        if self._observer is not None:
            self._observer(exchange)
