from __future__ import annotations

from collections.abc import Iterator

import pytest

from galleryctl.emulator import create_emulator
from galleryctl.emulator.credentials import Credentials, load_credentials
from tests.support import clock
from tests.support.probe_harness import ProbeHarness


@pytest.fixture(scope="session")
def keys() -> Credentials:
    return load_credentials(None)


@pytest.fixture
def bench(keys: Credentials) -> Iterator[ProbeHarness]:
    now = [clock.EPOCH]
    emulator = create_emulator(None, clock=lambda: now[0], keys=keys)
    yield ProbeHarness(emulator, now)
    emulator.close()
