"""The bytes that are sent for a file are the planned ones: every read is compared with the plan."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from galleryctl.engine.apply.upload_content import UploadContent, open_upload
from galleryctl.model.errors import StaleError
from galleryctl.model.media import LocalFile
from galleryctl.photo.splice import Splice

DATA = bytes(range(256)) * 9000
"""A little more than two blocks."""


def planned(data: bytes = DATA) -> LocalFile:
    return LocalFile(path="a.jpg", sha256=hashlib.sha256(data).hexdigest(), size=len(data), mime_type="image/jpeg")


async def read_all(root: Path, before_second: Callable[[], object] = lambda: None) -> list[bytes]:
    """Read the content twice, and return both readings."""
    async with open_upload(planned(), root) as content:
        first = b"".join([block async for block in content.read()])
        before_second()
        return [first, b"".join([block async for block in content.read()])]


def test_it_can_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(DATA)
    assert asyncio.run(read_all(tmp_path)) == [DATA, DATA]


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b"", b"y" + DATA[1:], DATA * 3])
def test_another_file_is_not_opened(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(StaleError, match=r"a\.jpg: the file changed since the plan was made"):
        asyncio.run(read_all(tmp_path))


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", DATA[:-1] + b"y", b""])
def test_a_file_that_changes_meanwhile_is_not_read_to_its_end(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(DATA)
    with pytest.raises(StaleError, match=r"a\.jpg: the file changed since the plan was made"):
        asyncio.run(read_all(tmp_path, lambda: path.write_bytes(data)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StaleError, match=r"a\.jpg does not exist"):
        asyncio.run(read_all(tmp_path))


def test_other_splices_are_other_bytes() -> None:
    file = io.BytesIO(b"abc")
    digests = [
        UploadContent(file=file, sha256=sha256, size=3, splices=splices).digest
        for sha256 in ("1", "2")
        for splices in ((), (Splice(0, 1, b"x"),), (Splice(0, 1, b"y"),))
    ]
    assert len(set(digests)) == len(digests)
