"""The media of items: sources in manifests, files and videos that live items refer to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    """The digest of all its bytes."""
    size: int
    mime_type: str
    content: str = ""
    """The digest of what it shows, without captions; "" if only its bytes as a whole say that."""
    without: frozenset[PrivateKind] = frozenset()
    located: bool = False
    """True if the copy says where the file was made."""

    @property
    def source(self) -> str:
        """The name of this content in state: `content:<hex>`, or `sha256:<hex>` if only all bytes say what it is.

        What is removed from the copy counts, so that a change of the setting uploads the files again that it affects, and
        so does a location in it, so that a photo is uploaded again once its location is gone from the file.
        """
        if not self.content:
            return _named("sha256", self.sha256, self.without, located=False)
        return _named("content", self.content, self.without, located=self.located)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names under which state and labels may have this content: the best one first, then that of all bytes.

        Former releases and pointers of Git LFS know only the digest of all bytes.
        """
        if self.content and not self.without:
            return (self.source, f"sha256:{self.sha256}")
        return (self.source,)

    @property
    def possible_sources(self) -> frozenset[str]:
        """The names in state that this content can have, whatever was removed from its copy."""
        subsets = chain.from_iterable(combinations(PrivateKind, count) for count in range(len(PrivateKind) + 1))
        copies = (
            replace(self, content=content, without=frozenset(kinds), located=located)
            for kinds in subsets
            for content in (self.content, "")
            for located in (False, True)
        )
        return frozenset(copy.source for copy in copies)


def _named(scheme: str, digest: str, without: frozenset[PrivateKind], *, located: bool) -> str:
    differences = [f"without {', '.join(sorted(without))}"] if without else []
    if located:
        differences.append("with location")
    if differences:
        digest = hashlib.sha256(" ".join((digest, *differences)).encode()).hexdigest()
    return f"{scheme}:{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """An https URL that the Media Manager imports once."""

    url: str

    @property
    def source(self) -> str:
        """The name of this content in state: `url:<url>`."""
        return f"url:{self.url}"

    @property
    def sources(self) -> tuple[str, ...]:
        """The names under which state and labels may have this content."""
        return (self.source,)


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
        """The name of the content in state, that of all bytes; "" if it is not known."""
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

    `source` is one of the `sources` of a file; the label is `galleryctl-sha256-<hex>`, the hash of the content, of all
    bytes, or of the URL's text.
    """
    scheme, _, rest = source.partition(":")
    digest = rest if scheme in ("content", "sha256") else hashlib.sha256(rest.encode()).hexdigest()
    return f"{CONTENT_LABEL_PREFIX}{digest}"


def content_labels(source: LocalFile | RemoteFile) -> tuple[str, ...]:
    """Return the labels by which an uploaded or imported file is found again."""
    return tuple(map(content_label, source.sources))


def file_of_content(media: Mapping[str, str], source: LocalFile | RemoteFile) -> str | None:
    """Return the id of the file that has this content, by any of its names; `media` is source → file id."""
    return next((media[name] for name in source.sources if name in media), None)
