"""Fixtures for the tests of state: a state and a lock holder."""

from __future__ import annotations

import pytest

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.state.backend import LockInfo
from galleryctl.state.state_file import State


@pytest.fixture
def state() -> State:
    """Return a state with one gallery of two photos."""
    weddings, dance, cake = (Address.parse(t) for t in ("weddings", "weddings/first-dance", "weddings/cake"))
    return State(
        site_id="site-1",
        lineage="lineage-1",
        serial=7,
        bindings=Bindings(
            ids={weddings: "g-1", dance: "i-1", cake: "i-2"},
            media={"sha256:ab": "f-1"},
            protected=frozenset({weddings, dance}),
            deposed={"i-0": cake},
        ),
    )


@pytest.fixture
def anna() -> LockInfo:
    """Return a lock holder on another machine."""
    return LockInfo(run="run-1", who="anna@elsewhere", pid=1, since="2026-11-24T09:00:00+00:00", operation="apply")
