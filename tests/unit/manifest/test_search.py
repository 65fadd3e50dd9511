"""Patterns match as the reference describes `*`, `?`, `[ab]` and `**`."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = (
    "a.jpg", "b.jpg", "A.jpg", ".a.jpg", "a/a.jpg", "a/b.jpg", "a/[b].jpg", "a/.a.jpg", "a/a/a.jpg", "a/a/b/b.jpg",
    "b/a.jpg", ".a/a.jpg", "ab/é.jpg",
)  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> WorkspaceFiles:
    root = tmp_path_factory.mktemp("workspace")
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "b/link").symlink_to("../a")
    (root / "b/link.jpg").symlink_to("../a/a.jpg")
    return WorkspaceFiles(root)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a.jpg", ["a.jpg"]),
        ("*.jpg", ["A.jpg", "a.jpg", "b.jpg"]),
        ("?.jpg", ["A.jpg", "a.jpg", "b.jpg"]),
        ("[ab].jpg", ["a.jpg", "b.jpg"]),
        ("[!a].jpg", ["A.jpg", "b.jpg"]),
        ("a/[[]b].jpg", ["a/[b].jpg"]),
        ("[.]a.jpg", []),
        (".a/*.jpg", []),
        ("a*/?.jpg", ["a/a.jpg", "a/b.jpg", "ab/é.jpg"]),
        ("a/**/b.jpg", ["a/a/b/b.jpg", "a/b.jpg"]),
        ("**/b/*.jpg", ["a/a/b/b.jpg", "b/a.jpg", "b/link.jpg"]),
        ("**/a/**/b.jpg", ["a/a/b/b.jpg", "a/b.jpg"]),
        ("*/link/b.jpg", ["b/link/b.jpg"]),
        ("**/link/b.jpg", ["b/link/b.jpg"]),
        ("b/**/b.jpg", []),
        ("a/**", []),
        ("**", []),
        ("a.jpg/*", []),
        ("gone/*.jpg", []),
    ],
)
def test_a_pattern_finds_what_it_stands_for(tree: WorkspaceFiles, pattern: str, found: list[str]) -> None:
    assert sorted(tree.glob(pattern)) == found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "?", "[ab]", "[!b]"]), max_size=4).filter(
        lambda steps: steps.count("**") <= 2
    ),
    st.sampled_from(["*", "*.jpg", "?.jpg", "a.jpg", "[!a]*", "é.jpg"]),
)
def test_it_finds_each_file_once_whose_path_it_describes(tree: WorkspaceFiles, folders: list[str], name: str) -> None:
    found = list(tree.glob("/".join((*folders, name))))
    described = re.compile("".join([*map(_folder, folders), _name(name)]))
    linked = ["b/link.jpg", *(f"b/link/{path.removeprefix('a/')}" for path in FILES if path.startswith("a/"))]
    seen = [path for path in (*FILES, *linked) if not re.search(r"(^|/)\.", path)]
    assert sorted(found) == sorted(path for path in seen if described.fullmatch(path))


def test_two_stars_within_a_name_are_refused(tree: WorkspaceFiles) -> None:
    with pytest.raises(
        WorkspaceFileError, match=r"a\*\*/b.jpg is not a valid pattern: \*\* must be a whole path segment"
    ):
        list(tree.glob("a**/b.jpg"))


def test_a_folder_that_cannot_be_read_is_told(tree: WorkspaceFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def shut(folder: Path) -> Iterator[os.DirEntry[str]]:
        if folder.name == "b":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", shut)
    with pytest.raises(WorkspaceFileError, match=r"\*/a.jpg cannot be searched: permission denied"):
        list(tree.glob("*/a.jpg"))


def _folder(step: str) -> str:
    """Return one segment of a pattern as a regular expression; `**` matches folders that are not links."""
    return r"(?:(?!link/)[^/]+/)*" if step == "**" else f"{_name(step)}/"


def _name(step: str) -> str:
    return step.replace(".", r"\.").replace("*", "[^/]*").replace("?", "[^/]").replace("[!", "[^")
