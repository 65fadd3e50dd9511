"""What an interrupted run created is found, sent again, or asked about."""

from __future__ import annotations

from dataclasses import replace

from galleryctl.engine.refresh.findings import Recovery
from galleryctl.engine.refresh.recover import recover_galleries, recover_items
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, SentValue, SortOrderFormat, value_digest
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import Kind, LocalFile, WixFile
from galleryctl.plan.changes import DoubtResolution
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.state.journal_records import Intent, SentItem

G, A, B = Address("g"), Address("g", "a"), Address("g", "b")
STATE = Bindings(ids={G: "G"})
SENT = 4711.5
OURS = DoubtResolution(declared=frozenset({G, A, B}))
EMPTY = value_digest("")


def text(id_: str, order: float, **fields: str) -> LiveItem:
    return LiveItem(id=id_, kind=Kind.TEXT, media=None, fields=fields, sort_order=order, raw={})


def photo(id_: str, order: float, file: str = "f1") -> LiveItem:
    return LiveItem(id=id_, kind=Kind.IMAGE, media=WixFile(id=file), fields={}, sort_order=order, raw={})


def gallery(*items: LiveItem, id_: str = "G", order: float | None = 1.0, name: str = "") -> LiveGallery:
    return LiveGallery(id=id_, fields={"name": name}, sort_order=order, total_items=len(items), items=items, raw={})


def create(address: Address = A, order: float = SENT, kind: Kind = Kind.TEXT, **fields: str) -> Intent:
    """Return the intent of a create in gallery G, which had item `old` before."""
    return Intent(
        kind="create-item",
        gallery_id="G",
        sort_orders={address: order},
        items={address: SentItem(kind=kind, media="" if kind is Kind.TEXT else media_digest(WixFile(id="f1")))},
        fields={address: {path: SentValue(sent=value_digest(v), before=EMPTY) for path, v in fields.items()}},
        listed=("old",),
    )


def recovered(
    *pending: Intent, live: LiveGallery, state: Bindings = STATE, resolution: DoubtResolution = OURS
) -> Recovery:
    return recover_items(Recovery(bindings=state), pending, [live], resolution)


OLD = text("old", 1.0)


def test_a_created_item_becomes_known_with_the_values_that_were_sent() -> None:
    live = gallery(OLD, text("x", SENT, title="Cake", html='<p class="x">Hi</p>'))
    recovery = recovered(create(title="Cake", html="<p>Hi</p>"), live=live)
    record = recovery.bindings.records[A]
    assert recovery.bindings.ids == {G: "G", A: "x"}
    assert not recovery.unconfirmed
    assert not recovery.refusals
    assert (record.origin, record.sort_order) == (Origin.CREATED, SENT)
    assert record.fields["title"] == FieldBase(sent=value_digest("Cake"), answered=value_digest("Cake"), wrote=True)
    assert record.fields["html"].doubt


def test_a_value_that_only_the_first_of_two_tries_sent_is_ours() -> None:
    live = gallery(OLD, text("x", SENT, title="Cake", description="Sweet"))
    recovery = recovered(create(title="Cake", description="Sweet"), create(title="Dance"), live=live)
    fields = recovery.bindings.records[A].fields
    assert fields["description"] == FieldBase(sent=value_digest("Sweet"), answered=value_digest("Sweet"), wrote=True)
    assert fields["title"] == FieldBase(sent=value_digest("Cake"), answered=value_digest("Cake"), wrote=True)


def test_the_media_is_ours_unless_the_item_shows_another_file() -> None:
    source = LocalFile(path="a.jpg", sha256="0" * 64, size=1, mime_type="image/jpeg")
    sent = SentValue(sent=media_digest(source), before=media_digest(None))
    intent = replace(create(kind=Kind.IMAGE), fields={A: {"media": sent}})
    same = recovered(intent, live=gallery(OLD, photo("x", SENT))).bindings.records[A].fields["media"]
    assert same == FieldBase(sent=media_digest(source), answered=media_digest(WixFile(id="f1")), wrote=True)
    other = recovered(intent, live=gallery(OLD, photo("x", SENT, "f2"))).bindings.records[A].fields["media"]
    assert other.doubt


def test_listed_known_and_foreign_items_are_not_taken() -> None:
    others = (text("old", SENT), text("mine", 8000.5), text("theirs", 9000.5))
    state = replace(STATE, ids={G: "G", B: "mine"})
    resolution = replace(OURS, foreign=frozenset({"theirs"}))
    recovery = recovered(create(order=2.5), live=gallery(*others), state=state, resolution=resolution)
    assert recovery.bindings == state
    assert recovery.unconfirmed[A].sort_order == 2.5


def test_a_create_that_no_read_shows_is_sent_again_with_all_its_tries() -> None:
    tries = (create(title="Cake"), create(title="Dance"))
    recovery = recovered(*tries, live=gallery(OLD))
    assert recovery.unconfirmed[A].tries == tries
    assert recovery.unconfirmed[A].sort_order == SENT


def test_a_create_that_no_manifest_declares_is_dropped() -> None:
    recovery = recovered(create(), live=gallery(OLD), resolution=DoubtResolution(declared=frozenset({G})))
    assert recovery == Recovery(bindings=STATE)


def test_a_create_whose_sort_order_another_item_has_was_rejected() -> None:
    moved = text("old", SENT)
    assert recovered(create(), live=gallery(moved)) == Recovery(bindings=STATE)


def test_a_create_in_a_gallery_that_is_gone_or_not_managed_is_dropped() -> None:
    assert recovered(create(), live=gallery(id_="other")) == Recovery(bindings=STATE)
    assert recovered(create(), live=replace(gallery(OLD), items=None)) == Recovery(bindings=STATE)


def test_two_creates_of_the_same_photo_are_found_at_their_own_sort_orders_first() -> None:
    pending = (create(A, 4711.5, Kind.IMAGE), create(B, 6000.5, Kind.IMAGE))
    recovery = recovered(*pending, live=gallery(OLD, photo("y", 6000.5), photo("x", 4711.5)))
    assert recovery.bindings.ids == {G: "G", A: "x", B: "y"}
    one = recovered(*pending, live=gallery(OLD, photo("y", 6000.5)))
    assert one.bindings.ids == {G: "G", B: "y"}
    assert list(one.unconfirmed) == [A]
    assert not one.refusals


def test_a_question_names_the_key_the_candidates_and_both_answers() -> None:
    recovery = recovered(create(), live=gallery(OLD, text("x", 9000.5, title="Hi")))
    (refusal,) = recovery.refusals
    assert refusal.address == A
    assert refusal.why == (
        "an earlier run may have created it as x ('Hi'): "
        "it is a new text, and the site may have rewritten what was sent"
    )
    assert refusal.allow == "in the manifest of g: adopt: {a: x} if it is, foreign: [x] if it is not"
    assert list(recovery.unconfirmed) == [A]


def test_a_question_about_several_candidates_lists_the_first_ones() -> None:
    texts = (text(f"x{n}", 9000.5 + n) for n in range(7))
    (refusal,) = recovered(create(), live=gallery(OLD, *texts)).refusals
    assert "x0 or x1 or x2 or x3 or x4 or others" in refusal.why
    assert "adopt: {a: x0} for the right one, foreign: [x0, x1, x2, x3, x4] for the others" in refusal.allow


def test_a_create_that_is_no_longer_declared_is_asked_about_only_in_a_declared_gallery() -> None:
    live = gallery(OLD, text("x", 9000.5))
    (refusal,) = recovered(create(), live=live, resolution=DoubtResolution(declared=frozenset({G}))).refusals
    assert "adopt: {a: x} with an entry a if it is" in refusal.allow
    assert not recovered(create(), live=live, resolution=DoubtResolution()).refusals


def test_adopt_answers_with_the_values_that_were_sent() -> None:
    live = gallery(OLD, text("x", 9000.5, title="Cake"), text("theirs", 8000.5))
    resolution = replace(OURS, adopt={A: "x"})
    recovery = recovered(create(title="Cake"), live=live, resolution=resolution)
    record = recovery.bindings.records[A]
    assert recovery.bindings.ids[A] == "x"
    assert (record.origin, record.sort_order) == (Origin.ADOPTED, SENT), "it was moved on the site"
    assert record.fields["title"].wrote
    assert not recovery.refusals


def test_an_item_that_a_manifest_adopts_for_one_create_is_no_candidate_for_another() -> None:
    live = gallery(OLD, text("x", 9000.5))
    resolution = replace(OURS, adopt={B: "x"})
    recovery = recovered(create(A), create(B, 6000.5), live=live, resolution=resolution)
    assert recovery.bindings.ids == {G: "G", B: "x"}
    assert not recovery.refusals
    assert list(recovery.unconfirmed) == [A]


def test_an_id_that_the_response_to_another_create_named_is_corrected() -> None:
    record = LastApplied(origin=Origin.CREATED, sort_order=2500.5)
    state = replace(STATE, ids={G: "G", B: "x"}, records={B: record})
    live = gallery(OLD, text("y", 2500.5), text("x", SENT))
    recovery = recovered(create(), live=live, state=state)
    assert recovery.bindings.ids == {G: "G", A: "x", B: "y"}
    assert recovery.bindings.records[B] == record
    lagging = recovered(create(), live=gallery(OLD, text("x", SENT)), state=state)
    assert lagging.bindings.ids == {G: "G", A: "x"}
    assert list(lagging.bindings.records) == [A]


def test_an_id_of_somebody_else_s_new_item_is_corrected_by_the_date_in_the_response() -> None:
    record = LastApplied(origin=Origin.CREATED, sort_order=2500.5, revision=value_digest("12:00:01"))
    state = replace(STATE, ids={G: "G", A: "theirs"}, records={A: record})
    theirs, ours = text("theirs", 9000.0), replace(text("x", 2500.5), raw={"updatedDate": "12:00:01"})
    edited = replace(ours, raw={"createdDate": "12:00:01", "updatedDate": "12:30:00"})
    for right in (ours, edited):
        assert recovered(live=gallery(theirs, right), state=state).bindings.ids == {G: "G", A: "x"}
    other = replace(ours, raw={"createdDate": "12:20:00", "updatedDate": "12:30:00"})
    assert recovered(live=gallery(theirs, other), state=state).bindings == state, "our item was moved"


def test_an_adopted_item_shows_how_the_site_stores_sort_orders() -> None:
    resolution = replace(OURS, adopt={A: "x"})
    recovery = recovered(create(), live=gallery(OLD, text("x", 4712.0)), resolution=resolution)
    assert recovery.bindings.sort_order_formats == {G: SortOrderFormat.WHOLE}
    assert recovery.bindings.records[A].sort_order == 4712.0


def test_adopt_of_another_kind_is_no_answer() -> None:
    resolution = replace(OURS, adopt={A: "x"})
    recovery = recovered(create(), live=gallery(OLD, photo("x", 9000.5)), resolution=resolution)
    assert recovery.bindings == STATE
    assert list(recovery.unconfirmed) == [A]


def test_foreign_answers_and_the_create_is_sent_again() -> None:
    resolution = replace(OURS, foreign=frozenset({"x"}))
    recovery = recovered(create(), live=gallery(OLD, text("x", 9000.5)), resolution=resolution)
    assert not recovery.refusals
    assert list(recovery.unconfirmed) == [A]


def test_a_moved_create_is_in_doubt_under_its_new_address() -> None:
    resolution = DoubtResolution(declared=frozenset({G, B}), moved={A: B})
    recovery = recovered(create(title="Cake"), live=gallery(OLD), resolution=resolution)
    assert list(recovery.unconfirmed) == [B]
    assert recovery.unconfirmed[B].tries == (create(B, title="Cake"),)
    found = recovered(create(), live=gallery(OLD, text("x", SENT)), resolution=resolution)
    assert found.bindings.ids == {G: "G", A: "x"}, "the plan applies `moved` to the state"


def test_what_a_later_run_created_or_found_is_not_looked_for_again() -> None:
    state = replace(STATE, ids={G: "G", A: "x"})
    recovery = recovered(create(), live=gallery(OLD, text("x", SENT), text("copy", 9000.5)), state=state)
    assert recovery == Recovery(bindings=state)


def test_the_old_half_of_a_replacement_is_still_to_be_deleted() -> None:
    state = replace(STATE, ids={G: "G", A: "old"})
    recovery = recovered(create(kind=Kind.IMAGE), live=gallery(OLD, photo("x", SENT)), state=state)
    assert recovery.bindings.ids[A] == "x"
    assert recovery.bindings.deposed == {"old": A}


def new_gallery(order: float = 7000.5) -> Intent:
    return Intent(
        kind="create-gallery",
        sort_orders={G: order, A: 2500.5, B: 4700.5},
        items={A: SentItem(kind=Kind.TEXT), B: SentItem(kind=Kind.TEXT)},
        fields={G: {"name": SentValue(sent=value_digest("New"), before=EMPTY)}},
        listed=("other",),
    )


def test_a_created_gallery_is_found_with_its_items() -> None:
    live = [
        gallery(id_="other"),
        gallery(text("x", 2501.0), text("y", 4701.0), id_="G", order=7000.5, name="Renamed"),
    ]
    found = recover_galleries(Bindings(), [new_gallery()], live, OURS)
    assert found.bindings.ids == {G: "G"}
    assert found.bindings.records[G].fields["name"].doubt
    recovery = recover_items(found, [new_gallery()], live, OURS)
    assert recovery.bindings.ids == {G: "G", A: "x", B: "y"}
    assert recovery.bindings.sort_order_formats == {G: SortOrderFormat.WHOLE}
    assert not recovery.refusals


def test_a_gallery_with_the_sort_order_only_after_rounding_is_asked_about() -> None:
    live = [gallery(id_="other"), gallery(id_="new", order=7001.0, name="New")]
    recovery = recover_galleries(Bindings(), [new_gallery()], live, OURS)
    (refusal,) = recovery.refusals
    assert (refusal.address, recovery.bindings) == (G, Bindings())
    assert refusal.allow == "in the manifest of g: bind: {id: new} if it is, foreign: [new] if it is not"
    bound = recover_galleries(Bindings(), [new_gallery()], live, replace(OURS, adopt={G: "new"}))
    assert bound.bindings.ids == {G: "new"}
    theirs = recover_galleries(Bindings(), [new_gallery()], live, replace(OURS, foreign=frozenset({"new"})))
    assert theirs.bindings.ids == {}


def test_a_gallery_that_was_listed_before_is_not_taken() -> None:
    recovery = recover_galleries(Bindings(), [new_gallery()], [gallery(id_="other", order=7000.5)], OURS)
    assert recovery == Recovery(bindings=Bindings())
    recovery = recover_galleries(Bindings(), [new_gallery()], [gallery(id_="other", order=1.0)], OURS)
    assert recovery.unconfirmed[G].sort_order == 7000.5
