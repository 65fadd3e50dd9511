"""What a create made is recognized by its id and its sort order, or a person is asked."""

from __future__ import annotations

import pytest

from galleryctl.engine.refresh.lookup import Lookup, OrderReading, find_created_item, match_inline_items
from galleryctl.model.address import Address
from galleryctl.model.fields import float32
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, Kind, VideoHost, WixFile
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.state.journal_records import SentItem

SENT = float32(1.4182)
TEXT = SentItem(kind=Kind.TEXT)
PHOTO = SentItem(kind=Kind.IMAGE, media=media_digest(WixFile(id="f1")))
VIDEO = HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/7")


def live(id_: str, order: float | None, kind: Kind = Kind.TEXT, media: WixFile | HostedVideo | None = None) -> LiveItem:
    return LiveItem(id=id_, kind=kind, media=media, fields={"title": id_}, sort_order=order, raw={})


def photo(id_: str, order: float, file: str = "f1") -> LiveItem:
    return live(id_, order, Kind.IMAGE, WixFile(id=file))


def look_up(
    *new: LiveItem,
    sent: float = SENT,
    shown: SentItem = TEXT,
    others: tuple[float, ...] = (),
    listed: tuple[float, ...] = (1.0, 2.0),
    recorded: SortOrderFormat | None = None,
) -> Lookup[LiveItem]:
    orders = OrderReading.of((*listed, *(item.sort_order for item in new)), recorded)
    return find_created_item(sent, {shown}, new, orders, others=set(others))


def asked(lookup: Lookup[LiveItem]) -> list[str]:
    assert lookup.found is None
    return [item.id for item in lookup.candidates]


def test_the_item_with_the_sort_order_that_was_sent_is_the_created_one() -> None:
    rewritten = live("x", SENT)
    assert look_up(rewritten) == Lookup(found=rewritten)
    assert look_up(photo("x", SENT, "another file"), shown=PHOTO).found is not None


def test_nothing_new_is_nothing_found() -> None:
    assert look_up() == Lookup()
    assert look_up(photo("x", 9.5), shown=TEXT) == Lookup()
    assert look_up(photo("x", SENT), shown=TEXT) == Lookup()
    assert look_up(photo("moved", 9.5, "another file"), shown=PHOTO) == Lookup()


def test_a_value_that_is_equal_only_after_rounding_is_asked_about() -> None:
    for stored in (float32(1.23456789), 1.23457, 1.0):
        lookup = look_up(live("x", stored), sent=1.23456789, listed=(3.0, 4.0))
        assert asked(lookup) == ["x"]
        assert "after rounding" in lookup.reason


def test_a_site_that_shows_more_digits_did_not_round() -> None:
    assert look_up(photo("x", 1.0), sent=1.25, shown=PHOTO, listed=(3.0, 4.123456789012)).reason.startswith("it is new")
    assert look_up(photo("x", 1.0, "f2"), sent=1.25, shown=PHOTO, listed=(3.0, 4.123456789012)) == Lookup()


def test_where_few_values_are_free_a_person_is_asked() -> None:
    low, high = 1.4181, 1.41825
    assert look_up(live("x", SENT), listed=(low, high)).found is not None
    lookup = look_up(live("x", SENT), listed=(float32(low), float32(high)))
    assert lookup.found is not None, "about 1,258 floats of 32 bits"
    lookup = look_up(live("x", 5.0), sent=5.0, listed=(1.0, 900.0), recorded=SortOrderFormat.WHOLE)
    assert asked(lookup) == ["x"]
    assert "few others are free" in lookup.reason


def test_a_look_alike_elsewhere_is_asked_about() -> None:
    lookup = look_up(photo("x", SENT), photo("copy", 9.5), shown=PHOTO)
    assert asked(lookup) == ["x", "copy"]
    lookup = look_up(photo("moved", 9.5), shown=PHOTO)
    assert asked(lookup) == ["moved"]
    assert "another place" in lookup.reason
    video = live("moved", 9.5, Kind.VIDEO, VIDEO)
    assert asked(look_up(video, shown=SentItem(kind=Kind.VIDEO, media=media_digest(VIDEO)))) == ["moved"]


def test_every_new_text_may_be_the_one_that_was_sent() -> None:
    lookup = look_up(live("moved", 9.5))
    assert asked(lookup) == ["moved"]
    assert "new text" in lookup.reason


def test_what_has_the_sort_order_of_another_create_is_the_other_one() -> None:
    assert look_up(photo("y", 1.75), shown=PHOTO, others=(1.75,)) == Lookup()
    found = look_up(photo("x", SENT), photo("y", 1.75), shown=PHOTO, others=(1.75,)).found
    assert found is not None
    assert found.id == "x"
    rounded = look_up(photo("y", 1.23457), shown=PHOTO, others=(1.23456789,), recorded=SortOrderFormat.SIX_DIGITS)
    assert rounded == Lookup()


def test_two_items_with_the_sort_order_are_asked_about() -> None:
    assert asked(look_up(live("x", SENT), live("y", SENT))) == ["x", "y"]


def test_a_sort_order_of_another_item_is_taken() -> None:
    orders = OrderReading.of((1.0, float32(1.3)))
    assert orders.is_taken(1.0)
    assert orders.is_taken(1.3)
    assert not orders.is_taken(1.7)


A, B = Address("g", "a"), Address("g", "b")


@pytest.mark.parametrize(
    ("stored", "fmt"),
    [
        ((2048.5, 4096.5), SortOrderFormat.DOUBLE),
        ((2048.5, 4097.0), SortOrderFormat.WHOLE),
        ((2048.0, 4097.0), SortOrderFormat.WHOLE),
    ],
)
def test_the_items_of_a_new_gallery_are_found_by_their_sort_orders(
    stored: tuple[float, float], fmt: SortOrderFormat
) -> None:
    items = [live("y", stored[1]), live("x", stored[0])]
    found, stored_as = match_inline_items({A: 2048.5, B: 4096.5}, items)
    assert {address: item.id for address, item in found.items()} == {A: "x", B: "y"}
    assert stored_as is fmt


def test_once_somebody_has_added_an_item_to_it_rounded_values_do_not_count() -> None:
    found, _ = match_inline_items(
        {A: 2048.5, B: 4096.5}, [live("x", 2048.5), live("y", 4097.0), live("theirs", 3000.0)]
    )
    assert {address: item.id for address, item in found.items()} == {A: "x"}


def test_a_deleted_item_of_a_new_gallery_is_not_found() -> None:
    found, _ = match_inline_items({A: 2048.5, B: 4096.5}, [live("y", 4097.0)])
    assert {address: item.id for address, item in found.items()} == {B: "y"}
