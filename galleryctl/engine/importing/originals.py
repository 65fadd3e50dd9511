"""Download the originals of imported items from the Media Manager."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from galleryctl.engine.gather import gather_all
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.write.entries import parse_entries
from galleryctl.manifest.yaml.parse import parse_yaml_text
from galleryctl.model.address import Address
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.media import MediaFile, WixFile
from galleryctl.wix.client import WixClient

if TYPE_CHECKING:
    from galleryctl.engine.importing.run import Draft

_AT_ONCE = 4
"""The downloads that run at once."""
_MAX_UNDECLARED_BYTES = 100 * 1024 * 1024
"""Limit of a file whose size the Media Manager does not say."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDownload:
    """An original that was not downloaded."""

    address: Address
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """The files that were downloaded, the number of those that were there already, and the failures."""

    folder: Path
    files: tuple[Path, ...] = ()
    bytes: int = 0
    kept: int = 0
    failed: tuple[FailedDownload, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Original:
    """A file to download."""

    address: Address
    file: MediaFile
    path: Path


class _PartialFile:
    """Takes a download into a file beside its target, which appears when it is complete."""

    def __init__(self, target: Path, declared: int) -> None:
        self.max_bytes = declared or _MAX_UNDECLARED_BYTES
        self._target, self._declared = target, declared
        self._part = target.with_name(f".{target.name}.part")
        self._out: BinaryIO | None = None

    def begin(self) -> None:
        """Begin the file again: an earlier attempt was cut off."""
        self.close()
        self._out = self._part.open("wb")

    def write(self, block: bytes) -> int:
        """Write the next bytes."""
        assert self._out is not None  # noqa: S101 - `begin` is called first
        return self._out.write(block)

    def complete(self) -> None:
        """Move the file to its place. Raises GalleryctlError if it is not as long as declared."""
        self.close()
        size = self._part.stat().st_size
        if self._declared and size != self._declared:
            raise GalleryctlError(f"the download has {size:,} bytes, not {self._declared:,}")
        self._part.replace(self._target)

    def close(self) -> None:
        """Close the file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def discard(self) -> None:
        """Remove what is left of the file."""
        self.close()
        self._part.unlink(missing_ok=True)


async def download_originals(
    client: WixClient, drafts: Sequence[Draft], folder: Path, on_start: Callable[[int, int], object]
) -> Downloads:
    """Download the originals of the items whose entries refer to the Media Manager, as `folder/GALLERY/KEY.jpg`.

    A file that is there already is kept. `on_start` gets the number of files to download and their bytes. One failure
    costs one file.
    """
    wanted = dict(_wanted(drafts))
    files = {file.id: file for file in await client.get_files(media.id for media in wanted.values())}
    failed = [
        FailedDownload(address=address, why="the Media Manager does not have the file")
        for address, media in wanted.items()
        if media.id not in files
    ]
    originals = [
        _Original(address=address, file=files[media.id], path=_path(folder, address, media, files[media.id]))
        for address, media in wanted.items()
        if media.id in files
    ]
    missing = [original for original in originals if not _is_complete(original)]
    on_start(len(missing), sum(original.file.size for original in missing))
    failures = await gather_all((_download(client, original, folder) for original in missing), window=_AT_ONCE)
    failed += [failure for failure in failures if failure is not None]
    names = {failure.address for failure in failed}
    done = [original for original in missing if original.address not in names]
    return Downloads(
        folder=folder,
        files=tuple(original.path for original in done),
        bytes=sum(original.path.stat().st_size for original in done),
        kept=len(originals) - len(missing),
        failed=tuple(sorted(failed, key=lambda failure: failure.address)),
    )


def _wanted(drafts: Sequence[Draft]) -> Iterator[tuple[Address, WixFile]]:
    """Yield the items whose entries refer to a file of the Media Manager."""
    for draft in drafts:
        live = {draft.manifest.keys.get(item.id): item.media for item in draft.live.loaded_items}
        for entry in parse_entries(parse_yaml_text(draft.manifest.text, "")):
            source = entry.node.part(entry.kind.value) if entry.kind else None
            media = live.get(entry.key)
            if source and str(source.value).startswith("wix:") and isinstance(media, WixFile):
                yield Address(draft.key, entry.key), media


def _path(folder: Path, address: Address, media: WixFile, file: MediaFile) -> Path:
    names = (media.filename, file.display_name, media.id)
    suffix = next((found[0] for found in map(_SUFFIX.search, names) if found), "")
    return folder / address.gallery / f"{address.item}{suffix.lower()}"


def _is_complete(original: _Original) -> bool:
    return original.path.is_file() and original.path.stat().st_size == original.file.size


def _prepare(folder: Path, path: Path) -> None:
    """Create the folder of a file. Raises GalleryctlError if the file must not be written."""
    folder.mkdir(parents=True, exist_ok=True)
    ensure_inside(folder, path)
    if os.path.lexists(path):
        raise GalleryctlError("another file is there; move it", where=path)
    path.parent.mkdir(exist_ok=True)


async def _download(client: WixClient, original: _Original, folder: Path) -> FailedDownload | None:
    """Download one file; return why that failed, None if it did not."""
    part = _PartialFile(original.path, original.file.size)
    try:
        _prepare(folder, original.path)
        await client.download(original.file.id, part)
        part.complete()
    except GalleryctlError as error:
        return FailedDownload(address=original.address, why=f"{error.where}: {error.what}".removeprefix(": "))
    except OSError as error:
        return FailedDownload(address=original.address, why=f"{original.path}: {error.strerror or error}")
    finally:
        part.discard()
    return None
