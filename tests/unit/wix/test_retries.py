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
from tests.unit.wix.scripted_transport import (
    CALLS,
    CallExample,
    ScriptedResponse,
    ScriptedTransport,
    every_call,
    json_response,
    raw_response,
    run_client,
)

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
    "500": json_response(500, {"message": "Internal"}),
    "501": json_response(501, {"message": "Not implemented"}),
    "502 of a proxy": raw_response(502, b"<html>Bad Gateway</html>"),
    "503 empty": json_response(503),
    "504": json_response(504, {}),
    "408 of a proxy": json_response(408),
    "connection cut": httpx.ReadError("cut"),
    "half an answer": httpx.RemoteProtocolError("peer closed connection without sending complete body"),
    "read timeout": httpx.ReadTimeout("slow"),
    "write error": httpx.WriteError("cut"),
    "write timeout": httpx.WriteTimeout("slow"),
}
NOTHING_DONE = {
    "no connection": httpx.ConnectError("[Errno 111] Connection refused"),
    "connect timeout": httpx.ConnectTimeout("slow"),
    "429": json_response(429, {"message": "Too many"}),
    "429 with Retry-After": json_response(429, Retry_After="7"),
    "empty 403": json_response(403),
}
FINAL: dict[str, tuple[ScriptedResponse, type[ApiError]]] = {
    "400": (json_response(400, {"message": "bad"}), InvalidRequest),
    "400 of a sort order": (
        json_response(
            400,
            {
                "details": {
                    "validationError": {"fieldViolations": [{"field": "item.sortOrder", "description": "is taken"}]}
                }
            },
        ),
        Conflict,
    ),
    "400 of a sort order in words": (json_response(400, {"message": "Sort order already exists"}), Conflict),
    "401": (json_response(401, {"message": "who?"}), AuthError),
    "403": (json_response(403, {"message": "no"}), PermissionDenied),
    "409": (json_response(409), Conflict),
    "428": (json_response(428), InvalidRequest),
    "302": (json_response(302, location="https://elsewhere.test/"), MalformedResponse),
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
def test_a_good_answer_takes_one_try(call: CallExample) -> None:
    wire = call.transport
    run_client(wire, call.action)
    assert len(wire.sent) == len(call.responses)


@every_call
@pytest.mark.parametrize("failure", LOST.values(), ids=LOST)
def test_a_lost_answer_is_asked_for_again_unless_it_was_a_create(call: CallExample, failure: ScriptedResponse) -> None:
    wire = call.transport
    wire.script.insert(0, failure)
    if call.endpoint.idempotent:
        run_client(wire, call.action)
        assert len(wire.sent) == len(call.responses) + 1
    else:
        with pytest.raises(ResponseLost, match="may have taken effect"):
            run_client(wire, call.action)
        assert len(wire.sent) == 1


@every_call
@pytest.mark.parametrize("failure", NOTHING_DONE.values(), ids=NOTHING_DONE)
def test_what_was_never_begun_is_sent_again_whatever_it_is(call: CallExample, failure: ScriptedResponse) -> None:
    wire = call.transport
    wire.script.insert(0, failure)
    run_client(wire, call.action)
    assert len(wire.sent) == len(call.responses) + 1


@every_call
@pytest.mark.parametrize(("failure", "kind"), FINAL.values(), ids=FINAL)
def test_a_refusal_is_not_argued_with(call: CallExample, failure: ScriptedResponse, kind: type[ApiError]) -> None:
    wire = ScriptedTransport([failure])
    with pytest.raises(ApiError) as raised:
        run_client(wire, call.action)
    assert type(raised.value) is kind
    assert len(wire.sent) == 1


@every_call
def test_what_is_not_there_is_an_error_except_for_deletes(call: CallExample) -> None:
    wire = ScriptedTransport([json_response(404, {"message": "Gallery not found"})])
    if call.endpoint in (endpoints.DELETE_GALLERY, endpoints.DELETE_ITEMS):
        assert not run_client(wire, call.action)
    else:
        with pytest.raises(NotFound, match="404 Gallery not found"):
            run_client(wire, call.action)


def test_an_upload_whose_bytes_got_no_answer_is_not_sent_again_without_a_label() -> None:
    wire = CALLS["upload"].transport
    wire.script.insert(1, httpx.ReadError("cut"))
    with pytest.raises(ResponseLost):
        run_client(wire, CALLS["upload"].action)
    assert wire.lines == ["POST /site-media/v1/files/generate-upload-url", "PUT /here"]


@pytest.mark.parametrize(
    ("chance", "waits"), [(1.0, [0.5, 1, 2, 4, 8]), (0.0, [0.25, 0.5, 1, 2, 4])], ids=["longest", "shortest"]
)
def test_the_waits_double_and_half_of_each_is_chance(chance: float, waits: list[float]) -> None:
    wire = ScriptedTransport([json_response(503)])
    with pytest.raises(Unavailable):
        run_client(wire, READ.action, random_value=chance)
    assert [after - before for before, after in zip(wire.times, wire.times[1:], strict=False)] == waits


def test_the_policy_bounds_tries_waits_and_time() -> None:
    wire = ScriptedTransport([json_response(500)])
    with pytest.raises(Unavailable):
        run_client(wire, READ.action, policy=RetryPolicy(attempts=3, first_wait=8, longest_wait=10))
    assert wire.times == [0, 8, 18]
    wire = ScriptedTransport([json_response(500)])
    with pytest.raises(Unavailable):
        run_client(wire, READ.action, policy=RetryPolicy(attempts=99, seconds=30, first_wait=20))
    assert wire.times == [0, 20, 40]


def test_the_last_failure_is_the_one_that_is_told() -> None:
    wire = ScriptedTransport(
        [json_response(500), json_response(429, Retry_After="1"), json_response(503, {"message": "in repair"})]
    )
    with pytest.raises(Unavailable, match="503 in repair"):
        run_client(wire, READ.action)
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
        # the API's clock may be a day off: only the difference between its two times counts
        ({"Retry-After": "Mon, 23 Nov 2026 06:40:20 GMT", "Date": "Mon, 23 Nov 2026 06:40:10 GMT"}, 11),
        ({"Retry-After": "Wed, 25 Nov 2026 06:40:20 GMT", "Date": "Wed, 25 Nov 2026 06:40:10 GMT"}, 11),
        ({"Retry-After": "Tue, 24 Nov 2026 06:40:20 GMT", "Date": "yesterday"}, 22),
    ],
)
def test_after_a_429_the_wait_is_what_the_api_asks_for(headers: dict[str, str], wait: float) -> None:
    wire = ScriptedTransport([httpx.Response(429, headers=headers), json_response(body={"gallery": {"id": "g-1"}})])
    run_client(wire, READ.action)
    assert wire.times == [0, pytest.approx(wait)]


@pytest.mark.parametrize(("asked", "wait"), [("7", 7), ("0", 0.5), ("99999999", 600), ("soon", 0.5)])
def test_a_503_may_ask_for_a_wait_too(asked: str, wait: float) -> None:
    wire = ScriptedTransport([json_response(503, Retry_After=asked), json_response(body={"gallery": {"id": "g-1"}})])
    run_client(wire, READ.action)
    assert wire.times == [0, wait]


def test_throttling_that_does_not_end_is_told_in_the_end() -> None:
    wire = ScriptedTransport([json_response(429, {"message": "Slow down"})])
    with pytest.raises(Throttled, match="429 Slow down") as raised:
        run_client(wire, READ.action)
    assert "max_requests_per_minute" in raised.value.do
    assert len(wire.sent) == 6


def test_an_empty_403_is_asked_again_once_and_no_more() -> None:
    wire = ScriptedTransport([json_response(403)])
    with pytest.raises(PermissionDenied):
        run_client(wire, READ.action)
    assert len(wire.sent) == 2


def test_an_empty_403_is_asked_again_though_it_was_not_the_first_failure() -> None:
    wire = ScriptedTransport(
        [json_response(503), json_response(403), json_response(500), json_response(body={"gallery": {"id": "g-1"}})]
    )
    run_client(wire, READ.action)
    assert len(wire.sent) == 4
