"""Invalid environment variables of an object store are reported without their values."""

from __future__ import annotations

import json

import pytest

from galleryctl.model.errors import StateError
from galleryctl.state.bucket import open_bucket
from galleryctl.state.bucket_errors import advice_for, redacted_reason


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what each store needs; no request of these tests reaches one."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_NAME"):
        monkeypatch.setenv(name, "planted")
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "planted")


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("s3://bucket/key", "AWS_ACCESS_KEY_ID"),
        ("s3://bucket/key", "AWS_SECRET_ACCESS_KEY"),
        ("s3://bucket/key", "AWS_SESSION_TOKEN"),
        ("gs://bucket/key", "GOOGLE_BEARER_TOKEN"),
        ("az://container/key", "AZURE_STORAGE_ACCOUNT_KEY"),
        ("az://container/key", "AZURE_STORAGE_SAS_TOKEN"),
    ],
)
def test_a_line_end_after_a_secret_is_told_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, location: str, name: str
) -> None:
    monkeypatch.setenv(name, "planted\n")
    with pytest.raises(StateError, match=f"{name} in the environment contains a line break") as caught:
        open_bucket(location)
    assert "planted" not in str(caught.value)


def test_the_variables_of_another_store_and_of_other_programs_may_have_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CREDENTIALS", "{\n}")
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "planted\n")
    assert open_bucket("s3://bucket/key")[1] == "key"


@pytest.mark.parametrize("content", ["planted", '{"private_key": "planted \\" planted"}'])
def test_a_service_account_that_was_quoted_once_too_often_is_told_without_it(
    monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(content))
    with pytest.raises(StateError, match="Unable to decode service account file") as caught:
        open_bucket("gs://bucket/key")
    assert "planted" not in str(caught.value)
    assert "'Share state' in the documentation" in caught.value.do


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "GOOGLE_BASE_URL", "AZURE_STORAGE_ENDPOINT"])
def test_an_endpoint_that_is_no_address_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    scheme = {"AWS": "s3", "GOO": "gs", "AZU": "az"}[name[:3]]
    monkeypatch.setenv(name, "htp:/planted:planted@elsewhere")
    with pytest.raises(StateError, match=f"{name} in the environment does not begin with https://") as caught:
        open_bucket(f"{scheme}://bucket/key")
    assert "planted" not in str(caught.value)


def test_what_the_library_ends_at_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_BASE_URL", "http://planted here")
    bucket, key = open_bucket("gs://bucket/key")
    with pytest.raises(StateError, match="request must be valid") as caught:
        bucket.get(key)
    assert "planted" not in str(caught.value)
    assert caught.value.do.startswith("correct the store's environment variables")


TOKEN = "Error performing token request: Error performing"


@pytest.mark.parametrize(
    ("scheme", "said", "told", "help_"),
    [
        (
            "az",
            f"{TOKEN} GET http://169.254.169.254/metadata/identity in 1s - HTTP error: error sending request",
            "HTTP error: error sending request",
            "set the store's credentials in the environment",
        ),
        (
            "az",
            f'{TOKEN} POST https://login in 1s - Server returned non-2xx status code: 401 Unauthorized: {{"error":1}}',
            "401 Unauthorized",
            "correct the credentials in the environment",
        ),
        (
            "gs",
            f'{TOKEN} POST https://token in 1s - Server returned non-2xx status code: 400 Bad Request: {{"error":1}}',
            "400 Bad Request",
            "correct the credentials in the environment",
        ),
    ],
)
def test_a_token_that_is_not_given_is_told(scheme: str, said: str, told: str, help_: str) -> None:
    assert redacted_reason(said) == told
    assert help_ in advice_for(said, scheme)
