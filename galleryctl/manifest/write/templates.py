"""What `galleryctl init` writes: a workspace that plans and applies as it is, without an account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from galleryctl.manifest.schema import load_schema

_GALLERY_FILE = "galleries/first.yaml"

_LOCAL_WORKSPACE = """\
# yaml-language-server: $schema=schemas/workspace.schema.json
galleryctl: 1

# An emulator of the Wix API, in .galleryctl/. For your site write {type: wix}, and read on below.
backend: {type: local}

# Read from the environment, and only when the backend is wix.
sites:
  main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}

galleries: galleries/*.yaml
"""
_WIX_WORKSPACE = """\
# yaml-language-server: $schema=schemas/workspace.schema.json
galleryctl: 1

# Your site; {type: local} is an emulator of the Wix API, to try things without it.
backend: {type: wix}

# Both come from the environment; secrets are never written here.
sites:
  main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}

galleries: galleries/*.yaml
"""
_GALLERY = """\
# yaml-language-server: $schema=../schemas/gallery.schema.json

# The key of this gallery: its address in plans and state is first, that of an item is first/film.
gallery: first

# Which gallery of the site this is. One made in the Editor shows every change by itself:
#   bind: {name: My gallery}      or, by its id:  bind: {id: ...}
# `galleryctl show --live` lists them.{bound}
name: First gallery

# Items that somebody added in the Editor, and that are not written here, stay.
unmanaged: keep

# The order of this list is the order of display.
items:
  # A photo is a file of this folder. What is not written here is left to the Editor.
  # - image: photos/first-dance.jpg
  #   title: First dance
  #   description: Lanterns over the meadow
  #   link: https://example.com/booking
  #   tags: [dance]

  # A whole folder; titles and keywords are read from the files.
  # - from: photos/ceremony/*.jpg

  - key: film
    video: https://vimeo.com/76979871
    title: A film
  - key: words
    text: <p>Thank you for looking.</p>
"""
_BIND_CREATE = """
# This one is made when it is not there.
bind: {create: true}"""
_BIND_BY_NAME = """
bind: {name: First gallery}"""


def init_files(backend: Literal["local", "wix"] = "local") -> Mapping[str, str]:
    """Path in the new workspace → text; schemas too, for editors that look them up beside the files."""
    local = backend == "local"
    return {
        "galleryctl.yaml": _LOCAL_WORKSPACE if local else _WIX_WORKSPACE,
        _GALLERY_FILE: _GALLERY.replace("{bound}", _BIND_CREATE if local else _BIND_BY_NAME),
        "schemas/workspace.schema.json": schema_text("workspace"),
        "schemas/gallery.schema.json": schema_text("gallery"),
        ".gitignore": ".galleryctl/\n",
    }


def schema_text(name: str) -> str:
    """A schema as it is printed and written."""
    return json.dumps(load_schema(name), indent=2, ensure_ascii=False) + "\n"
