"""What an item shows: where a manifest takes it from, and what a live item refers to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of item; a change of kind is a replacement (wix-api: `type` is read-only)."""

    IMAGE = "image"
    VIDEO = "video"
    TEXT = "text"


class VideoHost(StrEnum):
    """Where a video that is no file of the site lives: the API's `video.type` in lower case."""

    YOUTUBE = "youtube"
    VIMEO = "vimeo"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file of the workspace, to be uploaded once per content."""

    path: str
    """Relative to the workspace, with forward slashes."""
    sha256: str
    size: int
    mime_type: str

    @property
    def source(self) -> str:
        """The name of this content in state: `sha256:<hex>`."""
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """An https URL that the Media Manager imports once."""

    url: str

    @property
    def source(self) -> str:
        """The name of this content in state: `url:<url>`."""
        return f"url:{self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WixFile:
    """A file that the site's Media Manager already has; sizes are 0 when not known."""

    id: str
    filename: str = ""
    width: int = 0
    height: int = 0

    @property
    def source(self) -> str:
        """The name of this content: `wix:<file id>`; never kept in state."""
        return f"wix:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedVideo:
    """A video on YouTube or Vimeo, by its https URL."""

    host: VideoHost
    url: str


Media = LocalFile | RemoteFile | WixFile | HostedVideo | None
"""What an item shows; None for a text, whose html is the field `html`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A file of the Media Manager as its descriptor tells it: sizes in pixels and bytes, 0 when unknown."""

    id: str
    display_name: str
    ready: bool
    failed: bool
    width: int = 0
    height: int = 0
    size: int = 0
    labels: tuple[str, ...] = ()
    source_url: str = ""
    url: str = ""
    media_type: str = ""
    """`IMAGE`, `VIDEO` …, the API's mediaType."""


CONTENT_LABEL_PREFIX = "galleryctl-sha256-"
"""How the labels begin that say which content a file holds."""


def content_label(source: str) -> str:
    """The label that an uploaded or imported file carries, so that its content is known again without state.

    `source` is `LocalFile.source` or `RemoteFile.source`; the label is `galleryctl-sha256-<hex>`, of the content or,
    for a URL, of the URL's text.
    """
    scheme, _, rest = source.partition(":")
    digest = rest if scheme == "sha256" else hashlib.sha256(rest.encode()).hexdigest()
    return f"{CONTENT_LABEL_PREFIX}{digest}"
