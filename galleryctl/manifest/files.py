"""The files of a workspace, as manifests may name them: inside of it, spelled exactly, readable."""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath

from galleryctl.manifest.filetypes import HEAD, mime_type
from galleryctl.manifest.matching import matching
from galleryctl.model.media import Kind, LocalFile

_LONGEST_PATH = 1024
"""Characters; some systems open no longer ones, and a pattern takes time with its length."""
_MOST_DEPTHS = 2
"""How often `**` may stand in a pattern: each looks at all that the one before it found."""
_ALIKE = 0.6
"""How much of two names of files has to agree, for one to be suggested for the other."""
_MOST_NAMES = 1000
"""How many files are looked at for a suggestion."""
_MOST_SUGGESTIONS = 20
"""In one run: comparing names is slow, and who misses more files has moved a folder."""


class BadFileError(Exception):
    """A path that no manifest may name, or a file that cannot be used; the message says why, without its place."""


class Tree:
    """The files below the root of a workspace. Listings and contents are read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = root.resolve()
        self._names: dict[Path, frozenset[str]] = {}
        self._files: dict[tuple[str, Kind], LocalFile] = {}
        self._suggestions_left = _MOST_SUGGESTIONS

    def local_file(self, path: str, kind: Kind) -> LocalFile:
        """The file with its digest, size and type. Raises BadFileError."""
        normal = self.checked(path)
        if (normal, kind) not in self._files:
            self._files[normal, kind] = self._read(normal, kind)
        return self._files[normal, kind]

    def checked(self, path: str) -> str:
        """The path in its normal form, of a file that exists inside of the workspace. Raises BadFileError."""
        normal = relative(path)
        if not self._real_path(path, normal).is_file():
            raise BadFileError(f"{path} is no file")
        self._check_case(path, normal)
        return normal

    @contextmanager
    def opened(self, normal: str) -> Iterator[BufferedReader]:
        """The bytes of a file whose path is normal already. Raises BadFileError.

        Where the path leads is looked at again once the file is open, so that nobody can change it in between.
        """
        real = self._real_path(normal, normal)
        try:
            with open_regular(real) as stream:
                if not os.path.samestat(os.fstat(stream.fileno()), self._real_path(normal, normal).stat()):
                    raise BadFileError(f"{normal} cannot be read: it is being replaced")
                yield stream
        except OSError as error:
            raise BadFileError(f"{normal} cannot be read: {_why(error)}") from error

    def find(self, pattern: str) -> Iterator[str]:
        """The files that a pattern finds; none that is hidden. Raises BadFileError."""
        parts = PurePosixPath(relative(pattern)).parts
        steps = [part for part, before in zip(parts, ("", *parts), strict=False) if (part, before) != ("**", "**")]
        if steps.count("**") > _MOST_DEPTHS:
            raise BadFileError(f"{pattern} has ** more than twice; write several patterns")
        try:
            found = list(matching(self.root, steps, self._led))
        except (OSError, ValueError) as error:
            what = "cannot be searched" if isinstance(error, OSError) else "is no pattern"
            raise BadFileError(f"{pattern} {what}: {_why(error)}") from error
        yield from (path.relative_to(self.root).as_posix() for path in found)

    def _led(self, link: Path) -> None:
        """Raise BadFileError when the link leads out of the workspace."""
        inner = link.relative_to(self.root).as_posix()
        self._real_path(inner, inner)

    def exists(self, path: str) -> bool:
        """Whether a path that is normal already is a file of the workspace."""
        return PurePosixPath(path).name in self._listing(self.root / PurePosixPath(path).parent)

    def _read(self, normal: str, kind: Kind) -> LocalFile:
        with self.opened(normal) as stream:
            head = stream.read(HEAD)
            size = os.fstat(stream.fileno()).st_size
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if size == 0:
            raise BadFileError(f"{normal} is empty")
        found = mime_type(head, normal, kind)
        if found is None:
            raise BadFileError(f"{normal} is {_not_a(kind)}")
        return LocalFile(path=normal, sha256=digest, size=size, mime_type=found)

    def _real_path(self, path: str, normal: str) -> Path:
        """Where the path leads, links followed: inside of the workspace. Raises BadFileError."""
        try:
            real = (self.root / normal).resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            raise BadFileError(f"{path} does not exist{self._suggestion(normal)}") from None
        except (OSError, RuntimeError, ValueError) as error:
            raise BadFileError(f"{path} cannot be read: {_why(error)}") from error
        if not real.is_relative_to(self._real):
            raise BadFileError(f"{path} leads out of the workspace")
        return real

    def _check_case(self, path: str, normal: str) -> None:
        """On disks that ignore case a path that works here would fail elsewhere."""
        folder = self.root
        for name in PurePosixPath(normal).parts:
            names = self._listing(folder)
            if name not in names:
                right = next((other for other in names if other.lower() == name.lower()), name)
                raise BadFileError(f"{path} does not exist; the name on disk is {right!r}")
            folder /= name

    def _listing(self, folder: Path) -> frozenset[str]:
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]

    def _suggestion(self, normal: str) -> str:
        self._suggestions_left -= 1
        if self._suggestions_left < 0:
            return ""
        path = PurePosixPath(normal)
        beside = {name.lower(): name for name in sorted(self._listing(self.root / path.parent))[:_MOST_NAMES]}
        if near := difflib.get_close_matches(path.name.lower(), beside, n=1, cutoff=_ALIKE):
            return f"; did you mean {(path.parent / beside[near[0]]).as_posix()}?"
        everywhere = {name.lower(): name for name in self._some_files()}
        near = [
            other
            for other in difflib.get_close_matches(normal.lower(), everywhere, n=3, cutoff=0.7)
            if _named_alike(other, normal.lower())
        ]
        return f"; did you mean {everywhere[near[0]]}?" if near else ""

    def _some_files(self) -> Iterator[str]:
        count = 0
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                count += 1
                if count > _MOST_NAMES:
                    return
                yield (Path(folder) / name).relative_to(self.root).as_posix()


def open_regular(path: Path) -> BufferedReader:
    """The file for reading, without waiting where it is a pipe or a device. Raises OSError when it is no file."""
    waiting_for_nobody = getattr(os, "O_NONBLOCK", 0)  # not on Windows, which has no pipes in folders
    stream = open(path, "rb", opener=lambda name, flags: os.open(name, flags | waiting_for_nobody))  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError("it is no file")
    return stream


def relative(path: str) -> str:
    """The path in its normal form, if it may lie inside of a workspace. Raises BadFileError."""
    if len(path) > _LONGEST_PATH:
        raise BadFileError(f"a path of {len(path):,} characters; at most {_LONGEST_PATH:,} are read")
    if "\\" in path:
        raise BadFileError(f"{path} has a backslash; paths are written with /")
    if "\0" in path:
        raise BadFileError("a path cannot have a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in path):
        raise BadFileError(f"the name {path} is not valid UTF-8; rename the file")
    pure = PurePosixPath(path)
    if pure.is_absolute() or path.startswith("~") or path[1:2] == ":":
        raise BadFileError(f"{path} is no path inside of the workspace; write it relative to the workspace")
    if ".." in pure.parts:
        raise BadFileError(f"{path} leads out of the workspace; write it relative to the workspace, without ..")
    if not pure.parts:
        raise BadFileError("the path is empty")
    return pure.as_posix()


def _not_a(kind: Kind) -> str:
    if kind is Kind.IMAGE:
        return "no image that galleries show (JPEG, PNG, GIF, WebP, HEIC, AVIF)"
    return "no video that galleries show (MP4, MOV, WebM, AVI, MKV …)"


def _named_alike(other: str, path: str) -> bool:
    """Whether the files' names are alike, for those of one folder share most of their paths; or one path goes through the other."""
    names = (PurePosixPath(other).name, PurePosixPath(path).name)
    return path.startswith(f"{other}/") or difflib.SequenceMatcher(None, *names).ratio() >= _ALIKE


def _why(error: Exception) -> str:
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return text.lower() if isinstance(error, OSError) else text
