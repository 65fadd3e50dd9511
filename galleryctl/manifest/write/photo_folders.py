"""Writes a manifest for each folder of photos, which `galleryctl init --from` finds."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from galleryctl.manifest.files.filetypes import video_mime_type
from galleryctl.manifest.files.glob import natural_sort_key
from galleryctl.manifest.files.skipping import is_picture_name, is_system_folder, is_video_name
from galleryctl.manifest.keys import key_from_title, unique_key
from galleryctl.manifest.write.templates import GALLERY_SCHEMA_LINE
from galleryctl.manifest.yaml.dump import dump_round_trip, to_yaml_value
from galleryctl.model.fields import Json

_OWN_FOLDERS = ("schemas", "galleries")
"""The folders that `init` writes."""
_GLOB_SIGN = re.compile(r"[\[*?]")
_ITEMS = """\
# All photos and videos of the folder, by name. Titles, descriptions and keywords are read from the files.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFolder:
    """A folder with photos or videos: its path in the workspace, and its name as a gallery."""

    path: str
    name: str
    has_inner: bool
    """True if folders below it have photos or videos, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderManifests:
    """The manifests of folders, path → text, and what is to be said about them."""

    files: Mapping[str, str]
    remarks: tuple[str, ...] = ()


def find_photo_folders(root: Path, source: Path) -> tuple[PhotoFolder, ...]:
    """Return the folders below `source` in the workspace `root` that have photos or videos, in natural order.

    Hidden folders, those of systems, and links are not searched.
    """
    found: list[str] = []
    for folder, names, files in os.walk(source):
        own = _OWN_FOLDERS if Path(folder) == root else ()
        names[:] = [name for name in names if not (name.startswith(".") or is_system_folder(name) or name in own)]
        if any(map(_is_shown, files)):
            found.append(Path(folder).relative_to(root).as_posix())
    paths = sorted(found, key=natural_sort_key)
    outer = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents}
    bases = [_base_name(path, root) for path in paths]
    return tuple(
        PhotoFolder(
            path=path,
            name=base if bases.count(base) == 1 else " / ".join(PurePosixPath(path).parts),
            has_inner=path in outer,
        )
        for path, base in zip(paths, bases, strict=True)
    )


def _is_shown(file: str) -> bool:
    is_video = is_video_name(file) or video_mime_type(file) is not None
    return not file.startswith(".") and (is_picture_name(file) or is_video)


def _base_name(path: str, root: Path) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(path).name or root.resolve().name)


def folder_manifests(folders: Iterable[PhotoFolder], live: Sequence[tuple[str, str]] | None) -> FolderManifests:
    """Return a manifest for each folder, bound by name to the live gallery of that name.

    `live` are the names and ids of the site's galleries, None if they are not known. A gallery that the site does not
    have is created. A folder whose name several live galleries have gets no manifest, because a plan would be rejected.
    """
    files: dict[str, str] = {}
    remarks: list[str] = []
    taken: set[str] = set()
    for folder in folders:
        same = [(name, id_) for name, id_ in live or () if _loose(name) == _loose(folder.name)]
        if len(same) > 1:
            ids = ", ".join(id_ for _, id_ in same)
            remarks.append(f"no manifest for {folder.path}: {len(same)} galleries are named {folder.name!r}: {ids}")
            continue
        key = unique_key(key_from_title(folder.name) or "gallery", taken)
        taken.add(key)
        bind: Mapping[str, Json] = {"name": same[0][0]} if same else {"name": folder.name, "create": True}
        files[f"galleries/{key}.yaml"] = _manifest(key, bind, folder)
        if live is not None:
            remarks.append(f"{folder.path}: {_binding(folder.name, is_live=bool(same))}")
    return FolderManifests(files=files, remarks=tuple(remarks))


def _binding(name: str, *, is_live: bool) -> str:
    if is_live:
        return f"bound to the live gallery {name!r}"
    return (
        f"the site has no gallery {name!r}; create it in the Editor before you apply, because only then a page shows it"
    )


def _loose(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", name)).strip().casefold()


def _manifest(key: str, bind: Mapping[str, Json], folder: PhotoFolder) -> str:
    head = to_yaml_value({"gallery": key})
    head["bind"] = to_yaml_value(bind, flow=True)
    items = to_yaml_value({"items": [{"from": _source(folder)}]})
    file = f"{key}.yaml"
    return f"{GALLERY_SCHEMA_LINE}{dump_round_trip(head, file)}\n{_ITEMS}{dump_round_trip(items, file)}"


def _source(folder: PhotoFolder) -> Json:
    """Return the value of `from:` that finds the files of the folder, without those of other galleries below it."""
    if not folder.has_inner and folder.path != "." and not {"*", "?"}.intersection(folder.path):
        return folder.path
    path = _GLOB_SIGN.sub(lambda sign: f"[{sign[0]}]", folder.path)
    return "*" if path == "." else f"{path}/*"
