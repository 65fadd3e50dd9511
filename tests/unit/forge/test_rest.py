from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from galleryctl.forge.client import Forge
from galleryctl.forge.errors import ForgeError, ForgeForbidden, ForgeNotFound, ForgeResponseLost, ForgeTextTooLong
from galleryctl.forge.open import open_forge
from galleryctl.forge.rest import ForgeTiming
from galleryctl.http import httpx
from galleryctl.waits import Waits
from tests.support.forge_client import JOB
from tests.support.forge_stand_in import TOKEN

Answer = httpx.Response | Exception
COMMENT = {"id": 1, "body": "hello", "user": {"login": "bot"}}


class Wire(httpx.AsyncBaseTransport):
    """Sends the answers, one for each request, and keeps the requests and the waits."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def answer(status: int, value: object = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return response(status, b"" if value is None else json.dumps(value).encode(), named)


def response(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def read(wire: Wire) -> object:
    return run(wire, lambda forge: forge.comment(5, 1))


def create(wire: Wire) -> object:
    return run(wire, lambda forge: forge.create_comment(5, "hello"))


def run(wire: Wire, use: Callable[[Forge], object]) -> object:
    async def main() -> object:
        timing = ForgeTiming(waits=Waits(sleep=wire.sleep), now=lambda: 1_000.0, random=lambda: 1.0)
        async with open_forge(JOB, timing=timing, transport=wire) as forge:
            return await use(forge)  # type: ignore[misc]  # one of the methods

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("throttled", "wait"),
    [
        (answer(429, retry_after="7"), 7),
        (answer(429), 60),
        (answer(403, {"message": "secondary rate limit"}, retry_after="30"), 30),
        (answer(403, x_ratelimit_remaining="0", x_ratelimit_reset="1090"), 90),
        (answer(503), 1),
        (httpx.ConnectError("refused"), 1),
    ],
)
@pytest.mark.parametrize("request_", [read, create])
def test_it_waits_as_asked_and_tries_again(throttled: Answer, wait: float, request_: Callable[[Wire], object]) -> None:
    copy = throttled
    if isinstance(throttled, httpx.Response):
        copy = response(throttled.status_code, b"", throttled.headers)
    wire = Wire(copy, answer(200, COMMENT))
    if request_ is create and isinstance(copy, httpx.Response) and copy.status_code == 503:
        with pytest.raises(ForgeResponseLost):
            create(wire)
        return
    request_(wire)
    assert wire.waits == [wait]


def test_a_wait_of_more_than_two_minutes_is_an_error() -> None:
    wire = Wire(answer(429, retry_after="3600"))
    with pytest.raises(ForgeError, match="too many requests") as raised:
        read(wire)
    assert wire.waits == []
    assert "3,600 seconds" in raised.value.do


def test_it_gives_up_after_five_attempts() -> None:
    wire = Wire(*(answer(502) for _ in range(9)))
    with pytest.raises(ForgeError, match="status 502"):
        read(wire)
    assert len(wire.requests) == 5


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (401, "Bad credentials", ForgeError),
        (403, "Resource not accessible by integration", ForgeForbidden),
        (404, "Not Found", ForgeNotFound),
        (422, "body is too long (maximum is 65536 characters)", ForgeTextTooLong),
        (413, "", ForgeTextTooLong),
        (422, "Validation Failed", ForgeError),
        (410, "Gone", ForgeError),
    ],
)
def test_a_rejection_is_not_repeated(status: int, message: str, kind: type[ForgeError]) -> None:
    wire = Wire(answer(status, {"message": f"{message} {TOKEN}"}))
    with pytest.raises(ForgeError) as raised:
        create(wire)
    assert type(raised.value) is kind
    assert raised.value.status == status
    assert TOKEN not in str(raised.value)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("failure", [httpx.ReadError("reset"), httpx.ReadTimeout("late"), answer(500)])
def test_a_create_without_an_answer_is_not_repeated(failure: Answer) -> None:
    wire = Wire(failure)
    with pytest.raises(ForgeResponseLost):
        create(wire)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("location", ["https://evil.example/x", "//evil.example/x", "http://127.0.0.1:10/x", ""])
def test_the_token_does_not_follow_a_redirect_to_another_address(location: str) -> None:
    wire = Wire(answer(301, location=location) if location else answer(301))
    with pytest.raises(ForgeError):
        read(wire)
    assert len(wire.requests) == 1


def test_a_redirect_within_the_api_is_followed() -> None:
    wire = Wire(answer(301, location="/repositories/9/issues/comments/1"), answer(200, COMMENT))
    read(wire)
    assert wire.requests[1].url == "http://127.0.0.1:9/repositories/9/issues/comments/1"
    assert wire.requests[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "content", [b"{", b"\xff", b"[" * 100_000, b'{"a": 1, "a": 2}', b"[" + b"{}," * 300_000 + b"{}]", b"null", b"[]"]
)
def test_an_odd_body_is_an_error(content: bytes) -> None:
    with pytest.raises(ForgeError):
        read(Wire(response(200, content)))


def test_a_body_without_end_is_an_error() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1024 * 1024)

    with pytest.raises(ForgeError, match="more than 16 MiB"):
        read(Wire(*(httpx.Response(200, content=endless()) for _ in range(5))))
