"""Changes that change a fingerprint, and changes that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, VideoHost, WixFile
from galleryctl.plan.fingerprint import fingerprint
from tests.unit.plan.memory_site import live_gallery, live_item

ITEM = live_item("1", 2.0, WixFile(id="f"), raw={"image": {"type": "t"}, "updatedDate": "1"}, title="T")


@pytest.mark.parametrize(
    "other",
    [
        replace(ITEM, fields={"title": "U"}),
        replace(ITEM, sort_order=3.0),
        replace(ITEM, sort_order=None),
        replace(ITEM, kind=Kind.VIDEO),
        replace(ITEM, media=WixFile(id="g")),
        replace(ITEM, media=HostedVideo(host=VideoHost.VIMEO, url="f2")),
        replace(ITEM, raw={"image": {"type": "u"}}),
        replace(ITEM, raw={"image": {"type": "t"}, "link": {"target": "_blank"}}),
    ],
    ids=["field", "place", "no place", "kind", "file", "video", "raw image", "raw link"],
)
def test_an_edit_shows(other: LiveItem) -> None:
    assert fingerprint(other) != fingerprint(ITEM)


def test_dates_and_forms_of_numbers_do_not_show() -> None:
    assert fingerprint(replace(ITEM, raw={"image": {"type": "t"}, "updatedDate": "2"})) == fingerprint(ITEM)
    assert fingerprint(replace(ITEM, sort_order=2)) == fingerprint(ITEM)
    assert len(fingerprint(ITEM)) == 32


def test_a_gallery_s_items_have_fingerprints_of_their_own() -> None:
    assert fingerprint(live_gallery(ITEM)) == fingerprint(live_gallery())
    assert fingerprint(live_gallery(name="N")) != fingerprint(live_gallery())
