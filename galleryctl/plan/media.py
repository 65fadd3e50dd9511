"""What an item shows, as the plan document says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, LocalFile, Media, RemoteFile, VideoHost, WixFile
from galleryctl.plan.reading import Node


def encode_media(media: Media) -> Json:
    """`media` as JSON; `decode_media` is the inverse."""
    match media:
        case LocalFile():
            return {
                "type": "local", "path": media.path, "sha256": media.sha256, "size": media.size,
                "mime_type": media.mime_type,
            }  # fmt: skip
        case RemoteFile():
            return {"type": "remote", "url": media.url}
        case WixFile():
            return {
                "type": "wix", "id": media.id, "filename": media.filename, "width": media.width,
                "height": media.height,
            }  # fmt: skip
        case HostedVideo():
            return {"type": "hosted", "host": media.host.value, "url": media.url}
        case None:
            return None
        case _:
            assert_never(media)


def decode_media(node: Node) -> Media:
    """What the node holds; None, with a problem noted, for anything else."""
    tag = node.value.get("type") if isinstance(node.value, Mapping) else None
    read = _MEDIA.get(tag) if isinstance(tag, str) else None
    if read is None:
        node.wrong(f"its type is none of {', '.join(_MEDIA)}")
        return None
    return read(node)


def _local(node: Node) -> LocalFile:
    part = node.object(("type", "path", "sha256", "size", "mime_type"))
    return LocalFile(
        path=part["path"].text(),
        sha256=part["sha256"].text(),
        size=part["size"].whole(),
        mime_type=part["mime_type"].text(),
    )


def _remote(node: Node) -> RemoteFile:
    return RemoteFile(url=node.object(("type", "url"))["url"].text())


def _wix(node: Node) -> WixFile:
    part = node.object(("type", "id", "filename", "width", "height"))
    return WixFile(
        id=part["id"].text(),
        filename=part["filename"].text(),
        width=part["width"].whole(),
        height=part["height"].whole(),
    )


def _hosted(node: Node) -> HostedVideo:
    part = node.object(("type", "host", "url"))
    return HostedVideo(host=part["host"].one_of(VideoHost), url=part["url"].text())


_MEDIA: Mapping[str, Callable[[Node], Media]] = {
    "local": _local, "remote": _remote, "wix": _wix, "hosted": _hosted,
}  # fmt: skip
