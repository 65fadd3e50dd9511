"""Workspaces on the embedded emulator, for every test that runs commands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from galleryctl.emulator import credentials
from tests.support.cli_harness import CliHarness


@pytest.fixture(scope="session", autouse=True)
def one_key_pair() -> Iterator[None]:
    """Let all sites of this process share one key pair: creating another takes longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(credentials, "key_pair", cache(credentials.key_pair))
        yield


@pytest.fixture
def studio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> CliHarness:
    """Return an empty workspace with the local backend."""
    studio = CliHarness(tmp_path, capsys)
    studio.write("galleryctl.yaml", "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n")
    return studio


@pytest.fixture
def wedding(studio: CliHarness) -> CliHarness:
    """Return a workspace with one gallery of three photos and a text, not applied."""
    for shade, name in enumerate(("first-dance", "cake", "rings")):
        studio.write_photo(f"photos/{name}.jpg", shade)
    studio.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
            "{image: photos/cake.jpg, title: Cake, link: {url: 'https://example.com', text: Book}}",
            "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ]
    )
    return studio
