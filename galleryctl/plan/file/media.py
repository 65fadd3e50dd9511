"""The media of items in the plan document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, LocalFile, Media, RemoteFile, VideoHost, WixFile
from galleryctl.plan.file.decode import JsonNode


def encode_media(media: Media) -> Json:
    """Return `media` as JSON; `decode_media` is the inverse."""
    match media:
        case LocalFile(path=path, sha256=sha256, size=size, mime_type=mime_type):
            return {"type": "local", "path": path, "sha256": sha256, "size": size, "mime_type": mime_type}
        case RemoteFile(url=url):
            return {"type": "remote", "url": url}
        case WixFile(id=id_, filename=filename, width=width, height=height):
            return {"type": "wix", "id": id_, "filename": filename, "width": width, "height": height}
        case HostedVideo():
            return {"type": "hosted", "host": media.host.value, "url": media.url}
        case None:
            return None
        case _:
            assert_never(media)


def decode_media(node: JsonNode) -> Media:
    """Return the media in a JSON object. Adds a problem and returns None if its type is unknown."""
    tag = node.value.get("type") if isinstance(node.value, Mapping) else None
    read = _DECODERS.get(tag) if isinstance(tag, str) else None
    if read is None:
        node.add_problem(f"type is not one of {', '.join(_DECODERS)}")
        return None
    return read(node)


def _decode_local(node: JsonNode) -> LocalFile:
    part = node.object_with(("type", "path", "sha256", "size", "mime_type"))
    return LocalFile(
        path=part["path"].string(),
        sha256=part["sha256"].string(),
        size=part["size"].integer(),
        mime_type=part["mime_type"].string(),
    )


def _decode_remote(node: JsonNode) -> RemoteFile:
    return RemoteFile(url=node.object_with(("type", "url"))["url"].string())


def _decode_wix(node: JsonNode) -> WixFile:
    part = node.object_with(("type", "id", "filename", "width", "height"))
    return WixFile(
        id=part["id"].string(),
        filename=part["filename"].string(),
        width=part["width"].integer(),
        height=part["height"].integer(),
    )


def _decode_hosted(node: JsonNode) -> HostedVideo:
    part = node.object_with(("type", "host", "url"))
    return HostedVideo(host=part["host"].one_of(VideoHost), url=part["url"].string())


_DECODERS: Mapping[str, Callable[[JsonNode], Media]] = {
    "local": _decode_local, "remote": _decode_remote, "wix": _decode_wix, "hosted": _decode_hosted,
}  # fmt: skip
