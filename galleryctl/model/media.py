"""The media of items: sources in manifests, files and videos that live items refer to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations

from galleryctl.model.position import SourcePosition
from galleryctl.model.privacy import PrivateKind


class Kind(StrEnum):
    """The kinds of item. The API's `type` is read-only, so a change of kind is a replacement."""

    IMAGE = "image"
    VIDEO = "video"
    TEXT = "text"


class VideoHost(StrEnum):
    """The hosts of videos that are not files of the site: the API's `video.type` in lower case."""

    YOUTUBE = "youtube"
    VIMEO = "vimeo"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file of the workspace. Each content is uploaded once.

    `sha256` and `size` are those of the file itself. If it has private data to remove, they are `without`: the uploaded
    copy does not have them, and counts as another content.
    """

    path: str
    """Relative to the workspace, with forward slashes."""
    sha256: str
    size: int
    mime_type: str
    without: frozenset[PrivateKind] = frozenset()

    @property
    def source(self) -> str:
        """The name of this content in state: `sha256:<hex>`."""
        return local_source(self.sha256, self.without)


def local_source(sha256: str, without: frozenset[PrivateKind] = frozenset()) -> str:
    """Return the name in state of a file with this digest, or of its copy without private data: `sha256:<hex>`.

    The name of a copy is derived, so that a change of what is removed uploads the files again that it affects.
    """
    if without:
        sha256 = hashlib.sha256(f"{sha256} without {', '.join(sorted(without))}".encode()).hexdigest()
    return f"sha256:{sha256}"


def possible_sources(sha256: str) -> frozenset[str]:
    """Return the names in state that a file with this digest can have: of itself, and of its copies."""
    subsets = chain.from_iterable(combinations(PrivateKind, count) for count in range(len(PrivateKind) + 1))
    return frozenset(local_source(sha256, frozenset(kinds)) for kinds in subsets)


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
    """A file that is already in the site's Media Manager; sizes are 0 if unknown."""

    id: str
    filename: str = ""
    width: int = 0
    height: int = 0

    @property
    def source(self) -> str:
        """The name of this content: `wix:<file id>`; never stored in state."""
        return f"wix:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedVideo:
    """A video on YouTube or Vimeo, by its https URL."""

    host: VideoHost
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile:
    """A file of the workspace that exists and cannot be used now; `why` names it, and says what to do."""

    path: str
    why: str
    at: SourcePosition
    """The value in the manifest that names the file."""
    sha256: str = ""
    """The digest of its content, if that is known: a pointer to the content says so."""

    @property
    def source(self) -> str:
        """The name of the content in state, as of a `LocalFile`; "" if it is not known."""
        return f"sha256:{self.sha256}" if self.sha256 else ""


Media = LocalFile | RemoteFile | WixFile | HostedVideo | None
"""The media of an item; None for a text, whose html is the field `html`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """The descriptor of a file in the Media Manager: sizes in pixels and bytes, 0 if unknown."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file that galleryctl uploaded; `referenced` by a manifest, `shown_in` the galleries with these ids."""

    file: MediaFile
    in_state: bool
    referenced: bool
    shown_in: tuple[str, ...]


CONTENT_LABEL_PREFIX = "galleryctl-sha256-"
"""The prefix of the labels that identify the content of a file."""


def content_label(source: str) -> str:
    """Return the label of an uploaded or imported file, which identifies its content without state.

    `source` is `LocalFile.source` or `RemoteFile.source`; the label is `galleryctl-sha256-<hex>`, the hash of the
    content or of the URL's text.
    """
    scheme, _, rest = source.partition(":")
    digest = rest if scheme == "sha256" else hashlib.sha256(rest.encode()).hexdigest()
    return f"{CONTENT_LABEL_PREFIX}{digest}"
