"""The calls on files; each docstring opens with the vendor's name of the call."""

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

_SORT_FIELDS = ("displayName", "updatedDate", "sizeInBytes", "id", "createdDate")
_ROOT_FOLDERS = ("MEDIA_ROOT", "TRASH_ROOT", "VISITOR_UPLOADS_ROOT")
_EDITABLE_FIELDS = ("displayName", "labels", "parentFolderId")


def file_not_found(ident: str) -> Rejection:
    """Return a 404 with the code that the vendor uses for files only."""
    return application_error(404, "RESOURCE_NOT_FOUND", f"File {ident} not found", {"id": ident})


def find_file(site: EmulatedSite, given: object, *, trashed: bool | None = False) -> dict[str, Any]:
    """Return the stored file of an id or a `wix:` string; raises a 404. `trashed` None allows both."""
    ident = bare_file_id(str(given))
    doc = site.store.fetch_document("SELECT doc FROM files WHERE id = ?", ident)
    if doc is None or (trashed is not None and (doc["state"] == "DELETED") is not trashed):
        raise file_not_found(ident)
    return doc


class FileHandlers:
    """Handlers of `/site-media/v1/files`, its bulk calls and its trash bin."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def get(self, request: ServedRequest) -> ServedResponse:
        """Get File Descriptor: each read counts towards the end of PENDING."""
        ident = request.query_value("fileId")
        checks.raise_violations(_id_violations("fileId", ident))
        return json_response({"file": self._read([ident])[0]})

    def get_many(self, request: ServedRequest) -> ServedResponse:
        """Get File Descriptors: of 1 to 100 ids; unknown ids are left out."""
        body = request.json()
        checks.raise_violations(checks.check_id_list("fileIds", body.get("fileIds"), low=1, high=100))
        return json_response({"files": self._read([ident for ident in body["fileIds"] if self._exists(ident)])})

    def _exists(self, ident: str) -> bool:
        sql = "SELECT COUNT(*) FROM files WHERE id = ? AND trashed = 0"
        return bool(self.site.store.fetch_count(sql, bare_file_id(ident)))

    def _read(self, ids: list[Any]) -> list[dict[str, Any]]:
        docs = [find_file(self.site, ident) for ident in ids]
        if any(doc["operationStatus"] == "PENDING" for doc in docs):
            with self.site.transaction():  # read again: another process may have changed them
                docs = [descriptors.advance_pending_file(self.site, find_file(self.site, ident)) for ident in ids]
        return self._render(docs)

    def list_files(self, request: ServedRequest) -> ServedResponse:
        """List Files: of one folder."""
        query = _list_query(request)
        return self._list_response(self._in_folder(query.get("parentFolderId") or ROOT_FOLDER_ID, trashed=False), query)

    def list_deleted(self, request: ServedRequest) -> ServedResponse:
        """List Deleted Files: those in the trash bin."""
        return self._list_response(self._in_folder(None, trashed=True), _list_query(request))

    def search(self, request: ServedRequest) -> ServedResponse:
        """Search Files: free text in the display name, the MIME type and the labels."""
        query = resume_query(request.json())
        checks.raise_violations(
            checks.check_string("search", query.get("search"), 200),
            checks.check_one_of("rootFolder", query.get("rootFolder"), _ROOT_FOLDERS),
            _list_violations(query),
        )
        text = str(query.get("search") or "").casefold()
        docs = self._in_folder(None, trashed=query.get("rootFolder") == "TRASH_ROOT")
        return self._list_response([doc for doc in docs if text in _search_text(doc)], query)

    def query(self, request: ServedRequest) -> ServedResponse:
        """Query File Descriptors: equality, `$eq`, `$in` and `$hasSome` on fields."""
        query = resume_query(request.json().get("query") or {}, "cursorPaging")
        checks.raise_violations(query_violations(query))
        docs = [doc for doc in self._in_folder(None, trashed=False) if _matches_filter(doc, query.get("filter") or {})]
        sort = next(iter(query.get("sort") or []), None)
        page, metadata = paginate(_sort_documents(docs, sort), query, "cursorPaging")
        return json_response({"files": self._render(page), "pagingMetadata": metadata})

    def _in_folder(self, folder: str | None, *, trashed: bool) -> list[dict[str, Any]]:
        sql = "SELECT doc FROM files WHERE trashed = ? AND (? IS NULL OR folder = ?) ORDER BY seq"
        return self.site.store.fetch_documents(sql, trashed, folder, folder)

    def _list_response(self, documents: list[dict[str, Any]], query: dict[str, Any]) -> ServedResponse:
        kinds = query.get("mediaTypes") or MEDIA_TYPES
        private = query.get("private")
        docs = [doc for doc in documents if doc["mediaType"] in kinds]
        if private is not None:
            docs = [doc for doc in docs if doc["private"] == (str(private).lower() == "true")]
        page, metadata = paginate(_sort_documents(docs, query.get("sort")), query)
        return json_response({"files": self._render(page), "nextCursor": metadata})

    def _render(self, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [descriptors.render_file(self.site, doc) for doc in docs]

    def update(self, request: ServedRequest) -> ServedResponse:
        """Update File Descriptor: display name, labels and folder."""
        patch = checks.require_object(request.json(), "file")
        checks.raise_violations(
            _id_violations("file.id", patch.get("id")),
            checks.check_string("file.displayName", patch.get("displayName"), 255),
            checks.check_strings("file.labels", patch.get("labels"), 100, 200),
            checks.check_string("file.parentFolderId", patch.get("parentFolderId"), 100),
        )
        changes = {name: patch[name] for name in _EDITABLE_FIELDS if patch.get(name) is not None}
        if not changes:
            rule_name = "FIELD_MASK_IS_EMPTY_OR_MISSING"
            raise validation_error(Violation("file", "has no field that can be changed", rule_name=rule_name))
        with self.site.transaction():
            doc = find_file(self.site, patch["id"])
            if "parentFolderId" in changes:
                resolve_folder(self.site, changes["parentFolderId"], None)
            doc |= changes | {"updatedDate": self.site.timestamp()}
            descriptors.save_file(self.site, doc)
        return json_response({"file": descriptors.render_file(self.site, doc)})

    def bulk_delete(self, request: ServedRequest) -> ServedResponse:
        """Bulk Delete Files: into the trash bin, or permanently with `permanent`."""
        permanent = request.json().get("permanent")
        ids = _bulk_ids(request, checks.check_boolean("permanent", permanent))
        with self.site.transaction():
            for doc in [find_file(self.site, ident, trashed=None) for ident in ids]:
                if permanent:
                    self.site.store.db.execute("DELETE FROM files WHERE id = ?", (doc["id"],))
                    self.site.store.delete_blob(doc["id"])
                else:
                    descriptors.save_file(self.site, doc | {"state": "DELETED", "updatedDate": self.site.timestamp()})
        return json_response({})

    def bulk_restore(self, request: ServedRequest) -> ServedResponse:
        """Bulk Restore Files From Trash Bin: with their folder and labels."""
        ids = _bulk_ids(request)
        with self.site.transaction():
            for doc in [find_file(self.site, ident, trashed=None) for ident in ids]:
                descriptors.save_file(self.site, doc | {"state": "OK", "updatedDate": self.site.timestamp()})
        return json_response({})

    def download_many(self, request: ServedRequest) -> ServedResponse:
        """Generate Files Download Url: of one archive with all files."""
        docs = [find_file(self.site, ident) for ident in _bulk_ids(request)]
        return json_response({"downloadUrl": f"{self.site.media_url(docs[0]['id'])}?download=zip"})

    def download(self, request: ServedRequest) -> ServedResponse:
        """Generate File Download Url: one for each asset key."""
        body = request.json()
        checks.raise_violations(
            _id_violations("fileId", body.get("fileId")),
            checks.check_string("downloadFileName", body.get("downloadFileName"), 100),
            checks.check_integer("expirationInMinutes", body.get("expirationInMinutes"), 1),
            checks.check_strings("assetKeys", body.get("assetKeys"), 100, 100),
            checks.check_one_of("contentDisposition", body.get("contentDisposition"), ("ATTACHMENT", "INLINE")),
            checks.check_string("expirationRedirectUrl", body.get("expirationRedirectUrl")),
        )
        doc = find_file(self.site, body["fileId"])
        keys = body.get("assetKeys") or ["src"]
        if unknown := [key for key in keys if key != "src"]:
            problem = f"{unknown[0]} is not an asset of the file"
            raise validation_error(Violation("assetKeys", problem, rule_name="INVALID_ASSET_KEY"))
        url = self.site.media_url(doc["id"])
        return json_response({"downloadUrls": [{"url": url, "assetKey": key} for key in keys]})

    def stream_url(self, request: ServedRequest) -> ServedResponse:
        """Generate Video Streaming Url: raises a 400 for other media."""
        body = request.json()
        expiration = checks.check_integer("expirationInMinutes", body.get("expirationInMinutes"), 60, 1440)
        checks.raise_violations(_id_violations("fileId", body.get("fileId")), expiration)
        doc = find_file(self.site, body["fileId"])
        if doc["mediaType"] != "VIDEO":
            raise validation_error(Violation("fileId", "is not a video"))
        return json_response({"downloadUrl": {"url": self.site.media_url(doc["id"]), "assetKey": "src"}})


def _id_violations(name: str, value: object) -> checks.Violations:
    yield from checks.check_required(name, value)
    yield from checks.check_string(name, value, checks.MAX_ID_LENGTH)


def _bulk_ids(request: ServedRequest, violations: checks.Violations = ()) -> list[str]:
    body = request.json()
    checks.raise_violations(checks.check_id_list("fileIds", body.get("fileIds"), low=1, high=1000), violations)
    return list(body["fileIds"])


def _list_query(request: ServedRequest) -> dict[str, Any]:
    query: dict[str, Any] = resume_query(parse_query(request))
    checks.raise_violations(_list_violations(query))
    return query


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
    sort = sort if isinstance(sort, dict) else {}
    field = sort.get("fieldName") or "updatedDate"
    if field not in _SORT_FIELDS:
        problem = f"{field} is not supported"
        raise validation_error(Violation("sort.fieldName", problem, rule_name="UNSUPPORTED_SORT_VALUE"))
    descending = str(sort.get("order") or ("ASC" if sort else "DESC")).upper() == "DESC"
    is_size = field == "sizeInBytes"
    return sorted(documents, key=lambda doc: int(doc[field]) if is_size else doc[field], reverse=descending)


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
    if unknown := [name for name in condition if name not in results]:
        raise validation_error(Violation("query.filter", f"{unknown[0]} is not supported by the emulator"))
    if invalid := [name for name in ("$in", "$hasSome") if not isinstance(condition.get(name, []), list)]:
        raise validation_error(Violation("query.filter", f"{invalid[0]} requires an array"))
    return all(results[name](other) for name, other in condition.items())
