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

from galleryctl.manifest.files.filetypes import HEADER_BYTES, detect_mime_type
from galleryctl.manifest.files.search import find_matching_files
from galleryctl.model.media import Kind, LocalFile

_MAX_PATH_LENGTH = 1024
"""Characters; some systems open no longer ones, and a pattern takes time with its length."""
_MAX_DOUBLE_STARS = 2
"""How often `**` may stand in a pattern: each looks at all that the one before it found."""
_MIN_SIMILARITY = 0.6
"""How much of two names of files has to agree, for one to be suggested for the other."""
_MAX_NAMES_COMPARED = 1000
"""How many files are looked at for a suggestion."""
_MAX_SUGGESTIONS = 20
"""In one run: comparing names is slow, and who misses more files has moved a folder."""


class WorkspaceFileError(Exception):
    """A path that no manifest may name, or a file that cannot be used; the message says why, without its place."""


class WorkspaceFiles:
    """The files below the root of a workspace. Listings and contents are read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._resolved_root = root.resolve()
        self._listings: dict[Path, frozenset[str]] = {}
        self._files: dict[tuple[str, Kind], LocalFile] = {}
        self._suggestions_left = _MAX_SUGGESTIONS

    def local_file(self, path: str, kind: Kind) -> LocalFile:
        """The file with its digest, size and type. Raises BadFileError."""
        normal = self.existing_path(path)
        if (normal, kind) not in self._files:
            self._files[normal, kind] = self._describe_file(normal, kind)
        return self._files[normal, kind]

    def existing_path(self, path: str) -> str:
        """The path in its normal form, of a file that exists inside of the workspace. Raises BadFileError."""
        normal = normalize_path(path)
        if not self._resolve_inside(path, normal).is_file():
            raise WorkspaceFileError(f"{path} is no file")
        self._check_case(path, normal)
        return normal

    @contextmanager
    def open(self, normal: str) -> Iterator[BufferedReader]:
        """The bytes of a file whose path is normal already. Raises BadFileError.

        Where the path leads is looked at again once the file is open, so that nobody can change it in between.
        """
        real = self._resolve_inside(normal, normal)
        try:
            with open_regular_file(real) as stream:
                if not os.path.samestat(os.fstat(stream.fileno()), self._resolve_inside(normal, normal).stat()):
                    raise WorkspaceFileError(f"{normal} cannot be read: it is being replaced")
                yield stream
        except OSError as error:
            raise WorkspaceFileError(f"{normal} cannot be read: {_reason(error)}") from error

    def glob(self, pattern: str) -> Iterator[str]:
        """The files that a pattern finds; none that is hidden. Raises BadFileError."""
        parts = PurePosixPath(normalize_path(pattern)).parts
        steps = [part for part, before in zip(parts, ("", *parts), strict=False) if (part, before) != ("**", "**")]
        if steps.count("**") > _MAX_DOUBLE_STARS:
            raise WorkspaceFileError(f"{pattern} has ** more than twice; write several patterns")
        try:
            found = list(find_matching_files(self.root, steps, self._check_link))
        except (OSError, ValueError) as error:
            what = "cannot be searched" if isinstance(error, OSError) else "is no pattern"
            raise WorkspaceFileError(f"{pattern} {what}: {_reason(error)}") from error
        yield from (path.relative_to(self.root).as_posix() for path in found)

    def _check_link(self, link: Path) -> None:
        """Raise BadFileError when the link leads out of the workspace."""
        inner = link.relative_to(self.root).as_posix()
        self._resolve_inside(inner, inner)

    def exists(self, path: str) -> bool:
        """Whether a path that is normal already is a file of the workspace."""
        return PurePosixPath(path).name in self._names_in(self.root / PurePosixPath(path).parent)

    def _describe_file(self, normal: str, kind: Kind) -> LocalFile:
        with self.open(normal) as stream:
            head = stream.read(HEADER_BYTES)
            size = os.fstat(stream.fileno()).st_size
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if size == 0:
            raise WorkspaceFileError(f"{normal} is empty")
        found = detect_mime_type(head, normal, kind)
        if found is None:
            raise WorkspaceFileError(f"{normal} is {_unsupported_type(kind)}")
        return LocalFile(path=normal, sha256=digest, size=size, mime_type=found)

    def _resolve_inside(self, path: str, normal: str) -> Path:
        """Where the path leads, links followed: inside of the workspace. Raises BadFileError."""
        try:
            real = (self.root / normal).resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            raise WorkspaceFileError(f"{path} does not exist{self._suggestion(normal)}") from None
        except (OSError, RuntimeError, ValueError) as error:
            raise WorkspaceFileError(f"{path} cannot be read: {_reason(error)}") from error
        if not real.is_relative_to(self._resolved_root):
            raise WorkspaceFileError(f"{path} leads out of the workspace")
        return real

    def _check_case(self, path: str, normal: str) -> None:
        """On disks that ignore case a path that works here would fail elsewhere."""
        folder = self.root
        for name in PurePosixPath(normal).parts:
            names = self._names_in(folder)
            if name not in names:
                right = next((other for other in names if other.lower() == name.lower()), name)
                raise WorkspaceFileError(f"{path} does not exist; the name on disk is {right!r}")
            folder /= name

    def _names_in(self, folder: Path) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]

    def _suggestion(self, normal: str) -> str:
        self._suggestions_left -= 1
        if self._suggestions_left < 0:
            return ""
        path = PurePosixPath(normal)
        beside = {name.lower(): name for name in sorted(self._names_in(self.root / path.parent))[:_MAX_NAMES_COMPARED]}
        if near := difflib.get_close_matches(path.name.lower(), beside, n=1, cutoff=_MIN_SIMILARITY):
            return f"; did you mean {(path.parent / beside[near[0]]).as_posix()}?"
        everywhere = {name.lower(): name for name in self._sample_files()}
        near = [
            other
            for other in difflib.get_close_matches(normal.lower(), everywhere, n=3, cutoff=0.7)
            if _has_similar_name(other, normal.lower())
        ]
        return f"; did you mean {everywhere[near[0]]}?" if near else ""

    def _sample_files(self) -> Iterator[str]:
        count = 0
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                count += 1
                if count > _MAX_NAMES_COMPARED:
                    return
                yield (Path(folder) / name).relative_to(self.root).as_posix()


def open_regular_file(path: Path) -> BufferedReader:
    """The file for reading, without waiting where it is a pipe or a device. Raises OSError when it is no file."""
    waiting_for_nobody = getattr(os, "O_NONBLOCK", 0)  # not on Windows, which has no pipes in folders
    stream = open(path, "rb", opener=lambda name, flags: os.open(name, flags | waiting_for_nobody))  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError("it is no file")
    return stream


def normalize_path(path: str) -> str:
    """The path in its normal form, if it may lie inside of a workspace. Raises BadFileError."""
    if len(path) > _MAX_PATH_LENGTH:
        raise WorkspaceFileError(f"a path of {len(path):,} characters; at most {_MAX_PATH_LENGTH:,} are read")
    if "\\" in path:
        raise WorkspaceFileError(f"{path} has a backslash; paths are written with /")
    if "\0" in path:
        raise WorkspaceFileError("a path cannot have a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in path):
        raise WorkspaceFileError(f"the name {path} is not valid UTF-8; rename the file")
    pure = PurePosixPath(path)
    if pure.is_absolute() or path.startswith("~") or path[1:2] == ":":
        raise WorkspaceFileError(f"{path} is no path inside of the workspace; write it relative to the workspace")
    if ".." in pure.parts:
        raise WorkspaceFileError(f"{path} leads out of the workspace; write it relative to the workspace, without ..")
    if not pure.parts:
        raise WorkspaceFileError("the path is empty")
    return pure.as_posix()


def _unsupported_type(kind: Kind) -> str:
    if kind is Kind.IMAGE:
        return "no image that galleries show (JPEG, PNG, GIF, WebP, HEIC, AVIF)"
    return "no video that galleries show (MP4, MOV, WebM, AVI, MKV …)"


def _has_similar_name(other: str, path: str) -> bool:
    """Whether the files' names are alike, for those of one folder share most of their paths; or one path goes through the other."""
    names = (PurePosixPath(other).name, PurePosixPath(path).name)
    return path.startswith(f"{other}/") or difflib.SequenceMatcher(None, *names).ratio() >= _MIN_SIMILARITY


def _reason(error: Exception) -> str:
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return text.lower() if isinstance(error, OSError) else text
