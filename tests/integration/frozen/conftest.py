"""What the tests of frozen formats share: the site, made once, and keys, each made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf import scrypt

from tests.frozen_site import PASSPHRASE, Frozen, make_site
from tests.studio import Studio

_made: dict[tuple[bytes, ...], bytes] = {}


class _Remembered:
    """scrypt with the parameters that it is given; what it made before, it does not make again."""

    def __init__(self, salt: bytes, length: int, n: int, r: int, p: int) -> None:
        self._parameters = repr((length, n, r, p)).encode(), salt
        self._scrypt = _Scrypt(salt=salt, length=length, n=n, r=r, p=p)

    def derive(self, passphrase: bytes) -> bytes:
        key = *self._parameters, passphrase
        if key not in _made:
            _made[key] = self._scrypt.derive(passphrase)
        return _made[key]


_Scrypt = scrypt.Scrypt


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
def frozen(studio: Studio, frozen_site: Path, monkeypatch: pytest.MonkeyPatch) -> Frozen:
    """A workspace in which nothing is restored yet."""
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)
    return Frozen(studio.root, studio.capture, frozen_site)
