"""Listings whose pages never end."""

from __future__ import annotations

import pytest

from galleryctl.engine.refresh.fetch import IncompleteListing, read_items
from galleryctl.model.live import LiveGallery
from tests.unit.wix.scripted_transport import ITEM, ScriptedTransport, json_response, run_client

UNCOUNTED = {"id": "g-1", "name": "Weddings"}


def test_an_api_that_repeats_one_page_forever_is_reported() -> None:
    page = json_response(body={"items": [{**ITEM, "id": f"i-{n}"} for n in range(100)], "gallery": UNCOUNTED})
    wire = ScriptedTransport([page])
    gallery = LiveGallery(id="g-1", fields={}, sort_order=1.0, total_items=None, items=None, raw=UNCOUNTED)
    with pytest.raises(IncompleteListing):
        run_client(wire, lambda client: read_items(client, gallery))
    assert len(wire.sent) < 20
