"""A write is sent only if the guard allows it, and an attempt at one ends in time; uploads may take longer."""

from __future__ import annotations

import pytest

from galleryctl.http import httpx
from galleryctl.model.errors import StateError
from galleryctl.wix.errors import ResponseLost, Unavailable
from galleryctl.wix.transport import RetryPolicy
from tests.unit.wix.scripted_transport import (
    CALLS,
    FILE,
    URL,
    CallExample,
    ScriptedTransport,
    every_call,
    json_response,
    run_client,
    upload_file,
)

UPDATE = CALLS["update_item"]
ATTEMPT_SECONDS = RetryPolicy().attempt_seconds
LOST = StateError("this run lost its lock; it writes nothing more", do="run the same command again")


@every_call
def test_the_guard_is_asked_before_each_write_and_no_read(call: CallExample) -> None:
    asked: list[int] = []
    transport = call.transport

    async def guard() -> None:
        asked.append(len(transport.sent))

    run_client(transport, call.action, before_write=guard)
    writes = [n for n, sent in enumerate(transport.sent) if is_write(sent.request)]
    assert asked == writes


def is_write(request: httpx.Request) -> bool:
    reads = ("/get-files", "/search", "/token", "/generate-file-download-url")
    return request.method not in ("GET", "HEAD") and not request.url.path.endswith(reads)


def test_what_the_guard_refuses_is_not_sent() -> None:
    transport = UPDATE.transport

    async def guard() -> None:
        raise LOST

    with pytest.raises(StateError, match="this run lost its lock"):
        run_client(transport, UPDATE.action, before_write=guard)
    assert transport.sent == []


def test_what_the_guard_refuses_after_a_lost_response_may_have_taken_effect() -> None:
    transport = ScriptedTransport([httpx.ReadError("cut")])

    async def guard() -> None:
        if transport.sent:
            raise LOST

    with pytest.raises(ResponseLost, match="an earlier attempt may have taken effect; it was not repeated: this run"):
        run_client(transport, UPDATE.action, before_write=guard)
    assert len(transport.sent) == 1


def test_an_attempt_at_a_write_ends_in_time() -> None:
    transport = ScriptedTransport([json_response(body={"item": {}})], seconds=10 * ATTEMPT_SECONDS)
    policy = RetryPolicy(attempts=2, first_wait=1.0)
    with pytest.raises(Unavailable, match="no complete response within 30 seconds"):
        run_client(transport, UPDATE.action, policy=policy)
    assert transport.times == [0.0, ATTEMPT_SECONDS + 1.0]


class SlowUpload(ScriptedTransport):
    """A transport whose uploads take long."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seconds = 10 * ATTEMPT_SECONDS if request.method == "PUT" else 0.0
        return await ScriptedTransport.__call__(self, request)


def test_an_upload_may_take_longer() -> None:
    transport = SlowUpload([json_response(body=URL), json_response(body={"file": FILE})])
    assert run_client(transport, lambda client: upload_file(client, labels=())).id == FILE["id"]
    assert len(transport.sent) == 2
