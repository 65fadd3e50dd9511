"""The calls on folders; each docstring opens with the vendor's name of the call."""

from __future__ import annotations

import secrets
from typing import Any

from galleryctl.emulator.api import checks
from galleryctl.emulator.api.rejection import not_found
from galleryctl.emulator.http import ServedRequest, ServedResponse, json_response
from galleryctl.emulator.media.cursors import (
    paginate,
    paging_violations,
    parse_query,
    query_violations,
    resume_query,
    sort_violations,
)
from galleryctl.emulator.site import EmulatedSite
from galleryctl.emulator.store import dump_json

ROOT_FOLDER_ID = "media-root"
_MAX_NAME_LENGTH, _MAX_ID_LENGTH = 1000, 100


def _folder_violations(folder: dict[str, Any], at: str = "") -> checks.Violations:
    yield from checks.check_string(f"{at}displayName", folder.get("displayName"), _MAX_NAME_LENGTH)
    yield from checks.check_string(f"{at}parentFolderId", folder.get("parentFolderId"), _MAX_ID_LENGTH)


def _list_violations(query: dict[str, Any]) -> checks.Violations:
    yield from checks.check_string("parentFolderId", query.get("parentFolderId"), _MAX_ID_LENGTH)
    yield from sort_violations("sort", query.get("sort"))
    yield from paging_violations("paging", query.get("paging"))


def _ids_violations(body: dict[str, Any]) -> checks.Violations:
    ids = body.get("folderIds")
    yield from checks.check_required("folderIds", ids)
    yield from checks.check_strings("folderIds", ids, 100, _MAX_ID_LENGTH)


def resolve_folder(site: EmulatedSite, parent: Any, path: Any) -> str:
    """Return the id of the folder of an upload; creates missing folders of `path`, raises a 404 for the parent."""
    folder = parent or ROOT_FOLDER_ID
    if folder != ROOT_FOLDER_ID and _find_folder(site, folder) is None:
        raise not_found("Folder", folder)
    for name in (part for part in str(path or "").split("/") if part):
        sql = "SELECT doc FROM folders WHERE parent = ? AND name = ? AND trashed = 0"
        doc = site.store.fetch_document(sql, folder, name)
        folder = (doc or _create_folder(site, name, folder))["id"]
    return str(folder)


def _find_folder(site: EmulatedSite, ident: str) -> dict[str, Any] | None:
    return site.store.fetch_document("SELECT doc FROM folders WHERE id = ? AND trashed = 0", ident)


def _create_folder(site: EmulatedSite, name: str, parent: str) -> dict[str, Any]:
    ident, now, site_id = secrets.token_hex(16), site.timestamp(), site.credentials.site_id
    doc = {"id": ident, "displayName": name, "parentFolderId": parent, "createdDate": now, "updatedDate": now}
    doc |= {"state": "OK", "siteId": site_id}
    sql = "INSERT INTO folders (id, parent, name, trashed, doc) VALUES (?, ?, ?, 0, ?)"
    site.store.db.execute(sql, (doc["id"], parent, name, dump_json(doc)))
    return doc


class FolderHandlers:
    """Handlers of `/site-media/v1/folders`."""

    def __init__(self, site: EmulatedSite) -> None:
        self.site = site

    def create(self, request: ServedRequest) -> ServedResponse:
        """Create Folder: in the root folder by default."""
        body = request.json()
        name = body.get("displayName")
        checks.raise_violations(checks.check_required("displayName", name), _folder_violations(body))
        with self.site.transaction():
            folder = _create_folder(self.site, str(name), resolve_folder(self.site, body.get("parentFolderId"), None))
        return json_response({"folder": folder})

    def list_folders(self, request: ServedRequest) -> ServedResponse:
        """List Folders: of one parent."""
        query = resume_query(parse_query(request))
        checks.raise_violations(_list_violations(query))
        parent = query.get("parentFolderId") or ROOT_FOLDER_ID
        return _list_response([doc for doc in self._fetch_all() if doc["parentFolderId"] == parent], query)

    def list_deleted(self, request: ServedRequest) -> ServedResponse:
        """List Deleted Folders: those in the trash bin."""
        query = resume_query(parse_query(request))
        checks.raise_violations(_list_violations(query))
        return _list_response(self._fetch_all(trashed=True), query)

    def search(self, request: ServedRequest) -> ServedResponse:
        """Search Folders: by a part of their name."""
        query = resume_query(request.json())
        checks.raise_violations(checks.check_string("search", query.get("search"), 200), _list_violations(query))
        text = str(query.get("search") or "").casefold()
        return _list_response([doc for doc in self._fetch_all() if text in doc["displayName"].casefold()], query)

    def query(self, request: ServedRequest) -> ServedResponse:
        """Query Folders: by equality of fields."""
        query = resume_query(request.json().get("query") or {}, "cursorPaging")
        checks.raise_violations(query_violations(query))
        fields = (query.get("filter") or {}).items()
        docs = [doc for doc in self._fetch_all() if all(doc.get(name) == value for name, value in fields)]
        page, metadata = paginate(docs, query, "cursorPaging")
        return json_response({"folders": page, "pagingMetadata": metadata})

    def _fetch_all(self, *, trashed: bool = False) -> list[dict[str, Any]]:
        return self.site.store.fetch_documents("SELECT doc FROM folders WHERE trashed = ? ORDER BY seq", trashed)

    def get(self, request: ServedRequest) -> ServedResponse:
        """Get Folder: raises a 404 for one in the trash bin."""
        return json_response({"folder": self._get_folder(request.path_params["folder"])})

    def update(self, request: ServedRequest) -> ServedResponse:
        """Update Folder: its name and parent."""
        patch = checks.require_object(request.json(), "folder")
        repeated = checks.check_same_id("folder.id", request.path_params["folder"], patch.get("id"))
        checks.raise_violations(repeated, _folder_violations(patch, "folder."))
        with self.site.transaction():
            doc = self._get_folder(request.path_params["folder"])
            for name in ("displayName", "parentFolderId"):
                if patch.get(name):
                    doc[name] = patch[name]
            resolve_folder(self.site, doc["parentFolderId"], None)
            self._save(doc | {"updatedDate": self.site.timestamp()})
        return json_response({"folder": self._get_folder(request.path_params["folder"])})

    def bulk_delete(self, request: ServedRequest) -> ServedResponse:
        """Bulk Delete Folders: into the trash bin, or permanently; with the files in them."""
        body = request.json()
        checks.raise_violations(_ids_violations(body), checks.check_boolean("permanent", body.get("permanent")))
        with self.site.transaction():
            for ident in body["folderIds"]:
                doc = self._get_folder(ident)
                self._set_files_state(ident, "DELETED")
                if body.get("permanent"):
                    self.site.store.db.execute("DELETE FROM folders WHERE id = ?", (ident,))
                else:
                    self._save(doc | {"state": "DELETED"})
        return json_response({})

    def bulk_restore(self, request: ServedRequest) -> ServedResponse:
        """Bulk Restore Folders From Trash Bin: with their files."""
        body = request.json()
        checks.raise_violations(_ids_violations(body))
        with self.site.transaction():
            for ident in body["folderIds"]:
                doc = self.site.store.fetch_document("SELECT doc FROM folders WHERE id = ?", ident)
                if doc is None:
                    raise not_found("Folder", ident)
                self._set_files_state(ident, "OK")
                self._save(doc | {"state": "OK"})
        return json_response({})

    def download(self, request: ServedRequest) -> ServedResponse:
        """Generate Folder Download Url: the URL has the vendor's form, but there is no archive at it."""
        ident = str(request.json().get("folderId") or request.path_params.get("folder", ""))
        if ident != ROOT_FOLDER_ID:
            self._get_folder(ident)
        return json_response({"downloadUrl": f"{self.site.base_url}/media/folder/{ident}.zip"})

    def _get_folder(self, ident: str) -> dict[str, Any]:
        doc = _find_folder(self.site, ident)
        if doc is None:
            raise not_found("Folder", ident)
        return doc

    def _set_files_state(self, folder: str, state: str) -> None:
        """Set the state of all files of a folder; DELETED moves them to the trash bin."""
        sql = "UPDATE files SET trashed = ?, doc = json_set(doc, '$.state', ?) WHERE folder = ?"
        self.site.store.db.execute(sql, (state == "DELETED", state, folder))

    def _save(self, doc: dict[str, Any]) -> None:
        sql = "UPDATE folders SET parent = ?, name = ?, trashed = ?, doc = ? WHERE id = ?"
        trashed = doc["state"] == "DELETED"
        values = (doc["parentFolderId"], doc["displayName"], trashed, dump_json(doc), doc["id"])
        self.site.store.db.execute(sql, values)


def _list_response(docs: list[dict[str, Any]], query: dict[str, Any]) -> ServedResponse:
    page, metadata = paginate(docs, query)
    return json_response({"folders": page, "nextCursor": metadata})
