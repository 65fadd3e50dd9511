"""What tells that a live item shows what a manifest wants it to show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename

from galleryctl.model.desired import DesiredItem
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
from galleryctl.model.video import video_id

Evidence = tuple[str, ...]
"""Something that a wanted and a live medium have in common when they are one, such as `("file", id)`."""


def video_evidence(video: HostedVideo) -> Evidence:
    """The platform and its id of the video; the URL itself where the platform's forms of it do not fit."""
    return ("video", video.host.value, video_id(video.url, video.host) or video.url)


def desired_evidence(item: DesiredItem, media: Mapping[str, str]) -> Iterator[Evidence]:
    """The marks by which a live item would certainly be `item`, the surest first; `media` is source → file id."""
    match item.media:
        case LocalFile() | RemoteFile() as wanted:
            if known := media.get(wanted.source):
                yield ("file", known)
            yield ("label", content_label(wanted.source))
            if isinstance(wanted, RemoteFile):
                yield ("url", wanted.url)
        case WixFile(id=id_):
            yield ("file", id_)
        case HostedVideo() as video:
            yield video_evidence(video)
        case None:
            html = item.fields.get("html")
            if isinstance(html, str):  # an empty text, too: it has nothing else to be known by
                yield ("html", html)


def live_evidence(item: LiveItem, files: Mapping[str, MediaFile]) -> Iterator[Evidence]:
    """The marks that `item` bears; those of its file's descriptor only where it was looked up."""
    match item.media:
        case WixFile(id=id_):
            yield ("file", id_)
            if file := files.get(id_):
                yield from (("label", label) for label in file.labels)
                if file.source_url:
                    yield ("url", file.source_url)
        case HostedVideo() as video:
            yield video_evidence(video)
        case None:
            html = item.fields.get("html")
            if isinstance(html, str):
                yield ("html", html)


def desired_weak_evidence(item: DesiredItem) -> Evidence | None:
    """File name and size in bytes of a local file: enough for a guess, not for certainty."""
    wanted = item.media
    return ("look", basename(wanted.path), str(wanted.size)) if isinstance(wanted, LocalFile) else None


def live_weak_evidence(item: LiveItem, files: Mapping[str, MediaFile]) -> Iterator[Evidence]:
    """File name and size of a live item, where its file was looked up and has no label that says which content it is."""
    if not isinstance(item.media, WixFile):
        return
    file = files.get(item.media.id)
    if file is None or not file.size or any(label.startswith(CONTENT_LABEL_PREFIX) for label in file.labels):
        return
    names = dict.fromkeys((file.display_name, item.media.filename))
    yield from (("look", name, str(file.size)) for name in names if name)


def same_content(
    desired: DesiredItem, live: LiveItem, media: Mapping[str, str], files: Mapping[str, MediaFile]
) -> bool:
    """Whether `live` shows what `wanted` names; a text's html is a field and not asked here."""
    if desired.media is None:
        return True
    marks = set(live_evidence(live, files))
    if any(mark in marks for mark in desired_evidence(desired, media)):
        return True
    return desired_weak_evidence(desired) in set(live_weak_evidence(live, files))


def media_reference(media: Media) -> str | None:
    """What a plan calls a live medium: the file's id or the video's URL."""
    match media:
        case WixFile(id=id_):
            return id_
        case HostedVideo(url=url):
            return url
        case _:
            return None
