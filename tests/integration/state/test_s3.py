"""State in S3 and compatible stores. Tests for all stores are in tests/e2e/test_stores.py."""

from __future__ import annotations

import pytest

from galleryctl.model.errors import StateError
from galleryctl.state.bucket import Bucket
from galleryctl.state.object_backend import ObjectStateBackend
from galleryctl.state.state_file import State
from tests.support.object_store import FakeObjectStore


@pytest.mark.parametrize(
    ("status", "code"),
    [("301 Moved Permanently", "PermanentRedirect"), ("400 Bad Request", "AuthorizationHeaderMalformed")],
)
def test_another_region_is_reported(bucket: Bucket, s3: FakeObjectStore, status: str, code: str) -> None:
    s3.fixed_responses["GET /state.json"] = (status, f"<Error><Code>{code}</Code></Error>")
    with pytest.raises(StateError, match="the state cannot be read") as caught:
        ObjectStateBackend(bucket, "state.json").read()
    assert caught.value.do == "set AWS_REGION in the environment to the bucket's region"


def test_a_copy_of_s3_that_knows_no_conditions_is_told(bucket: Bucket, s3: FakeObjectStore) -> None:
    s3.fixed_responses["PUT /state.json"] = ("501 Not Implemented", "<Error><Code>NotImplemented</Code></Error>")
    with pytest.raises(StateError, match="the state cannot be written") as caught:
        ObjectStateBackend(bucket, "state.json").write(State(site_id="site-1", lineage="lineage-1"))
    assert caught.value.why == "501 Not Implemented (NotImplemented)"
    assert "use a store with conditional writes" in caught.value.do


def test_expired_credentials_are_reported(bucket: Bucket, s3: FakeObjectStore) -> None:
    s3.fixed_responses["GET /state.json"] = ("400 Bad Request", "<Error><Code>ExpiredToken</Code></Error>")
    with pytest.raises(StateError) as caught:
        ObjectStateBackend(bucket, "state.json").read()
    assert caught.value.why == "400 Bad Request (ExpiredToken)"
    assert "correct the credentials in the environment" in caught.value.do
