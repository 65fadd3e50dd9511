from __future__ import annotations

from collections.abc import Callable

import pytest

from galleryctl.emulator import Emulator
from galleryctl.http import httpx

GALLERIES = "/progallery/v2/galleries"
MEDIA = "/site-media/v1"
Connect = Callable[..., httpx.Client]


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["details"]["applicationError"]["code"]


@pytest.mark.parametrize("key", ["", "IST.wrong", "Bearer {key}"])
def test_an_unknown_key_is_401(emulator: Emulator, connect: Connect, key: str) -> None:
    ready = emulator.ready
    client = connect(Authorization=key.format(key=ready.api_key), wix_site_id=ready.site_id)
    assert code(client.get(GALLERIES)) == (401, "UNAUTHENTICATED")


def test_a_key_needs_its_site(emulator: Emulator, connect: Connect) -> None:
    assert code(connect(Authorization=emulator.ready.api_key).get(GALLERIES)) == (403, "PERMISSION_DENIED")
    other = connect(Authorization=emulator.ready.api_key, wix_site_id="another")
    assert code(other.get(GALLERIES)) == (403, "PERMISSION_DENIED")


def test_the_read_key_reads_and_writes_nothing(
    emulator: Emulator, connect: Connect, gallery: str, wix: httpx.Client
) -> None:
    reader = connect(Authorization=emulator.ready.read_api_key, wix_site_id=emulator.ready.site_id)
    assert reader.get(gallery).status_code == 200
    assert reader.get(f"{MEDIA}/files").status_code == 200
    assert reader.post(f"{MEDIA}/files/search", json={"search": "x"}).status_code == 200
    refused = [
        reader.post(GALLERIES, json={}),
        reader.patch(gallery, json={"gallery": {"name": "x"}}),
        reader.delete(gallery),
        reader.post(f"{gallery}/items", json={}),
        reader.post(f"{gallery}/items/delete", json={}),
        reader.post(f"{MEDIA}/files/import", json={"url": "https://example.com/a.png"}),
        reader.post(f"{MEDIA}/folders", json={"displayName": "x"}),
    ]
    assert {code(response) for response in refused} == {(403, "PERMISSION_DENIED")}
    assert wix.get(GALLERIES).json()["totalGalleries"] == 1


def test_an_access_token_works_until_it_expires(emulator: Emulator, connect: Connect, now: list[float]) -> None:
    ready = emulator.ready
    request = {
        "grant_type": "client_credentials",
        "client_id": ready.app_id,
        "client_secret": ready.app_secret,
        "instance_id": ready.instance_id,
    }
    token = connect().post("/oauth2/token", json=request).json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 14400)
    app = connect(Authorization=token["access_token"])
    assert app.post(GALLERIES, json={}).status_code == 200
    now[0] += 14399
    assert app.get(GALLERIES).status_code == 200
    now[0] += 1
    assert code(app.get(GALLERIES)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"instance_id": "x"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_app_credentials_get_no_token(
    emulator: Emulator, anonymous: httpx.Client, change: dict[str, str], status: int, error: str
) -> None:
    ready = emulator.ready
    request = {"grant_type": "client_credentials", "client_id": ready.app_id, "client_secret": ready.app_secret}
    response = anonymous.post("/oauth2/token", json=request | {"instance_id": ready.instance_id} | change)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert ready.app_secret not in response.text


def test_control_calls_do_not_come_from_other_sites(emulator: Emulator, connect: Connect) -> None:
    assert connect(Origin="https://evil.example").post("/_emulator/reset").status_code == 403
    assert connect(Origin=emulator.ready.base_url).post("/_emulator/reset").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8320", "127.0.0.1.evil.example", "evil.", "[bad.x"])  # fmt: skip
def test_a_rebound_host_name_gets_no_control_call(connect: Connect, host: str) -> None:
    rebound = connect(Host=host)
    for path in ("/", "/_emulator/stats", "/_emulator/webhooks"):
        assert rebound.get(path).status_code == 403
    assert rebound.post("/_emulator/reset").status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8320", "localhost:1", "[::1]:8320", "emulator", "a.localhost", "192.168.0.7"])  # fmt: skip
def test_addresses_and_local_names_get_control_calls(connect: Connect, host: str) -> None:
    assert connect(Host=host).get("/_emulator/stats").status_code == 200
