"""Events are decoded from every known format; unknown types and members are kept."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.events.event import EventChange, decode_event
from galleryctl.events.rejection import RejectedDeliveryError
from galleryctl.model.json_document import parse_json
from tests.support.signed_events import DESCRIPTOR, GALLERY, ITEM, SDK, event_claim, item_updated

Doc = dict[str, Any]
ITEM_DOCUMENT: Doc = {"id": ITEM, "title": "Cake", "newer": {"than": "us"}}
GALLERY_DOCUMENT: Doc = {"id": GALLERY, "name": "Weddings"}
SIX: list[tuple[str, Doc, EventChange]] = [
    ("created", {"createdEvent": {"entity": GALLERY_DOCUMENT}}, EventChange.GALLERY_CREATED),
    ("updated", {"updatedEvent": {"currentEntity": GALLERY_DOCUMENT}}, EventChange.GALLERY_UPDATED),
    ("deleted", {"deletedEvent": {}}, EventChange.GALLERY_DELETED),
    ("gallery_item_created", {"actionEvent": {"body": {"item": ITEM_DOCUMENT}}}, EventChange.ITEM_CREATED),
    ("gallery_item_updated", {"actionEvent": {"body": {"updatedItem": ITEM_DOCUMENT}}}, EventChange.ITEM_UPDATED),
    ("gallery_item_deleted", {"actionEvent": {"body": {"itemId": ITEM}}}, EventChange.ITEM_DELETED),
]


def as_text(part: Doc) -> Doc:
    """Return the part with its body as JSON text, under the name of such a body."""
    return {
        name: {f"{inner}AsJson": json.dumps(value) for inner, value in holder.items()} for name, holder in part.items()
    }


@pytest.mark.parametrize("prefix", [SDK, DESCRIPTOR])
@pytest.mark.parametrize("text", [False, True], ids=["objects", "texts"])
@pytest.mark.parametrize(("slug", "part", "change"), SIX, ids=[slug for slug, _, _ in SIX])
def test_the_six_events_in_each_form(slug: str, part: Doc, change: EventChange, text: bool, prefix: str) -> None:
    data = event_claim(slug, as_text(part) if text else part, prefix=prefix)
    decoded = decode_event(data)
    assert decoded.change is change
    assert (decoded.id, decoded.gallery, decoded.sequence) == ("e1", GALLERY, 7)
    assert decoded.item == (ITEM if "item" in slug else None)
    whole = {} if "deleted" in slug else ITEM_DOCUMENT if "item" in slug else GALLERY_DOCUMENT
    assert decoded.document == whole
    assert decoded.raw == json.loads(data["data"])
    assert decode_event(data | {"data": json.loads(data["data"])}) == decoded


@pytest.mark.parametrize(
    ("slug", "part"),
    [
        ("renamed", {}),
        ("renamed", {"actionEvent": {"bodyAsJson": "no JSON"}}),
        ("gallery_item_created", {}),
        ("gallery_item_created", {"actionEvent": {"body": {"item": {"title": "no id"}}}}),
        ("gallery_item_deleted", {"actionEvent": {"body": {"itemId": 7}}}),
        ("created", {"createdEvent": "text"}),
    ],
)
def test_what_is_not_known_is_kept(slug: str, part: Doc) -> None:
    decoded = decode_event(event_claim(slug, part, newer="field"))
    assert decoded.change is None
    assert decoded.gallery is None
    assert decoded.raw["newer"] == "field"


def test_an_event_of_something_else_is_kept_with_an_id_of_its_own() -> None:
    data = {"eventType": "AppInstalled", "data": '{"appId": "a"}'}
    assert decode_event(data).change is None
    assert decode_event(data).id == decode_event(data).id
    assert decode_event(data).id != decode_event(data | {"data": '{"appId": "b"}'}).id


def test_an_items_events_have_an_order_of_their_own() -> None:
    other = event_claim("gallery_item_deleted", {"actionEvent": {"body": {"itemId": "other"}}})
    deleted = event_claim("deleted", {"deletedEvent": {}})
    assert len({decode_event(data).subject for data in (item_updated(), other, deleted)}) == 3


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        *[("7", 7), (7, 7), ("0", 0), (2**63 - 1, 2**63 - 1), (2**63, None), ("9" * 19, None)],
        *[("\u0667", None), (-1, None), ("-1", None), ("", None), ("x", None), (True, None), (1.5, None)],
        *[(None, None), ([], None), ("9" * 100, None)],
    ],
)
def test_sequence_numbers(given_: object, expected: int | None) -> None:
    assert decode_event(item_updated(entityEventSequence=given_)).sequence == expected


@pytest.mark.parametrize("change", [{"id": 7}, {"id": "x" * 501}, {"id": "\ud800"}, {"entityId": []}])
def test_what_cannot_be_told_apart_is_refused(change: Doc) -> None:
    with pytest.raises(RejectedDeliveryError):
        decode_event(item_updated(**change))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("id", "entityId", "entityEventSequence", "createdEvent", "updatedEvent", "actionEvent", "eventTime")


@given(
    slug=st.sampled_from([slug for slug, _, _ in SIX]),
    part=st.dictionaries(
        st.sampled_from(NAMES),
        JSON | st.dictionaries(st.sampled_from(("body", "bodyAsJson", "entity")), JSON),
    ),
)
def test_any_body_is_decoded_or_refused(slug: str, part: Doc) -> None:
    data = event_claim(slug, part)
    with suppress(RejectedDeliveryError):
        assert decode_event(data) == decode_event(json.loads(json.dumps(data)))


@given(JSON)
def test_strict_reads_what_json_writes(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value
