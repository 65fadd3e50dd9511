from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from galleryctl.state.bucket import Bucket, open_bucket
from tests.azurite import serve_azure
from tests.google import serve_google
from tests.objects import Store, serve_objects
from tests.served import WORKSPACE, Served, serve


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("emulator")) as made:
        yield made


@pytest.fixture
def served(emulator: Served, tmp_path: Path) -> Served:
    """An empty workspace and an empty site."""
    emulator.control("reset", {})
    fresh = Served(tmp_path / "workspace", emulator.ready, emulator.http)
    fresh.write("galleryctl.yaml", WORKSPACE)
    return fresh


@pytest.fixture(scope="session")
def stores() -> Iterator[Callable[[str], Store]]:
    """The object store of a scheme, which begins to listen when it is first asked for."""
    makers = {"s3": serve_objects, "gs": serve_google, "az": serve_azure}
    with ExitStack() as stack:
        yield cache(lambda scheme: stack.enter_context(makers[scheme]()))


@pytest.fixture
def reach(stores: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Store]]:
    """Makes the store of a scheme reachable through the environment."""
    with ExitStack() as stack:

        def reached(scheme: str) -> Store:
            store = stores(scheme)
            stack.callback(store.forget)
            for name, value in store.environment.items():
                monkeypatch.setenv(name, value)
            return store

        yield reached


@pytest.fixture(params=["s3", "gs", "az"])
def store(request: pytest.FixtureRequest, reach: Callable[[str], Store]) -> Store:
    """Each kind of store in turn."""
    return reach(request.param)


@pytest.fixture
def bucket(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    name = tmp_path_factory.mktemp("bucket").name
    store.make_bucket(name)
    return open_bucket(store.location(name, "unused"))[0]
