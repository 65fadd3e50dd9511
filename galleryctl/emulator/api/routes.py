"""Every endpoint of the emulated APIs, with the permission it requires."""

from __future__ import annotations

from collections.abc import Iterator

from galleryctl.emulator.api.auth import GALLERIES_MANAGE, GALLERIES_READ, MEDIA_MANAGE, MEDIA_READ, OAuthHandlers
from galleryctl.emulator.api.galleries import GalleryHandlers
from galleryctl.emulator.api.items import ItemHandlers
from galleryctl.emulator.api.rejection import not_found
from galleryctl.emulator.http import Handler, ServedEndpoint, ServedRequest, ServedResponse
from galleryctl.emulator.media.files import FileHandlers
from galleryctl.emulator.media.folders import FolderHandlers
from galleryctl.emulator.media.uploads import UploadHandlers
from galleryctl.emulator.site import EmulatedSite

_GALLERY_PREFIXES = ("/progallery/v2/galleries", "/pro-gallery/v2/galleries")
_MEDIA_PREFIX = "/site-media/v1"
# An uploaded SVG or HTML file must not run scripts on the origin of the control calls.
_MEDIA_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def api_endpoints(site: EmulatedSite) -> Iterator[ServedEndpoint]:
    """Yield the vendor's endpoints, without the control calls."""
    for prefix in _GALLERY_PREFIXES:
        yield from _gallery_endpoints(site, prefix)
    yield from _media_endpoints(site)
    yield from _public_endpoints(site)


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


def _media_endpoints(site: EmulatedSite) -> Iterator[ServedEndpoint]:
    files, folders, uploads = FileHandlers(site), FolderHandlers(site), UploadHandlers(site)
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


def _public_endpoints(site: EmulatedSite) -> Iterator[ServedEndpoint]:
    """Yield what needs no Authorization: tokens, and the vendor's upload host and media host."""
    uploads = UploadHandlers(site)

    def media(request: ServedRequest) -> ServedResponse:
        """Return the bytes of a READY file."""
        doc = site.store.fetch_document("SELECT doc FROM files WHERE id = ?", request.path_params["file"])
        data = site.store.get_blob(doc["id"]) if doc and doc["operationStatus"] == "READY" else None
        if doc is None or data is None:
            raise not_found("File", request.path_params["file"])
        return ServedResponse(body=data, headers={"Content-Type": doc["mimeType"], **_MEDIA_HEADERS})

    calls: tuple[tuple[str, str, Handler], ...] = (
        ("POST", "/oauth2/token", OAuthHandlers(site).token),
        ("OPTIONS", "/upload/tus/{token}", uploads.tus_options),
        ("POST", "/upload/tus/{token}", uploads.tus_create),
        ("HEAD", "/upload/tus/{token}", uploads.tus_head),
        ("PATCH", "/upload/tus/{token}", uploads.tus_patch),
        ("PUT", "/upload/{token}", uploads.put),
        ("GET", "/media/{file}", media),
    )
    for method, template, handler in calls:
        yield ServedEndpoint(method=method, template=template, handler=handler)
