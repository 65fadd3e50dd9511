"""Proxies, hosts without proxy and certificates of the environment: found by URL, and reported by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from galleryctl.model.errors import GalleryctlError
from galleryctl.network import NetworkSettings

API = "https://www.wixapis.com/x"


def proxy(url: str = API, **environ: str) -> str | None:
    """The variable that names the proxy for `url`."""
    found = NetworkSettings(environ=environ).proxy_for(url)
    return found.variable if found else None


def error(url: str = API, **environ: str) -> str:
    with pytest.raises(GalleryctlError) as caught:
        NetworkSettings(environ=environ).check(url)
    return str(caught.value)


def test_without_variables_requests_are_direct() -> None:
    assert proxy() is None


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, "HTTPS_PROXY"),
        ({"https_proxy": "proxy:3128"}, "https_proxy"),
        ({"https_proxy": "proxy:1", "HTTPS_PROXY": "proxy:2"}, "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": "proxy:2"}, None),
        ({"ALL_PROXY": "http://proxy"}, "ALL_PROXY"),
        ({"ALL_PROXY": "socks5://proxy", "HTTPS_PROXY": "http://proxy"}, "HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://proxy"}, None),
    ],
)
def test_the_variable_of_the_scheme_has_precedence(environ: dict[str, str], variable: str | None) -> None:
    assert proxy(**environ) == variable


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:80/", "http://localhost/", "http://[::1]:8080/", "http://127.9.9.9/"]
)
def test_this_machine_is_reached_directly(url: str) -> None:
    assert proxy(url, HTTP_PROXY="http://proxy") is None


@pytest.mark.parametrize(
    ("entry", "matches"),
    [
        ("*", True),
        ("wixapis.com", True),
        (".wixapis.com", True),
        ("*.wixapis.com", True),
        ("www.wixapis.com", True),
        ("WWW.WIXAPIS.COM", True),
        ("www.wixapis.com:443", True),
        ("www.wixapis.com:80", False),
        ("https://wixapis.com", True),
        ("apis.com", False),
        ("example.com, wixapis.com", True),
        ("10.0.0.0/8", False),
        ("::1", False),
        ("[::1]", False),
        (" , ,", False),
    ],
)
def test_hosts_without_proxy(entry: str, *, matches: bool) -> None:
    assert (proxy(HTTPS_PROXY="http://proxy", NO_PROXY=entry) is None) == matches


def test_a_network_without_proxy() -> None:
    assert proxy("https://10.1.2.3/", HTTPS_PROXY="http://proxy", NO_PROXY="10.0.0.0/8") is None
    assert proxy("https://11.1.2.3/", HTTPS_PROXY="http://proxy", NO_PROXY="10.0.0.0/8") == "HTTPS_PROXY"
    assert proxy("https://[fd00::5]/", HTTPS_PROXY="http://proxy", NO_PROXY="fd00::/8") is None


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("socks5://name:s3cret@proxy:1", "SOCKS proxies are not supported"),
        ("gopher://name:s3cret@proxy", "unsupported kind of proxy"),
        ("http://name:s3cret@proxy:port", "invalid proxy URL"),
        ("http://name:s3cret", "invalid proxy URL"),
        ("http://", "invalid proxy URL"),
        ("http://na me:s3cret@[proxy:1", "invalid proxy URL"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_reported_by_its_variable_alone(value: str, what: str) -> None:
    message = error(HTTPS_PROXY=value)
    assert message.startswith(f"HTTPS_PROXY in the environment: {what}")
    assert "s3cret" not in message


@pytest.mark.parametrize("entry", ["[::1", "*.foo:abc", "<local>", "a b", "10.0.0.0/99", "http://[x"])
def test_a_malformed_entry_of_no_proxy_is_reported(entry: str) -> None:
    message = error(HTTPS_PROXY="http://proxy", no_proxy=f"localhost,{entry}")
    assert message.startswith(f"no_proxy in the environment: {entry!r} is not a host, an IP address or a network")
    assert proxy(no_proxy=entry) is None  # unused without a proxy


def test_certificates_that_cannot_be_used_are_reported_by_their_variable(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no certificate")
    assert "SSL_CERT_FILE in the environment" in error(SSL_CERT_FILE=str(tmp_path / "missing"))
    assert "cannot be read: No such file" in error(SSL_CERT_FILE=str(tmp_path / "missing"))
    assert "has no certificates in PEM format" in error(SSL_CERT_FILE=str(tmp_path / "text"))
    assert "cannot be read: Is a directory" in error(SSL_CERT_FILE=str(tmp_path))
    assert "SSL_CERT_DIR in the environment" in error(SSL_CERT_DIR=str(tmp_path / "missing"))
    assert "unset SSL_CERT_DIR" in error(SSL_CERT_DIR=str(tmp_path / "missing"))


def test_without_tls_certificates_need_not_exist(tmp_path: Path) -> None:
    settings = NetworkSettings(environ={"SSL_CERT_FILE": str(tmp_path / "missing")})
    assert settings.check("http://127.0.0.1:1/") == "no proxy"


def test_the_settings_are_described_by_name(tmp_path: Path) -> None:
    settings = NetworkSettings(environ={"HTTPS_PROXY": "http://proxy", "SSL_CERT_DIR": str(tmp_path)})
    assert settings.check(API) == "the proxy of HTTPS_PROXY, the certificates of SSL_CERT_DIR"


def test_a_file_of_tls_keys_is_reported() -> None:
    settings = NetworkSettings(environ={"SSLKEYLOGFILE": "keys.log"})
    assert "the traffic can be read" in settings.check(API)
