from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from galleryctl.http import httpx
from galleryctl.model.errors import GalleryctlError
from galleryctl.wix import endpoints
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import (
    ApiError,
    InvalidRequest,
    MalformedResponse,
    PermissionDenied,
    ResponseLost,
    Unavailable,
)
from galleryctl.wix.responses import MAX_RESPONSE_BYTES
from galleryctl.wix.transport import Attempt, Phase
from tests.unit.wix.scripted_transport import (
    CALLS,
    GALLERY,
    CallExample,
    ScriptedTransport,
    every_call,
    json_response,
    raw_response,
    run_client,
    upload_file,
)

CREATE, READ = CALLS["create_item"], CALLS["get_gallery"]


def failure(call: CallExample, *script: httpx.Response | Exception) -> ApiError:
    with pytest.raises(ApiError) as raised:
        run_client(ScriptedTransport(list(script)), call.action)
    return raised.value


@every_call
def test_a_refusal_tells_call_words_fields_and_request_id(call: CallExample) -> None:
    violations = [
        {"field": "item.title", "description": "is too long", "violatedRule": "MAX_LENGTH"},
        {"field": "", "description": "something else"},
    ]
    body = {"message": "Validation failed", "details": {"validationError": {"fieldViolations": violations}}}
    error = failure(call, json_response(400, body))
    assert isinstance(error, InvalidRequest)
    assert error.call.startswith(f"{call.endpoint.method} {call.endpoint.prefix}/")
    assert "{" not in error.call
    assert str(error) == (
        f"{error.call}: 400 Validation failed\n"
        "  item.title: is too long\n  something else\n  request id req-1\n"
        "  correct the value in the manifest"
    )


def test_the_call_names_the_very_resource() -> None:
    assert failure(CREATE, json_response(400)).call == "POST /progallery/v2/galleries/g-1/items"
    assert failure(READ, json_response(404)).call == "GET /progallery/v2/galleries/g-1"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"details": {"applicationError": {"code": "X", "description": "shown here"}}}, "400 shown here"),
        ({"message": "", "details": {"applicationError": {"description": "shown here"}}}, "400 shown here"),
        ({"message": {"deep": 1}, "details": 7}, "400"),
        ({"message": ["a"], "details": {"applicationError": []}}, "400"),
        ({"message": "on\ntwo  lines\t"}, "400 on two lines"),
        ({"message": "x" * 9999}, f"400 {'x' * 500}…"),
        ({"details": {"validationError": {"fieldViolations": {"field": "x"}}}}, "400"),
        ({"details": {"validationError": {"fieldViolations": ["x", None, {}]}}}, "400"),
        ([], "400"),
        ("text", "400"),
        (7, "400"),
    ],
)
def test_what_an_error_body_says_is_told_and_nothing_else(body: object, expected: str) -> None:
    assert failure(READ, json_response(400, body)).what == expected


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"<html>", b"[" * 100_000, b"9" * 5000, b'{"message": NaN}'])
def test_an_error_body_that_nobody_can_read_is_left_out(content: bytes) -> None:
    assert failure(READ, raw_response(400, content)).what == "400"
    assert failure(READ, raw_response(404, content)).what == "404 not found"


@every_call
def test_a_missing_permission_names_the_scope(call: CallExample) -> None:
    error = failure(call, json_response(403, {"message": "Permission denied"}))
    assert isinstance(error, PermissionDenied)
    assert call.endpoint.scope
    assert call.endpoint.scope in error.do


@pytest.mark.parametrize("name", ["list_galleries", "get_gallery", "list_items"])
def test_reading_asks_for_the_read_scope_alone(name: str) -> None:
    assert CALLS[name].endpoint.scope == endpoints.READ_GALLERIES_SCOPE


@pytest.mark.parametrize("name", ["get_files", "download", "find_by_label", "list_files", "list_folders"])
def test_reading_files_asks_for_no_manage_scope(name: str) -> None:
    assert CALLS[name].endpoint.scope == endpoints.READ_MEDIA_SCOPE


def test_no_connection_says_why_and_that_nothing_was_done() -> None:
    error = failure(CREATE, httpx.ConnectError("[Errno -2] Name or service not known"))
    assert isinstance(error, Unavailable)
    assert error.what == "cannot connect (ConnectError: [Errno -2] Name or service not known)"
    assert failure(READ, httpx.ConnectTimeout("")).what == "cannot connect (ConnectTimeout)"


def test_a_create_of_unknown_end_says_what_to_do() -> None:
    error = failure(CREATE, json_response(500, {"message": "Internal"}))
    assert isinstance(error, ResponseLost)
    assert error.what == "500 Internal; the request may have taken effect"
    assert error.status == 500
    assert "run apply again" in error.do


@every_call
@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'"x"', b"null", b"{", b'{"a": 1e999}', b"[" * 99_999])
def test_an_answer_that_is_no_json_object_is_an_error(call: CallExample, content: bytes) -> None:
    error = failure(call, raw_response(200, content))
    assert type(error) is (MalformedResponse if call.endpoint.idempotent else ResponseLost)
    assert "JSON" in error.what
    assert "request id req-1" in error.why
    assert error.status == 200


def test_an_answer_of_another_shape_tells_call_and_request_id() -> None:
    error = failure(READ, json_response(body={"gallery": {"id": 7}}))
    assert type(error) is MalformedResponse
    assert error.call == "GET /progallery/v2/galleries/g-1"
    assert error.why == "request id req-1"


def test_an_answer_beyond_all_bounds_is_not_read_to_its_end() -> None:
    long = raw_response(200, b" " * (MAX_RESPONSE_BYTES + 1))
    assert failure(READ, long).what == "the response has more than 16 MiB"
    assert type(failure(READ, long)) is MalformedResponse
    assert type(failure(CREATE, long)) is ResponseLost
    assert failure(READ, raw_response(404, b" " * (MAX_RESPONSE_BYTES + 1))).what == "404 not found"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("[" + "0," * 500_000 + "0]", "has JSON with more than 500,000 brackets, commas and colons"),
        ("[" * 64 + "]" * 64, "has JSON that is nested more than 64 levels deep"),
    ],
)
def test_json_that_takes_too_much_memory_or_stack_is_not_parsed(more: str, problem: str) -> None:
    body = f'{{"gallery": {{"id": "g-1"}}, "more": {more}}}'.encode()
    assert failure(READ, raw_response(200, body)).what == f"the response {problem}"
    assert type(failure(CREATE, raw_response(200, body))) is ResponseLost


def test_an_answer_that_cannot_be_unpacked_is_told() -> None:
    assert failure(READ, httpx.DecodingError("gzip")).what == "the response cannot be decoded"
    assert type(failure(CREATE, httpx.DecodingError("gzip"))) is ResponseLost


@pytest.mark.parametrize("ident", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_never_sent(ident: str) -> None:
    wire = ScriptedTransport([json_response()])
    with pytest.raises(InvalidRequest, match="invalid id"):
        run_client(wire, lambda c: c.delete_gallery(ident))
    assert wire.sent == []


def test_an_id_is_one_part_of_a_path_whatever_it_holds() -> None:
    wire = ScriptedTransport([json_response(body={"galleryId": "x"})])
    run_client(wire, lambda c: c.delete_gallery("a/../b?c#d é"))
    assert wire.sent[0].request.url.raw_path == b"/progallery/v2/galleries/a%2F..%2Fb%3Fc%23d%20%C3%A9"


def test_an_observer_hears_of_every_try() -> None:
    seen: list[Attempt] = []
    wire = ScriptedTransport(
        [json_response(503), httpx.ReadError("cut"), json_response(body={"gallery": GALLERY})], seconds=2
    )
    run_client(wire, CALLS["get_gallery"].action, observer=seen.append)
    assert [(e.phase, e.number, e.status, e.seconds, e.request_id) for e in seen] == [
        (Phase.BEFORE, 1, None, 0, ""),
        (Phase.AFTER, 1, 503, 2, "req-1"),
        (Phase.BEFORE, 2, None, 0, ""),
        (Phase.AFTER, 2, None, 2, ""),
        (Phase.BEFORE, 3, None, 0, ""),
        (Phase.AFTER, 3, 200, 2, "req-1"),
    ]
    assert {(e.name, e.call) for e in seen} == {("GET /galleries/{id}", "GET /progallery/v2/galleries/g-1")}


def test_what_an_observer_raises_ends_the_request() -> None:
    class StopNow(Exception):  # noqa: N818 - no failure
        pass

    def stop(exchange: Attempt) -> None:
        raise StopNow

    wire = ScriptedTransport([json_response()])
    with pytest.raises(StopNow):
        run_client(wire, READ.action, observer=stop)
    assert wire.sent == []


def test_requests_are_counted_with_every_try() -> None:
    async def count(client: WixClient) -> dict[str, int]:
        await client.get_gallery("g-1")
        return dict(client.request_counts)

    wire = ScriptedTransport([json_response(500), json_response(body={"gallery": GALLERY})])
    assert run_client(wire, count) == {"GET /galleries/{id}": 2}


def test_every_error_is_one_of_ours_and_names_an_action() -> None:
    for error in (failure(READ, json_response(status)) for status in (400, 401, 403, 404, 409, 428, 429, 500, 302)):
        assert isinstance(error, GalleryctlError)
        assert error.do


async def consistent(client: WixClient) -> None:
    for name in ("update_gallery", "get_gallery", "get_gallery"):
        await CALLS[name].action(client)


def values(wire: ScriptedTransport) -> list[str | None]:
    return [sent.request.headers.get("X-Wix-Consistent") for sent in wire.sent]


def test_the_last_consistency_token_is_sent_back() -> None:
    good = {"gallery": GALLERY}
    wire = ScriptedTransport(
        [json_response(body=good, X_Wix_Consistent="a"), json_response(body=good), json_response(body=good)]
    )
    run_client(wire, consistent)
    assert values(wire) == [None, "a", "a"]
    wire = ScriptedTransport(
        [
            json_response(body=good, X_Wix_Consistent="a"),
            json_response(body=good, x_wix_consistent="b"),
            json_response(body=good),
        ]
    )
    run_client(wire, consistent)
    assert values(wire) == [None, "a", "b"]


def test_a_consistency_token_counts_though_the_rest_of_the_answer_got_lost() -> None:
    class First(ScriptedTransport):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            response = await ScriptedTransport.__call__(self, request)
            headers = {"X-Wix-Consistent": "a"}
            return response if len(self.sent) > 1 else httpx.Response(200, headers=headers, stream=Broken())

    wire = First([json_response(body={"gallery": GALLERY})])
    run_client(wire, consistent)
    assert values(wire) == [None, "a", "a", "a"]


class Broken(httpx.AsyncByteStream):
    """The body of a response whose connection is cut."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{"
        raise httpx.ReadError("cut")


@pytest.mark.parametrize("value", ["é", "a\x01b", ""])
def test_a_consistency_token_that_no_header_can_hold_is_forgotten(value: str) -> None:
    bad = httpx.Response(200, json={"gallery": GALLERY}, headers=[(b"X-Wix-Consistent", value.encode())])
    wire = ScriptedTransport([bad, json_response(body={"gallery": GALLERY})])
    run_client(wire, consistent)
    assert values(wire) == [None, None, None]


def test_an_upload_gets_neither_credentials_nor_the_consistency_token() -> None:
    url = {"uploadUrl": "https://foreign.test/here?token=x"}
    wire = ScriptedTransport(
        [json_response(body=url, X_Wix_Consistent="a"), json_response(body={"file": {"id": "f-1"}})]
    )
    run_client(wire, upload_file)
    put = wire.sent[1].request
    assert str(put.url) == url["uploadUrl"]
    assert not {"authorization", "wix-site-id", "x-wix-consistent", "cookie"} & set(put.headers)
    assert put.headers["Content-Type"] == "image/jpeg"
    assert put.content == b"xxx"
