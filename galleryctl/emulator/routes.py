"""Every endpoint of the emulated APIs, with the permission that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.emulator.auth import GALLERIES_MANAGE, GALLERIES_READ, MEDIA_MANAGE, MEDIA_READ, OAuth
from galleryctl.emulator.exchange import Answer, Call, Endpoint, Handler
from galleryctl.emulator.files import Files
from galleryctl.emulator.folders import Folders
from galleryctl.emulator.galleries import Galleries
from galleryctl.emulator.items import Items
from galleryctl.emulator.rejection import not_found
from galleryctl.emulator.site import Site
from galleryctl.emulator.uploads import Uploads

GALLERY_PREFIXES = ("/progallery/v2/galleries", "/pro-gallery/v2/galleries")
MEDIA_PREFIX = "/site-media/v1"
# An uploaded SVG or HTML file must not run anything next to the control calls.
MEDIA_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def api(site: Site) -> Iterator[Endpoint]:
    """The vendor's endpoints."""
    for prefix in GALLERY_PREFIXES:
        yield from _gallery_calls(site, prefix)
    yield from _file_calls(Files(site), Uploads(site))
    yield from _folder_calls(Folders(site))
    yield from _upload_calls(site, Uploads(site))
    yield Endpoint(method="POST", template="/oauth2/token", handler=OAuth(site).token)


def _gallery_calls(site: Site, prefix: str) -> Iterator[Endpoint]:
    galleries, items = Galleries(site), Items(site)
    calls: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "", galleries.listed),
        ("POST", "", galleries.create),
        ("GET", "/{gallery}", galleries.get),
        ("PATCH", "/{gallery}", galleries.update),
        ("DELETE", "/{gallery}", galleries.delete),
        ("GET", "/{gallery}/items", items.listed),
        ("POST", "/{gallery}/items", items.create),
        ("DELETE", "/{gallery}/items", items.delete_many),
        ("POST", "/{gallery}/items/delete", items.bulk_delete),
        ("GET", "/{gallery}/items/{item}", items.get),
        ("PATCH", "/{gallery}/items/{item}", items.update),
        ("DELETE", "/{gallery}/items/{item}", items.delete),
    )
    for method, path, handler in calls:
        permission = GALLERIES_READ if method == "GET" else GALLERIES_MANAGE
        yield Endpoint(method=method, template=prefix + path, handler=handler, permission=permission)


def _file_calls(files: Files, uploads: Uploads) -> Iterator[Endpoint]:
    calls: tuple[tuple[str, str, str, Handler], ...] = (
        ("POST", "/files/generate-upload-url", MEDIA_MANAGE, uploads.generate),
        ("POST", "/files/generate-resumable-upload-url", MEDIA_MANAGE, uploads.generate_resumable),
        ("POST", "/files/import", MEDIA_MANAGE, uploads.import_one),
        ("POST", "/bulk/files/import-v2", MEDIA_MANAGE, uploads.import_bulk),
        ("POST", "/bulk/files/import", MEDIA_MANAGE, uploads.import_bulk_old),
        ("GET", "/files/get-file-by-id", MEDIA_READ, files.get),
        ("POST", "/files/get-files", MEDIA_READ, files.get_many),
        ("GET", "/files", MEDIA_READ, files.listed),
        ("POST", "/files/search", MEDIA_READ, files.search),
        ("POST", "/files/query", MEDIA_READ, files.query),
        ("PATCH", "/files/update-file-descriptor", MEDIA_MANAGE, files.update),
        ("POST", "/bulk/files/delete", MEDIA_MANAGE, files.bulk_delete),
        ("POST", "/bulk/trash-bin/files/restore", MEDIA_MANAGE, files.bulk_restore),
        ("GET", "/trash-bin/files", MEDIA_READ, files.list_deleted),
        ("POST", "/files/generate-download-url", MEDIA_READ, files.download_many),
        ("POST", "/files/generate-file-download-url", MEDIA_READ, files.download),
        ("POST", "/files/generate-video-stream-url", MEDIA_READ, files.stream),
    )
    for method, path, permission, handler in calls:
        yield Endpoint(method=method, template=MEDIA_PREFIX + path, handler=handler, permission=permission)


def _folder_calls(folders: Folders) -> Iterator[Endpoint]:
    calls: tuple[tuple[str, str, str, Handler], ...] = (
        ("POST", "/folders", MEDIA_MANAGE, folders.create),
        ("GET", "/folders", MEDIA_READ, folders.listed),
        ("POST", "/folders/search", MEDIA_READ, folders.search),
        ("POST", "/folders/query", MEDIA_READ, folders.query),
        ("GET", "/folders/{folder}", MEDIA_READ, folders.get),
        ("PATCH", "/folders/{folder}", MEDIA_MANAGE, folders.update),
        ("POST", "/folders/{folder}/generate-download-url", MEDIA_READ, folders.download),
        ("POST", "/bulk/folders/delete", MEDIA_MANAGE, folders.bulk_delete),
        ("POST", "/bulk/trash-bin/folders/restore", MEDIA_MANAGE, folders.bulk_restore),
        ("GET", "/trash-bin/folders", MEDIA_READ, folders.list_deleted),
    )
    for method, path, permission, handler in calls:
        yield Endpoint(method=method, template=MEDIA_PREFIX + path, handler=handler, permission=permission)


def _upload_calls(site: Site, uploads: Uploads) -> Iterator[Endpoint]:
    """The upload host and the media host of the vendor: no Authorization."""
    yield Endpoint(method="OPTIONS", template="/upload/tus/{token}", handler=uploads.tus_options)
    yield Endpoint(method="POST", template="/upload/tus/{token}", handler=uploads.tus_create)
    yield Endpoint(method="HEAD", template="/upload/tus/{token}", handler=uploads.tus_head)
    yield Endpoint(method="PATCH", template="/upload/tus/{token}", handler=uploads.tus_patch)
    yield Endpoint(method="PUT", template="/upload/{token}", handler=uploads.put)

    def media(call: Call) -> Answer:
        """The bytes of a READY file."""
        doc = site.store.doc("SELECT doc FROM files WHERE id = ?", call.params["file"])
        data = site.store.blob(doc["id"]) if doc and doc["operationStatus"] == "READY" else None
        if doc is None or data is None:
            raise not_found("File", call.params["file"])
        return Answer(body=data, headers={"Content-Type": doc["mimeType"], **MEDIA_HEADERS})

    yield Endpoint(method="GET", template="/media/{file}", handler=media)
