from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest

from galleryctl.http import httpx
from galleryctl.model.secret import Secret
from galleryctl.wix.auth import ApiKeyAuth, Auth
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, InvalidRequest
from galleryctl.wix.transport import Attempt
from tests.unit.wix.scripted_transport import (
    CALLS,
    KEY,
    SECRET,
    TOKEN,
    CallExample,
    ScriptedResponse,
    ScriptedTransport,
    api_key_auth,
    app_auth,
    json_response,
    raw_response,
    run_client,
    upload_file,
)

UPLOAD_TOKEN = "planted-upload-token"
PLANTED = (KEY, SECRET, TOKEN, UPLOAD_TOKEN)
ECHO = " ".join(PLANTED)
ENVELOPE = {
    "message": f"not allowed: {ECHO}",
    "details": {
        "applicationError": {"code": ECHO, "description": ECHO, "data": {ECHO: ECHO}},
        "validationError": {"fieldViolations": [{"field": ECHO, "description": f"{'long ' * 99}{ECHO}"}]},
    },
}
FAILURES: dict[str, ScriptedResponse] = {
    "refused with an echo": json_response(400, ENVELOPE),
    "401 with an echo": json_response(401, ENVELOPE),
    "403 with an echo": json_response(403, ENVELOPE),
    "500 with an echo": json_response(500, ENVELOPE),
    "escaped echo": raw_response(400, b'{"message": "' + ECHO.replace("-", "\\u002d").encode() + b'"}'),
    "request id with an echo": httpx.Response(404, headers={"x-wix-request-id": ECHO}),
    "request id with an echo, no JSON": httpx.Response(200, headers={"x-wix-request-id": ECHO}),
    "no JSON": raw_response(200, ECHO.encode()),
    "no object": json_response(body=[ECHO]),
    "another shape": json_response(body={"gallery": ECHO, "galleries": ECHO, "item": ECHO, "file": ECHO}),
    "header told": httpx.LocalProtocolError(f"Illegal header value b'{ECHO}'"),
    "cut": httpx.ReadError(ECHO),
    "strange answer": httpx.RemoteProtocolError(ECHO),
    "redirect": json_response(302, location=f"https://elsewhere.test/{ECHO}"),
}


def failing(wire: ScriptedTransport, call: CallExample, auth: Auth, seen: list[Attempt]) -> ApiError | None:
    try:
        run_client(wire, call.action, auth=auth, observer=seen.append)
    except ApiError as error:
        return error
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def all_texts(error: ApiError) -> str:
    links = [text for link in chain(error) for text in (str(link), repr(link), repr(vars(link)), repr(link.args))]
    return "\n".join([*links, *traceback.format_exception(error)])


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_failure_of_any_call_tells_the_key(failure: ScriptedResponse, caplog: pytest.LogCaptureFixture) -> None:
    for call in CALLS.values():
        seen: list[Attempt] = []
        with caplog.at_level(logging.DEBUG):
            error = failing(ScriptedTransport([failure]), call, api_key_auth(), seen)
        assert KEY not in "".join(map(repr, seen)) + caplog.text
        if error is not None:
            assert KEY not in all_texts(error)


@pytest.mark.parametrize("call", [CALLS[name] for name in ("get_gallery", "create_item", "upload")])
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_failure_tells_an_apps_secret_or_token(
    call: CallExample, failure: ScriptedResponse, caplog: pytest.LogCaptureFixture
) -> None:
    token = json_response(body={"access_token": TOKEN, "expires_in": 14400})
    # a text that equals a token is not a secret before the token was issued
    scripts = [[failure], [token, failure], [token, json_response(401), failure]]
    for secrets, script in zip(((SECRET,), (SECRET, TOKEN), (SECRET, TOKEN)), scripts, strict=True):
        seen: list[Attempt] = []
        with caplog.at_level(logging.DEBUG):
            error = failing(ScriptedTransport(list(script)), call, app_auth(), seen)
        shown = "".join(map(repr, seen)) + caplog.text + ("" if error is None else all_texts(error))
        assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_failure_tells_where_bytes_may_be_put(failure: ScriptedResponse) -> None:
    url = f"https://upload.test/{UPLOAD_TOKEN}"
    echo: ScriptedResponse = failure
    if isinstance(failure, httpx.Response):
        echo = httpx.Response(failure.status_code, content=failure.content.replace(ECHO.encode(), url.encode()))
    seen: list[Attempt] = []
    with pytest.raises(ApiError) as raised:
        run_client(
            ScriptedTransport([json_response(body={"uploadUrl": url}), echo]),
            lambda c: upload_file(c, labels=()),
            observer=seen.append,
        )
    shown = "".join(map(repr, seen)) + all_texts(raised.value)
    assert url not in shown


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}é", f"{KEY}\r\nX-Other: 1", f"{KEY}\x00"])
def test_a_key_that_no_header_can_hold_is_not_shown(key: str) -> None:
    wire = ScriptedTransport([json_response()])
    with pytest.raises(InvalidRequest) as raised:
        run_client(wire, CALLS["get_gallery"].action, auth=ApiKeyAuth(Secret(key), "site-1"))
    assert wire.sent == []
    assert KEY not in all_texts(raised.value)
    assert "key" in raised.value.do


def test_no_object_of_the_client_shows_a_credential() -> None:
    shown: list[str] = []

    async def look(client: WixClient) -> None:
        await client.get_gallery("g-1")
        for thing in (client, client._transport, client._transport._auth):
            shown.extend((repr(thing), str(thing), repr(vars(thing))))

    token = json_response(body={"access_token": TOKEN, "expires_in": 14400})
    run_client(ScriptedTransport([token, json_response(body={"gallery": {"id": "g-1"}})]), look, auth=app_auth())
    run_client(ScriptedTransport([json_response(body={"gallery": {"id": "g-1"}})]), look)
    assert not [secret for secret in PLANTED if secret in "".join(shown)]


def test_an_empty_secret_masks_nothing() -> None:
    wire = ScriptedTransport([json_response(400, {"message": "bad value"})])
    with pytest.raises(InvalidRequest, match="400 bad value"):
        run_client(wire, CALLS["get_gallery"].action, auth=ApiKeyAuth(Secret(""), "site-1"))
