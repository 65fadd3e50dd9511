"""The files of the Media Manager: creation, PENDING to READY or FAILED, and how the API returns them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from galleryctl.emulator.api import events
from galleryctl.emulator.media.types import image_size, media_type_of, new_file_id
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.store import dump_json

# Stored with a file, but not returned.
_INTERNAL_FIELDS = ("mimeType", "pendingReads", "externalInfo", "source")
_MAX_DISPLAY_NAME = 255  # longer names are cut


def make_has_media(site: EmulatedSite) -> Callable[[str, str], bool]:
    """Return a function that returns True if an id is a READY file of the site with a media type."""

    def has_media(ident: str, kind: str) -> bool:
        doc = site.store.fetch_document("SELECT doc FROM files WHERE id = ? AND trashed = 0", ident)
        return doc is not None and doc["operationStatus"] == "READY" and doc["mediaType"] == kind

    return has_media


def render_file(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    """Return a file as the API does, with URLs of this server."""
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
    """Store a new file, PENDING and without bytes, and return it; `request` is the upload or import."""
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
    """Store the file as READY, or as FAILED if it has no or invalid bytes, send the event, and return the file."""
    doc = doc | {"updatedDate": site.timestamp(), "pendingReads": 0}
    media = None if data is None else _media_metadata(doc, data)
    if data is None or media is None:
        doc["operationStatus"] = "FAILED"
        code = "IMPORT_FAILED" if data is None else "UNSUPPORTED_FILE_FORMAT"
        error = {"code": code, "description": "file failed"}
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
    """Return the file's `media`; None if the bytes are not an image but should be."""
    ident, name = doc["id"], doc["displayName"]
    if doc["mediaType"] == "IMAGE":
        size = image_size(data)
        if size is None:
            return None
        return {"image": {"image": {"id": ident, "width": size[0], "height": size[1], "filename": name}}}
    if doc["mediaType"] == "VIDEO":
        resolution = {"width": 1920, "height": 1080, "format": "1080p.mp4"}
        return {"video": {"id": ident, "resolutions": [resolution], "filename": name}}
    return {}


def advance_pending_file(site: EmulatedSite, doc: dict[str, Any]) -> dict[str, Any]:
    """Return the file after one more read of its descriptor: the N-th read makes a PENDING file READY or FAILED."""
    if doc["operationStatus"] != "PENDING":
        return doc
    reads_left = doc["pendingReads"] - 1
    if reads_left <= 0:
        return finish_file(site, doc, pending_file_bytes(site, doc))
    doc = doc | {"pendingReads": reads_left}
    save_file(site, doc)
    return doc


def pending_file_bytes(site: EmulatedSite, doc: dict[str, Any]) -> bytes | None:
    """Return the bytes of a PENDING file, from its upload or a registered source; does not use the network."""
    if (uploaded := site.store.get_blob(doc["id"])) is not None:
        return uploaded
    url = doc["source"]
    if url == f"{site.base_url}/_emulator/sample.png":
        from galleryctl.emulator.media.sample import sample_png  # noqa: PLC0415 - imports Pillow

        return sample_png()
    if url and url.startswith(site.media_url("")):
        source = site.store.fetch_document("SELECT doc FROM files WHERE id = ?", url.removeprefix(site.media_url("")))
        return site.store.get_blob(source["id"]) if source else None
    row = site.store.db.execute("SELECT data FROM sources WHERE url = ? AND status = 200", (url,)).fetchone()
    return None if row is None else bytes(row[0])
