"""The files in a folder of photos that are not items, by their names.

Cameras, phones, editors and network drives leave files beside photos. They are skipped, and a note counts them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from posixpath import basename, splitext


class Skip(StrEnum):
    """The reason why a file is skipped; the value is its name in a note, `one|many`."""

    HIDDEN = "hidden file|hidden files"
    SYSTEM = "system file|system files"
    """Written by an operating system or a network drive."""
    SIDECAR = "sidecar|sidecars"
    RAW = "RAW photo|RAW photos"
    LIVE_PHOTO = "video of a Live Photo|videos of Live Photos"
    COPY = "JPEG beside a HEIC of its name|JPEGs beside a HEIC of their name"
    LINKED_FOLDER = "linked folder|linked folders"
    OTHER = "other file|other files"
    """Not a picture or a video that galleries show."""
    EXCEPT = "excluded by except|excluded by except"
    WHERE = "not selected by where|not selected by where"


_SYSTEM_FOLDERS = frozenset({"@eadir", "#recycle", "@recycle", "__macosx", "$recycle.bin", "system volume information"})
"""Thumbnails and waste bins of network drives and operating systems, in lower case."""
_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "picasa.ini", "synofile_thumb.db"})
_SIDECARS = frozenset(
    {".xmp", ".yaml", ".yml", ".aae", ".json", ".pp3", ".dop", ".cos", ".on1", ".thm", ".lrv", ".exif", ".vrd"}
)
"""Captions and edits of a photo, which phones, editors and exports write beside it."""
_RAW = frozenset(
    {
        ".3fr", ".ari", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".eip", ".erf", ".fff", ".gpr",
        ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".ori", ".pef", ".ptx", ".raf",
        ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
    }
)  # fmt: skip
_PICTURES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".heic", ".heif", ".hif", ".avif"})
_VIDEOS = frozenset(
    {
        ".mp4", ".m4v", ".mov", ".qt", ".webm", ".avi", ".mkv", ".wmv", ".flv", ".ogv", ".mpg", ".mpeg", ".mpe", ".3gp",
        ".3g2", ".mts", ".m2ts",
    }
)  # fmt: skip
_HEICS = frozenset({".heic", ".heif", ".hif"})
_JPEGS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})


def is_system_folder(name: str) -> bool:
    """Return True for a folder that a network drive or an operating system makes for itself."""
    return name.lower() in _SYSTEM_FOLDERS


def is_picture_name(path: str) -> bool:
    """Return True if the extension is that of a picture which galleries show."""
    return _suffix(path) in _PICTURES


def is_video_name(path: str) -> bool:
    """Return True if the extension is that of a video."""
    return _suffix(path) in _VIDEOS


def skip_by_name(path: str) -> Skip | None:
    """Return why a file is not an item, by its name; None if it may be one."""
    if basename(path).lower() in _SYSTEM_FILES:
        return Skip.SYSTEM
    suffix = _suffix(path)
    return Skip.SIDECAR if suffix in _SIDECARS else Skip.RAW if suffix in _RAW else None


def find_companions(paths: Collection[str], excluded: Collection[str] = ()) -> Mapping[str, Skip]:
    """Return the files that a picture of the same name in the same folder makes superfluous.

    An `excluded` HEIC leaves its place to the JPEG.

    IMG_1.HEIC, IMG_1.jpg, IMG_1.MOV     the JPEG is a copy, and the MOV the moving part of a Live Photo
    """
    pictures = {_without_suffix(path) for path in paths if is_picture_name(path)}
    heics = {_without_suffix(path) for path in paths if _suffix(path) in _HEICS and path not in excluded}
    companions: dict[str, Skip] = {}
    for path in paths:
        suffix = _suffix(path)
        if suffix == ".mov" and _without_suffix(path) in pictures:
            companions[path] = Skip.LIVE_PHOTO
        elif suffix in _JPEGS and _without_suffix(path) in heics:
            companions[path] = Skip.COPY
    return companions


def count_skipped(skipped: Mapping[str, Skip]) -> str:
    """Return how many files are skipped for each reason, with the names of the first that are not of a known kind."""
    parts = []
    for why in Skip:
        paths = sorted(path for path, each in skipped.items() if each is why)
        if not paths:
            continue
        one, many = why.value.split("|")
        names = f" ({list_paths(paths)})" if why in (Skip.OTHER, Skip.LINKED_FOLDER) else ""
        parts.append(f"{len(paths):,} {one if len(paths) == 1 else many}{names}")
    return ", ".join(parts)


def list_paths(paths: Iterable[str], limit: int = 3) -> str:
    """Return the names of the first files, and the number of the others."""
    listed = list(paths)
    more = f" and {len(listed) - limit:,} more" if len(listed) > limit else ""
    return ", ".join(basename(path) for path in listed[:limit]) + more


def _suffix(path: str) -> str:
    return splitext(path)[1].lower()


def _without_suffix(path: str) -> str:
    return splitext(path)[0].casefold()
