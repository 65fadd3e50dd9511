"""`galleryctl events` rejects invalid options before it listens."""

from __future__ import annotations

import pytest

from tests.support.cli_harness import CliHarness
from tests.support.signed_events import trusted_app

WIX = """\
galleryctl: 1
backend: {type: wix, base_url: "http://127.0.0.1:1"}
sites: {main: {site_id: site, auth: AUTH}}
galleries: galleries/*.yaml
"""
KEY = '{api_key: "${WIX_API_KEY}"}'
APP = '{app_id: app, app_secret: "${WIX_APP_SECRET}", instance_id: instance}'


@pytest.fixture
def real(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> CliHarness:
    """Return a workspace on the real API, with an app's public key in a file."""
    monkeypatch.setenv("KEY", "secret")
    studio.write("galleryctl.yaml", WIX.replace("AUTH", KEY))
    studio.write("app.pem", trusted_app().public.decode())
    return studio


@pytest.mark.parametrize("format_", ["markdown", "html", "github"])
def test_other_formats_mean_nothing(studio: CliHarness, format_: str) -> None:
    ran = studio.run("events", "--format", format_)
    assert ran.code == 1
    assert "choose text or json" in ran.out + ran.err


def test_options_that_make_no_sense_together_are_refused(real: CliHarness) -> None:
    ran = real.run("events", "--public-key", "app.pem", "--public-key-env", "KEY")
    assert (ran.code, "cannot be combined" in ran.err) == (1, True)
    ran = real.run("events", "--settle", "3")
    assert (ran.code, "--settle requires --drift" in ran.err) == (1, True)


def test_without_a_key_nobody_is_believed(real: CliHarness) -> None:
    ran = real.run("events")
    assert ran.code == 1
    assert "give --public-key FILE or --public-key-env NAME" in ran.err


def test_with_an_api_key_the_instance_must_be_told(real: CliHarness) -> None:
    ran = real.run("events", "--public-key", "app.pem")
    assert ran.code == 1
    assert "give --instance-id ID" in ran.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--public-key", "none.pem"), "cannot read the public key"),
        (("--public-key", "galleryctl.yaml"), "galleryctl.yaml: this is not an app's public key"),
        (("--public-key-env", "UNSET_KEY"), "the environment variable UNSET_KEY is not set"),
        (("--public-key-env", "KEY"), "the environment variable KEY: this is not an app's public key"),
    ],
)
def test_a_key_that_is_none_is_told_with_its_place(real: CliHarness, args: tuple[str, ...], said: str) -> None:
    ran = real.run("events", *args, "--instance-id", "x")
    assert ran.code == 1
    assert said in ran.err
    assert "secret" not in ran.out + ran.err


def test_an_app_in_the_workspace_is_the_instance_and_a_taken_address_is_told(real: CliHarness) -> None:
    real.write("galleryctl.yaml", WIX.replace("AUTH", APP))
    ran = real.run("events", "--public-key", "app.pem", "--host", "192.0.2.1")
    assert ran.code == 1
    assert "the receiver cannot listen on 192.0.2.1:0" in ran.err
    assert "Warning: the receiver listens on 192.0.2.1 without TLS" in ran.err


def test_a_ready_file_that_cannot_be_written_ends_it(studio: CliHarness) -> None:
    ran = studio.run("events", "--ready-file", "galleryctl.yaml/ready.json")
    assert ran.code == 1
    assert "cannot write the ready file" in ran.err
