"""Several files are replaced all or none, and only if nobody changed them meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from galleryctl.manifest.files.atomic_write import replace_texts
from galleryctl.model.errors import GalleryctlError


def folder(path: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in path.iterdir()}


@pytest.fixture
def texts(tmp_path: Path) -> dict[Path, tuple[str, str]]:
    """Return three files with their former and new texts."""
    for name in "abc":
        (tmp_path / name).write_text(f"old {name}")
    return {tmp_path / name: (f"old {name}", f"new {name}") for name in "abc"}


def test_all_files_are_replaced_and_keep_their_permissions(tmp_path: Path, texts: dict[Path, tuple[str, str]]) -> None:
    (tmp_path / "b").chmod(0o640)
    replace_texts(texts)
    assert folder(tmp_path) == {name: f"new {name}" for name in "abc"}
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("failing", ["a", "b", "c"])
@pytest.mark.parametrize("method", ["replace", "chmod"])
def test_after_an_error_all_files_are_as_before(
    tmp_path: Path, texts: dict[Path, tuple[str, str]], monkeypatch: pytest.MonkeyPatch, failing: str, method: str
) -> None:
    real = getattr(Path, method)

    def fail(path: Path, *arguments: object) -> object:
        if path.name.startswith(f".{failing}.") and path.read_text().startswith("new"):
            raise OSError(28, "No space left on device")
        return real(path, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Path, method, fail)
        with pytest.raises(GalleryctlError, match="the file cannot be written") as caught:
            replace_texts(texts)
    assert caught.value.where == str(tmp_path / failing)
    assert folder(tmp_path) == {name: f"old {name}" for name in "abc"}


def test_a_file_that_was_changed_meanwhile(tmp_path: Path, texts: dict[Path, tuple[str, str]]) -> None:
    (tmp_path / "c").write_text("theirs")
    with pytest.raises(GalleryctlError, match="the file was changed meanwhile; nothing was written"):
        replace_texts(texts)
    assert folder(tmp_path) == {"a": "old a", "b": "old b", "c": "theirs"}


def test_files_are_created_and_removed_with_the_others(tmp_path: Path, texts: dict[Path, tuple[str, str]]) -> None:
    replace_texts({**texts, tmp_path / "new/d": (None, "new d"), tmp_path / "b": ("old b", None)})
    assert (tmp_path / "new/d").read_text() == "new d"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "new"]
    with pytest.raises(GalleryctlError, match="the file was changed meanwhile; nothing was written"):
        replace_texts({tmp_path / "a": (None, "newer")})


def test_after_an_error_created_files_are_gone_and_removed_ones_are_back(
    tmp_path: Path, texts: dict[Path, tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def fail(path: Path, target: Path) -> Path:
        if path.name.startswith(".c.") and path.read_text().startswith("new"):
            raise OSError(28, "No space left on device")
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(GalleryctlError, match="the file cannot be written"):
            replace_texts(
                {
                    tmp_path / "d": (None, "new d"),
                    tmp_path / "b": ("old b", None),
                    tmp_path / "c": texts[tmp_path / "c"],
                }
            )
    assert folder(tmp_path) == {name: f"old {name}" for name in "abc"}
