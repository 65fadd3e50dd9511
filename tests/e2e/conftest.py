from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from galleryctl.state.bucket import Bucket, open_bucket
from tests.support.azurite import serve_azure
from tests.support.e2e_harness import WORKSPACE_YAML, ServedWorkspace, serve_workspace
from tests.support.google import serve_google
from tests.support.object_store import FakeObjectStore, serve_s3


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWorkspace]:
    with serve_workspace(tmp_path_factory.mktemp("emulator")) as made:
        yield made


@pytest.fixture
def served(emulator: ServedWorkspace, tmp_path: Path) -> ServedWorkspace:
    """An empty workspace and an empty site."""
    emulator.call_control("reset", {})
    fresh = ServedWorkspace(tmp_path / "workspace", emulator.ready, emulator.http)
    fresh.write("galleryctl.yaml", WORKSPACE_YAML)
    return fresh


@pytest.fixture(scope="session")
def stores() -> Iterator[Callable[[str], FakeObjectStore]]:
    """The object store of a scheme, which begins to listen when it is first asked for."""
    makers = {"s3": serve_s3, "gs": serve_google, "az": serve_azure}
    with ExitStack() as stack:
        yield cache(lambda scheme: stack.enter_context(makers[scheme]()))


@pytest.fixture
def reach(
    stores: Callable[[str], FakeObjectStore], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], FakeObjectStore]]:
    """Makes the store of a scheme reachable through the environment."""
    with ExitStack() as stack:

        def reached(scheme: str) -> FakeObjectStore:
            store = stores(scheme)
            stack.callback(store.reset)
            for name, value in store.environment.items():
                monkeypatch.setenv(name, value)
            return store

        yield reached


@pytest.fixture(params=["s3", "gs", "az"])
def store(request: pytest.FixtureRequest, reach: Callable[[str], FakeObjectStore]) -> FakeObjectStore:
    """Each kind of store in turn."""
    return reach(request.param)


@pytest.fixture
def bucket(store: FakeObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    name = tmp_path_factory.mktemp("bucket").name
    store.make_bucket(name)
    return open_bucket(store.location(name, "unused"))[0]
