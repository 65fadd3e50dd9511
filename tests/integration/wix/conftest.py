from __future__ import annotations

from collections.abc import Iterator

import pytest

from galleryctl.emulator import create_emulator
from galleryctl.emulator.credentials import Credentials, load_credentials
from tests import virtual
from tests.bench import ClientHarness


@pytest.fixture(scope="session")
def keys() -> Credentials:
    return load_credentials(None)


@pytest.fixture
def bench(keys: Credentials) -> Iterator[ClientHarness]:
    now = [virtual.EPOCH]
    emulator = create_emulator(None, clock=lambda: now[0], keys=keys)
    yield ClientHarness(emulator, now)
    emulator.close()
