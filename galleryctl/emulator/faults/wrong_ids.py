"""Responses to creates that name another, existing item or gallery."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from galleryctl.emulator.http import ServedRequest, ServedResponse
from galleryctl.emulator.site import EmulatedSite

_CREATE_PATH = re.compile(r"/galleries(/[^/]+/items)?/?$")


def is_create(method: str, path: str) -> bool:
    """Return True for Create Gallery and Create Gallery Item."""
    return method == "POST" and _CREATE_PATH.search(path) is not None


def replace_id(
    site: EmulatedSite, request: ServedRequest, response: ServedResponse, rng: random.Random
) -> ServedResponse:
    """Return the response to a create with the id of another item of the gallery, or of another gallery.

    {"item": {"id": "new", …}} → {"item": {"id": "one of the others", …}}. An error, or the only one, is unchanged.
    """
    if response.status != 200:  # noqa: PLR2004
        return response
    entity = "item" if "item" in response.body else "gallery"
    doc = response.body[entity]
    if entity == "item":
        sql, values = "SELECT id FROM items WHERE gallery = ? ORDER BY seq", [request.path_params["gallery"].lower()]
    else:
        sql, values = "SELECT id FROM galleries ORDER BY seq", []
    others = [row[0] for row in site.store.db.execute(sql, values) if row[0] != doc["id"]]
    return replace(response, body={entity: doc | {"id": rng.choice(others)}}) if others else response
