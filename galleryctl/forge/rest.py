"""Send requests to the REST API of a forge: one host, limits, retries, pages."""

from __future__ import annotations

import asyncio
import json as jsonlib
import random as dice
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from galleryctl.environment_transport import EnvironmentTransport
from galleryctl.forge.errors import (
    ForgeError,
    ForgeForbidden,
    ForgeNotFound,
    ForgeResponseLost,
    ForgeTextTooLong,
)
from galleryctl.http import ACCEPT_ENCODING, RefusedResponse, httpx, read_body, response_time, retry_after_seconds
from galleryctl.model.fields import Json
from galleryctl.model.json_document import parse_json
from galleryctl.model.json_limits import JsonLimitError, check_json_limits
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.network import NetworkSettings, connection_advice
from galleryctl.version import __version__
from galleryctl.waits import Waits

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_ATTEMPT_SECONDS = 30.0
"""The time in which one attempt must be complete."""
_ATTEMPTS = 5
_MAX_WAIT = 120.0
"""Seconds; a longer Retry-After is an error, not a wait."""
_MAX_BYTES = 16 * 1024 * 1024
PAGE_SIZE = 50
"""Entries of a page: 50 comments of 65,536 characters stay below the limits of a response."""
_MAX_PAGES = 400
_MAX_REDIRECTS = 3
_MAX_SHOWN = 300
"""Characters of a message of the API that an error shows."""
_THROTTLED = (403, 429)
_IDEMPOTENT = ("GET", "PUT", "PATCH", "DELETE")
_NEXT_PAGE = re.compile(r'<[^>]*>;[^,]*\brel="?next"?')
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_TOO_LONG = re.compile(r"too (?:long|large|big)|maximum", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeTiming:
    """The sources of time and randomness, replaced by tests. `now` is epoch seconds, `clock` is monotonic."""

    waits: Waits = field(default_factory=Waits)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    random: Callable[[], float] = dice.random


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeReply:
    """A response other than an error."""

    value: Json
    status: int
    has_next: bool


@asynccontextmanager
async def open_rest(
    api_url: str,
    credentials: Mapping[str, str],
    *,
    headers: Mapping[str, str],
    timing: ForgeTiming,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[RestApi]:
    """Return a client of the API at `api_url`, by the proxies and certificates of the environment."""
    transport = transport or EnvironmentTransport(NetworkSettings())
    async with httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, trust_env=False) as http:
        yield RestApi(http, api_url, credentials, headers=headers, timing=timing)


class RestApi:
    """The API of a forge. Credentials are sent to its own scheme, host and port only."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        api_url: str,
        credentials: Mapping[str, str],
        *,
        headers: Mapping[str, str],
        timing: ForgeTiming,
    ) -> None:
        self._http, self._api_url, self._credentials = http, api_url, credentials
        base = {"User-Agent": f"galleryctl/{__version__}", "Accept-Encoding": ACCEPT_ENCODING}
        self._headers = {**base, **headers}
        self._timing = timing
        self.server_time: float | None = None
        """The time of the last response by the forge's clock, in epoch seconds, None if it did not say."""

    async def pages(self, path: str, params: Mapping[str, str] | None = None) -> list[Json]:
        """Return the entries of all pages of a listing. Raises ForgeError."""
        entries: list[Json] = []
        for number in range(1, _MAX_PAGES + 1):
            page = {**(params or {}), "per_page": str(PAGE_SIZE), "page": str(number)}
            reply = await self.send("GET", path, params=page)
            if not isinstance(reply.value, list):
                raise ForgeError("the response is not a list", call=f"GET {path}", status=reply.status)
            entries += reply.value
            if not reply.has_next:
                return entries
        raise ForgeError(f"the listing has more than {_MAX_PAGES} pages", call=f"GET {path}")

    async def send(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, json: Json = None
    ) -> ForgeReply:
        """Send a request, again while that is safe and may succeed. Raises ForgeError."""
        began = self._timing.clock()
        for attempt in range(1, _ATTEMPTS + 1):
            outcome = await self._attempt(method, path, params, json)
            if isinstance(outcome, ForgeReply):
                return outcome
            error, wait = outcome
            if wait is None or attempt == _ATTEMPTS:
                raise error
            if wait > _MAX_WAIT:
                error.do = f"the forge asks to wait {wait:,.0f} seconds; run this again later"
                raise error
            wait = max(wait, 2.0 ** (attempt - 1) * (0.5 + self._timing.random() / 2))
            waiting = Waiting(
                kind=WaitKind.QUOTA if error.status in _THROTTLED else WaitKind.RETRY,
                what=f"attempt {attempt + 1} of {_ATTEMPTS} at {method} {path}: {error.what}",
                seconds=wait,
                before=self._timing.clock() - began,
            )
            await self._timing.waits.pause(waiting)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def graphql(self, query: str) -> ForgeReply:
        """Send a query to the GraphQL API of GitHub, which is beside the REST API. Raises ForgeError."""
        return await self.send("POST", self._api_url.removesuffix("/v3") + "/graphql", json={"query": query})

    async def _attempt(
        self, method: str, path: str, params: Mapping[str, str] | None, json: Json
    ) -> ForgeReply | tuple[ForgeError, float | None]:
        """Return the reply, or the error and the seconds after which to try again, None if that is of no use."""
        call = f"{method} {path}"
        is_safe = method in _IDEMPOTENT
        what = f"the response to {call}"
        waiting = Waiting(kind=WaitKind.RESPONSE, what=what, seconds=_ATTEMPT_SECONDS, at_most=True)
        try:
            with self._timing.waits.during(waiting):
                async with asyncio.timeout(_ATTEMPT_SECONDS):
                    response, body = await self._exchange(method, path, params, json)
        except _NOT_SENT as cause:
            error = ForgeError(f"cannot connect ({type(cause).__name__})", call=call, do=connection_advice(cause))
            return error, 0.0
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as cause:
            what = str(cause) if isinstance(cause, RefusedResponse) else f"no response ({type(cause).__name__})"
            if not is_safe:
                return ForgeResponseLost(f"{what}; the request may have taken effect", call=call), None
            return ForgeError(what, call=call), 0.0
        return self._judge(call, response, body, is_safe=is_safe)

    async def _exchange(
        self, method: str, path: str, params: Mapping[str, str] | None, json: Json
    ) -> tuple[httpx.Response, bytes]:
        """Return the response and its body, after redirects within the API's own address."""
        url: str = path if path.startswith(("https://", "http://")) else self._api_url + path
        content = None if json is None else jsonlib.dumps(json).encode()
        described = {} if content is None else {"Content-Type": "application/json"}
        for _ in range(_MAX_REDIRECTS):
            headers = {**self._headers, **described, **self._credentials}
            request = self._http.build_request(method, url, params=params, content=content, headers=headers)
            response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                target = urljoin(url, response.headers.get("location", ""))
                follows = response.has_redirect_location and _origin(target) == _origin(self._api_url)
                if not (follows and (method == "GET" or response.status_code in (307, 308))):
                    return response, await _read(response)
            finally:
                await response.aclose()
            url, params = target, None
        raise ForgeError(f"more than {_MAX_REDIRECTS} redirects", call=f"{method} {path}")

    def _judge(
        self, call: str, response: httpx.Response, body: bytes, *, is_safe: bool
    ) -> ForgeReply | tuple[ForgeError, float | None]:
        status = response.status_code
        self.server_time = response_time(response.headers)
        value = _parsed(body)
        if response.is_success:
            if isinstance(value, ValueError):
                return ForgeError(f"the response {value}", call=call, status=status), None
            has_next = bool(_NEXT_PAGE.search(response.headers.get("link", "")))
            return ForgeReply(value=value, status=status, has_next=has_next)
        why = self._message(None if isinstance(value, ValueError) else value)
        wait = self._throttled_for(response)
        if wait is not None:
            return ForgeError("too many requests", call=call, status=status, why=why), wait
        if status >= 500:  # noqa: PLR2004 - HTTP's own classes
            if is_safe:
                return ForgeError(f"the forge failed with status {status}", call=call, status=status, why=why), 0.0
            what = f"the forge failed with status {status}; the request may have taken effect"
            return ForgeResponseLost(what, call=call, status=status, why=why), None
        return _rejection(call, response, why), None

    def _throttled_for(self, response: httpx.Response) -> float | None:
        """Return the seconds to wait after a response that says so; GitHub also uses 403 for its limits."""
        asked = retry_after_seconds(response.headers, self._timing.now())
        if response.status_code == 429:  # noqa: PLR2004 - too many requests
            return 60.0 if asked is None else asked
        if response.status_code != 403:  # noqa: PLR2004 - forbidden
            return None
        if asked is None and response.headers.get("x-ratelimit-remaining") == "0":
            reset = response.headers.get("x-ratelimit-reset", "")
            asked = max(0.0, float(reset) - self._timing.now()) if re.fullmatch("[0-9]{1,12}", reset) else 60.0
        return asked

    def _message(self, value: Json) -> str:
        """Return what the API says about an error, without credentials, and not as long as it likes."""
        found = value.get("message") or value.get("error") if isinstance(value, Mapping) else None
        details = value.get("errors") if isinstance(value, Mapping) else None
        texts = [jsonlib.dumps(part) if not isinstance(part, str) else part for part in (found, details) if part]
        text = "; ".join(texts)
        for credential in self._credentials.values():
            text = text.replace(credential.removeprefix("Bearer "), "***")
        return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _rejection(call: str, response: httpx.Response, why: str) -> ForgeError:
    """Return the error for a response of the classes 3xx and 4xx."""
    status = response.status_code
    if response.is_redirect:
        host = ascii(urlsplit(response.headers.get("location", "")).hostname or "")[1:-1][:80]
        what = f"the forge redirects to {host or 'another address'}, and the token is not sent there"
        return ForgeError(what, call=call, status=status, do="check the address of the API")
    if status == 401:  # noqa: PLR2004 - unauthorized
        do = "check that it is set for this step, and has not expired"
        return ForgeError("the forge rejected the token", call=call, status=status, why=why, do=do)
    if status == 403:  # noqa: PLR2004 - forbidden
        return ForgeForbidden("the token may not do this", call=call, status=status, why=why)
    if status == 404:  # noqa: PLR2004 - not found
        return ForgeNotFound("not found, or the token may not see it", call=call, status=status, why=why)
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(why)):  # noqa: PLR2004 - HTTP's own codes
        return ForgeTextTooLong("the forge does not take a text of this length", call=call, status=status, why=why)
    return ForgeError(f"the forge rejected the request with status {status}", call=call, status=status, why=why)


def _parsed(body: bytes) -> Json | ValueError:
    """Return the JSON value of a body, None for an empty one, or an error whose text is a predicate."""
    if not body:
        return None
    try:
        check_json_limits(body)
        return parse_json(body)
    except JsonLimitError as error:
        return error
    except ValueError:
        return ValueError("is not valid JSON")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", None, None


async def _read(response: httpx.Response) -> bytes:
    """Return the body; that of an error is empty if it exceeds a limit, because the status says what is wrong."""
    try:
        return await read_body(response, _MAX_BYTES, _take_turn)
    except RefusedResponse:
        if response.is_success:
            raise
        return b""


async def _take_turn() -> None:
    """Do nothing: bodies are read one at a time."""
