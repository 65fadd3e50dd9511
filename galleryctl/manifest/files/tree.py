"""Access to the files of a workspace: inside its root, with the exact spelling, readable."""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from io import BufferedReader
from pathlib import Path, PurePosixPath
from posixpath import dirname, join, split
from typing import BinaryIO, NamedTuple

from galleryctl.manifest.files.filetypes import detect_mime_type
from galleryctl.manifest.files.names import FolderNames
from galleryctl.manifest.files.private import PrivateFileError, needs_search, private_kinds, read_once
from galleryctl.manifest.files.search import find_matching_files, placeholder_names
from galleryctl.manifest.files.skipping import Skip
from galleryctl.manifest.files.unusable import POINTER_BYTES, describe_missing, describe_pointer, type_problem
from galleryctl.manifest.lookalikes import describe_difference
from galleryctl.model.media import Kind, LocalFile
from galleryctl.model.privacy import NO_PRIVACY, Privacy
from galleryctl.photo.content.digest import photo_digest
from galleryctl.photo.formats import HEADER_BYTES

_SUPPORTED_FORMATS = {Kind.IMAGE: "JPEG, PNG, GIF, WebP, HEIC, AVIF", Kind.VIDEO: "MP4, MOV, WebM, AVI, MKV …"}
_MAX_PATH_LENGTH = 1024
"""Characters; some systems do not open longer paths, and the time for a pattern grows with its length."""
_MAX_BYTES_AT_ONCE = 131_072
_MAX_DOUBLE_STARS = 2
"""Limit of `**` in a pattern: each searches everything that the one before it found."""
_MIN_SIMILARITY = 0.6
"""Minimum ratio of two file names for a suggestion."""
_MAX_NAMES_COMPARED = 1000
_MAX_SUGGESTIONS = 20
"""Limit of one run: comparing names is slow, and if more files are missing, a folder was moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFiles:
    """The files that match a pattern, and those that would match if they were not hidden or of a system."""

    files: tuple[str, ...]
    skipped: Mapping[str, Skip]
    is_folder: bool
    """True if the pattern is the name of a folder."""
    is_search: bool
    """False if the pattern is the name of one file."""


class FileDigests(NamedTuple):
    """The digests of a file: of all its bytes, and of its content, which is "" if only the bytes say what it is."""

    sha256: str
    content: str


class WorkspaceFileError(Exception):
    """A path that is not allowed in manifests, or an unusable file; the message says why, without a position."""


class UnusableFileError(WorkspaceFileError):
    """A file that is there and cannot be used now, such as a link to nothing; its item is held.

    `sha256` is the digest of its content if that is known, else "".
    """

    def __init__(self, message: str, sha256: str = "") -> None:
        super().__init__(message)
        self.sha256 = sha256


class WorkspaceFiles:
    """The files below the root of a workspace. Each folder and file is read once.

    Without `reads_content`, files are known by all of their bytes only, which takes less time.
    """

    def __init__(self, root: Path, *, reads_content: bool = True) -> None:
        self.root = root
        self._reads_content = reads_content
        self._resolved_root = root.resolve()
        self._names = FolderNames(root)
        self._files: dict[tuple[str, Kind, Privacy], LocalFile] = {}
        self._suggestions_left = _MAX_SUGGESTIONS

    def local_file(self, path: str, kind: Kind, privacy: Privacy = NO_PRIVACY) -> LocalFile:
        """Return the file with its digest, size and type, and what is removed from its copy. Raises WorkspaceFileError."""
        normal = self.existing_path(path)
        key = (normal, kind, privacy)
        if key not in self._files:
            self._files[key] = self._describe_file(normal, kind, privacy)
        return self._files[key]

    def existing_path(self, path: str) -> str:
        """Return the normalized path of a file that exists inside the workspace. Raises WorkspaceFileError."""
        normal = self._names.as_on_disk(normalize_path(path))
        real = self._resolve_inside(path, normal)
        if not real.is_file():
            if why := type_problem(path, real):
                raise UnusableFileError(why)
            raise WorkspaceFileError(f"{path} is a folder, not a file; use from: for the files of a folder")
        if actual := self._names.other_case(normal):  # works only on file systems that ignore case
            raise WorkspaceFileError(f"{path} does not exist; the name on disk is {actual!r}")
        return normal

    @contextmanager
    def open(self, normal: str) -> Iterator[BufferedReader]:
        """Open the file at a normalized path. Raises WorkspaceFileError.

        The path is resolved again once the file is open, so that it cannot be replaced in between.
        """
        normal = self._names.as_on_disk(normal)
        real = self._resolve_inside(normal, normal)
        try:
            with open_regular_file(real) as stream:
                if not os.path.samestat(os.fstat(stream.fileno()), self._resolve_inside(normal, normal).stat()):
                    raise UnusableFileError(f"{normal} cannot be read: it is being replaced")
                yield stream
        except OSError as error:
            raise UnusableFileError(f"{normal} cannot be read: {_reason(error)}") from error

    def digests(self, path: str) -> FileDigests:
        """Return the digests of the file at a normalized path. Raises WorkspaceFileError."""
        with self.open(path) as stream:
            return _read_digests(stream, os.fstat(stream.fileno()).st_size, reads_content=True)

    def glob(self, pattern: str) -> Iterator[str]:
        """Yield the files that match a pattern, except hidden ones. Raises WorkspaceFileError."""
        yield from self.search(pattern).files

    def search(self, pattern: str) -> FoundFiles:
        """Return what matches a pattern; a folder stands for all files in it, at any depth. Raises WorkspaceFileError."""
        normal = self._names.as_on_disk(normalize_path(pattern))
        parts = PurePosixPath(normal).parts
        is_literal = not {"*", "?"}.intersection(normal) and os.path.lexists(self.root / normal)
        is_folder = is_literal and (self.root / normal).is_dir()
        if is_folder:
            parts = (*map(escape, parts), "**", "*")
        elif is_literal:  # also a name with [ ]
            parts = tuple(map(escape, parts))
        steps = [part for part, before in zip(parts, ("", *parts), strict=False) if (part, before) != ("**", "**")]
        if steps.count("**") > _MAX_DOUBLE_STARS:
            raise WorkspaceFileError(f"{pattern} has more than two **; use several patterns")
        skipped: dict[str, Skip] = {}

        def on_skipped(path: Path, why: Skip) -> None:
            skipped[self._inner(path)] = why

        try:
            files = tuple(map(self._inner, find_matching_files(self.root, steps, self._check_link, on_skipped)))
        except OSError as error:
            raise WorkspaceFileError(f"{pattern} cannot be searched: {_reason(error)}") from error
        except ValueError as error:
            raise WorkspaceFileError(f"{pattern} is not a valid pattern: {error}") from error
        return FoundFiles(files=files, skipped=skipped, is_folder=is_folder, is_search=is_folder or not is_literal)

    def names_in(self, folder: str) -> frozenset[str]:
        """Return the names in a folder of the workspace; none if it cannot be read."""
        return self._names.names_in(folder)

    def is_folder(self, path: str) -> bool:
        """Return True if the path is a folder, or a link to one."""
        return (self.root / path).is_dir()

    def read_head(self, path: str) -> bytes:
        """Return the first bytes of the file at a normalized path, by which its type is detected."""
        with self.open(path) as stream:
            return stream.read(HEADER_BYTES)

    def check_pointer(self, normal: str) -> None:
        """Raise UnusableFileError if the file at a normalized path is only a pointer to its content."""
        with self.open(normal) as stream:
            if pointer := describe_pointer(normal, stream.read(POINTER_BYTES)):
                raise UnusableFileError(*pointer)

    def _inner(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _check_link(self, link: Path) -> None:
        inner = self._inner(link)
        self._resolve_inside(inner, inner)

    def exists(self, path: str) -> bool:
        """Return True if the normalized path exists in the workspace."""
        return self._names.exists(path)

    def placeholder(self, path: str) -> str:
        """Return the path of the placeholder of a file that is in a cloud and not on this machine; "" if it has none."""
        folder, name = split(path)
        names = self._names.names_in(folder)
        return next((join(folder, each) for each in placeholder_names(name) if each in names), "")

    def _describe_file(self, normal: str, kind: Kind, privacy: Privacy) -> LocalFile:
        with self.open(normal) as stream:
            head = stream.read(max(HEADER_BYTES, POINTER_BYTES))
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise UnusableFileError(f"{normal} is empty")
            if pointer := describe_pointer(normal, head):
                raise UnusableFileError(*pointer)
            mime_type = detect_mime_type(head, kind)
            if mime_type is None:
                raise UnusableFileError(f"{normal} is not a supported {kind} ({_SUPPORTED_FORMATS[kind]})")
            file = read_once(stream, size) if needs_search(privacy) else stream
            digests = _read_digests(file, size, reads_content=self._reads_content)
            try:
                without = private_kinds(file, normal, privacy)
            except PrivateFileError as error:
                raise UnusableFileError(str(error), digests.sha256) from error
        return LocalFile(
            path=normal,
            sha256=digests.sha256,
            size=size,
            mime_type=mime_type,
            content=digests.content,
            without=without,
        )

    def _resolve_inside(self, path: str, normal: str) -> Path:
        """Return the path with links resolved, inside the workspace. Raises WorkspaceFileError."""
        try:
            real = (self.root / normal).resolve(strict=True)
        except (FileNotFoundError, NotADirectoryError):
            if missing := describe_missing(self.root, normal):
                raise UnusableFileError(*missing) from None
            raise WorkspaceFileError(f"{path} does not exist{self._suggestion(normal)}") from None
        except ValueError as error:
            raise WorkspaceFileError(f"{path} cannot be read: {_reason(error)}") from error
        except (OSError, RuntimeError) as error:
            raise UnusableFileError(f"{path} cannot be read: {_reason(error)}") from error
        if not real.is_relative_to(self._resolved_root):
            raise WorkspaceFileError(f"{path} is outside the workspace")
        return real

    def _suggestion(self, normal: str) -> str:
        self._suggestions_left -= 1
        if self._suggestions_left < 0:
            return ""
        path = PurePosixPath(normal)
        names = sorted(self._names.names_in(dirname(normal)))[:_MAX_NAMES_COMPARED]
        siblings = {name.lower(): name for name in names}
        if near := difflib.get_close_matches(path.name.lower(), siblings, n=1, cutoff=_MIN_SIMILARITY):
            return _did_you_mean(normal, (path.parent / siblings[near[0]]).as_posix())
        files = {name.lower(): name for name in self._sample_files()}
        near = difflib.get_close_matches(normal.lower(), files, n=3, cutoff=0.7)
        best = next((files[other] for other in near if _has_similar_name(other, normal.lower())), None)
        return _did_you_mean(normal, best) if best else ""

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
    """Open a file for reading, without blocking on a pipe or a device. Raises OSError if it is not a regular file."""
    nonblocking = getattr(os, "O_NONBLOCK", 0)  # missing on Windows, which has no pipes in folders
    stream = open(path, "rb", opener=lambda name, flags: os.open(name, flags | nonblocking))  # noqa: SIM115 - the caller closes it
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError("not a regular file")
    return stream


def _read_digests(stream: BinaryIO, size: int, *, reads_content: bool) -> FileDigests:
    stream.seek(0)
    if size > _MAX_BYTES_AT_ONCE:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed asks for readable()
        return FileDigests(sha256, photo_digest(stream) if reads_content else "")
    data = stream.read()
    return FileDigests(hashlib.sha256(data).hexdigest(), photo_digest(data) if reads_content else "")


def normalize_path(path: str) -> str:
    """Return the normalized form of a relative path. Raises WorkspaceFileError if it may point outside."""
    if len(path) > _MAX_PATH_LENGTH:
        raise WorkspaceFileError(f"the path has {len(path):,} characters; the limit is {_MAX_PATH_LENGTH:,}")
    if "\\" in path:
        raise WorkspaceFileError(f"{path} contains a backslash; use / in paths")
    if "\0" in path:
        raise WorkspaceFileError("a path cannot contain a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in path):
        raise WorkspaceFileError(f"the name {path} is not valid UTF-8; rename the file")
    pure = PurePosixPath(path)
    if pure.is_absolute() or path.startswith("~") or path[1:2] == ":":
        raise WorkspaceFileError(f"{path} is not a relative path; use a path relative to the workspace")
    if ".." in pure.parts:
        raise WorkspaceFileError(f"{path} contains ..; use a path relative to the workspace, without ..")
    if not pure.parts:
        raise WorkspaceFileError("the path is empty")
    return pure.as_posix()


def _did_you_mean(path: str, best: str) -> str:
    """Return the suggestion of another path, and how it differs if a reader cannot see it."""
    difference = "" if path.casefold() == best.casefold() else describe_difference(path, best)
    return f"; did you mean {best}{f', which differs only in {difference}' if difference else ''}?"


def _has_similar_name(other: str, path: str) -> bool:
    """Return True if the file names are similar, as all paths below a long folder are, or `other` is a parent."""
    names = (PurePosixPath(other).name, PurePosixPath(path).name)
    return path.startswith(f"{other}/") or difflib.SequenceMatcher(None, *names).ratio() >= _MIN_SIMILARITY


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
