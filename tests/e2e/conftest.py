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


@pytest.fixture(params=["s3", "gs", "az"])
def store(
    request: pytest.FixtureRequest, stores: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """The store, reachable through the environment."""
    made = stores(request.param)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.forget()


@pytest.fixture
def bucket(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    name = tmp_path_factory.mktemp("bucket").name
    store.make_bucket(name)
    return open_bucket(store.location(name, "unused"))[0]
