"""A file of the Media Manager that galleryctl uploaded, and who needs it."""

from __future__ import annotations

from dataclasses import dataclass

from galleryctl.model.media import MediaFile


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """`known`: state has it; `wanted`: a manifest shows its content; `shown_in`: ids of the galleries that show it."""

    file: MediaFile
    in_state: bool
    referenced: bool
    shown_in: tuple[str, ...]
