from __future__ import annotations

import pytest

from galleryctl.http import httpx
from galleryctl.wix import endpoints
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import (
    ApiError,
    AuthError,
    Conflict,
    InvalidRequest,
    MalformedResponse,
    NotFound,
    PermissionDenied,
    ResponseLost,
    Throttled,
    Unavailable,
)
from galleryctl.wix.transport import RetryPolicy
from tests.unit.wix.wire import CALLS, Call, Scripted, Wire, answer, every_call, raw, talk

CREATES = {
    endpoints.CREATE_GALLERY,
    endpoints.CREATE_ITEM,
    endpoints.IMPORT_FILE,
    endpoints.PUT_UPLOAD,
    endpoints.TUS_PATCH,
    endpoints.TUS_FINISH,
}
READ = CALLS["get_gallery"]
LOST = {
    "500": answer(500, {"message": "Internal"}),
    "501": answer(501, {"message": "Not implemented"}),
    "502 of a proxy": raw(502, b"<html>Bad Gateway</html>"),
    "503 empty": answer(503),
    "504": answer(504, {}),
    "408 of a proxy": answer(408),
    "connection cut": httpx.ReadError("cut"),
    "half an answer": httpx.RemoteProtocolError("peer closed connection without sending complete body"),
    "read timeout": httpx.ReadTimeout("slow"),
    "write error": httpx.WriteError("cut"),
    "write timeout": httpx.WriteTimeout("slow"),
}
NOTHING_DONE = {
    "no connection": httpx.ConnectError("[Errno 111] Connection refused"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "429": answer(429, {"message": "Too many"}),
    "429 with Retry-After": answer(429, Retry_After="7"),
    "empty 403": answer(403),
}
FINAL: dict[str, tuple[Scripted, type[ApiError]]] = {
    "400": (answer(400, {"message": "bad"}), InvalidRequest),
    "400 of a sort order": (
        answer(
            400,
            {
                "details": {
                    "validationError": {"fieldViolations": [{"field": "item.sortOrder", "description": "is taken"}]}
                }
            },
        ),
        Conflict,
    ),
    "400 of a sort order in words": (answer(400, {"message": "Sort order already exists"}), Conflict),
    "401": (answer(401, {"message": "who?"}), AuthError),
    "403": (answer(403, {"message": "no"}), PermissionDenied),
    "409": (answer(409), Conflict),
    "428": (answer(428), InvalidRequest),
    "302": (answer(302, location="https://elsewhere.test/"), MalformedResponse),
    "no such protocol": (httpx.UnsupportedProtocol("x"), InvalidRequest),
}


def every_endpoint() -> list[Endpoint]:
    return [value for value in vars(endpoints).values() if isinstance(value, Endpoint)]


def test_only_what_makes_something_new_is_never_repeated() -> None:
    assert {endpoint for endpoint in every_endpoint() if not endpoint.idempotent} == CREATES


def test_the_examples_cover_every_call_of_the_api() -> None:
    paths = {endpoint.name for endpoint in every_endpoint() if not endpoint.public}
    assert {call.endpoint.name for call in CALLS.values()} == paths - {endpoints.RESUMABLE_URL.name}


@every_call
def test_a_good_answer_takes_one_try(call: Call) -> None:
    wire = call.wire
    talk(wire, call.do)
    assert len(wire.sent) == len(call.good)


@every_call
@pytest.mark.parametrize("failure", LOST.values(), ids=LOST)
def test_a_lost_answer_is_asked_for_again_unless_it_was_a_create(call: Call, failure: Scripted) -> None:
    wire = call.wire
    wire.script.insert(0, failure)
    if call.endpoint.idempotent:
        talk(wire, call.do)
        assert len(wire.sent) == len(call.good) + 1
    else:
        with pytest.raises(ResponseLost, match="may have taken effect"):
            talk(wire, call.do)
        assert len(wire.sent) == 1


@every_call
@pytest.mark.parametrize("failure", NOTHING_DONE.values(), ids=NOTHING_DONE)
def test_what_was_never_begun_is_sent_again_whatever_it_is(call: Call, failure: Scripted) -> None:
    wire = call.wire
    wire.script.insert(0, failure)
    talk(wire, call.do)
    assert len(wire.sent) == len(call.good) + 1


@every_call
@pytest.mark.parametrize(("failure", "kind"), FINAL.values(), ids=FINAL)
def test_a_refusal_is_not_argued_with(call: Call, failure: Scripted, kind: type[ApiError]) -> None:
    wire = Wire([failure])
    with pytest.raises(ApiError) as raised:
        talk(wire, call.do)
    assert type(raised.value) is kind
    assert len(wire.sent) == 1


@every_call
def test_what_is_not_there_is_an_error_except_for_deletes(call: Call) -> None:
    wire = Wire([answer(404, {"message": "Gallery not found"})])
    if call.endpoint in (endpoints.DELETE_GALLERY, endpoints.DELETE_ITEMS):
        assert not talk(wire, call.do)
    else:
        with pytest.raises(NotFound, match="404 Gallery not found"):
            talk(wire, call.do)


def test_an_upload_whose_bytes_got_no_answer_is_not_sent_again_without_a_label() -> None:
    wire = CALLS["upload"].wire
    wire.script.insert(1, httpx.ReadError("cut"))
    with pytest.raises(ResponseLost):
        talk(wire, CALLS["upload"].do)
    assert wire.lines == ["POST /site-media/v1/files/generate-upload-url", "PUT /here"]


@pytest.mark.parametrize(
    ("chance", "waits"), [(1.0, [0.5, 1, 2, 4, 8]), (0.0, [0.25, 0.5, 1, 2, 4])], ids=["longest", "shortest"]
)
def test_the_waits_double_and_half_of_each_is_chance(chance: float, waits: list[float]) -> None:
    wire = Wire([answer(503)])
    with pytest.raises(Unavailable):
        talk(wire, READ.do, chance=chance)
    assert [after - before for before, after in zip(wire.times, wire.times[1:], strict=False)] == waits


def test_the_policy_bounds_tries_waits_and_time() -> None:
    wire = Wire([answer(500)])
    with pytest.raises(Unavailable):
        talk(wire, READ.do, policy=RetryPolicy(attempts=3, first_wait=8, longest_wait=10))
    assert wire.times == [0, 8, 18]
    wire = Wire([answer(500)])
    with pytest.raises(Unavailable):
        talk(wire, READ.do, policy=RetryPolicy(attempts=99, seconds=30, first_wait=20))
    assert wire.times == [0, 20, 40]


def test_the_last_failure_is_the_one_that_is_told() -> None:
    wire = Wire([answer(500), answer(429, Retry_After="1"), answer(503, {"message": "in repair"})])
    with pytest.raises(Unavailable, match="503 in repair"):
        talk(wire, READ.do)
    assert len(wire.sent) == 6


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 66),
        ({"Retry-After": "7"}, 7.7),
        ({"Retry-After": " 7 "}, 7.7),
        ({"Retry-After": "0"}, 0.5),
        ({"Retry-After": "-5"}, 66),
        ({"Retry-After": "soon"}, 66),
        ({"Retry-After": ""}, 66),
        ({"Retry-After": "99999999"}, 660),
        ({"Retry-After": "9" * 400}, 660),
        ({"Retry-After": "Tue, 24 Nov 2026 06:40:20 GMT"}, 22),
        ({"Retry-After": "Tue, 24 Nov 2026 06:40:20 -0000"}, 22),
        ({"Retry-After": "Tue, 24 Nov 2026 06:39:00 GMT"}, 0.5),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 660),
        ({"Retry-After": "Thu, 99 Zzz 2026 06:40:20 GMT"}, 66),
        # the API's clock is a day behind ours, or ahead: only the difference of its own two times counts
        ({"Retry-After": "Mon, 23 Nov 2026 06:40:20 GMT", "Date": "Mon, 23 Nov 2026 06:40:10 GMT"}, 11),
        ({"Retry-After": "Wed, 25 Nov 2026 06:40:20 GMT", "Date": "Wed, 25 Nov 2026 06:40:10 GMT"}, 11),
        ({"Retry-After": "Tue, 24 Nov 2026 06:40:20 GMT", "Date": "yesterday"}, 22),
    ],
)
def test_after_a_429_the_wait_is_what_the_api_asks_for(headers: dict[str, str], wait: float) -> None:
    wire = Wire([httpx.Response(429, headers=headers), answer(body={"gallery": {"id": "g-1"}})])
    talk(wire, READ.do)
    assert wire.times == [0, pytest.approx(wait)]


@pytest.mark.parametrize(("asked", "wait"), [("7", 7), ("0", 0.5), ("99999999", 600), ("soon", 0.5)])
def test_a_503_may_ask_for_a_wait_too(asked: str, wait: float) -> None:
    wire = Wire([answer(503, Retry_After=asked), answer(body={"gallery": {"id": "g-1"}})])
    talk(wire, READ.do)
    assert wire.times == [0, wait]


def test_throttling_that_does_not_end_is_told_in_the_end() -> None:
    wire = Wire([answer(429, {"message": "Slow down"})])
    with pytest.raises(Throttled, match="429 Slow down") as raised:
        talk(wire, READ.do)
    assert "max_requests_per_minute" in raised.value.do
    assert len(wire.sent) == 6


def test_an_empty_403_is_asked_again_once_and_no_more() -> None:
    wire = Wire([answer(403)])
    with pytest.raises(PermissionDenied):
        talk(wire, READ.do)
    assert len(wire.sent) == 2


def test_an_empty_403_is_asked_again_though_it_was_not_the_first_failure() -> None:
    wire = Wire([answer(503), answer(403), answer(500), answer(body={"gallery": {"id": "g-1"}})])
    talk(wire, READ.do)
    assert len(wire.sent) == 4
