"""Every call of the API that is made: method, path, the scope it needs, whether it may be sent twice."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from galleryctl.wix.errors import InvalidRequest

GALLERIES_READ = "Read Galleries (SCOPE.DC-PROGALLERY.READ-GALLERIES)"
GALLERIES_MANAGE = "Manage Galleries (SCOPE.DC-PROGALLERY.MANAGE-GALLERIES)"
MEDIA_READ = "Read Media Manager (reading the site's files)"
MEDIA_MANAGE = "Manage Media Manager (SCOPE.DC-MEDIA.MANAGE-MEDIAMANAGER)"

_PRO_GALLERY = "/progallery/v2"
_MEDIA = "/site-media/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call. `repeatable`: sending it again after a lost answer does no harm; a create is not."""

    method: str
    template: str
    prefix: str = ""
    scope: str = ""
    repeatable: bool = True
    public: bool = False
    """Sent without credentials: the token call, and uploads, whose URL is the permission."""

    @property
    def name(self) -> str:
        """What requests are counted by: `GET /galleries/{id}/items`."""
        return f"{self.method} {self.template}"

    def path(self, *ids: str) -> str:
        """The path with `ids` in the places of the template, quoted; raises InvalidRequest for what would lead elsewhere."""
        if wrong := [ident for ident in ids if ident in ("", ".", "..")]:
            raise InvalidRequest(f"{wrong[0]!r} is no id", call=self.name, do="correct the id in the manifest")
        parts = self.template.split("/")
        values = iter(ids)
        filled = [quote(next(values), safe="~") if part.startswith("{") else part for part in parts]
        return self.prefix + "/".join(filled)


def _gallery(method: str, template: str, *, repeatable: bool = True) -> Endpoint:
    scope = GALLERIES_READ if method == "GET" else GALLERIES_MANAGE
    return Endpoint(method=method, template=template, prefix=_PRO_GALLERY, scope=scope, repeatable=repeatable)


def _media(method: str, template: str, scope: str, *, repeatable: bool = True) -> Endpoint:
    return Endpoint(method=method, template=template, prefix=_MEDIA, scope=scope, repeatable=repeatable)


def _upload(method: str, template: str, *, repeatable: bool = True) -> Endpoint:
    return Endpoint(method=method, template=template, repeatable=repeatable, public=True)


LIST_GALLERIES = _gallery("GET", "/galleries")
GET_GALLERY = _gallery("GET", "/galleries/{id}")
CREATE_GALLERY = _gallery("POST", "/galleries", repeatable=False)
UPDATE_GALLERY = _gallery("PATCH", "/galleries/{id}")
DELETE_GALLERY = _gallery("DELETE", "/galleries/{id}")
LIST_ITEMS = _gallery("GET", "/galleries/{id}/items")
CREATE_ITEM = _gallery("POST", "/galleries/{id}/items", repeatable=False)
UPDATE_ITEM = _gallery("PATCH", "/galleries/{id}/items/{item}")
DELETE_ITEMS = _gallery("POST", "/galleries/{id}/items/delete")

UPLOAD_URL = _media("POST", "/files/generate-upload-url", MEDIA_MANAGE)
RESUMABLE_URL = _media("POST", "/files/generate-resumable-upload-url", MEDIA_MANAGE)
IMPORT_FILE = _media("POST", "/files/import", MEDIA_MANAGE, repeatable=False)
GET_FILES = _media("POST", "/files/get-files", MEDIA_READ)
LIST_FILES = _media("GET", "/files", MEDIA_READ)
SEARCH_FILES = _media("POST", "/files/search", MEDIA_READ)
DELETE_FILES = _media("POST", "/bulk/files/delete", MEDIA_MANAGE)
LIST_FOLDERS = _media("GET", "/folders", MEDIA_READ)

PUT_UPLOAD = _upload("PUT", "/upload", repeatable=False)
TUS_CREATE = _upload("POST", "/upload/tus")
TUS_OFFSET = _upload("HEAD", "/upload/tus")
TUS_PATCH = _upload("PATCH", "/upload/tus", repeatable=False)
TUS_FINISH = _upload("PUT", "/upload/tus", repeatable=False)

TOKEN = Endpoint(method="POST", template="/oauth2/token", public=True)
