"""Every endpoint of the emulated APIs, with the permission that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.emulator.api.auth import GALLERIES_MANAGE, GALLERIES_READ, MEDIA_MANAGE, MEDIA_READ, OAuth
from galleryctl.emulator.api.galleries import GalleryHandlers
from galleryctl.emulator.api.items import ItemHandlers
from galleryctl.emulator.api.rejection import not_found
from galleryctl.emulator.http import Handler, ServedEndpoint, ServedRequest, ServedResponse
from galleryctl.emulator.media.files import FileCalls
from galleryctl.emulator.media.folders import FolderCalls
from galleryctl.emulator.media.uploads import UploadCalls
from galleryctl.emulator.site import EmulatedSite

_GALLERY_PREFIXES = ("/progallery/v2/galleries", "/pro-gallery/v2/galleries")
_MEDIA_PREFIX = "/site-media/v1"
# An uploaded SVG or HTML file must not run anything next to the control calls.
_MEDIA_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def api_endpoints(site: EmulatedSite) -> Iterator[ServedEndpoint]:
    """The vendor's endpoints."""
    for prefix in _GALLERY_PREFIXES:
        yield from _gallery_endpoints(site, prefix)
    yield from _file_endpoints(FileCalls(site), UploadCalls(site))
    yield from _folder_endpoints(FolderCalls(site))
    yield from _upload_endpoints(site, UploadCalls(site))
    yield ServedEndpoint(method="POST", template="/oauth2/token", handler=OAuth(site).token)


def _gallery_endpoints(site: EmulatedSite, prefix: str) -> Iterator[ServedEndpoint]:
    galleries, items = GalleryHandlers(site), ItemHandlers(site)
    calls: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "", galleries.list_galleries),
        ("POST", "", galleries.create),
        ("GET", "/{gallery}", galleries.get),
        ("PATCH", "/{gallery}", galleries.update),
        ("DELETE", "/{gallery}", galleries.delete),
        ("GET", "/{gallery}/items", items.list_items),
        ("POST", "/{gallery}/items", items.create),
        ("DELETE", "/{gallery}/items", items.delete_many),
        ("POST", "/{gallery}/items/delete", items.bulk_delete),
        ("GET", "/{gallery}/items/{item}", items.get),
        ("PATCH", "/{gallery}/items/{item}", items.update),
        ("DELETE", "/{gallery}/items/{item}", items.delete),
    )
    for method, path, handler in calls:
        permission = GALLERIES_READ if method == "GET" else GALLERIES_MANAGE
        yield ServedEndpoint(method=method, template=prefix + path, handler=handler, permission=permission)


def _file_endpoints(files: FileCalls, uploads: UploadCalls) -> Iterator[ServedEndpoint]:
    calls: tuple[tuple[str, str, str, Handler], ...] = (
        ("POST", "/files/generate-upload-url", MEDIA_MANAGE, uploads.generate_url),
        ("POST", "/files/generate-resumable-upload-url", MEDIA_MANAGE, uploads.generate_resumable_url),
        ("POST", "/files/import", MEDIA_MANAGE, uploads.import_one),
        ("POST", "/bulk/files/import-v2", MEDIA_MANAGE, uploads.import_bulk),
        ("POST", "/bulk/files/import", MEDIA_MANAGE, uploads.import_bulk_v1),
        ("GET", "/files/get-file-by-id", MEDIA_READ, files.get),
        ("POST", "/files/get-files", MEDIA_READ, files.get_many),
        ("GET", "/files", MEDIA_READ, files.list_files),
        ("POST", "/files/search", MEDIA_READ, files.search),
        ("POST", "/files/query", MEDIA_READ, files.query),
        ("PATCH", "/files/update-file-descriptor", MEDIA_MANAGE, files.update),
        ("POST", "/bulk/files/delete", MEDIA_MANAGE, files.bulk_delete),
        ("POST", "/bulk/trash-bin/files/restore", MEDIA_MANAGE, files.bulk_restore),
        ("GET", "/trash-bin/files", MEDIA_READ, files.list_deleted),
        ("POST", "/files/generate-download-url", MEDIA_READ, files.download_many),
        ("POST", "/files/generate-file-download-url", MEDIA_READ, files.download),
        ("POST", "/files/generate-video-stream-url", MEDIA_READ, files.stream_url),
    )
    for method, path, permission, handler in calls:
        yield ServedEndpoint(method=method, template=_MEDIA_PREFIX + path, handler=handler, permission=permission)


def _folder_endpoints(folders: FolderCalls) -> Iterator[ServedEndpoint]:
    calls: tuple[tuple[str, str, str, Handler], ...] = (
        ("POST", "/folders", MEDIA_MANAGE, folders.create),
        ("GET", "/folders", MEDIA_READ, folders.list_folders),
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
        yield ServedEndpoint(method=method, template=_MEDIA_PREFIX + path, handler=handler, permission=permission)


def _upload_endpoints(site: EmulatedSite, uploads: UploadCalls) -> Iterator[ServedEndpoint]:
    """The upload host and the media host of the vendor: no Authorization."""
    yield ServedEndpoint(method="OPTIONS", template="/upload/tus/{token}", handler=uploads.tus_options)
    yield ServedEndpoint(method="POST", template="/upload/tus/{token}", handler=uploads.tus_create)
    yield ServedEndpoint(method="HEAD", template="/upload/tus/{token}", handler=uploads.tus_head)
    yield ServedEndpoint(method="PATCH", template="/upload/tus/{token}", handler=uploads.tus_patch)
    yield ServedEndpoint(method="PUT", template="/upload/{token}", handler=uploads.put)

    def media(call: ServedRequest) -> ServedResponse:
        """The bytes of a READY file."""
        doc = site.store.fetch_document("SELECT doc FROM files WHERE id = ?", call.path_params["file"])
        data = site.store.get_blob(doc["id"]) if doc and doc["operationStatus"] == "READY" else None
        if doc is None or data is None:
            raise not_found("File", call.path_params["file"])
        return ServedResponse(body=data, headers={"Content-Type": doc["mimeType"], **_MEDIA_HEADERS})

    yield ServedEndpoint(method="GET", template="/media/{file}", handler=media)
