"""Files that change during their upload: an item never shows other bytes than the planned ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from galleryctl.model.desired import Desired
from galleryctl.model.media import Kind, LocalFile
from galleryctl.wix import tus
from galleryctl.wix.transport import Attempt
from tests.support.engine_harness import EngineHarness, jpeg_bytes, make_desired, make_item


@pytest.fixture
def world(tmp_path: Path) -> Iterator[EngineHarness]:
    made = EngineHarness(tmp_path)
    yield made
    made.close()


def uploaded(world: EngineHarness) -> list[bytes | None]:
    """Return the bytes of each file of the site."""
    return [world.emulator.pipeline.site.store.get_blob(file["id"]) for file in world.files()]


def at_request(world: EngineHarness, pattern: str, change: Callable[[], object], nth: int = 1) -> None:
    """Call `change` right before the nth request that the pattern matches."""
    seen = 0

    def watch(exchange: Attempt) -> None:
        nonlocal seen
        if exchange.phase == "before" and re.search(pattern, exchange.call):
            seen += 1
            if seen == nth:
                change()

    world.on_attempt = watch


def film(world: EngineHarness, size: int) -> tuple[Desired, bytes, Path]:
    """Return a video of the workspace that is sent in several chunks."""
    data = b"\0\0\0\x20ftypisom" + bytes(range(256)) * (size // 256)
    path = world.root / "film.mp4"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    file = LocalFile(path="film.mp4", sha256=digest, size=len(data), mime_type="video/mp4")
    return make_desired(make_item("film", Kind.VIDEO, file, {})), data, path


def reason(world: EngineHarness, desired: Desired) -> str:
    """Return why the upload failed; no item shows the file."""
    report = world.apply(desired).report
    assert report.exit_code in (1, 3)
    assert [each for each in uploaded(world) if each is not None] == []
    assert world.items() == []
    return " ".join(outcome.reason for outcome in report.outcomes)


@pytest.mark.parametrize("pattern", ["^GET /progallery", "generate-upload-url", "PUT"])
def test_a_photo_written_over_is_never_sent(world: EngineHarness, pattern: str) -> None:
    photo = world.photo_item("a", 1)
    other = world.root / "photos/a.jpg"
    at_request(world, pattern, lambda: other.write_bytes(jpeg_bytes(2)))
    if pattern == "PUT":  # the file was read completely before
        assert world.apply(make_desired(photo)).report.exit_code == 0
        assert uploaded(world) == [jpeg_bytes(1)]
    else:
        assert "changed since the plan was made" in reason(world, make_desired(photo))


def test_a_photo_swapped_for_another_is_never_sent(world: EngineHarness) -> None:
    photo = world.photo_item("a", 1)
    (world.root / "b.jpg").write_bytes(jpeg_bytes(2))

    def swap() -> None:
        (world.root / "b.jpg").replace(world.root / "photos/a.jpg")

    at_request(world, "generate-upload-url", swap)
    world.apply(make_desired(photo))
    assert set(uploaded(world)) <= {jpeg_bytes(1)}


@pytest.mark.parametrize("place", [0, 20_000_000, -1], ids=["first piece", "last piece", "last byte"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_film_written_to_while_it_is_sent_never_becomes_a_file(world: EngineHarness, place: int, nth: int) -> None:
    desired, data, path = film(world, 20_500_000)

    def write() -> None:
        with path.open("r+b") as stream:
            stream.seek(place, 2 if place < 0 else 0)
            stream.write(b"!")

    at_request(world, "^PATCH .*(tus|upload)", write, nth)
    applied = world.apply(desired)
    if applied.report.exit_code == 0:  # the overwritten bytes had already been sent
        assert place == 0
        assert uploaded(world) == [data]
    else:
        assert uploaded(world) == []


def test_a_video_that_becomes_shorter_is_reported(world: EngineHarness) -> None:
    desired, data, path = film(world, 12_000_000)
    at_request(world, "^PATCH .*(tus|upload)", lambda: path.write_bytes(data[:9_000_000]))
    assert "film.mp4: the file changed since the plan was made" in reason(world, desired)


def test_pieces_sent_before_an_interruption_must_be_those_that_are_read_again(
    world: EngineHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first chunk is sent with a changed byte; before the second attempt the file is restored."""
    monkeypatch.setattr(tus, "CHUNK_BYTES", 1 << 20)
    desired, data, path = film(world, 11_000_000)
    patches = iter((data[:9] + b"!" + data[10:], data))

    def write(exchange: Attempt) -> None:
        if exchange.phase == "before" and ("resumable" in exchange.call or exchange.name.startswith("HEAD")):
            path.write_bytes(next(patches, data))

    world.on_attempt = write
    world.faults(script=[{"fault": "drop_before", "path": "/upload/tus/", "methods": ["PATCH"], "nth": 1}])
    assert "changed since the plan was made" in reason(world, desired)


@pytest.mark.parametrize("path", ["../secret.jpg", "{root}/../secret.jpg", "link.jpg", "photos/../../secret.jpg"])
def test_a_path_that_leads_out_of_the_workspace_is_not_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(jpeg_bytes(7))
    root = tmp_path / "workspace"
    (root / "photos").mkdir(parents=True)
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    world = EngineHarness(root)
    try:
        digest = hashlib.sha256(jpeg_bytes(7)).hexdigest()
        file = LocalFile(path=path.format(root=root), sha256=digest, size=len(jpeg_bytes(7)), mime_type="image/jpeg")
        assert "workspace" in reason(world, make_desired(make_item("a", Kind.IMAGE, file, {})))
        assert not any("upload" in request for request in world.requests)
    finally:
        world.close()
