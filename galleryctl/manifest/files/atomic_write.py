"""Reads text files without changing line breaks, and writes them atomically."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from galleryctl.model.errors import GalleryctlError

_LINE_END = re.compile("\r\n?")


def read_text(path: Path) -> str:
    """Return the text of a file with its line breaks unchanged. Raises GalleryctlError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise GalleryctlError("the file cannot be read", where=path, why=str(error)) from error


def with_unix_line_ends(text: str) -> str:
    """Return the text with line ends of one character."""
    return _LINE_END.sub("\n", text) if "\r" in text else text


def with_line_ends_of(text: str, before: str) -> str:
    """Return the text with one kind of line end: that of most lines of the file that it replaces."""
    text = with_unix_line_ends(text)
    return text.replace("\n", "\r\n") if 2 * before.count("\r\n") > before.count("\n") else text


def write_text_atomically(path: Path, text: str) -> None:
    """Replace the content of a file; on failure the old content is kept. Raises GalleryctlError.

    An existing file keeps its permissions. If `path` is a link, its target is written.
    """
    with _write_errors(path):
        staged = _stage(path, text)
        _replace(staged, path.resolve())


def replace_texts(texts: Mapping[Path, tuple[str | None, str | None]]) -> None:
    """Replace the content of files, all or none: path → former and new text, None for a file that does not exist.

    All new files are written beside the old ones first. If one cannot take its place, those before it get their former
    text back. Raises GalleryctlError, also, before anything is written, if a file no longer has its former text.
    """
    for path, (before, _) in texts.items():
        if (read_text(path) if path.exists() else None) != before:
            raise GalleryctlError(
                "the file was changed meanwhile; nothing was written", where=path, do="run the command again"
            )
    staged: dict[Path, Path] = {}
    replaced: list[Path] = []
    try:
        for path, (_, after) in texts.items():
            if after is not None:
                with _write_errors(path):
                    staged[path] = _stage(path, after)
        for path in texts:
            with _write_errors(path):
                if path in staged:
                    _replace(staged[path], path.resolve())
                else:
                    path.unlink(missing_ok=True)
            replaced.append(path)
    except BaseException:
        for path in replaced:
            _restore(path, texts[path][0])
        for path in staged.keys() - replaced:
            staged[path].unlink(missing_ok=True)
        raise


def _restore(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
    else:
        write_text_atomically(path, text)


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise GalleryctlError("the file cannot be written", where=path, why=why) from error


def _stage(path: Path, text: str) -> Path:
    """Write the text to a new file beside the target of `path`, with its permissions, and return it."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    staged = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        staged.chmod(mode)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise
    return staged


def _replace(staged: Path, target: Path) -> None:
    try:
        staged.replace(target)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise


def _umask() -> int:
    """Return the umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
