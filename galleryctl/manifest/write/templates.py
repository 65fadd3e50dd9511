"""The files that `galleryctl init` writes: a workspace that plans and applies without an account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from galleryctl.manifest.schema import load_schema

_WORKSPACE = """\
# yaml-language-server: $schema=schemas/workspace.schema.json
galleryctl: 1

# local: an embedded emulator of the Wix API, in .galleryctl/; wix: your site.
backend: {type: BACKEND}

# Read from the environment, only with {type: wix}. Do not write secrets here.
# WIX_API_KEY: from the API Keys Manager of the account, which only its owner and co-owners can open.
# WIX_SITE_ID: the part of the address of the site's dashboard after /dashboard/.
sites:
  main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}

galleries: galleries/*.yaml

# Upload copies of photos and videos that do not say where they were made, and whose camera it was.
privacy: {gps: strip, owner: strip}
"""
GALLERY_SCHEMA_LINE = "# yaml-language-server: $schema=../schemas/gallery.schema.json\n"
"""The first line of a manifest in `galleries/`, by which editors find its schema."""
_GALLERY = """\

# The key of this gallery: its address in plans and state is first, the address of an item is first/film.
gallery: first

# The gallery on the site. Pages show changes to a gallery created in the Editor at once:
#   bind: {name: My gallery}      or by id:  bind: {id: ...}
# `galleryctl show --live` lists the galleries of the site; the Editor shows an id in the gallery's Settings, Support.
# This one is created if it does not exist.
bind: {create: true}
name: First gallery

# Keep items that were added in the Editor and are not declared here.
unmanaged: keep

# Items are displayed in this order.
items:
  # A photo: a file in this folder. Fields that are not declared here are left alone.
  # - image: photos/first-dance.jpg
  #   title: First dance
  #   description: Lanterns over the meadow
  #   link: https://example.com/booking
  #   tags: [dance]

  # A whole folder: titles and keywords are read from the files.
  # - from: photos/ceremony
  #   except: ["*-draft.*"]
  #   where: {rating: 3}        # stars that Lightroom, darktable or digiKam gave
  #   order: captured

  - key: film
    video: https://vimeo.com/76979871
    title: A film
  - key: words
    text: <p>Thank you for looking.</p>
    # publish: {from: "2026-12-01", until: "2027-01-07"}   # only for a time
"""


def workspace_files(backend: Literal["local", "wix"], manifests: Mapping[str, str]) -> Mapping[str, str]:
    """Return the files of a new workspace with these manifests, path to text, and the schemas for editors."""
    return {
        "galleryctl.yaml": _WORKSPACE.replace("BACKEND", backend),
        **manifests,
        "schemas/workspace.schema.json": schema_text("workspace"),
        "schemas/gallery.schema.json": schema_text("gallery"),
        "schemas/tolerated.schema.json": schema_text("tolerated"),
        ".gitignore": ".galleryctl/\n",
    }


def sample_manifest() -> Mapping[str, str]:
    """Return the manifest of a sample gallery, path to text, which the emulator can create."""
    return {"galleries/first.yaml": GALLERY_SCHEMA_LINE + _GALLERY}


def schema_text(name: str) -> str:
    """Return the text of a schema as `galleryctl schema` and `init` print it."""
    return json.dumps(load_schema(name), indent=2, ensure_ascii=False) + "\n"
