"""Parses the value of `image:` and `video:`: a file path, a URL, or a Media Manager file."""

from __future__ import annotations

import re
from posixpath import basename, splitext
from urllib.parse import parse_qs, quote, unquote, urlsplit

from galleryctl.manifest.files.filetypes import video_mime_type
from galleryctl.manifest.files.tree import UnusableFileError, WorkspaceFileError, WorkspaceFiles
from galleryctl.model.media import HostedVideo, Kind, Media, RemoteFile, WixFile
from galleryctl.model.privacy import NO_PRIVACY, Privacy
from galleryctl.model.video import video_host, video_id

_WIX_URI = re.compile(r"wix:(?P<kind>[a-z]+)://v1/(?P<id>[^/#]+)(?:/(?P<name>[^#]*))?(?:#(?P<sizes>.*))?\Z", re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BARE_URL = re.compile(r"www\.[\w-]+\.|(?:[\w-]+\.)+(?:com|de|eu|io|net|org|uk)(?:/|\Z)|youtu\.be/", re.IGNORECASE)
_MAX_PIXELS = 100_000
"""Limit of width and height; larger values are mistakes."""


class MediaSourceError(Exception):
    """An invalid image or video; the message says why."""


def parse_media_source(
    text: str, kind: Kind, workspace_files: WorkspaceFiles | None, privacy: Privacy = NO_PRIVACY
) -> Media:
    """Return the media for the value of `image:` or `video:`. Raises MediaSourceError.

    Without `workspace_files`, a file path is an error. Raises UnusableFileError for a file that cannot be used now.
    """
    scheme = _SCHEME.match(text)
    if text.startswith("wix:"):
        return _parse_wix_uri(text, kind)
    if scheme and (text[scheme.end() :].startswith("//") or len(scheme[1]) > 1):
        return _parse_url(text, kind)
    if workspace_files is None:
        raise MediaSourceError(f"{text[:80]} is a file")
    try:
        return workspace_files.local_file(text, kind, privacy)
    except UnusableFileError:
        raise
    except WorkspaceFileError as error:
        why = str(error)
        if is_bare_url(text):
            why = f"{text[:80]} does not exist; if it is a URL, add https://"
        elif not {"*", "?"}.isdisjoint(text):
            why = f"{text[:80]} is a pattern; use from: for the files of a pattern"
        raise MediaSourceError(why) from error


def is_bare_url(text: str) -> bool:
    """Return True for an address without its scheme: www.example.com/page, example.com."""
    return _BARE_URL.match(text) is not None


def _parse_wix_uri(text: str, kind: Kind) -> WixFile:
    found = _WIX_URI.match(text)
    if found is None or found["kind"] != kind.value:
        expected = f"wix:{kind}://v1/ID or wix:{kind}://v1/ID/NAME"
        raise MediaSourceError(f"{text[:80]} is not a valid Media Manager URI; expected {expected}")
    id_, name = unquote(found["id"]), unquote(found["name"] or "")
    try:
        sizes = parse_qs(found["sizes"] or "")
        width, height = (_parse_pixels(sizes.get(side, ["0"])[0]) for side in ("originWidth", "originHeight"))
    except ValueError as error:
        raise MediaSourceError(f"{text[:80]}: originWidth and originHeight must be numbers of pixels") from error
    return WixFile(id=id_, filename="" if name == id_ else name, width=width, height=height)


def _parse_pixels(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) > _MAX_PIXELS:
        raise ValueError(text)
    return int(text)


def format_wix_uri(media: WixFile, kind: Kind) -> str:
    """Return the short URI of a Media Manager file: its id, and its name if it has one.

    The id alone says which file it is. The Media Manager knows its width and height.
    """
    name = f"/{quote(media.filename, safe='~')}" if media.filename and media.filename != media.id else ""
    return f"wix:{kind.value}://v1/{quote(media.id, safe='~')}{name}"


def _parse_url(text: str, kind: Kind) -> Media:
    try:
        url = urlsplit(text)
        host, _ = (url.hostname or "").removeprefix("www."), url.port
    except ValueError as error:
        raise MediaSourceError(f"{text[:80]} is not a valid URL: {error}") from error
    if url.scheme.lower() != "https":
        raise MediaSourceError(f"{text[:80]} is not an https URL; only https URLs can be imported")
    if not host or re.search(r"\s", text):
        raise MediaSourceError(f"{text[:80]} is not a valid URL")
    if url.username is not None or url.password is not None:
        raise MediaSourceError(
            f"the URL of {host} contains a user name or password; remove it, as plans and state would expose it"
        )
    platform = video_host(text)
    if platform is not None and kind is Kind.IMAGE:
        raise MediaSourceError(f"{text[:80]} is a video; use video: instead of image:")
    if platform is not None:
        if not video_id(text, platform):
            raise MediaSourceError(f"{text[:80]} is not the URL of a {platform.value.capitalize()} video")
        return HostedVideo(host=platform, url=text)
    if kind is Kind.VIDEO and splitext(url.path)[1] and video_mime_type(url.path) is None:
        raise MediaSourceError(f"{text[:80]} is neither a video file nor a YouTube or Vimeo video")
    return RemoteFile(url=text)


def media_base_name(media: Media, text: str) -> str:
    """Return the text to derive a key from: the file name without extension, or the platform and id of a video."""
    if isinstance(media, HostedVideo):
        return f"{media.host.value}-{video_id(media.url, media.host)}"
    if isinstance(media, WixFile):
        return splitext(media.filename or media.id)[0]
    path = unquote(urlsplit(media.url).path) if isinstance(media, RemoteFile) else text
    return splitext(basename(path.rstrip("/")))[0]


def source_base_name(text: str, kind: Kind) -> str:
    """Return the `media_base_name` for the value of `image:` or `video:`; "" for a text item."""
    if kind is Kind.TEXT:
        return ""
    try:
        media = parse_media_source(text, kind, None)
    except MediaSourceError:
        media = None
    return media_base_name(media, text)
