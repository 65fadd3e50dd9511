"""The places where people find what a workspace asks for, as messages name them."""

from __future__ import annotations

API_KEY_PLACE = "the API Keys Manager of the account, which only its owner and co-owners can open"
SITE_ID_PLACE = "the part of the address of the site's dashboard after /dashboard/"
GALLERY_ID_PLACE = "`galleryctl show --live` prints it; the Editor shows it in the gallery's Settings, Support"
