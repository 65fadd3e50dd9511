"""The calls on files: descriptors, lists, the trash bin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import Rejection, Violation, application_error, validation_error
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media import descriptors
from galleryctl.emulator.media.cursors import (
    paginate,
    paging_violations,
    parse_query,
    query_violations,
    resume_query,
    sort_violations,
)
from galleryctl.emulator.media.folders import ROOT_FOLDER_ID, resolve_folder
from galleryctl.emulator.media.types import MEDIA_TYPES, bare_file_id
from galleryctl.emulator.site import EmulatedSite

_SORT_FIELDS = ("displayName", "updatedDate", "sizeInBytes")
_ROOT_FOLDERS = ("MEDIA_ROOT", "TRASH_ROOT", "VISITOR_UPLOADS_ROOT")
_EDITABLE_FIELDS = ("displayName", "labels", "parentFolderId")


def file_not_found(ident: str) -> Rejection:
    """404 for a file, with the vendor's rule name."""
    return application_error(404, "RESOURCE_NOT_FOUND", f"File {ident} not found", {"id": ident})


def find_file(site: EmulatedSite, given: object, *, trashed: bool | None = False) -> dict[str, Any]:
    """The stored file of an id or a `wix:` string; `trashed` None looks everywhere; 404 otherwise."""
    ident = bare_file_id(str(given))
    doc = site.store.fetch_document("SELECT doc FROM files WHERE id = ?", ident)
    if doc is None or (trashed is not None and (doc["state"] == "DELETED") is not trashed):
        raise file_not_found(ident)
    return doc


class FileCalls:
    """Handlers of `/site-media/v1/files`, its bulk calls and its trash bin."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def get(self, request: ServedRequest) -> ServedResponse:
        """Get File Descriptor; each read brings a PENDING file nearer to READY."""
        ident = request.query_value("fileId")
        checks.raise_violations(_id_violations("fileId", ident))
        return json_response({"file": self._read([ident])[0]})

    def get_many(self, request: ServedRequest) -> ServedResponse:
        """Get File Descriptors of 1 to 100 ids; unknown ones are left out."""
        body = request.json()
        checks.raise_violations(checks.check_id_list("fileIds", body.get("fileIds"), low=1, high=100))
        known = [ident for ident in body["fileIds"] if self._exists(ident)]
        return json_response({"files": self._read(known)})

    def _exists(self, ident: str) -> bool:
        sql = "SELECT COUNT(*) FROM files WHERE id = ? AND trashed = 0"
        return bool(self.site.store.fetch_count(sql, bare_file_id(ident)))

    def _read(self, ids: list[Any]) -> list[dict[str, Any]]:
        docs = [find_file(self.site, ident) for ident in ids]
        if any(doc["operationStatus"] == "PENDING" for doc in docs):
            with self.site.transaction():  # found again, for another process may have settled them
                docs = [descriptors.advance_pending_file(self.site, find_file(self.site, ident)) for ident in ids]
        return [descriptors.render_file(self.site, doc) for doc in docs]

    def list_files(self, request: ServedRequest) -> ServedResponse:
        """List Files of a folder."""
        asked = resume_query(parse_query(request))
        checks.raise_violations(_list_violations(asked))
        return self._list_response(self._in_folder(asked.get("parentFolderId") or ROOT_FOLDER_ID, trashed=False), asked)

    def list_deleted(self, request: ServedRequest) -> ServedResponse:
        """List the files in the trash bin."""
        asked = resume_query(parse_query(request))
        checks.raise_violations(_list_violations(asked))
        return self._list_response(self._in_folder(None, trashed=True), asked)

    def search(self, request: ServedRequest) -> ServedResponse:
        """Search Files: free text in the display name, the MIME type and the labels."""
        asked = resume_query(request.json())
        checks.raise_violations(
            [
                *checks.check_string("search", asked.get("search"), 200),
                *checks.check_one_of("rootFolder", asked.get("rootFolder"), _ROOT_FOLDERS),
                *_list_violations(asked),
            ]
        )
        words = str(asked.get("search") or "").casefold()
        root = asked.get("rootFolder") or "MEDIA_ROOT"
        found = self._in_folder(None, trashed=root == "TRASH_ROOT")
        return self._list_response([doc for doc in found if words in _search_text(doc)], asked)

    def query(self, request: ServedRequest) -> ServedResponse:
        """Query File Descriptors: equality, `$eq`, `$in` and `$hasSome` on fields."""
        asked = resume_query(request.json().get("query") or {}, "cursorPaging")
        checks.raise_violations(query_violations(asked))
        found = [doc for doc in self._in_folder(None, trashed=False) if _matches_filter(doc, asked.get("filter") or {})]
        sort = next(iter(asked.get("sort") or []), None)
        shown, cursor = paginate(_sort_documents(found, sort), asked, "cursorPaging")
        return json_response(
            {"files": [descriptors.render_file(self.site, doc) for doc in shown], "pagingMetadata": cursor}
        )

    def _in_folder(self, folder: str | None, *, trashed: bool) -> list[dict[str, Any]]:
        sql = "SELECT doc FROM files WHERE trashed = ? AND (? IS NULL OR folder = ?) ORDER BY seq"
        return self.site.store.fetch_documents(sql, trashed, folder, folder)

    def _list_response(self, documents: list[dict[str, Any]], query: dict[str, Any]) -> ServedResponse:
        kinds = query.get("mediaTypes") or MEDIA_TYPES
        private = query.get("private")
        hits = [
            doc
            for doc in documents
            if doc["mediaType"] in kinds and (private is None or doc["private"] == (str(private).lower() == "true"))
        ]
        shown, cursor = paginate(_sort_documents(hits, query.get("sort")), query)
        return json_response(
            {"files": [descriptors.render_file(self.site, doc) for doc in shown], "nextCursor": cursor}
        )

    def update(self, request: ServedRequest) -> ServedResponse:
        """Update File Descriptor: display name, labels and folder."""
        patch = checks.require_object(request.json(), "file")
        checks.raise_violations(
            [
                *_id_violations("file.id", patch.get("id")),
                *checks.check_string("file.displayName", patch.get("displayName"), 255),
                *checks.check_strings("file.labels", patch.get("labels"), 100, 200),
                *checks.check_string("file.parentFolderId", patch.get("parentFolderId"), 100),
            ]
        )
        changes = {name: patch[name] for name in _EDITABLE_FIELDS if patch.get(name) is not None}
        if not changes:
            raise validation_error(
                Violation("file", "names nothing to change", rule_name="FIELD_MASK_IS_EMPTY_OR_MISSING")
            )
        with self.site.transaction():
            doc = find_file(self.site, patch["id"])
            if "parentFolderId" in changes:
                resolve_folder(self.site, changes["parentFolderId"], None)
            doc |= changes | {"updatedDate": self.site.timestamp()}
            descriptors.save_file(self.site, doc)
        return json_response({"file": descriptors.render_file(self.site, doc)})

    def bulk_delete(self, request: ServedRequest) -> ServedResponse:
        """Bulk Delete Files: into the trash bin, or for good with `permanent`."""
        body = request.json()
        checks.raise_violations(
            [
                *checks.check_id_list("fileIds", body.get("fileIds"), low=1, high=1000),
                *checks.check_boolean("permanent", body.get("permanent")),
            ]
        )
        with self.site.transaction():
            for doc in [find_file(self.site, ident, trashed=None) for ident in body["fileIds"]]:
                if body.get("permanent"):
                    self.site.store.db.execute("DELETE FROM files WHERE id = ?", (doc["id"],))
                    self.site.store.delete_blob(doc["id"])
                else:
                    descriptors.save_file(self.site, doc | {"state": "DELETED", "updatedDate": self.site.timestamp()})
        return json_response({})

    def bulk_restore(self, request: ServedRequest) -> ServedResponse:
        """Bulk Restore Files from the trash bin."""
        ids = _bulk_ids(request)
        with self.site.transaction():
            for doc in [find_file(self.site, ident, trashed=None) for ident in ids]:
                descriptors.save_file(self.site, doc | {"state": "OK", "updatedDate": self.site.timestamp()})
        return json_response({})

    def download_many(self, request: ServedRequest) -> ServedResponse:
        """Generate Files Download Url: one compressed file of them all."""
        ids = _bulk_ids(request)
        docs = [find_file(self.site, ident) for ident in ids]
        return json_response({"downloadUrl": f"{self.site.media_url(docs[0]['id'])}?download=zip"})

    def download(self, request: ServedRequest) -> ServedResponse:
        """Generate File Download Url, one for each asset key."""
        body = request.json()
        checks.raise_violations(
            [
                *_id_violations("fileId", body.get("fileId")),
                *checks.check_string("downloadFileName", body.get("downloadFileName"), 100),
                *checks.check_integer("expirationInMinutes", body.get("expirationInMinutes"), 1),
                *checks.check_strings("assetKeys", body.get("assetKeys"), 100, 100),
            ]
        )
        doc = find_file(self.site, body["fileId"])
        keys = body.get("assetKeys") or ["src"]
        if wrong := [key for key in keys if key != "src"]:
            raise validation_error(
                Violation("assetKeys", f"{wrong[0]} is no asset of the file", rule_name="INVALID_ASSET_KEY")
            )
        return json_response(
            {"downloadUrls": [{"url": self.site.media_url(doc["id"]), "assetKey": key} for key in keys]}
        )

    def stream_url(self, request: ServedRequest) -> ServedResponse:
        """Generate Video Streaming Url."""
        body = request.json()
        checks.raise_violations(
            [
                *_id_violations("fileId", body.get("fileId")),
                *checks.check_integer("expirationInMinutes", body.get("expirationInMinutes"), 60, 1440),
            ]
        )
        doc = find_file(self.site, body["fileId"])
        if doc["mediaType"] != "VIDEO":
            raise validation_error(Violation("fileId", "is no video"))
        return json_response({"downloadUrl": {"url": self.site.media_url(doc["id"]), "assetKey": "src"}})


def _id_violations(name: str, value: object) -> checks.Violations:
    yield from checks.check_required(name, value)
    yield from checks.check_string(name, value, checks.MAX_ID_LENGTH)


def _bulk_ids(request: ServedRequest) -> list[str]:
    body = request.json()
    checks.raise_violations(checks.check_id_list("fileIds", body.get("fileIds"), low=1, high=1000))
    return list(body["fileIds"])


def _list_violations(query: dict[str, Any]) -> checks.Violations:
    yield from checks.check_string("parentFolderId", query.get("parentFolderId"), 100)
    kinds = query.get("mediaTypes")
    yield from checks.check_strings("mediaTypes", kinds, 30)
    for kind in kinds if isinstance(kinds, list) else []:
        yield from checks.check_one_of("mediaTypes", kind, MEDIA_TYPES, "UNSUPPORTED_MEDIA_TYPE")
    yield from sort_violations("sort", query.get("sort"))
    yield from paging_violations("paging", query.get("paging"))


def _search_text(doc: dict[str, Any]) -> str:
    return "\n".join([doc["displayName"], doc["mimeType"], *doc["labels"]]).casefold()


def _sort_documents(documents: list[dict[str, Any]], sort: Any) -> list[dict[str, Any]]:
    asked = sort if isinstance(sort, dict) else {}
    field = asked.get("fieldName") or "updatedDate"
    if field not in (*_SORT_FIELDS, "id", "createdDate"):
        raise validation_error(
            Violation("sort.fieldName", f"{field} is not supported", rule_name="UNSUPPORTED_SORT_VALUE")
        )
    down = str(asked.get("order") or ("ASC" if asked else "DESC")).upper() == "DESC"
    size = field == "sizeInBytes"
    return sorted(documents, key=lambda doc: int(doc[field]) if size else doc[field], reverse=down)


def _matches_filter(doc: dict[str, Any], conditions: dict[str, Any]) -> bool:
    return all(_matches_condition(doc.get(name), test) for name, test in conditions.items())


def _matches_condition(value: Any, condition: Any) -> bool:
    if not isinstance(condition, dict):
        return bool(value == condition)
    results: dict[str, Callable[[Any], bool]] = {
        "$eq": lambda other: value == other,
        "$ne": lambda other: value != other,
        "$in": lambda other: value in other,
        "$hasSome": lambda other: any(entry in (value or []) for entry in other),
        "$startsWith": lambda other: str(value).startswith(str(other)),
    }
    if wrong := [name for name in condition if name not in results]:
        raise validation_error(Violation("query.filter", f"{wrong[0]} is not supported here"))
    if wrong := [name for name in ("$in", "$hasSome") if not isinstance(condition.get(name, []), list)]:
        raise validation_error(Violation("query.filter", f"{wrong[0]} needs an array"))
    return all(results[name](other) for name, other in condition.items())
