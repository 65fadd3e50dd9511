from __future__ import annotations

import asyncio

import pytest

from galleryctl.http import httpx
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import AuthError, InvalidRequest, MalformedResponse, Unavailable
from tests.unit.wix.scripted_transport import (
    CALLS,
    GALLERY,
    SECRET,
    TOKEN,
    CallExample,
    ScriptedResponse,
    ScriptedTransport,
    app_auth,
    every_call,
    json_response,
    run_client,
)

GOOD = json_response(body={"gallery": GALLERY})
TOKEN_CALL = "POST /oauth2/token"
GET = "GET /progallery/v2/galleries/g-1"


def token(value: str = TOKEN, **more: object) -> httpx.Response:
    return json_response(body={"access_token": value, "token_type": "Bearer", "expires_in": 14400, **more})


async def read(client: WixClient) -> object:
    return await client.get_gallery("g-1")


def sent_tokens(wire: ScriptedTransport) -> list[str]:
    return [sent.request.headers.get("Authorization", "") for sent in wire.sent if sent.line != TOKEN_CALL]


@every_call
def test_a_key_goes_with_every_call_without_a_scheme_word(call: CallExample) -> None:
    wire = call.transport
    run_client(wire, call.action)
    for sent in wire.sent:
        to_api = sent.request.url.host == "api.test"
        assert sent.request.headers.get("Authorization") == ("IST.planted-key" if to_api else None)
        assert sent.request.headers.get("wix-site-id") == ("site-1" if to_api else None)


def test_an_app_gets_a_token_once_and_sends_it() -> None:
    wire = ScriptedTransport([token(), GOOD])

    async def twice(client: WixClient) -> None:
        await read(client)
        await read(client)

    run_client(wire, twice, auth=app_auth())
    assert wire.lines == [TOKEN_CALL, GET, GET]
    assert wire.sent[0].json == {
        "grant_type": "client_credentials",
        "client_id": "app-1",
        "client_secret": SECRET,
        "instance_id": "instance-1",
    }
    assert "Authorization" not in wire.sent[0].request.headers
    assert sent_tokens(wire) == [TOKEN, TOKEN]
    assert "wix-site-id" not in wire.sent[1].request.headers


@pytest.mark.parametrize(
    ("lifetime", "used_for"),
    [
        (14400, 14340),
        (100, 50),
        (14400.0, 14340),
        ("14400", 14340),
        (None, None),
        (0, None),
        (-5, None),
        ("soon", None),
        (True, None),
        ([], None),
        (10**300, None),
    ],
)
def test_a_token_is_renewed_a_minute_before_its_end(lifetime: object, used_for: float | None) -> None:
    wire = ScriptedTransport([token("first", expires_in=lifetime), GOOD, GOOD, token("second"), GOOD])
    pause = (used_for or 100_000) - 1

    async def wait_and_read(client: WixClient) -> None:
        await read(client)
        await asyncio.sleep(pause)
        await read(client)
        if used_for is not None:
            await asyncio.sleep(1)
            await read(client)

    run_client(wire, wait_and_read, auth=app_auth())
    assert sent_tokens(wire) == ["first", "first"] + ["second"] * (used_for is not None)


def test_a_refused_token_is_renewed_once() -> None:
    wire = ScriptedTransport([token("first"), json_response(401), token("second"), GOOD])
    run_client(wire, read, auth=app_auth())
    assert sent_tokens(wire) == ["first", "second"]


def test_a_renewed_token_that_is_refused_too_is_an_error() -> None:
    wire = ScriptedTransport(
        [token("first"), json_response(401), token("second"), json_response(401, {"message": "who?"})]
    )
    with pytest.raises(AuthError, match="401 who"):
        run_client(wire, read, auth=app_auth())
    assert wire.lines == [TOKEN_CALL, GET, TOKEN_CALL, GET]


def test_a_create_is_sent_again_with_a_new_token() -> None:
    call = CALLS["create_item"]
    wire = ScriptedTransport([token("first"), json_response(401), token("second"), *call.transport.script])
    run_client(wire, call.action, auth=app_auth())
    assert sent_tokens(wire) == ["first", "second"]


def test_many_at_once_share_one_token_and_one_renewal() -> None:
    refused = [json_response(401)] * 3
    wire = ScriptedTransport([token("first"), *refused, token("second"), GOOD], seconds=1)

    async def together(client: WixClient) -> None:
        await asyncio.gather(*(read(client) for _ in range(3)))

    run_client(wire, together, auth=app_auth())
    assert wire.lines.count(TOKEN_CALL) == 2
    assert sent_tokens(wire) == ["first"] * 3 + ["second"] * 3


def test_a_refusal_that_comes_after_the_renewal_costs_no_second_one() -> None:
    slow, quick = asyncio.Event(), asyncio.Event()

    class Late(ScriptedTransport):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.headers.get("Authorization") == "first" and not quick.is_set():
                quick.set()
            elif request.headers.get("Authorization") == "first":
                await slow.wait()
            response = await ScriptedTransport.__call__(self, request)
            if request.headers.get("Authorization") == "second":
                slow.set()
            return response

    wire = Late([token("first"), json_response(401), token("second"), GOOD, json_response(401), GOOD])

    async def together(client: WixClient) -> None:
        await asyncio.gather(read(client), read(client))

    run_client(wire, together, auth=app_auth())
    assert wire.lines.count(TOKEN_CALL) == 2


def test_a_key_that_is_refused_is_not_tried_again() -> None:
    wire = ScriptedTransport([json_response(401, {"message": "unknown key"})])
    with pytest.raises(AuthError, match="unknown key") as raised:
        run_client(wire, read)
    assert "API key" in raised.value.do
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "body", [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": None}, {"error": "x"}]
)
def test_an_answer_without_a_token_is_told(body: object) -> None:
    wire = ScriptedTransport([json_response(body=body)])
    with pytest.raises(MalformedResponse, match="no access_token") as raised:
        run_client(wire, read, auth=app_auth())
    assert raised.value.call == TOKEN_CALL
    assert "req-1" in raised.value.why


def test_a_token_call_that_fails_is_tried_six_times_in_all() -> None:
    wire = ScriptedTransport([json_response(503)])
    with pytest.raises(Unavailable) as raised:
        run_client(wire, read, auth=app_auth())
    assert wire.lines == [TOKEN_CALL] * 6
    assert raised.value.call == TOKEN_CALL


def test_a_token_call_that_fails_once_does_not_hold_up_a_create() -> None:
    call = CALLS["create_item"]
    lost: list[ScriptedResponse] = [httpx.ReadError("cut")]
    wire = ScriptedTransport([*lost, token(), *call.transport.script])
    run_client(wire, call.action, auth=app_auth())
    assert wire.lines == [TOKEN_CALL, TOKEN_CALL, "POST /progallery/v2/galleries/g-1/items"]


def test_wrong_credentials_of_an_app_say_so() -> None:
    body = {"error": "invalid_client", "error_description": "client_id is not known"}
    with pytest.raises(AuthError, match="401 client_id is not known") as raised:
        run_client(ScriptedTransport([json_response(401, body)]), read, auth=app_auth())
    assert "app id, secret and instance id" in raised.value.do


@pytest.mark.parametrize("value", ["to\nken", "tökén", "\ud800"])
def test_a_token_that_no_header_can_hold_is_told(value: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be sent"):
        run_client(ScriptedTransport([token(value), GOOD]), read, auth=app_auth())
