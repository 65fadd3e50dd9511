"""A bucket for each test, and a workspace with its state in the bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from galleryctl.state.bucket import Bucket, open_bucket
from tests.support.cli_harness import CliHarness
from tests.support.object_store import FakeObjectStore, serve_s3


@pytest.fixture(scope="session")
def server() -> Iterator[FakeObjectStore]:
    with serve_s3() as store:
        yield store


@pytest.fixture
def s3(server: FakeObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeObjectStore]:
    """Return the store, configured through the environment."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield server
    server.reset()


@pytest.fixture
def bucket_name(s3: FakeObjectStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = tmp_path_factory.mktemp("bucket").name
    s3.make_bucket(name)
    return name


@pytest.fixture
def bucket(bucket_name: str) -> Bucket:
    return open_bucket(f"s3://{bucket_name}/unused")[0]


@pytest.fixture
def shared(wedding: CliHarness, bucket_name: str) -> CliHarness:
    """Return a workspace with a gallery of three photos and a text, and its state in the bucket."""
    wedding.write(
        "galleryctl.yaml",
        "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
        f"state: s3://{bucket_name}/sites/{{site}}.json\n",
    )
    return wedding
