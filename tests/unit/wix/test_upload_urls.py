from __future__ import annotations

import pytest

from galleryctl.http import httpx
from galleryctl.wix.errors import MalformedResponse, ResponseLost
from galleryctl.wix.upload_urls import resolve_upload_url
from tests.unit.wix.scripted_transport import ScriptedTransport, json_response, run_client, upload_file

API = httpx.URL("https://www.wixapis.com")


@pytest.mark.parametrize(
    "url",
    [
        "https://upload.wixmp.com/upload/token?x=1",
        "https://elsewhere.test:8443/here",
    ],
)
def test_bytes_go_over_https(url: str) -> None:
    assert resolve_upload_url(url, str(API), API) == url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/upload/x", "http://localhost/upload/x", "http://[::1]:1/upload/x"]
)
def test_bytes_go_to_this_machine_only_from_an_api_on_it(url: str) -> None:
    assert resolve_upload_url(url, str(API), API) is None
    here = httpx.URL("http://127.0.0.1:8320")
    assert resolve_upload_url(url, str(here), here) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://upload.wixmp.com/upload",
        "http://127.0.0.1.evil.test/",
        "http://localhost.evil.test/",
        "ftp://upload.wixmp.com/x",
        "file:///etc/passwd",
        "https://user:password@upload.wixmp.com/x",
        "https://user@upload.wixmp.com/x",
        "https://[bad",
        "https://host:99999999/",
        "javascript:alert(1)",
        "https://\x00/",
    ],
)
def test_bytes_go_nowhere_else(url: str) -> None:
    assert resolve_upload_url(url, str(API), API) is None


def test_a_relative_address_is_one_of_the_base() -> None:
    assert resolve_upload_url("/here", "https://upload.test/a/b", API) == "https://upload.test/here"
    assert resolve_upload_url("//other.test/x", str(API), API) == "https://other.test/x"


def test_where_the_api_itself_is_spoken_to_plainly_bytes_are_too() -> None:
    local = httpx.URL("http://emulator.local")
    assert resolve_upload_url("http://emulator.local/upload/x", str(local), local)
    assert resolve_upload_url("http://emulator.local:81/upload/x", str(local), local) is None


@pytest.mark.parametrize("size", [3, 11_000_000])
def test_an_upload_url_that_is_not_safe_is_told_and_gets_no_bytes(size: int) -> None:
    wire = ScriptedTransport(
        [json_response(body={"uploadUrl": "http://foreign.test/planted-token", "uploadToken": "t"})]
    )
    with pytest.raises(MalformedResponse, match="not an https URL") as raised:
        run_client(wire, lambda c: upload_file(c, size))
    assert len(wire.sent) == 1
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("location", ["http://foreign.test/x", "https://[bad", "", None])
def test_a_place_for_the_bytes_that_is_not_safe_gets_none(location: str | None) -> None:
    headers = {} if location is None else {"location": location}
    urls = json_response(body={"uploadUrl": "https://upload.test/tus", "uploadToken": "t"})
    wire = ScriptedTransport([urls, json_response(201, **headers)])
    with pytest.raises(MalformedResponse, match="no usable upload URL"):
        run_client(wire, lambda c: upload_file(c, 11_000_000))
    assert wire.lines[1:] == ["POST /tus"]


def test_a_redirect_of_the_bytes_is_not_followed() -> None:
    url = json_response(body={"uploadUrl": "https://upload.test/here"})
    wire = ScriptedTransport(
        [url, json_response(307, location="https://elsewhere.test/"), json_response(body={"files": []})]
    )
    with pytest.raises((MalformedResponse, ResponseLost)):
        run_client(wire, upload_file)
    assert all(sent.request.url.host != "elsewhere.test" for sent in wire.sent)
