"""The page at `/`: each gallery as a visitor would see it."""

from __future__ import annotations

from galleryctl.emulator.exchange import Answer
from galleryctl.emulator.site import Site


def index(site: Site) -> Answer:
    """The page."""
    return Answer(body=b"<!doctype html>", headers={"Content-Type": "text/html; charset=utf-8"})
