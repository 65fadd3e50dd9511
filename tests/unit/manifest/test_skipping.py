"""Files in a folder of photos that are not items, by their names, and patterns that exclude files."""

from __future__ import annotations

import pytest

from galleryctl.manifest.files.patterns import is_excluded
from galleryctl.manifest.files.search import matches_name
from galleryctl.manifest.files.skipping import Skip, count_skipped, find_companions, list_paths, skip_by_name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a.jpg", None),
        ("a", None),
        ("a.txt", None),
        ("Thumbs.db", Skip.SYSTEM),
        ("DESKTOP.INI", Skip.SYSTEM),
        ("Icon\r", Skip.SYSTEM),
        ("IMG_1.AAE", Skip.SIDECAR),
        ("IMG_1.jpg.json", Skip.SIDECAR),
        ("a.XMP", Skip.SIDECAR),
        ("a.yml", Skip.SIDECAR),
        ("a.NEF", Skip.RAW),
        ("a.dng", Skip.RAW),
    ],
)
def test_by_name(name: str, why: Skip | None) -> None:
    assert skip_by_name(f"photos/{name}") is why


def test_companions_have_the_same_name_in_the_same_folder() -> None:
    paths = [
        "a/1.HEIC",
        "a/1.jpg",
        "a/1.mov",
        "b/1.jpg",
        "b/1.MOV",
        "c/1.mov",
        "a/2.png",
        "a/2.jpg",
        "a/3.hif",
        "a/3.JPG",
    ]
    assert find_companions(paths) == {
        "a/1.jpg": Skip.COPY,
        "a/1.mov": Skip.LIVE_PHOTO,
        "b/1.MOV": Skip.LIVE_PHOTO,
        "a/3.JPG": Skip.COPY,
    }


def test_the_note() -> None:
    skipped = {"p/a.xmp": Skip.SIDECAR, "p/b.xmp": Skip.SIDECAR, "p/.x": Skip.HIDDEN}
    skipped |= {f"p/{number}.txt": Skip.OTHER for number in range(5)}
    assert count_skipped(skipped) == "1 hidden file, 2 sidecars, 5 other files (0.txt, 1.txt, 2.txt and 2 more)"
    assert list_paths(["p/a", "p/b"]) == "a, b"


@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        ("p/a.jpg", "p/a.jpg", True),
        ("p/a.jpg", "p/a.JPG", True),
        ("p/a.jpg", "p/b/a.jpg", False),
        ("p/b", "p/b/c/a.jpg", True),
        ("p/b", "p/bb/a.jpg", False),
        ("a.jpg", "p/b/a.jpg", True),
        ("drafts", "p/drafts/a.jpg", True),
        ("*-draft.*", "p/x-draft.png", True),
        ("p/**/a.jpg", "p/a.jpg", True),
        ("p/**/a.jpg", "p/b/c/a.jpg", True),
        ("**/b", "p/b/a.jpg", True),
        ("p/*", "q/a.jpg", False),
        ("p/e\u0301.jpg", "p/é.jpg", True),
    ],
)
def test_except(pattern: str, path: str, excluded: bool) -> None:
    assert is_excluded(path, pattern) is excluded


@pytest.mark.parametrize(
    ("name", "pattern", "fits"),
    [
        ("a.JPG", "*.jpg", True),
        ("a.jpg", "*.JPG", True),
        ("A.jpg", "a.jpg", False),
        ("a.jpeg", "*.jp*", True),
        ("a.JPEG", "*.[jJ]p*", True),
        ("a", "*.jpg", False),
        ("Bx", "[A.B]x", True),
    ],
)
def test_extensions_ignore_case(name: str, pattern: str, fits: bool) -> None:
    assert matches_name(name, pattern) is fits
