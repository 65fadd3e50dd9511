"""The media of items in the plan document."""

from __future__ import annotations

from typing import assert_never

from galleryctl.model import json_document as doc
from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, LocalFile, Media, RemoteFile, VideoHost, WixFile
from galleryctl.model.privacy import PrivateKind
from galleryctl.plan.file.texts import encode_value, read_variable_text


def encode_media(media: Media) -> Json:
    """Return `media` as JSON; `read_media` is the inverse."""
    match media:
        case LocalFile():
            return _encode_local(media)
        case RemoteFile(url=url):
            return {"type": "remote", "url": encode_value(url)}
        case WixFile(id=id_, filename=filename, width=width, height=height):
            return {"type": "wix", "id": id_, "filename": filename, "width": width, "height": height}
        case HostedVideo():
            return {"type": "hosted", "host": media.host.value, "url": encode_value(media.url)}
        case None:
            return None
        case _:
            assert_never(media)


def _encode_local(file: LocalFile) -> Json:
    """Return a local file as JSON; members that say nothing are missing."""
    document: dict[str, Json] = {"type": "local", "path": file.path, "sha256": file.sha256}
    if file.content:
        document["content"] = file.content
    document |= {"size": file.size, "mime_type": file.mime_type}
    if file.without:
        document["without"] = sorted(file.without)
    if file.located:
        document["located"] = True
    return document


def _read_kinds(value: Json) -> frozenset[PrivateKind]:
    return frozenset(doc.array(doc.one_of(PrivateKind))(value))


read_media: doc.Reader[Media] = doc.tagged(
    "type",
    {
        "local": doc.record(
            LocalFile,
            {"content": doc.string, "without": _read_kinds, "located": doc.boolean},
            path=doc.string,
            sha256=doc.string,
            size=doc.integer,
            mime_type=doc.string,
        ),
        "remote": doc.record(RemoteFile, url=read_variable_text),
        "wix": doc.record(WixFile, id=doc.string, filename=doc.string, width=doc.integer, height=doc.integer),
        "hosted": doc.record(HostedVideo, host=doc.one_of(VideoHost), url=read_variable_text),
    },
)
"""The reader of media in the plan document."""
