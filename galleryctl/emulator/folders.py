"""The folders of the Media Manager."""

from __future__ import annotations

import secrets
from typing import Any

from galleryctl.emulator import checks
from galleryctl.emulator.cursors import (
    page_of,
    paging_violations,
    query_of,
    query_violations,
    resumed,
    sort_violations,
)
from galleryctl.emulator.exchange import Answer, Call, ok
from galleryctl.emulator.rejection import not_found
from galleryctl.emulator.site import Site
from galleryctl.emulator.store import dumped

ROOT = "media-root"
LONGEST_NAME, LONGEST_ID = 1000, 100


def _violations(folder: dict[str, Any], at: str = "") -> checks.Found:
    yield from checks.text(f"{at}displayName", folder.get("displayName"), LONGEST_NAME)
    yield from checks.text(f"{at}parentFolderId", folder.get("parentFolderId"), LONGEST_ID)


def _list_violations(asked: dict[str, Any]) -> checks.Found:
    yield from checks.text("parentFolderId", asked.get("parentFolderId"), LONGEST_ID)
    yield from sort_violations("sort", asked.get("sort"))
    yield from paging_violations("paging", asked.get("paging"))


def _ids(body: dict[str, Any]) -> checks.Found:
    ids = body.get("folderIds")
    yield from checks.required("folderIds", ids)
    yield from checks.strings("folderIds", ids, 100, LONGEST_ID)


def folder_at(site: Site, parent: Any, path: Any) -> str:
    """The id of the folder that an upload names, making what `path` lacks; 404 for an unknown parent."""
    folder = parent or ROOT
    if folder != ROOT and _find(site, folder) is None:
        raise not_found("Folder", folder)
    for name in (part for part in str(path or "").split("/") if part):
        sql = "SELECT doc FROM folders WHERE parent = ? AND name = ? AND trashed = 0"
        doc = site.store.doc(sql, folder, name)
        folder = (doc or _create(site, name, folder))["id"]
    return str(folder)


def _find(site: Site, ident: str) -> dict[str, Any] | None:
    return site.store.doc("SELECT doc FROM folders WHERE id = ? AND trashed = 0", ident)


def _create(site: Site, name: str, parent: str) -> dict[str, Any]:
    now = site.now()
    doc = {
        "id": secrets.token_hex(16),
        "displayName": name,
        "parentFolderId": parent,
        "createdDate": now,
        "updatedDate": now,
        "state": "OK",
        "siteId": site.credentials.site_id,
    }
    sql = "INSERT INTO folders (id, parent, name, trashed, doc) VALUES (?, ?, ?, 0, ?)"
    site.store.db.execute(sql, (doc["id"], parent, name, dumped(doc)))
    return doc


class Folders:
    """Handlers of `/site-media/v1/folders`."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def create(self, call: Call) -> Answer:
        """Create Folder."""
        body = call.json()
        name = body.get("displayName")
        checks.all_of([*checks.required("displayName", name), *_violations(body)])
        with self.site.write():
            folder = _create(self.site, str(name), folder_at(self.site, body.get("parentFolderId"), None))
        return ok({"folder": folder})

    def listed(self, call: Call) -> Answer:
        """List Folders of one parent."""
        asked = resumed(query_of(call))
        checks.all_of(_list_violations(asked))
        sql = "SELECT doc FROM folders WHERE parent = ? AND trashed = 0 ORDER BY seq"
        found = self.site.store.docs(sql, asked.get("parentFolderId") or ROOT)
        shown, cursor = page_of(found, asked)
        return ok({"folders": shown, "nextCursor": cursor})

    def list_deleted(self, call: Call) -> Answer:
        """List the folders in the trash bin."""
        asked = resumed(query_of(call))
        checks.all_of(_list_violations(asked))
        found = self.site.store.docs("SELECT doc FROM folders WHERE trashed = 1 ORDER BY seq")
        shown, cursor = page_of(found, asked)
        return ok({"folders": shown, "nextCursor": cursor})

    def search(self, call: Call) -> Answer:
        """Search Folders by a part of their name."""
        asked = resumed(call.json())
        checks.all_of([*checks.text("search", asked.get("search"), 200), *_list_violations(asked)])
        wanted = str(asked.get("search") or "").casefold()
        found = self.site.store.docs("SELECT doc FROM folders WHERE trashed = 0 ORDER BY seq")
        hits = [doc for doc in found if wanted in doc["displayName"].casefold()]
        shown, cursor = page_of(hits, asked)
        return ok({"folders": shown, "nextCursor": cursor})

    def query(self, call: Call) -> Answer:
        """Query Folders by equality of fields."""
        asked = resumed(call.json().get("query") or {}, "cursorPaging")
        checks.all_of(query_violations(asked))
        wanted = asked.get("filter") or {}
        found = self.site.store.docs("SELECT doc FROM folders WHERE trashed = 0 ORDER BY seq")
        hits = [doc for doc in found if all(doc.get(name) == value for name, value in wanted.items())]
        shown, cursor = page_of(hits, asked, "cursorPaging")
        return ok({"folders": shown, "pagingMetadata": cursor})

    def get(self, call: Call) -> Answer:
        """Get Folder."""
        return ok({"folder": self._folder(call.params["folder"])})

    def update(self, call: Call) -> Answer:
        """Update Folder: its name and its parent."""
        patch = checks.part(call.json(), "folder")
        repeated = checks.same("folder.id", call.params["folder"], patch.get("id"))
        checks.all_of([*repeated, *_violations(patch, "folder.")])
        with self.site.write():
            doc = self._folder(call.params["folder"])
            for name in ("displayName", "parentFolderId"):
                if patch.get(name):
                    doc[name] = patch[name]
            folder_at(self.site, doc["parentFolderId"], None)
            self._save(doc | {"updatedDate": self.site.now()})
        return ok({"folder": self._folder(call.params["folder"])})

    def bulk_delete(self, call: Call) -> Answer:
        """Bulk Delete Folders: into the trash bin, or for good; files in them go too."""
        body = call.json()
        checks.all_of([*_ids(body), *checks.boolean("permanent", body.get("permanent"))])
        with self.site.write():
            for ident in body["folderIds"]:
                doc = self._folder(ident)
                self._files(ident, "DELETED")
                if body.get("permanent"):
                    self.site.store.db.execute("DELETE FROM folders WHERE id = ?", (ident,))
                else:
                    self._save(doc | {"state": "DELETED"})
        return ok({})

    def bulk_restore(self, call: Call) -> Answer:
        """Bulk Restore Folders from the trash bin, with their files."""
        body = call.json()
        checks.all_of(_ids(body))
        with self.site.write():
            for ident in body["folderIds"]:
                doc = self.site.store.doc("SELECT doc FROM folders WHERE id = ?", ident)
                if doc is None:
                    raise not_found("Folder", ident)
                self._files(ident, "OK")
                self._save(doc | {"state": "OK"})
        return ok({})

    def download(self, call: Call) -> Answer:
        """Generate Folder Download Url."""
        ident = str(call.json().get("folderId") or call.params.get("folder", ""))
        if ident != ROOT:
            self._folder(ident)
        return ok({"downloadUrl": f"{self.site.base_url}/media/folder/{ident}.zip"})

    def _folder(self, ident: str) -> dict[str, Any]:
        doc = _find(self.site, ident)
        if doc is None:
            raise not_found("Folder", ident)
        return doc

    def _files(self, folder: str, state: str) -> None:
        """Put the files of a folder into the trash bin, or take them out."""
        sql = "UPDATE files SET trashed = ?, doc = json_set(doc, '$.state', ?) WHERE folder = ?"
        self.site.store.db.execute(sql, (state == "DELETED", state, folder))

    def _save(self, doc: dict[str, Any]) -> None:
        sql = "UPDATE folders SET parent = ?, name = ?, trashed = ?, doc = ? WHERE id = ?"
        values = (
            doc["parentFolderId"],
            doc["displayName"],
            doc["state"] == "DELETED",
            dumped(doc),
            doc["id"],
        )
        self.site.store.db.execute(sql, values)
