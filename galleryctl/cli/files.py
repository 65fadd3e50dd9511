"""Files that commands write for people: new ones only where nothing is, others replaced in one step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from galleryctl.manifest.files.atomic_write import write_text_atomically
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.model.errors import GalleryctlError


def write_new(root: Path, files: Mapping[str, str]) -> None:
    """Write files below `root`, all or none. Raises GalleryctlError, listing what exists, when any does."""
    existing = [str(root / name) for name in files if os.path.lexists(root / name)]
    if existing:
        raise GalleryctlError(
            f"nothing was written: {'this exists' if len(existing) == 1 else 'these exist'} already",
            why="\n  ".join(existing),
            do="take another folder, or move them away",
        )
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = ensure_inside(root, root / name)
            made += _create_folders(path.parent)
            with _write_errors(path), path.open("x", encoding="utf-8", newline="") as out:
                made.append(path)
                out.write(text)
    except BaseException:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise


def _create_folders(folder: Path) -> list[Path]:
    """The folders that had to be made for `folder` to be there, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)][::-1]
    with _write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return missing


def write_generated(root: Path, files: Mapping[str, str]) -> None:
    """Write files below `root`, over what an earlier run wrote: it begins alike, up to the first colon.

    Raises GalleryctlError, before anything is written, when a file is somebody else's.
    """
    for name, text in files.items():
        path = ensure_inside(root, root / name)
        with _write_errors(path):
            foreign = os.path.lexists(path) and not path.read_bytes().startswith(text.partition(":")[0].encode())
        if foreign:
            raise GalleryctlError(
                "nothing was written: this file is not from an earlier run", where=path, do="move it away"
            )
    for name, text in files.items():
        path = root / name
        _create_folders(path.parent)
        if path.exists():
            write_text_atomically(path, text)
        else:
            write_new(root, {name: text})


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise GalleryctlError("it cannot be written", where=path, why=why) from error
