from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
