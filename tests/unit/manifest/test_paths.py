"""Paths, patterns and links in manifests cannot point outside the workspace."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.workspace import load_workspace
from galleryctl.model.media import Kind, LocalFile

if TYPE_CHECKING:
    from tests.unit.manifest.conftest import ScratchWorkspace

JPEG = b"\xff\xd8\xff and more"


@pytest.fixture
def outside(scratch: ScratchWorkspace) -> Path:
    """Return a folder beside the workspace, with an image that must not be read."""
    folder = scratch.root.parent / f"{scratch.root.name}-outside"
    (folder / "photos").mkdir(parents=True)
    (folder / "secret.jpg").write_bytes(JPEG)
    (folder / "photos" / "secret.jpg").write_bytes(JPEG)
    return folder


def link_file(root: Path, outside: Path) -> str:
    (root / "x.jpg").symlink_to(outside / "secret.jpg")
    return "x.jpg"


def link_relative(root: Path, outside: Path) -> str:
    (root / "x.jpg").symlink_to(f"../{outside.name}/secret.jpg")
    return "x.jpg"


def link_folder(root: Path, outside: Path) -> str:
    (root / "photos").symlink_to(outside / "photos")
    return "photos/secret.jpg"


def link_in_the_middle(root: Path, outside: Path) -> str:
    (root / "a").mkdir()
    (root / "a" / "b").symlink_to(outside)
    return "a/b/photos/secret.jpg"


def link_to_a_link(root: Path, outside: Path) -> str:
    (root / "y").symlink_to(outside)
    (root / "x.jpg").symlink_to("y/secret.jpg")
    return "x.jpg"


OUT = [link_file, link_relative, link_folder, link_in_the_middle, link_to_a_link]


@pytest.mark.parametrize("link", OUT)
@pytest.mark.parametrize("entry", ["image: {}", "image: {}\n    captions: true", "from: {}"])
def test_no_link_leads_out(
    scratch: ScratchWorkspace, outside: Path, link: Callable[[Path, Path], str], entry: str
) -> None:
    path = link(scratch.root, outside)
    # a pattern reports the link that it does not follow, and no name behind it
    reported, column = (path, 12) if entry.startswith("i") else (path.removesuffix("/secret.jpg"), 11)
    assert scratch.item_problems(f"  - {entry.format(path)}\n") == [
        f"galleries/g.yaml:3:{column}: {reported.removesuffix('/photos')} is outside the workspace"
    ]


def test_a_pattern_does_not_follow_links_out(scratch: ScratchWorkspace, outside: Path) -> None:
    link_folder(scratch.root, outside)
    assert scratch.item_problems("  - from: photos/*.jpg\n") == [
        "galleries/g.yaml:3:11: photos is outside the workspace"
    ]
    for pattern in ("*/*.jpg", "photos/**/*.jpg", "p*/**/s*"):
        assert scratch.item_problems(f"  - from: '{pattern}'\n") == [
            "galleries/g.yaml:3:11: photos is outside the workspace"
        ]
    assert "only 1 linked folder (photos)" in scratch.item_problems("  - from: '**/*.jpg'\n")[0]


def test_no_manifest_and_no_sidecar_comes_from_outside(scratch: ScratchWorkspace, outside: Path) -> None:
    (outside / "m.yaml").write_text("title: planted\n", encoding="utf-8")
    (outside / "m.xmp").write_text("<planted/>", encoding="utf-8")
    scratch.picture("p.jpg")
    (scratch.root / "p.yaml").symlink_to(outside / "m.yaml")
    (scratch.root / "p.xmp").symlink_to(outside / "m.xmp")
    assert scratch.item_problems("  - from: p.jpg\n") == [
        "galleries/g.yaml:3:11: p.yaml cannot be read: p.yaml is outside the workspace",
    ]
    (scratch.root / "p.yaml").unlink()
    (warning,) = scratch.item_warnings("  - from: p.jpg\n")
    assert "(p.xmp is outside the workspace)" in warning
    (scratch.root / "galleries" / "g.yaml").unlink()
    (scratch.root / "galleries" / "g.yaml").symlink_to(outside / "m.yaml")
    assert scratch.problems() == ["galleryctl.yaml: galleries: galleries/g.yaml is outside the workspace"]


def test_links_inside_are_fine(scratch: ScratchWorkspace) -> None:
    scratch.picture("originals/a.jpg")
    (scratch.root / "photos").symlink_to("originals")
    (scratch.root / "b.jpg").symlink_to("photos/a.jpg")
    single, found = scratch.items("  - image: b.jpg\n  - from: photos/*.jpg\n")
    assert isinstance(single.media, LocalFile)
    assert isinstance(found.media, LocalFile)
    assert (single.media.path, found.media.path) == ("b.jpg", "photos/a.jpg")


def test_the_workspace_itself_may_be_a_link(scratch: ScratchWorkspace) -> None:
    scratch.picture("p.jpg")
    scratch.picture("photos/q.jpg")
    scratch.write("galleries/g.yaml", "bind: {create: true}\nitems: [{from: '*.jpg'}, {key: b, image: photos/q.jpg}]\n")
    linked = scratch.root.parent / f"{scratch.root.name}-linked"
    linked.symlink_to(scratch.root)
    items = load_manifests(load_workspace(linked, {}), "main").galleries[0].items
    assert [item.address.item for item in items] == ["p", "b"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("photos/../../x.jpg", "contains ..; use a path relative to the workspace"),
        ("./../x.jpg", "contains ..; use a path relative to the workspace"),
        ("a/..", "contains ..; use a path relative to the workspace"),
        ("//etc/passwd", "is not a relative path"),
        ("~/x.jpg", "is not a relative path"),
        ("~root/x.jpg", "is not a relative path"),
        ("C:/x.jpg", "is not a relative path"),
        ("C:x.jpg", "is not a relative path"),
        ("..\\x.jpg", "contains a backslash"),
        ("\\\\host\\x.jpg", "contains a backslash"),
        ("", "the path is empty"),
        (".", "the path is empty"),
        ("a\0b.jpg", "a path cannot contain a NUL character"),
        ("a\udcff.jpg", "is not valid UTF-8"),
        ("a" * 1025, "the path has 1,025 characters; the limit is 1,024"),
        ("a" * 300, "cannot be read: file name too long"),
        ("a/" * 500 + "b", "does not exist"),
    ],
)
def test_paths_that_no_manifest_may_name(scratch: ScratchWorkspace, path: str, expected: str) -> None:
    tree = WorkspaceFiles(scratch.root)
    with pytest.raises(WorkspaceFileError) as caught:
        tree.local_file(path, Kind.IMAGE)
    assert expected in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.sampled_from(["..", ".", "/", "~", "\\", "in", "out", "*", "**", "secret.jpg", "a.jpg"]),
        max_size=6,
    ),
    st.sampled_from(["", "/"]),
)
def test_no_path_and_no_pattern_reads_anything_outside(
    scratch: ScratchWorkspace, parts: list[str], between: str
) -> None:
    folder = scratch.root.parent / f"{scratch.root.name}-outside"
    folder.mkdir(exist_ok=True)
    (folder / "secret.jpg").write_bytes(JPEG)
    if not (scratch.root / "out").is_symlink():
        (scratch.root / "out").symlink_to(folder)
    scratch.write("in/a.jpg", JPEG + b" of ours")
    tree, path = WorkspaceFiles(scratch.root), between.join(parts)
    try:
        found = [path, *tree.glob(path)]
    except WorkspaceFileError:
        found = [path]
    for name in found:
        try:
            file = tree.local_file(name, Kind.IMAGE)
        except WorkspaceFileError:
            continue
        assert file.size == len(JPEG + b" of ours")


def test_a_pipe_is_no_file_and_nobody_waits_for_it(scratch: ScratchWorkspace) -> None:
    os.mkfifo(scratch.root / "p.jpg")
    why = "p.jpg is a named pipe, not a file; replace or remove it"
    assert scratch.item_problems("  - image: p.jpg\n") == [f"galleries/g.yaml:3:12: {why}"]
    assert scratch.item_problems("  - from: '*.jpg'\n") == [f"galleries/g.yaml:3:11: {why}"]
    with pytest.raises(WorkspaceFileError, match="not a regular file"), WorkspaceFiles(scratch.root).open("p.jpg"):
        pass


def test_a_device_is_no_file(scratch: ScratchWorkspace) -> None:
    (scratch.root / "p.jpg").symlink_to("/dev/zero")
    assert "is outside the workspace" in scratch.item_problems("  - image: p.jpg\n")[0]


def test_what_is_swapped_while_it_is_opened_is_not_read(
    scratch: ScratchWorkspace, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = scratch.picture("photos/secret.jpg").parent
    tree, aside, opens = WorkspaceFiles(scratch.root), scratch.root / "aside", os.open

    def swapped(name: str, flags: int) -> int:
        """Simulate another process that replaces the file with a link while it is opened."""
        photos.rename(aside)
        photos.symlink_to(outside / "photos")
        try:
            return opens(name, flags)
        finally:
            photos.unlink()
            aside.rename(photos)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(WorkspaceFileError, match="being replaced"):
        tree.local_file("photos/secret.jpg", Kind.IMAGE)


def test_a_link_that_leads_nowhere(scratch: ScratchWorkspace) -> None:
    (scratch.root / "p.jpg").symlink_to("gone.jpg")
    for entry in ("image: p.jpg", "from: '*.jpg'", "from: p.jpg"):
        assert "p.jpg is a link to gone.jpg, which does not exist" in scratch.item_problems(f"  - {entry}\n")[0]


def test_a_pattern_may_go_deep_twice_only(scratch: ScratchWorkspace) -> None:
    scratch.picture("a/b/c/d.jpg")
    (item,) = scratch.items("  - from: 'a/**/**/**/*.jpg'\n")
    assert item.address.item == "d"
    assert scratch.item_problems("  - from: '**/b/**/c/**/*.jpg'\n") == [
        "galleries/g.yaml:3:11: **/b/**/c/**/*.jpg has more than two **; use several patterns"
    ]


@pytest.mark.parametrize("name", ["p.jpg", "p.mp4", "p.webm", "p.mov"])
@pytest.mark.parametrize("content", [b"MZ\x90\0 a program", b"\x7fELF\x02", b"PK\x03\x04", b"<html>", b"%PDF-1.7"])
def test_what_a_file_is_called_does_not_make_it_one(scratch: ScratchWorkspace, name: str, content: bytes) -> None:
    scratch.write(name, content)
    kind = "image" if name.endswith("jpg") else "video"
    for entry in (f"{kind}: {name}", f"from: {name}"):
        (message,) = scratch.item_problems(f"  - {entry}\n")
        assert f"{name} is not a supported {kind}" in message
