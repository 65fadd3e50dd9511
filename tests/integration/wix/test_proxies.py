"""Requests through the proxy of the environment, and directly to this machine."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from galleryctl.environment_transport import EnvironmentTransport
from galleryctl.http import httpx
from galleryctl.model.errors import GalleryctlError
from galleryctl.network import NetworkSettings, connection_advice

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@asynccontextmanager
async def server(heads: list[str]) -> AsyncIterator[int]:
    """Listen on a port, answer each request, and record its head."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


async def get(url: str, **environ: str) -> str:
    transport = EnvironmentTransport(NetworkSettings(environ=environ))
    async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
        return (await http.get(url)).text


def test_a_request_goes_through_the_proxy_with_its_password() -> None:
    async def work() -> list[str]:
        heads: list[str] = []
        async with server(heads) as port:
            proxy = f"http://ana:p%40ss@127.0.0.1:{port}"
            assert await get("http://api.example/galleries", HTTP_PROXY=proxy, NO_PROXY="other.example") == "ok"
        return heads

    (head,) = asyncio.run(work())
    assert head.startswith("GET http://api.example/galleries HTTP/1.1\r\n")
    assert f"Proxy-Authorization: Basic {b64encode(b'ana:p@ss').decode()}\r\n" in head


def test_a_request_to_this_machine_goes_there_directly() -> None:
    async def work() -> list[str]:
        heads: list[str] = []
        async with server(heads) as port:
            assert await get(f"http://127.0.0.1:{port}/galleries", HTTP_PROXY="http://127.0.0.1:1") == "ok"
        return heads

    (head,) = asyncio.run(work())
    assert head.startswith("GET /galleries HTTP/1.1\r\n")


def test_a_proxy_that_does_not_answer_is_named_by_its_variable() -> None:
    with pytest.raises(httpx.ProxyError, match="through the proxy of https_proxy: ") as caught:
        asyncio.run(get("https://api.example/", https_proxy="http://ana:s3cret@127.0.0.1:1"))
    assert "s3cret" not in str(caught.value)
    assert "NO_PROXY" in connection_advice(caught.value)


def test_a_variable_that_cannot_be_used_ends_the_request_before_it_is_sent() -> None:
    with pytest.raises(GalleryctlError, match="ALL_PROXY in the environment: SOCKS proxies are not supported"):
        asyncio.run(get("https://api.example/", ALL_PROXY="socks5h://127.0.0.1:1"))


def test_a_certificate_of_nobody_trusted_has_advice() -> None:
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer")
    assert "SSL_CERT_FILE" in connection_advice(error)
    assert connection_advice(httpx.ConnectError("refused")) == ""
