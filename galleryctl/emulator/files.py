"""The calls on files: descriptors, lists, the trash bin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from galleryctl.emulator import checks, media
from galleryctl.emulator.cursors import (
    page_of,
    paging_violations,
    query_of,
    query_violations,
    resumed,
    sort_violations,
)
from galleryctl.emulator.exchange import Answer, Call, ok
from galleryctl.emulator.folders import ROOT, folder_at
from galleryctl.emulator.mediatypes import MEDIA_TYPES, bare_id
from galleryctl.emulator.rejection import Rejection, Violation, invalid, refused
from galleryctl.emulator.site import Site

SORTS = ("displayName", "updatedDate", "sizeInBytes")
ROOT_FOLDERS = ("MEDIA_ROOT", "TRASH_ROOT", "VISITOR_UPLOADS_ROOT")
EDITABLE = ("displayName", "labels", "parentFolderId")


def missing(ident: str) -> Rejection:
    """404 for a file, with the vendor's rule name."""
    return refused(404, "RESOURCE_NOT_FOUND", f"File {ident} not found", {"id": ident})


def find(site: Site, given: object, *, trashed: bool | None = False) -> dict[str, Any]:
    """The stored file of an id or a `wix:` string; `trashed` None looks everywhere; 404 otherwise."""
    ident = bare_id(str(given))
    doc = site.store.doc("SELECT doc FROM files WHERE id = ?", ident)
    if doc is None or (trashed is not None and (doc["state"] == "DELETED") is not trashed):
        raise missing(ident)
    return doc


class Files:
    """Handlers of `/site-media/v1/files`, its bulk calls and its trash bin."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def get(self, call: Call) -> Answer:
        """Get File Descriptor; each read brings a PENDING file nearer to READY."""
        ident = call.first("fileId")
        checks.all_of(_id_violations("fileId", ident))
        return ok({"file": self._read([ident])[0]})

    def get_many(self, call: Call) -> Answer:
        """Get File Descriptors of 1 to 100 ids; unknown ones are left out."""
        body = call.json()
        checks.all_of(checks.id_list("fileIds", body.get("fileIds"), low=1, high=100))
        known = [ident for ident in body["fileIds"] if self._exists(ident)]
        return ok({"files": self._read(known)})

    def _exists(self, ident: str) -> bool:
        sql = "SELECT COUNT(*) FROM files WHERE id = ? AND trashed = 0"
        return bool(self.site.store.count(sql, bare_id(ident)))

    def _read(self, ids: list[Any]) -> list[dict[str, Any]]:
        docs = [find(self.site, ident) for ident in ids]
        if any(doc["operationStatus"] == "PENDING" for doc in docs):
            with self.site.write():  # found again, for another process may have settled them
                docs = [media.read(self.site, find(self.site, ident)) for ident in ids]
        return [media.shown(self.site, doc) for doc in docs]

    def listed(self, call: Call) -> Answer:
        """List Files of a folder."""
        asked = resumed(query_of(call))
        checks.all_of(_list_violations(asked))
        return self._answer(self._in(asked.get("parentFolderId") or ROOT, trashed=False), asked)

    def list_deleted(self, call: Call) -> Answer:
        """List the files in the trash bin."""
        asked = resumed(query_of(call))
        checks.all_of(_list_violations(asked))
        return self._answer(self._in(None, trashed=True), asked)

    def search(self, call: Call) -> Answer:
        """Search Files: free text in the display name, the MIME type and the labels."""
        asked = resumed(call.json())
        checks.all_of(
            [
                *checks.text("search", asked.get("search"), 200),
                *checks.one_of("rootFolder", asked.get("rootFolder"), ROOT_FOLDERS),
                *_list_violations(asked),
            ]
        )
        words = str(asked.get("search") or "").casefold()
        root = asked.get("rootFolder") or "MEDIA_ROOT"
        found = self._in(None, trashed=root == "TRASH_ROOT")
        return self._answer([doc for doc in found if words in _searchable(doc)], asked)

    def query(self, call: Call) -> Answer:
        """Query File Descriptors: equality, `$eq`, `$in` and `$hasSome` on fields."""
        asked = resumed(call.json().get("query") or {}, "cursorPaging")
        checks.all_of(query_violations(asked))
        found = [doc for doc in self._in(None, trashed=False) if _matches(doc, asked.get("filter") or {})]
        sort = next(iter(asked.get("sort") or []), None)
        shown, cursor = page_of(_sorted(found, sort), asked, "cursorPaging")
        return ok({"files": [media.shown(self.site, doc) for doc in shown], "pagingMetadata": cursor})

    def _in(self, folder: str | None, *, trashed: bool) -> list[dict[str, Any]]:
        sql = "SELECT doc FROM files WHERE trashed = ? AND (? IS NULL OR folder = ?) ORDER BY seq"
        return self.site.store.docs(sql, trashed, folder, folder)

    def _answer(self, found: list[dict[str, Any]], asked: dict[str, Any]) -> Answer:
        kinds = asked.get("mediaTypes") or MEDIA_TYPES
        private = asked.get("private")
        hits = [
            doc
            for doc in found
            if doc["mediaType"] in kinds and (private is None or doc["private"] == (str(private).lower() == "true"))
        ]
        shown, cursor = page_of(_sorted(hits, asked.get("sort")), asked)
        return ok({"files": [media.shown(self.site, doc) for doc in shown], "nextCursor": cursor})

    def update(self, call: Call) -> Answer:
        """Update File Descriptor: display name, labels and folder."""
        patch = checks.part(call.json(), "file")
        checks.all_of(
            [
                *_id_violations("file.id", patch.get("id")),
                *checks.text("file.displayName", patch.get("displayName"), 255),
                *checks.strings("file.labels", patch.get("labels"), 100, 200),
                *checks.text("file.parentFolderId", patch.get("parentFolderId"), 100),
            ]
        )
        changes = {name: patch[name] for name in EDITABLE if patch.get(name) is not None}
        if not changes:
            raise invalid(Violation("file", "names nothing to change", name="FIELD_MASK_IS_EMPTY_OR_MISSING"))
        with self.site.write():
            doc = find(self.site, patch["id"])
            if "parentFolderId" in changes:
                folder_at(self.site, changes["parentFolderId"], None)
            doc |= changes | {"updatedDate": self.site.now()}
            media.save(self.site, doc)
        return ok({"file": media.shown(self.site, doc)})

    def bulk_delete(self, call: Call) -> Answer:
        """Bulk Delete Files: into the trash bin, or for good with `permanent`."""
        body = call.json()
        checks.all_of(
            [
                *checks.id_list("fileIds", body.get("fileIds"), low=1, high=1000),
                *checks.boolean("permanent", body.get("permanent")),
            ]
        )
        with self.site.write():
            for doc in [find(self.site, ident, trashed=None) for ident in body["fileIds"]]:
                if body.get("permanent"):
                    self.site.store.db.execute("DELETE FROM files WHERE id = ?", (doc["id"],))
                    self.site.store.drop_blob(doc["id"])
                else:
                    media.save(self.site, doc | {"state": "DELETED", "updatedDate": self.site.now()})
        return ok({})

    def bulk_restore(self, call: Call) -> Answer:
        """Bulk Restore Files from the trash bin."""
        ids = _thousand(call)
        with self.site.write():
            for doc in [find(self.site, ident, trashed=None) for ident in ids]:
                media.save(self.site, doc | {"state": "OK", "updatedDate": self.site.now()})
        return ok({})

    def download_many(self, call: Call) -> Answer:
        """Generate Files Download Url: one compressed file of them all."""
        ids = _thousand(call)
        docs = [find(self.site, ident) for ident in ids]
        return ok({"downloadUrl": f"{self.site.media_url(docs[0]['id'])}?download=zip"})

    def download(self, call: Call) -> Answer:
        """Generate File Download Url, one for each asset key."""
        body = call.json()
        checks.all_of(
            [
                *_id_violations("fileId", body.get("fileId")),
                *checks.text("downloadFileName", body.get("downloadFileName"), 100),
                *checks.integer("expirationInMinutes", body.get("expirationInMinutes"), 1),
                *checks.strings("assetKeys", body.get("assetKeys"), 100, 100),
            ]
        )
        doc = find(self.site, body["fileId"])
        keys = body.get("assetKeys") or ["src"]
        if wrong := [key for key in keys if key != "src"]:
            raise invalid(Violation("assetKeys", f"{wrong[0]} is no asset of the file", name="INVALID_ASSET_KEY"))
        return ok({"downloadUrls": [{"url": self.site.media_url(doc["id"]), "assetKey": key} for key in keys]})

    def stream(self, call: Call) -> Answer:
        """Generate Video Streaming Url."""
        body = call.json()
        checks.all_of(
            [
                *_id_violations("fileId", body.get("fileId")),
                *checks.integer("expirationInMinutes", body.get("expirationInMinutes"), 60, 1440),
            ]
        )
        doc = find(self.site, body["fileId"])
        if doc["mediaType"] != "VIDEO":
            raise invalid(Violation("fileId", "is no video"))
        return ok({"downloadUrl": {"url": self.site.media_url(doc["id"]), "assetKey": "src"}})


def _id_violations(name: str, value: object) -> checks.Found:
    yield from checks.required(name, value)
    yield from checks.text(name, value, checks.LONGEST_ID)


def _thousand(call: Call) -> list[str]:
    body = call.json()
    checks.all_of(checks.id_list("fileIds", body.get("fileIds"), low=1, high=1000))
    return list(body["fileIds"])


def _list_violations(asked: dict[str, Any]) -> checks.Found:
    yield from checks.text("parentFolderId", asked.get("parentFolderId"), 100)
    kinds = asked.get("mediaTypes")
    yield from checks.strings("mediaTypes", kinds, 30)
    for kind in kinds if isinstance(kinds, list) else []:
        yield from checks.one_of("mediaTypes", kind, MEDIA_TYPES, "UNSUPPORTED_MEDIA_TYPE")
    yield from sort_violations("sort", asked.get("sort"))
    yield from paging_violations("paging", asked.get("paging"))


def _searchable(doc: dict[str, Any]) -> str:
    return "\n".join([doc["displayName"], doc["mimeType"], *doc["labels"]]).casefold()


def _sorted(found: list[dict[str, Any]], sort: Any) -> list[dict[str, Any]]:
    asked = sort if isinstance(sort, dict) else {}
    field = asked.get("fieldName") or "updatedDate"
    if field not in (*SORTS, "id", "createdDate"):
        raise invalid(Violation("sort.fieldName", f"{field} is not supported", name="UNSUPPORTED_SORT_VALUE"))
    down = str(asked.get("order") or ("ASC" if asked else "DESC")).upper() == "DESC"
    size = field == "sizeInBytes"
    return sorted(found, key=lambda doc: int(doc[field]) if size else doc[field], reverse=down)


def _matches(doc: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(_holds(doc.get(name), test) for name, test in wanted.items())


def _holds(value: Any, test: Any) -> bool:
    if not isinstance(test, dict):
        return bool(value == test)
    results: dict[str, Callable[[Any], bool]] = {
        "$eq": lambda other: value == other,
        "$ne": lambda other: value != other,
        "$in": lambda other: value in other,
        "$hasSome": lambda other: any(entry in (value or []) for entry in other),
        "$startsWith": lambda other: str(value).startswith(str(other)),
    }
    if wrong := [name for name in test if name not in results]:
        raise invalid(Violation("query.filter", f"{wrong[0]} is not supported here"))
    if wrong := [name for name in ("$in", "$hasSome") if not isinstance(test.get(name, []), list)]:
        raise invalid(Violation("query.filter", f"{wrong[0]} needs an array"))
    return all(results[name](other) for name, other in test.items())
