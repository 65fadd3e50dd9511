"""Errors of each kind of object store are reported in its terms, with advice and without secrets."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from galleryctl.model.errors import StateError
from galleryctl.state.bucket import Bucket, open_bucket
from galleryctl.state.object_backend import ObjectStateBackend
from tests.support.object_store import FakeObjectStore

WRONG_CREDENTIALS = {
    "s3": ("AWS_ACCESS_KEY_ID", "AKIAOTHER"),
    "gs": ("GOOGLE_BEARER_TOKEN", "another-token"),
    "az": ("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"another key").decode()),
}


def read_error(store: FakeObjectStore, read: Callable[[], object]) -> StateError:
    """Return the error of a read, after checking that it shows no secret and no address."""
    with pytest.raises(StateError) as caught:
        read()
    shown = f"{caught.value} {caught.value!r}"
    assert not [secret for secret in store.secrets if secret in shown]
    assert "http://" not in shown
    assert caught.value.do
    return caught.value


@pytest.mark.parametrize("method", ["get", "put", "list"])
def test_a_missing_bucket_is_not_an_empty_state(store: FakeObjectStore, method: str) -> None:
    bucket, key = open_bucket(store.location("no-such-bucket", "state.json"))
    calls = {"get": bucket.get, "put": lambda key: bucket.put(key, b"1", None), "list": bucket.list}
    error = read_error(store, lambda: calls[method](key))
    code, what = ("ContainerNotFound", "container") if store.scheme == "az" else ("NoSuchBucket", "bucket")
    assert error.why == f"404 Not Found ({code})"
    assert error.do == f"create the {what}, or correct state in galleryctl.yaml"


def test_a_store_that_is_down_is_told(bucket: Bucket, store: FakeObjectStore) -> None:
    store.fixed_responses["GET /state.json"] = ("503 Service Unavailable", "")
    error = read_error(store, ObjectStateBackend(bucket, "state.json").read)
    assert error.why == "503 Service Unavailable"
    assert "run the same command again" in error.do
    assert not any(secret in repr(bucket) for secret in store.secrets)


def test_nothing_that_listens_is_told(store: FakeObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in store.settings.items():
        monkeypatch.setenv(name, value.format(url="http://127.0.0.1:1"))
    bucket, key = open_bucket(store.location("bucket", "state.json"))
    assert "error sending request" in read_error(store, lambda: bucket.get(key)).why


def test_rejected_credentials_are_reported(
    bucket: Bucket, store: FakeObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store.scheme == "s3":  # moto accepts any credentials
        store.fixed_responses["GET /key"] = ("403 Forbidden", "<Error><Code>InvalidAccessKeyId</Code></Error>")
    monkeypatch.setenv(*WRONG_CREDENTIALS[store.scheme])
    other, _ = open_bucket(f"{bucket.location}/key")
    error = read_error(store, lambda: other.get("key"))
    assert error.why.startswith(("401 Unauthorized (", "403 Forbidden ("))
    assert "correct the credentials in the environment" in error.do


@pytest.mark.parametrize(
    "body",
    [
        "<Error><Code>AccessDenied</Code></Error>",
        "<Error><Code>AuthorizationPermissionMismatch</Code></Error>",
    ],
)
def test_a_right_that_is_missing_is_told(bucket: Bucket, store: FakeObjectStore, body: str) -> None:
    store.fixed_responses["PUT /key"] = ("403 Forbidden", body)
    error = read_error(store, lambda: bucket.put("key", b"1", None))
    assert error.what == "the state cannot be written"
    assert (
        error.do == "grant the credentials in the environment permission to read, write, list and delete objects there"
    )


def test_an_endpoint_without_tls_has_to_be_allowed(store: FakeObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}[store.scheme]
    monkeypatch.setenv(f"{prefix}_ALLOW_HTTP", "false")
    bucket, key = open_bucket(store.location("bucket", "state.json"))
    error = read_error(store, lambda: bucket.get(key))
    assert error.do == f"set {prefix}_ALLOW_HTTP=true in the environment to allow an endpoint without TLS"
