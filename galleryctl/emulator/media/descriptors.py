"""The files of the Media Manager: how they are made, settle, and are shown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from galleryctl.emulator.api import events
from galleryctl.emulator.media.types import image_size, media_type_of, new_file_id
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.store import dump_json

# Kept in a stored file, never shown.
_INTERNAL_FIELDS = ("mimeType", "pendingReads", "externalInfo", "source")
_MAX_DISPLAY_NAME = 255  # longer names are cut


def make_has_media(site: EmulatedSite) -> Callable[[str, str], bool]:
    """Says whether a file id is a READY file of the site with this media type."""

    def found(ident: str, kind: str) -> bool:
        doc = site.store.fetch_document("SELECT doc FROM files WHERE id = ? AND trashed = 0", ident)
        return doc is not None and doc["operationStatus"] == "READY" and doc["mediaType"] == kind

    return found


def render_file(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    """A file as the API gives it, with URLs of this server."""
    url = site.media_url(doc["id"])
    file = {name: value for name, value in doc.items() if name not in _INTERNAL_FIELDS} | {"url": url}
    if doc["mediaType"] == "IMAGE":
        file["thumbnailUrl"] = url
    media = doc.get("media")
    if isinstance(media, dict) and "image" in media:
        file["media"] = {"image": {"image": media["image"]["image"] | {"url": url}}}
    elif isinstance(media, dict) and "video" in media:
        resolutions = [entry | {"url": url} for entry in media["video"]["resolutions"]]
        file["media"] = {"video": media["video"] | {"resolutions": resolutions}}
    return file


def create_file(site: EmulatedSite, request: dict[str, Any], folder: str, *, pending_reads: int) -> dict[str, Any]:
    """Store a new file, PENDING and without bytes; `wanted` is the request that asked for it."""
    mime = request["mimeType"]
    now = site.timestamp()
    doc: dict[str, Any] = {
        "id": new_file_id(site.credentials.site_id, mime),
        "displayName": request["displayName"][:_MAX_DISPLAY_NAME],
        "parentFolderId": folder,
        "hash": "",
        "sizeInBytes": "0",
        "private": bool(request.get("private")),
        "mediaType": request.get("mediaType") or media_type_of(mime),
        "operationStatus": "PENDING",
        "sourceUrl": request.get("url") or "",
        "labels": request.get("labels") or [],
        "createdDate": now,
        "updatedDate": now,
        "siteId": site.credentials.site_id,
        "state": "OK",
        "mimeType": mime,
        "pendingReads": pending_reads,
        "externalInfo": request.get("externalInfo"),
        "source": request.get("url"),
    }
    sql = "INSERT INTO files (id, folder, trashed, doc) VALUES (?, ?, 0, ?)"
    site.store.db.execute(sql, (doc["id"], folder, dump_json(doc)))
    return doc


def save_file(site: EmulatedSite, doc: dict[str, Any]) -> None:
    """Store a changed file."""
    trashed = doc["state"] == "DELETED"
    sql = "UPDATE files SET folder = ?, trashed = ?, doc = ? WHERE id = ?"
    site.store.db.execute(sql, (doc["parentFolderId"], trashed, dump_json(doc), doc["id"]))


def finish_file(site: EmulatedSite, doc: dict[str, Any], data: bytes | None) -> dict[str, Any]:
    """The file READY with these bytes, or FAILED without or with unreadable ones; tells the webhooks."""
    doc = doc | {"updatedDate": site.timestamp(), "pendingReads": 0}
    media = None if data is None else _media_metadata(doc, data)
    if data is None or media is None:
        doc["operationStatus"] = "FAILED"
        error = {
            "code": "IMPORT_FAILED" if data is None else "UNSUPPORTED_FILE_FORMAT",
            "description": "file failed",
        }
    else:
        error = None
        digest = hashlib.sha256(site.credentials.site_id.encode() + data).hexdigest()[:32]
        doc |= {"operationStatus": "READY", "media": media, "sizeInBytes": str(len(data))}
        doc["hash"] = digest if site.settings.hash_at_ready else ""
        site.store.put_blob(doc["id"], data)
    save_file(site, doc)
    events.file_finished(site, render_file(site, doc), doc["externalInfo"], error)
    return doc


def _media_metadata(doc: dict[str, Any], data: bytes) -> dict[str, Any] | None:
    """The file's `media`; None if the bytes are not what they should be."""
    ident, name = doc["id"], doc["displayName"]
    if doc["mediaType"] == "IMAGE":
        size = image_size(data)
        if size is None:
            return None
        image = {"id": ident, "width": size[0], "height": size[1], "filename": name}
        return {"image": {"image": image}}
    if doc["mediaType"] == "VIDEO":
        resolution = {"width": 1920, "height": 1080, "format": "1080p.mp4"}
        return {"video": {"id": ident, "resolutions": [resolution], "filename": name}}
    return {}


def advance_pending_file(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    """The file after one more read of its descriptor: the N-th turns a PENDING file READY or FAILED."""
    if doc["operationStatus"] != "PENDING":
        return doc
    left = doc["pendingReads"] - 1
    if left <= 0:
        return finish_file(site, doc, pending_file_bytes(site, doc))
    doc = doc | {"pendingReads": left}
    save_file(site, doc)
    return doc


def pending_file_bytes(site: EmulatedSite, doc: dict[str, Any]) -> bytes | None:
    """Where a PENDING file's bytes come from: an upload kept aside, or a registered source; never the network."""
    if (kept := site.store.get_blob(doc["id"])) is not None:
        return kept
    url = doc["source"]
    if url == f"{site.base_url}/_emulator/sample.png":
        from galleryctl.emulator.media.sample import sample_png  # noqa: PLC0415 - draws with Pillow

        return sample_png()
    row = site.store.db.execute("SELECT data FROM sources WHERE url = ? AND status = 200", (url,)).fetchone()
    return None if row is None else bytes(row[0])
