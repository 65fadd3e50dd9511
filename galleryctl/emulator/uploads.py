"""How bytes come in: upload URLs, resumable uploads (TUS 1.0) and imports from URLs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from galleryctl.emulator import checks, media
from galleryctl.emulator.exchange import Answer, Call, ok
from galleryctl.emulator.folders import folder_at
from galleryctl.emulator.mediatypes import MEDIA_TYPES, mime_of, name_violations, plain
from galleryctl.emulator.rejection import Rejection, Violation, invalid, refused
from galleryctl.emulator.site import Site
from galleryctl.emulator.store import dumped

TUS = {"Tus-Resumable": "1.0.0"}


class Uploads:
    """Handlers that make files."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def generate(self, call: Call) -> Answer:
        """Generate File Upload Url."""
        return ok({"uploadUrl": f"{self.site.base_url}/upload/{self._register(call.json(), most_labels=50)}"})

    def generate_resumable(self, call: Call) -> Answer:
        """Generate File Resumable Upload Url, for the TUS protocol."""
        body = call.json()
        if body.get("uploadProtocol") not in (None, "TUS"):
            raise invalid(Violation("uploadProtocol", "is not TUS", "FORMAT"))
        token = self._register(body, most_labels=500)
        url = f"{self.site.base_url}/upload/tus/{token}"
        return ok({"uploadProtocol": "TUS", "uploadUrl": url, "uploadToken": token})

    def _register(self, body: dict[str, Any], *, most_labels: int) -> str:
        mime, name = body.get("mimeType"), body.get("fileName")
        wrong = [
            *checks.required("mimeType", mime),
            *checks.text("mimeType", mime, 100),
            *checks.text("fileName", name, 1000),
            *_common(body, most_labels),
        ]
        checks.all_of(wrong or name_violations(mime, name, body.get("sizeInBytes")))
        token = secrets.token_urlsafe(32)
        with self.site.write():
            folder_at(self.site, body.get("parentFolderId"), None)
            sql = "INSERT INTO uploads (token, doc) VALUES (?, ?)"
            self.site.store.db.execute(sql, (token, dumped(body)))
        return token

    def put(self, call: Call) -> Answer:
        """The bytes of an upload, without Authorization; answers the file."""
        body = self._wanted(call.params["token"])
        sent = call.headers.get("content-type")
        if sent and plain(sent) not in (plain(body["mimeType"]), "application/octet-stream"):
            raise invalid(Violation("Content-Type", f"{sent} is not {body['mimeType']}", name="MISMATCH_MIME_TYPE"))
        name = body.get("fileName") or call.first("filename")
        checks.all_of(checks.required("filename", name))
        if not call.body:
            raise invalid(Violation("body", "is empty", name="ZERO_FILE_SIZE"))
        with self.site.write():
            return ok({"file": self._made(body | {"fileName": name}, call.body)})

    def _wanted(self, token: str) -> dict[str, Any]:
        doc = self.site.store.doc("SELECT doc FROM uploads WHERE token = ?", token)
        if doc is None:
            raise refused(403, "PERMISSION_DENIED", "the upload token is not valid")
        return doc

    def _made(self, body: dict[str, Any], data: bytes) -> dict[str, Any]:
        """The file of an upload, within the transaction under way."""
        site, reads = self.site, self.site.settings.upload_pending_reads
        folder = folder_at(site, body.get("parentFolderId"), body.get("filePath"))
        wanted = body | {"mimeType": plain(body["mimeType"]), "displayName": body["fileName"], "url": None}
        doc = media.create(site, wanted, folder, pending_reads=reads)
        if reads:
            site.store.put_blob(doc["id"], data)
        else:
            doc = media.settle(site, doc, data)
        return media.shown(site, doc)

    def tus_options(self, _call: Call) -> Answer:
        """What this server knows of TUS."""
        return Answer(status=204, headers=TUS | {"Tus-Version": "1.0.0", "Tus-Extension": "creation"})

    def tus_create(self, call: Call) -> Answer:
        """Begin a resumable upload: `Upload-Length`, and the token in the path."""
        token = call.params["token"]
        length = _header_number(call, "upload-length")
        body = self._wanted(token) | {"length": length}
        with self.site.write():
            self.site.store.db.execute("UPDATE uploads SET doc = ? WHERE token = ?", (dumped(body), token))
        return Answer(status=201, headers=TUS | {"Location": f"{self.site.base_url}/upload/tus/{token}"})

    def tus_head(self, call: Call) -> Answer:
        """How far a resumable upload is."""
        body = self._wanted(call.params["token"])
        headers = TUS | {"Upload-Offset": str(self._received(call.params["token"], body))}
        if (length := _length(body)) is not None:
            headers["Upload-Length"] = str(length)
        return Answer(headers=headers | {"Cache-Control": "no-store"})

    def _received(self, token: str, body: dict[str, Any]) -> int:
        if "file" in body:
            return int(body["length"])
        return self.site.store.count("SELECT length(data) FROM uploads WHERE token = ?", token)

    def tus_patch(self, call: Call) -> Answer:
        """The next bytes of a resumable upload; the last ones answer the file."""
        token = call.params["token"]
        body = self._wanted(token)
        if plain(call.headers.get("content-type", "")) != "application/offset+octet-stream":
            raise Rejection(415, {"message": "Content-Type must be application/offset+octet-stream"})
        have = self._received(token, body)
        if _header_number(call, "upload-offset") != have:
            raise refused(409, "CONFLICT", f"Upload-Offset is not {have}", headers=TUS)
        if "file" in body and not call.body:  # the answer to the last piece was lost
            return Answer(body={"file": body["file"]}, headers=TUS | {"Upload-Offset": str(have)})
        length = _length(body)
        total = have + len(call.body)
        if length is not None and total > length:
            raise refused(413, "FILE_SIZE_OVER_LIMIT", f"more than the {length} bytes announced", headers=TUS)
        with self.site.write():
            row = self.site.store.db.execute("SELECT data FROM uploads WHERE token = ?", (token,)).fetchone()
            data = bytes(row[0]) + call.body
            sql = "UPDATE uploads SET doc = ?, data = ? WHERE token = ?"
            if total == length:
                body |= {"fileName": body.get("fileName") or call.first("filename") or token}
                body |= {"file": self._made(body, data)}
                data = b""
            self.site.store.db.execute(sql, (dumped(body), data, token))
        headers = TUS | {"Upload-Offset": str(total)}
        return Answer(
            body={"file": body["file"]} if total == length else None,
            status=200 if total == length else 204,
            headers=headers,
        )

    def import_one(self, call: Call) -> Answer:
        """Import File: PENDING at once, READY or FAILED after the reads of the switch."""
        body = call.json()
        checks.all_of(_import_violations(body, ""))
        with self.site.write():
            return ok({"file": self._import(body)})

    def import_bulk(self, call: Call) -> Answer:
        """Bulk Import, the current version: a result for each request."""
        body = call.json()
        requests = _requests(body)
        with_file = body.get("returnEntity") is not False
        results, failures = [], 0
        with self.site.write():
            for index, request in enumerate(requests):
                entry: dict[str, Any] = {"itemMetadata": {"originalIndex": index, "success": True}}
                try:
                    file = self._import(request)
                except Rejection as cause:
                    failures += 1
                    error = {"code": str(cause.status), "description": str(cause.body["message"])}
                    entry["itemMetadata"] |= {"success": False, "error": error}
                else:
                    entry["itemMetadata"]["id"] = file["id"]
                    entry |= {"item": file} if with_file else {}
                results.append(entry)
        totals = {
            "totalSuccesses": len(requests) - failures,
            "totalFailures": failures,
            "undetailedFailures": 0,
        }
        return ok({"results": results, "bulkActionMetadata": totals})

    def import_bulk_old(self, call: Call) -> Answer:
        """Bulk Import, the old version: the files alone."""
        with self.site.write():
            return ok({"files": [self._import(request) for request in _requests(call.json())]})

    def _import(self, body: dict[str, Any]) -> dict[str, Any]:
        site, reads = self.site, self.site.settings.import_pending_reads
        name = body.get("displayName") or body["url"].rpartition("/")[2].partition("?")[0] or "file"
        mime = plain(body.get("mimeType") or mime_of(name) or mime_of(body["url"]) or "") or "image/jpeg"
        folder = folder_at(site, body.get("parentFolderId"), body.get("filePath"))
        wanted = body | {"mimeType": mime, "displayName": name}
        doc = media.create(site, wanted, folder, pending_reads=reads)
        if not reads:
            doc = media.settle(site, doc, media.source_bytes(site, doc))
        return media.shown(site, doc)


def _requests(body: dict[str, Any]) -> list[dict[str, Any]]:
    requests = body.get("importFileRequests")
    if not isinstance(requests, list) or not all(isinstance(entry, dict) for entry in requests):
        raise invalid(Violation("importFileRequests", "must be an array of objects", "REQUIRED_FIELD"))
    if not 1 <= len(requests) <= 100:  # noqa: PLR2004 - the vendor's limits
        rule = "MAX_SIZE" if requests else "MIN_SIZE"
        raise invalid(Violation("importFileRequests", "must have 1 to 100 entries", rule))
    checks.all_of(
        violation
        for index, request in enumerate(requests)
        for violation in _import_violations(request, f"importFileRequests[{index}].")
    )
    return requests


def _import_violations(body: dict[str, Any], at: str) -> list[Violation]:
    url = body.get("url")
    found = [*checks.required(f"{at}url", url), *checks.text(f"{at}url", url), *_common(body, 500, at)]
    if isinstance(url, str) and url and not url.startswith(("http://", "https://")):
        found.append(Violation(f"{at}url", "is not a valid URL", "FORMAT", data={"type": "WEB_URL"}))
    if body.get("mediaType") not in (None, *MEDIA_TYPES[:-1]):
        found.append(Violation(f"{at}mediaType", "is not a media type", "FORMAT"))
    found += checks.text(f"{at}displayName", body.get("displayName"), 1000)
    found += checks.text(f"{at}mimeType", body.get("mimeType"), 100)
    found += checks.mapping(f"{at}urlHeaders", body.get("urlHeaders"))
    found += checks.mapping(f"{at}urlParams", body.get("urlParams"))
    return found


def _common(body: dict[str, Any], most_labels: int, at: str = "") -> list[Violation]:
    return [
        *checks.text(f"{at}parentFolderId", body.get("parentFolderId"), 100),
        *checks.text(f"{at}filePath", body.get("filePath"), 100),
        *checks.strings(f"{at}labels", body.get("labels"), most_labels, 200),
        *checks.boolean(f"{at}private", body.get("private")),
        *_external(body.get("externalInfo"), f"{at}externalInfo"),
    ]


def _external(info: Any, at: str) -> Iterator[Violation]:
    yield from checks.mapping(at, info)
    if isinstance(info, dict):
        yield from checks.text(f"{at}.origin", info.get("origin"), 1000)
        yield from checks.strings(f"{at}.externalIds", info.get("externalIds"), 30, 4000)


def _length(body: dict[str, Any]) -> int | None:
    length = body.get("length", body.get("sizeInBytes"))
    return None if length is None else int(length)


def _header_number(call: Call, name: str) -> int:
    text = call.headers.get(name, "")
    if not text.isdecimal():
        raise invalid(Violation(name, "must be a whole number", "FORMAT"))
    return int(text)
