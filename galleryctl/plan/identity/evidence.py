"""Evidence that a live item shows the media that a manifest declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename
from typing import assert_never

from galleryctl.model.desired import DesiredItem
from galleryctl.model.last_applied import value_digest
from galleryctl.model.live import LiveItem
from galleryctl.model.media import (
    CONTENT_LABEL_PREFIX,
    HostedVideo,
    LocalFile,
    Media,
    MediaFile,
    RemoteFile,
    WixFile,
    content_label,
)
from galleryctl.model.upload_formats import upload_name
from galleryctl.model.video import video_id
from galleryctl.plan.three_way import loose_form

Evidence = tuple[str, ...]
"""A property that is equal in a desired item and its live item, such as `("file", id)`."""


def video_evidence(video: HostedVideo) -> Evidence:
    """Return the host and its id of the video; the URL if it contains no id."""
    return ("video", video.host.value, video_id(video.url, video.host) or video.url)


def desired_evidence(item: DesiredItem, media: Mapping[str, str]) -> Iterator[Evidence]:
    """Yield the evidence that identifies `item` with certainty, the strongest first; `media` is source → file id."""
    sources = content_sources(item)
    yield from (("file", media[source]) for source in sources if source in media)
    yield from (("label", content_label(source)) for source in sources)
    if isinstance(item.media, RemoteFile):
        yield ("url", item.media.url)
    yield from _common_evidence(item)


def content_sources(item: DesiredItem) -> tuple[str, ...]:
    """Return the names in state of the content that the item declares, () if it has none, or if it is not known."""
    if isinstance(item.media, LocalFile | RemoteFile):
        return item.media.sources
    return (item.held.source,) if item.held and item.held.source else ()


def live_evidence(item: LiveItem, files: Mapping[str, MediaFile]) -> Iterator[Evidence]:
    """Yield the evidence that a live item has; labels and URL only if its file is in `files`."""
    yield from _common_evidence(item)
    if isinstance(item.media, WixFile) and (file := files.get(item.media.id)):
        yield from (("label", label) for label in file.labels)
        if file.source_url:
            yield ("url", file.source_url)


def _common_evidence(item: DesiredItem | LiveItem) -> Iterator[Evidence]:
    html = item.fields.get("html")
    match item.media:
        case WixFile(id=id_):
            yield ("file", id_)
        case HostedVideo() as video:
            yield video_evidence(video)
        case None if isinstance(html, str):  # also "": a text has no other evidence
            yield ("html", html)


def loose_text(item: DesiredItem | LiveItem) -> Iterator[Evidence]:
    """Yield the HTML of a text in the form in which it equals what a site may make of it."""
    html = item.fields.get("html")
    if item.media is None and isinstance(html, str):
        yield ("text", str(loose_form(html)))


def desired_weak_evidence(item: DesiredItem) -> Iterator[Evidence]:
    """Yield the names of a local file, as it is and as uploaded, with its size in bytes: enough for a guess."""
    if isinstance(item.media, LocalFile) and not item.media.without:
        names = dict.fromkeys((basename(item.media.path), upload_name(item.media.path, item.media.mime_type)))
        yield from (("name and size", name, str(item.media.size)) for name in names)


def live_weak_evidence(item: LiveItem, files: Mapping[str, MediaFile]) -> Iterator[Evidence]:
    """Yield the file names and size of a live item, if its file is in `files` and no label identifies its content."""
    if not isinstance(item.media, WixFile):
        return
    file = files.get(item.media.id)
    if file is None or not file.size or any(label.startswith(CONTENT_LABEL_PREFIX) for label in file.labels):
        return
    names = dict.fromkeys((file.display_name, item.media.filename))
    yield from (("name and size", name, str(file.size)) for name in names if name)


def same_content(
    desired: DesiredItem, live: LiveItem, media: Mapping[str, str], files: Mapping[str, MediaFile]
) -> bool:
    """Return True if `live` shows the media that `desired` declares; True for a text, whose html is a field."""
    source, shown = desired.media, live.media
    # The most frequent case comes first.
    if (
        isinstance(source, LocalFile | RemoteFile)
        and isinstance(shown, WixFile)
        and any(media.get(name) == shown.id for name in source.sources)
    ):
        return True
    if desired.media is None or not set(live_evidence(live, files)).isdisjoint(desired_evidence(desired, media)):
        return True
    return not set(live_weak_evidence(live, files)).isdisjoint(desired_weak_evidence(desired))


def media_digest(media: Media) -> str:
    """Return the digest of a source, a file or a hosted video, as in the base of an item's media."""
    match media:
        case HostedVideo():
            return value_digest(video_evidence(media))
        case WixFile(id=id_):
            return value_digest(id_)
        case LocalFile() | RemoteFile():
            return value_digest(media.source)
        case None:
            return value_digest(None)
        case _:
            assert_never(media)


def former_media_digests(media: Media) -> tuple[str, ...]:
    """Return the other digests that a base may have for a source: those of former names of its content."""
    return tuple(map(value_digest, media.sources[1:])) if isinstance(media, LocalFile | RemoteFile) else ()


def media_reference(media: Media) -> str | None:
    """Return the name of live media in plans: the file's id or the video's URL."""
    match media:
        case WixFile(id=id_):
            return id_
        case HostedVideo(url=url):
            return url
        case _:
            return None
