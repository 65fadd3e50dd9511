"""Reads text files without changing line breaks, and writes them atomically."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from galleryctl.model.errors import GalleryctlError


def read_text(path: Path) -> str:
    """Return the text of a file with its line breaks unchanged. Raises GalleryctlError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise GalleryctlError("the file cannot be read", where=path, why=str(error)) from error


def write_text_atomically(path: Path, text: str) -> None:
    """Replace the content of a file; on failure the old content is kept. Raises GalleryctlError.

    An existing file keeps its permissions. If `path` is a link, its target is written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as new:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise GalleryctlError("the file cannot be written", where=path, why=why) from error


def _umask() -> int:
    """Return the umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
