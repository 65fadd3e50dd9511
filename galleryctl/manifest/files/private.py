"""Searches a file of the workspace for private data, as the setting `privacy` asks for."""

from __future__ import annotations

import io
from typing import BinaryIO

from galleryctl.manifest.files.skipping import is_video_name
from galleryctl.model.privacy import LocationPolicy, Privacy, PrivateKind
from galleryctl.photo.privacy.strip import UnknownFormatError, find_private
from galleryctl.photo.source import MalformedError

_MAX_IN_MEMORY = 64_000_000
"""Bytes of a file that is read once, for its digest and for the search; a larger one is read twice."""


class PrivateFileError(Exception):
    """A file that must not be published as it is, and no copy of it; the message says why, and what to do."""


def needs_search(privacy: Privacy) -> bool:
    """Return True if files are searched for private data."""
    return privacy.gps is LocationPolicy.REFUSE or bool(privacy.removed)


def read_once(stream: BinaryIO, size: int) -> BinaryIO:
    """Return the file in memory if it is not too large for that."""
    stream.seek(0)
    return io.BytesIO(stream.read()) if size <= _MAX_IN_MEMORY else stream


def private_kinds(file: BinaryIO, path: str, privacy: Privacy) -> frozenset[PrivateKind]:
    """Return the kinds of private data that are to be removed from a file.

    Raises PrivateFileError if the file must not be published, OSError if it cannot be read.
    """
    if privacy.gps is LocationPolicy.REFUSE:
        _refuse_location(file, path)
    if not privacy.removed:
        return frozenset()
    try:
        return find_private(file, privacy.removed).kinds
    except MalformedError as error:
        keep = ", ".join(f"{name}: keep" for name in ("gps", "owner") if getattr(privacy, name) == "strip")
        raise PrivateFileError(
            f"private data cannot be removed from {path}: {error}; {_advice(path, error)}, "
            f"or publish it as it is: privacy: {{{keep}}} in the manifest, for the whole gallery"
        ) from error


def _advice(path: str, error: MalformedError) -> str:
    """Return what to do about a file that cannot be searched."""
    if isinstance(error, UnknownFormatError):
        return "convert it to MP4" if is_video_name(path) else "convert it to JPEG"
    if "truncated" in str(error):
        return "the file is incomplete: copy it again"
    return "export the file again"


def _refuse_location(file: BinaryIO, path: str) -> None:
    try:
        has_place = find_private(file, frozenset((PrivateKind.LOCATION,))).has_place
    except MalformedError as error:
        raise PrivateFileError(
            f"{path} cannot be searched for a location: {error}; {_advice(path, error)}, "
            "or publish it as it is: privacy: {gps: keep} in the manifest, for the whole gallery"
        ) from error
    if has_place:
        raise PrivateFileError(
            f"{path} says where it was made, which privacy.gps: refuse does not allow; "
            "remove the location from the file, or upload a copy without it: privacy: {gps: strip}"
        )
