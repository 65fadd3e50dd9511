"""A resumable upload that was begun and can be continued, also by another run."""

from __future__ import annotations

from dataclasses import dataclass

from galleryctl.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialUpload:
    """A resumable upload of `size` bytes. Only a content with the same `digest` of its bytes may continue it.

    Its URLs are credentials: `url` takes the bytes and says how many arrived, `finish_url` makes them a file.
    """

    url: Secret
    finish_url: Secret
    size: int
    digest: str
