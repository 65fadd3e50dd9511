from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.engine.apply.intents import intent_of
from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.engine.refresh.pending import UnconfirmedCreate
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StaleError
from galleryctl.model.last_applied import SentValue, value_digest
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import Kind, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.steps import CreateGallery, CreateItem, DeleteItems, Step, UpdateItem, Upload
from galleryctl.state.journal_records import Intent, SentItem, StepResult

GALLERY, ITEM = Address("g"), Address("g", "i")
FILE = MediaFile(id="f", display_name="f.jpg", ready=True, failed=False)
IMAGE = SentItem(kind=Kind.IMAGE, media=media_digest(WixFile(id="f")))
CREATE = Change(
    address=ITEM,
    action=Action.CREATE,
    kind=Kind.IMAGE,
    media=WixFile(id="f"),
    sort_order=2.5,
    write={"title": "Cake"},
    named=("title", "media"),
)
CREATE_GALLERY = Change(address=GALLERY, action=Action.CREATE, sort_order=7.0, write={"name": "Cakes"}, named=("name",))
UPDATE = Change(address=ITEM, action=Action.UPDATE, id="i1", write={"title": "New"}, named=("title", "media"))


def working(*files: MediaFile) -> WorkingState:
    item = LiveItem(id="i1", kind=Kind.IMAGE, media=None, fields={"title": "Old"}, sort_order=1.0, raw={})
    gallery = LiveGallery(id="g1", fields={}, sort_order=1.0, total_items=1, items=(item,), raw={})
    return WorkingState(
        SiteSnapshot(site_id="s", galleries=(gallery,)),
        Bindings(ids={GALLERY: "g1"}),
        before=Bindings(ids={GALLERY: "g1", Address("g", "old"): "gone"}),
        files={file.id: file for file in files},
    )


def sent(value: str) -> SentValue:
    return SentValue(sent=value_digest(value), before=value_digest(""))


def intent(action: Upload | CreateGallery | CreateItem | UpdateItem | DeleteItems, **lost: UnconfirmedCreate) -> Intent:
    return intent_of(Step(id="x", action=action), working(FILE), {Address.parse(k): v for k, v in lost.items()})


def test_an_intent_has_what_finding_out_needs() -> None:
    assert intent(Upload(source=RemoteFile(url="https://a/b"), kind=Kind.IMAGE)) == Intent(
        kind="upload", source="url:https://a/b"
    )
    title = sent("Cake")
    media = SentValue(sent=media_digest(WixFile(id="f")), before=media_digest(None))
    assert intent(CreateGallery(change=CREATE_GALLERY, items=(CREATE,))) == Intent(
        kind="create-gallery",
        sort_orders={GALLERY: 7.0, ITEM: 2.5},
        items={ITEM: IMAGE},
        fields={GALLERY: {"name": sent("Cakes")}, ITEM: {"title": title, "media": media}},
        listed=("g1",),
    )
    assert intent(CreateItem(change=CREATE)) == Intent(
        kind="create-item",
        gallery_id="g1",
        sort_orders={ITEM: 2.5},
        items={ITEM: IMAGE},
        fields={ITEM: {"title": title, "media": media}},
        listed=("gone", "i1"),
    )
    new = SentValue(sent=value_digest("New"), before=value_digest("Old"))
    assert intent(UpdateItem(change=UPDATE)) == Intent(kind="update", ids=("i1",), fields={ITEM: {"title": new}})
    assert intent(DeleteItems(gallery=GALLERY, changes=(UPDATE,))) == Intent(kind="delete", ids=("i1",))


def test_a_lost_create_is_journalled_with_the_sort_order_it_was_sent_with() -> None:
    again = intent_of(
        Step(id="x", action=CreateItem(change=CREATE)), working(FILE), {ITEM: UnconfirmedCreate(sort_order=1.5)}
    )
    assert again.sort_orders == {ITEM: 1.5}
    gallery = CreateGallery(change=CREATE_GALLERY, items=(CREATE,))
    assert intent(gallery, g=UnconfirmedCreate(sort_order=6.0)).sort_orders == {GALLERY: 6.0, ITEM: 2.5}


def test_nothing_is_begun_for_a_file_that_is_gone() -> None:
    with pytest.raises(StaleError, match="no usable file f"):
        intent_of(Step(id="x", action=CreateItem(change=CREATE)), working(), {})


def test_what_steps_make_is_known_to_the_next_ones() -> None:
    state = working()
    source = RemoteFile(url="https://a/b")
    state.add_file(source, FILE)
    new = replace(state.galleries["g1"], id="g2")
    state.add_gallery(Address("h"), new)
    state.add_result(StepResult(ids={Address("h"): "g2"}, media={source.source: "f"}))
    shown = replace(CREATE, address=Address("h", "i"), media=source)
    made = intent_of(Step(id="x", action=CreateItem(change=shown)), state, {})
    assert (made.gallery_id, made.items) == ("g2", {Address("h", "i"): IMAGE})
    assert made.listed == ()
    assert state.existing_ids == {"gone", "g1", "g2", "i1"}
    assert state.updated_state().ids == {GALLERY: "g1", Address("h"): "g2"}
