"""What the tests of frozen formats share: the site, made once, and keys, each made once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf import scrypt

from tests.support.cli_harness import CliHarness
from tests.support.frozen_site import PASSPHRASE, Frozen, make_site

_Scrypt = scrypt.Scrypt


@cache
def _derive(passphrase: bytes, **parameters: Any) -> bytes:
    return _Scrypt(**parameters).derive(passphrase)


class _Remembered:
    """scrypt with the parameters that it is given; a key that was made is not made again, for it takes a while."""

    def __init__(self, **parameters: Any) -> None:
        self._parameters = parameters

    def derive(self, passphrase: bytes) -> bytes:
        return _derive(passphrase, **self._parameters)


@pytest.fixture(scope="session", autouse=True)
def _remembered_keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrypt, "Scrypt", _Remembered)
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
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)
    return Frozen(studio.root, studio.capture, frozen_site)
