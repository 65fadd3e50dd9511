"""What the tests of frozen formats share: the site, made once, and keys, each made once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness
from tests.support.frozen_site import PASSPHRASE, Frozen, make_site


@pytest.fixture(scope="session", autouse=True)
def _remembered_keys() -> Iterator[None]:
    """Keys of the parameters that are given; one that was made is not made again, for it takes a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", cache(hashlib.scrypt))
        yield


@pytest.fixture(scope="session")
def frozen_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the emulated site."""
    data = tmp_path_factory.mktemp("site")
    make_site(data)
    return data


@pytest.fixture
def frozen(studio: CliHarness, frozen_site: Path, monkeypatch: pytest.MonkeyPatch) -> Frozen:
    """A workspace in which nothing is restored yet."""
    monkeypatch.setenv("STATE_PASSPHRASE", PASSPHRASE)
    return Frozen(studio.root, studio.capture, frozen_site)
