"""The endpoints of the API: method, path, required permission, and whether a request may be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from galleryctl.wix.errors import InvalidRequest

READ_GALLERIES_SCOPE = "Read Galleries (SCOPE.DC-PROGALLERY.READ-GALLERIES)"
MANAGE_GALLERIES_SCOPE = "Manage Galleries (SCOPE.DC-PROGALLERY.MANAGE-GALLERIES)"
READ_MEDIA_SCOPE = "Read Media Manager (reading the site's files)"
MANAGE_MEDIA_SCOPE = "Manage Media Manager (SCOPE.DC-MEDIA.MANAGE-MEDIAMANAGER)"

_PRO_GALLERY = "/progallery/v2"
_MEDIA = "/site-media/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint. `idempotent`: a request whose response was lost can be sent again; False for a create."""

    method: str
    template: str
    prefix: str = ""
    scope: str = ""
    idempotent: bool = True
    public: bool = False
    """True if sent without credentials: the token request, and uploads, whose URL is the credential."""
    is_binary: bool = False
    """True if the response is a file, not JSON."""
    writes: bool = False
    """True if the request may change the site."""

    @property
    def name(self) -> str:
        """The name that requests are counted by: `GET /galleries/{id}/items`."""
        return f"{self.method} {self.template}"

    def path(self, *ids: str) -> str:
        """Return the path with the quoted `ids`; raises InvalidRequest for an id that leads to another path."""
        if invalid := [ident for ident in ids if ident in ("", ".", "..")]:
            raise InvalidRequest(f"invalid id {invalid[0]!r}", call=self.name, do="correct the id in the manifest")
        parts = self.template.split("/")
        values = iter(ids)
        filled = [quote(next(values), safe="~") if part.startswith("{") else part for part in parts]
        return self.prefix + "/".join(filled)


def _gallery_endpoint(method: str, template: str, *, idempotent: bool = True) -> Endpoint:
    scope = READ_GALLERIES_SCOPE if method == "GET" else MANAGE_GALLERIES_SCOPE
    writes = method != "GET"
    return Endpoint(
        method=method, template=template, prefix=_PRO_GALLERY, scope=scope, idempotent=idempotent, writes=writes
    )


def _media_endpoint(method: str, template: str, scope: str, *, idempotent: bool = True) -> Endpoint:
    writes = scope == MANAGE_MEDIA_SCOPE
    return Endpoint(method=method, template=template, prefix=_MEDIA, scope=scope, idempotent=idempotent, writes=writes)


def _upload_endpoint(method: str, template: str, *, idempotent: bool = True) -> Endpoint:
    writes = method not in ("GET", "HEAD")
    return Endpoint(method=method, template=template, idempotent=idempotent, public=True, writes=writes)


LIST_GALLERIES = _gallery_endpoint("GET", "/galleries")
GET_GALLERY = _gallery_endpoint("GET", "/galleries/{id}")
CREATE_GALLERY = _gallery_endpoint("POST", "/galleries", idempotent=False)
UPDATE_GALLERY = _gallery_endpoint("PATCH", "/galleries/{id}")
DELETE_GALLERY = _gallery_endpoint("DELETE", "/galleries/{id}")
LIST_ITEMS = _gallery_endpoint("GET", "/galleries/{id}/items")
CREATE_ITEM = _gallery_endpoint("POST", "/galleries/{id}/items", idempotent=False)
UPDATE_ITEM = _gallery_endpoint("PATCH", "/galleries/{id}/items/{item}")
DELETE_ITEMS = _gallery_endpoint("POST", "/galleries/{id}/items/delete")

UPLOAD_URL = _media_endpoint("POST", "/files/generate-upload-url", MANAGE_MEDIA_SCOPE)
RESUMABLE_URL = _media_endpoint("POST", "/files/generate-resumable-upload-url", MANAGE_MEDIA_SCOPE)
IMPORT_FILE = _media_endpoint("POST", "/files/import", MANAGE_MEDIA_SCOPE, idempotent=False)
GET_FILES = _media_endpoint("POST", "/files/get-files", READ_MEDIA_SCOPE)
DOWNLOAD_URL = _media_endpoint("POST", "/files/generate-file-download-url", READ_MEDIA_SCOPE)
LIST_FILES = _media_endpoint("GET", "/files", READ_MEDIA_SCOPE)
SEARCH_FILES = _media_endpoint("POST", "/files/search", READ_MEDIA_SCOPE)
DELETE_FILES = _media_endpoint("POST", "/bulk/files/delete", MANAGE_MEDIA_SCOPE)
LIST_FOLDERS = _media_endpoint("GET", "/folders", READ_MEDIA_SCOPE)
DELIVERED_FILE = Endpoint(method="GET", template="/media/{file}", public=True, is_binary=True)

DOWNLOAD = Endpoint(method="GET", template="/download", public=True, is_binary=True)
PUT_UPLOAD = _upload_endpoint("PUT", "/upload", idempotent=False)
TUS_CREATE = _upload_endpoint("POST", "/upload/tus")
TUS_OFFSET = _upload_endpoint("HEAD", "/upload/tus")
TUS_PATCH = _upload_endpoint("PATCH", "/upload/tus", idempotent=False)
TUS_FINISH = _upload_endpoint("PUT", "/upload/tus", idempotent=False)
UPLOAD_CALLS = frozenset(endpoint.name for endpoint in (PUT_UPLOAD, TUS_CREATE, TUS_OFFSET, TUS_PATCH, TUS_FINISH))
"""The calls that an upload URL authorizes, as errors name them."""

TOKEN = Endpoint(method="POST", template="/oauth2/token", public=True)
