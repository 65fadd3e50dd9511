"""The calls that create files: upload URLs, resumable uploads (TUS 1.0) and imports from URLs."""

from __future__ import annotations

import secrets
from typing import Any

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import Rejection, Violation, application_error, validation_error
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media import descriptors
from galleryctl.emulator.media.folders import resolve_folder
from galleryctl.emulator.media.types import MEDIA_TYPES, guess_mime_type, normalize_mime_type, upload_violations
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.store import dump_json

_TUS_HEADERS = {"Tus-Resumable": "1.0.0"}


class UploadHandlers:
    """Handlers of uploads and imports."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def generate_url(self, request: ServedRequest) -> ServedResponse:
        """Generate File Upload Url: for one PUT with the bytes."""
        token = self._register(request.json(), max_labels=50)
        return json_response({"uploadUrl": f"{self.site.base_url}/upload/{token}"})

    def generate_resumable_url(self, request: ServedRequest) -> ServedResponse:
        """Generate File Resumable Upload Url: for the TUS protocol."""
        body = request.json()
        if body.get("uploadProtocol") not in (None, "TUS"):
            raise validation_error(Violation("uploadProtocol", "must be TUS", "FORMAT"))
        token = self._register(body, max_labels=500)
        url = f"{self.site.base_url}/upload/tus/{token}"
        return json_response({"uploadProtocol": "TUS", "uploadUrl": url, "uploadToken": token})

    def _register(self, body: dict[str, Any], *, max_labels: int) -> str:
        mime, name = body.get("mimeType"), body.get("fileName")
        checks.raise_violations(
            checks.check_required("mimeType", mime),
            checks.check_string("mimeType", mime, 100),
            checks.check_string("fileName", name, 1000),
            _common_violations(body, max_labels),
        )
        checks.raise_violations(upload_violations(mime, name, body.get("sizeInBytes")))
        token = secrets.token_urlsafe(32)
        with self.site.transaction():
            resolve_folder(self.site, body.get("parentFolderId"), None)
            sql = "INSERT INTO uploads (token, doc) VALUES (?, ?)"
            self.site.store.db.execute(sql, (token, dump_json(body)))
        return token

    def put(self, request: ServedRequest) -> ServedResponse:
        """Receive the bytes of an upload, without Authorization; returns the file."""
        body = self._find_upload(request.path_params["token"])
        sent, announced = request.headers.get("content-type"), body["mimeType"]
        if sent and normalize_mime_type(sent) not in (normalize_mime_type(announced), "application/octet-stream"):
            problem = f"{sent} does not match {announced}"
            raise validation_error(Violation("Content-Type", problem, rule_name="MISMATCH_MIME_TYPE"))
        name = body.get("fileName") or request.query_value("filename")
        checks.raise_violations(checks.check_required("filename", name))
        if not request.body:
            raise validation_error(Violation("body", "is empty", rule_name="ZERO_FILE_SIZE"))
        with self.site.transaction():
            return json_response({"file": self._create_file(body | {"fileName": name}, request.body)})

    def _find_upload(self, token: str) -> dict[str, Any]:
        doc = self.site.store.fetch_document("SELECT doc FROM uploads WHERE token = ?", token)
        if doc is None:
            raise application_error(403, "PERMISSION_DENIED", "the upload token is not valid")
        return doc

    def _create_file(self, body: dict[str, Any], data: bytes) -> dict[str, Any]:
        """Create the file of an upload, in the current transaction, and return it as the API does."""
        site, reads = self.site, self.site.settings.upload_pending_reads
        folder = resolve_folder(site, body.get("parentFolderId"), body.get("filePath"))
        mime = normalize_mime_type(body["mimeType"])
        file = body | {"mimeType": mime, "displayName": body["fileName"], "url": None}
        doc = descriptors.create_file(site, file, folder, pending_reads=reads)
        if reads:
            site.store.put_blob(doc["id"], data)
        else:
            doc = descriptors.finish_file(site, doc, data)
        return descriptors.render_file(site, doc)

    def tus_options(self, _request: ServedRequest) -> ServedResponse:
        """Return the supported version and extensions of TUS."""
        return ServedResponse(status=204, headers=_TUS_HEADERS | {"Tus-Version": "1.0.0", "Tus-Extension": "creation"})

    def tus_create(self, request: ServedRequest) -> ServedResponse:
        """Begin a resumable upload of `Upload-Length` bytes."""
        token = request.path_params["token"]
        length = _header_number(request, "upload-length")
        body = self._find_upload(token) | {"length": length}
        with self.site.transaction():
            self.site.store.db.execute("UPDATE uploads SET doc = ? WHERE token = ?", (dump_json(body), token))
        location = f"{self.site.base_url}/upload/tus/{token}"
        return ServedResponse(status=201, headers=_TUS_HEADERS | {"Location": location})

    def tus_head(self, request: ServedRequest) -> ServedResponse:
        """Return the number of bytes received by a resumable upload."""
        token = request.path_params["token"]
        body = self._find_upload(token)
        headers = _TUS_HEADERS | {"Upload-Offset": str(self._received_bytes(token, body))}
        if (length := _announced_length(body)) is not None:
            headers["Upload-Length"] = str(length)
        return ServedResponse(headers=headers | {"Cache-Control": "no-store"})

    def _received_bytes(self, token: str, body: dict[str, Any]) -> int:
        if "file" in body:
            return int(body["length"])
        sql = "SELECT start + length(data) FROM chunks WHERE token = ? ORDER BY start DESC LIMIT 1"
        row = self.site.store.db.execute(sql, (token,)).fetchone()
        return int(row[0]) if row else 0

    def tus_patch(self, request: ServedRequest) -> ServedResponse:
        """Receive the next bytes of a resumable upload; returns the file after the last ones."""
        token = request.path_params["token"]
        body = self._find_upload(token)
        if normalize_mime_type(request.headers.get("content-type", "")) != "application/offset+octet-stream":
            raise Rejection(415, {"message": "Content-Type must be application/offset+octet-stream"})
        offset = self._received_bytes(token, body)
        if _header_number(request, "upload-offset") != offset:
            raise application_error(409, "CONFLICT", f"Upload-Offset is not {offset}", headers=_TUS_HEADERS)
        if "file" in body and not request.body:  # a retry, because the response to the last bytes was lost
            return ServedResponse(body={"file": body["file"]}, headers=_TUS_HEADERS | {"Upload-Offset": str(offset)})
        length = _announced_length(body)
        total = offset + len(request.body)
        if length is not None and total > length:
            problem = f"more than the {length} bytes of Upload-Length"
            raise application_error(413, "FILE_SIZE_OVER_LIMIT", problem, headers=_TUS_HEADERS)
        with self.site.transaction():
            sql = "INSERT INTO chunks (token, start, data) VALUES (?, ?, ?)"
            if request.body:  # the chunks are joined once, because joining them in each call takes quadratic time
                self.site.store.db.execute(sql, (token, offset, request.body))
            if total == length:
                body |= {"fileName": body.get("fileName") or request.query_value("filename") or token}
                body |= {"file": self._create_file(body, self._take_chunks(token))}
                sql = "UPDATE uploads SET doc = ? WHERE token = ?"
                self.site.store.db.execute(sql, (dump_json(body), token))
        headers = _TUS_HEADERS | {"Upload-Offset": str(total)}
        if total == length:
            return ServedResponse(body={"file": body["file"]}, headers=headers)
        return ServedResponse(status=204, headers=headers)

    def _take_chunks(self, token: str) -> bytes:
        """Return the bytes of a complete upload, and delete its chunks."""
        db = self.site.store.db
        data = b"".join(
            row[0] for row in db.execute("SELECT data FROM chunks WHERE token = ? ORDER BY start", (token,))
        )
        db.execute("DELETE FROM chunks WHERE token = ?", (token,))
        return data

    def import_one(self, request: ServedRequest) -> ServedResponse:
        """Import File: PENDING at first, READY or FAILED after the number of reads that the switch sets."""
        body = request.json()
        checks.raise_violations(_import_violations(body, ""))
        with self.site.transaction():
            return json_response({"file": self._import(body)})

    def import_bulk(self, request: ServedRequest) -> ServedResponse:
        """Bulk Import File (version 2): a result for each import."""
        body = request.json()
        imports = _import_requests(body)
        with_file = body.get("returnEntity") is not False
        results, failures = [], 0
        with self.site.transaction():
            for index, item in enumerate(imports):
                entry: dict[str, Any] = {"itemMetadata": {"originalIndex": index, "success": True}}
                try:
                    file = self._import(item)
                except Rejection as cause:
                    failures += 1
                    error = {"code": str(cause.status), "description": str(cause.body["message"])}
                    entry["itemMetadata"] |= {"success": False, "error": error}
                else:
                    entry["itemMetadata"]["id"] = file["id"]
                    entry |= {"item": file} if with_file else {}
                results.append(entry)
        successes = len(imports) - failures
        totals = {"totalSuccesses": successes, "totalFailures": failures, "undetailedFailures": 0}
        return json_response({"results": results, "bulkActionMetadata": totals})

    def import_bulk_v1(self, request: ServedRequest) -> ServedResponse:
        """Bulk Import File (version 1): only the files."""
        with self.site.transaction():
            return json_response({"files": [self._import(body) for body in _import_requests(request.json())]})

    def _import(self, body: dict[str, Any]) -> dict[str, Any]:
        site, reads = self.site, self.site.settings.import_pending_reads
        name = body.get("displayName") or body["url"].rpartition("/")[2].partition("?")[0] or "file"
        mime = body.get("mimeType") or guess_mime_type(name) or guess_mime_type(body["url"]) or ""
        folder = resolve_folder(site, body.get("parentFolderId"), body.get("filePath"))
        file = body | {"mimeType": normalize_mime_type(mime) or "image/jpeg", "displayName": name}
        doc = descriptors.create_file(site, file, folder, pending_reads=reads)
        if not reads:
            doc = descriptors.finish_file(site, doc, descriptors.pending_file_bytes(site, doc))
        return descriptors.render_file(site, doc)


def _import_requests(body: dict[str, Any]) -> list[dict[str, Any]]:
    requests = body.get("importFileRequests")
    if not isinstance(requests, list) or not all(isinstance(entry, dict) for entry in requests):
        raise validation_error(Violation("importFileRequests", "must be an array of objects", "REQUIRED_FIELD"))
    if not 1 <= len(requests) <= 100:  # noqa: PLR2004 - the vendor's limits
        rule = "MAX_SIZE" if requests else "MIN_SIZE"
        raise validation_error(Violation("importFileRequests", "must have 1 to 100 entries", rule))
    checks.raise_violations(
        *(_import_violations(request, f"importFileRequests[{index}].") for index, request in enumerate(requests))
    )
    return requests


def _import_violations(body: dict[str, Any], at: str) -> checks.Violations:
    url = body.get("url")
    yield from checks.check_required(f"{at}url", url)
    yield from checks.check_string(f"{at}url", url)
    yield from _common_violations(body, 500, at)
    if isinstance(url, str) and url and not url.startswith(("http://", "https://")):
        yield Violation(f"{at}url", "is not a valid URL", "FORMAT", data={"type": "WEB_URL"})
    if body.get("mediaType") not in (None, *MEDIA_TYPES[:-1]):
        yield Violation(f"{at}mediaType", "is not a media type", "FORMAT")
    yield from checks.check_string(f"{at}displayName", body.get("displayName"), 1000)
    yield from checks.check_string(f"{at}mimeType", body.get("mimeType"), 100)
    yield from checks.check_object(f"{at}urlHeaders", body.get("urlHeaders"))
    yield from checks.check_object(f"{at}urlParams", body.get("urlParams"))


def _common_violations(body: dict[str, Any], max_labels: int, at: str = "") -> checks.Violations:
    yield from checks.check_string(f"{at}parentFolderId", body.get("parentFolderId"), 100)
    yield from checks.check_string(f"{at}filePath", body.get("filePath"), 100)
    yield from checks.check_strings(f"{at}labels", body.get("labels"), max_labels, 200)
    yield from checks.check_boolean(f"{at}private", body.get("private"))
    info = body.get("externalInfo")
    yield from checks.check_object(f"{at}externalInfo", info)
    if isinstance(info, dict):
        yield from checks.check_string(f"{at}externalInfo.origin", info.get("origin"), 1000)
        yield from checks.check_strings(f"{at}externalInfo.externalIds", info.get("externalIds"), 30, 4000)


def _announced_length(body: dict[str, Any]) -> int | None:
    length = body.get("length", body.get("sizeInBytes"))
    return None if length is None else int(length)


def _header_number(request: ServedRequest, name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isdecimal():
        raise validation_error(Violation(name, "must be a whole number", "FORMAT"))
    return int(text)
