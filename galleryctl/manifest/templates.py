"""What `galleryctl init` writes: a workspace that plans and applies as it is, without an account."""

from __future__ import annotations

import json
from collections.abc import Mapping

from galleryctl.manifest.schema import load_schema

_WORKSPACE = """\
# yaml-language-server: $schema=schemas/workspace.schema.json
galleryctl: 1

# local is an emulator of the Wix API in .galleryctl/; wix is your site.
backend: {type: local}

# Read from the environment, and only when the backend is wix.
sites:
  main:
    site_id: ${WIX_SITE_ID}
    auth: {api_key: "${WIX_API_KEY}"}

galleries: galleries/*.yaml
"""
_GALLERY = """\
# yaml-language-server: $schema=../schemas/gallery.schema.json
gallery: example

# create makes the gallery; one that you made in the Editor is bound by its name or id: {id: ...}
bind: {create: true}
name: Example

# The order of this list is the order of display.
items:
  # Photos are files of this folder:
  # - image: photos/first-dance.jpg
  #   title: First dance
  # or many at once:
  # - from: photos/ceremony/*.jpg
  - key: film
    video: https://vimeo.com/76979871
    title: A film
  - key: words
    text: <p>Thank you for looking.</p>
"""


def init_files() -> Mapping[str, str]:
    """Path in the new workspace → text."""
    return {
        "galleryctl.yaml": _WORKSPACE,
        "galleries/example.yaml": _GALLERY,
        "schemas/workspace.schema.json": _schema("workspace"),
        "schemas/gallery.schema.json": _schema("gallery"),
        ".gitignore": ".galleryctl/\n",
    }


def _schema(name: str) -> str:
    return json.dumps(load_schema(name), indent=2, ensure_ascii=False) + "\n"
