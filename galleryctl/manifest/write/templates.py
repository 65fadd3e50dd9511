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
sites:
  main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}

galleries: galleries/*.yaml
"""
_GALLERY = """\
# yaml-language-server: $schema=../schemas/gallery.schema.json

# The key of this gallery: its address in plans and state is first, the address of an item is first/film.
gallery: first

# The gallery on the site. Pages show changes to a gallery created in the Editor at once:
#   bind: {name: My gallery}      or by id:  bind: {id: ...}
# `galleryctl show --live` lists the galleries of the site.{bound}
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
_BIND_CREATE = """
# This one is created if it does not exist.
bind: {create: true}"""
_BIND_BY_NAME = """
bind: {name: First gallery}"""


def init_files(backend: Literal["local", "wix"] = "local") -> Mapping[str, str]:
    """Return the files of a new workspace, path to text, with the schemas that the files refer to for editors."""
    return {
        "galleryctl.yaml": _WORKSPACE.replace("BACKEND", backend),
        "galleries/first.yaml": _GALLERY.replace("{bound}", _BIND_CREATE if backend == "local" else _BIND_BY_NAME),
        "schemas/workspace.schema.json": schema_text("workspace"),
        "schemas/gallery.schema.json": schema_text("gallery"),
        "schemas/tolerated.schema.json": schema_text("tolerated"),
        ".gitignore": ".galleryctl/\n",
    }


def schema_text(name: str) -> str:
    """Return the text of a schema as `galleryctl schema` and `init` print it."""
    return json.dumps(load_schema(name), indent=2, ensure_ascii=False) + "\n"
