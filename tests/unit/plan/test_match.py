"""Which live resource each manifest means, with state and without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredGallery
from galleryctl.model.errors import MatchError
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, MediaFile, RemoteFile, VideoHost, WixFile, content_label
from galleryctl.plan.changes import MatchedBy
from galleryctl.plan.matching.match import (
    files_to_look_up,
    gallery_names,
    match_galleries,
    match_items,
    split_by_gallery,
)
from tests.unit.plan.memory_site import (
    MANIFEST_POSITION,
    G,
    at,
    gallery,
    item,
    known_ids,
    live_gallery,
    live_item,
    local_photo,
    make_desired,
    snapshot,
)


def named(key: str, name: str = "", *, create: bool = False, id_: str | None = None) -> DesiredGallery:
    bind = Bind(id=id_, name=name or None, create=create)
    return DesiredGallery(address=at(key), bind=bind, fields={}, items=(), at=MANIFEST_POSITION)


def bound(*galleries: DesiredGallery, site: tuple[LiveGallery, ...], known: dict[str, str] | None = None) -> object:
    bindings = Bindings(ids={at(key): id_ for key, id_ in (known or {}).items()})
    pairs = match_galleries(Desired(galleries=galleries), site, bindings)
    return {str(a): (g.id, pairs.matched_by[a]) for a, g in pairs.live.items()}


ONE = live_gallery(id_="1", name="One")
TWO = live_gallery(id_="2", name="Two")


def test_the_bound_id_comes_before_state_and_state_before_the_name() -> None:
    assert bound(named("g", id_="2"), site=(ONE, TWO), known={"g": "1"}) == {"g": ("2", MatchedBy.BOUND_ID)}
    assert bound(named("g", "Two"), site=(ONE, TWO), known={"g": "1"}) == {"g": ("1", MatchedBy.STATE)}
    assert bound(named("g", "Two"), site=(ONE, TWO)) == {"g": ("2", MatchedBy.BOUND_NAME)}


def test_a_name_counts_only_among_galleries_that_no_id_has_claimed() -> None:
    twin = replace(ONE, id="3")
    assert bound(named("g", id_="1"), named("h", "One"), site=(ONE, twin)) == {
        "g": ("1", MatchedBy.BOUND_ID),
        "h": ("3", MatchedBy.BOUND_NAME),
    }


def test_the_name_to_bind_by_comes_before_the_name_to_have() -> None:
    wanted = replace(named("g", "One"), fields={"name": "Two"})
    assert bound(wanted, site=(ONE, TWO)) == {"g": ("1", MatchedBy.BOUND_NAME)}
    assert gallery_names(wanted) == ("Two", "One")
    assert gallery_names(named("g", create=True)) == ("g",)


def test_two_galleries_of_one_name_are_not_told_apart() -> None:
    with pytest.raises(MatchError, match="2 galleries on the site are named 'One'") as caught:
        bound(named("g", "One"), site=(ONE, replace(ONE, id="3")))
    assert "1, 3" in caught.value.why
    assert "bind: {id: …}" in caught.value.do


def test_two_manifests_cannot_mean_one_gallery() -> None:
    with pytest.raises(MatchError, match="2 manifests are bound to the same gallery, 1"):
        bound(named("g", id_="1"), named("h", id_="1"), site=(ONE,))
    with pytest.raises(MatchError, match="2 manifests are bound to the same gallery, 1"):
        bound(named("g", "One"), named("h", "One"), site=(ONE,))


def test_what_is_not_found_is_made_only_if_asked_for_and_never_if_it_was_there() -> None:
    with pytest.raises(MatchError, match="gallery g is not on the site"):
        bound(named("g", "Three"), site=(ONE,))
    pairs = match_galleries(Desired(galleries=(named("g", create=True),)), (ONE,), Bindings())
    assert (pairs.live, pairs.missing) == ({}, {})
    gone = match_galleries(Desired(galleries=(named("g", create=True),)), (ONE,), Bindings(ids={G: "0"}))
    assert gone.missing == {G: "0"}
    assert gone.live == {}


LABELLED = MediaFile(
    id="f1",
    display_name="a.jpg",
    ready=True,
    failed=False,
    size=9,
    labels=(content_label(local_photo("a").source),),
)
LOOKS = MediaFile(id="f2", display_name="b.jpg", ready=True, failed=False, size=9)
IMPORTED = MediaFile(id="f3", display_name="", ready=True, failed=False, source_url="https://example.com/c.jpg")


def pairs_of(
    wanted: Desired, *site: LiveItem, known: Bindings | None = None, files: tuple[MediaFile, ...] = ()
) -> dict[str, tuple[str, MatchedBy]]:
    found = match_items(wanted.galleries[0].items, site, known or Bindings(), {f.id: f for f in files})
    return {str(a.item): (pair.live.id, pair.matched_by) for a, pair in found.items()}


def test_the_stronger_evidence_is_tried_for_all_before_the_weaker() -> None:
    wanted = make_desired(
        item("state", local_photo("s")),
        item("title", local_photo("t"), title="T"),
        item("look", local_photo("b")),
        item("label", local_photo("a")),
        item("url", RemoteFile(url="https://example.com/c.jpg")),
        item("wix", WixFile(id="f4")),
        item("film", HostedVideo(host=VideoHost.YOUTUBE, url="https://youtu.be/xyz")),
        item("words", None, html="<p>Hello</p>"),
    )
    site = (
        live_item("L1", 1, WixFile(id="f1"), title="T"),
        live_item("L2", 2, WixFile(id="f2"), title="T"),
        live_item("L3", 3, WixFile(id="f3")),
        live_item("L4", 4, WixFile(id="f4")),
        live_item("L5", 5, HostedVideo(host=VideoHost.YOUTUBE, url="https://www.youtube.com/watch?v=xyz&t=3")),
        live_item("L6", 6, None, html="<p>Hello</p>"),
        live_item("L7", 7, WixFile(id="f7"), title="T"),
        live_item("L8", 8, WixFile(id="f8")),
    )
    known = Bindings(ids=known_ids(state="L8"))
    assert pairs_of(wanted, *site, known=known, files=(LABELLED, LOOKS, IMPORTED)) == {
        "state": ("L8", MatchedBy.STATE),
        "label": ("L1", MatchedBy.FILE),
        "url": ("L3", MatchedBy.FILE),
        "wix": ("L4", MatchedBy.FILE),
        "film": ("L5", MatchedBy.FILE),
        "words": ("L6", MatchedBy.FILE),
        "look": ("L2", MatchedBy.CONTENT),
        "title": ("L7", MatchedBy.TITLE),
    }


def test_of_several_the_one_of_the_same_title_then_of_the_same_position_is_taken() -> None:
    wanted = make_desired(
        *(item(key, WixFile(id="f"), title=title) for key, title in zip("abc", ("", "T", ""), strict=True))
    )
    site = (
        live_item("1", 1, WixFile(id="f")),
        live_item("2", 2, WixFile(id="f")),
        live_item("3", 3, WixFile(id="f"), title="T"),
    )
    assert {key: id_ for key, (id_, _) in pairs_of(wanted, *site).items()} == {"a": "1", "b": "3", "c": "2"}


def test_what_state_knows_by_another_key_is_taken_for_the_same_file_only() -> None:
    site = (live_item("1", 1, WixFile(id="f"), title="T"),)
    known = Bindings(ids=known_ids(old="1"))
    assert pairs_of(make_desired(item("new", WixFile(id="f"))), *site, known=known) == {"new": ("1", MatchedBy.FILE)}
    assert pairs_of(make_desired(item("new", WixFile(id="x"), title="T")), *site, known=known) == {}
    protected = replace(known, protected=frozenset({at("g/old")}))
    assert pairs_of(make_desired(item("new", WixFile(id="f"))), *site, known=protected) == {}


def test_what_a_replacement_left_behind_is_never_taken() -> None:
    known = Bindings(deposed={"1": at("g/a")})
    assert pairs_of(make_desired(item("a", WixFile(id="f"))), live_item("1", 1, WixFile(id="f")), known=known) == {}


def test_state_names_the_item_even_when_its_kind_changes() -> None:
    found = pairs_of(
        make_desired(item("a", None, html="x")),
        live_item("1", 1, WixFile(id="f")),
        known=Bindings(ids=known_ids(a="1")),
    )
    assert found == {"a": ("1", MatchedBy.STATE)}


def unknown(wanted: Desired, *items: LiveItem, known: Bindings) -> tuple[str, ...]:
    return files_to_look_up(wanted, snapshot(live_gallery(*items)), known)


def test_no_descriptor_is_read_when_state_knows_what_is_shown() -> None:
    known = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "f"})
    stranger = live_item("2", 2, WixFile(id="theirs"))
    assert (
        unknown(make_desired(item("a", local_photo("a"))), live_item("1", 1, WixFile(id="f")), stranger, known=known)
        == ()
    )


def test_descriptors_are_read_of_what_state_does_not_know() -> None:
    wanted = make_desired(item("a", local_photo("a")))
    shown = live_item("1", 1, WixFile(id="f"))
    assert unknown(wanted, shown, known=Bindings()) == ("f",)
    edited = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "other"})
    assert unknown(wanted, shown, live_item("2", 2, WixFile(id="theirs")), known=edited) == ("f",)
    ours = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "other", "sha256:x": "f"})
    assert unknown(wanted, shown, known=ours) == ()
    ignored = make_desired(replace(item("a", local_photo("a")), ignore=frozenset({"media"})))
    assert unknown(ignored, shown, known=Bindings()) == ()


def test_a_gallery_that_was_not_read_is_never_compared() -> None:
    unread = replace(live_gallery(), items=None)
    with pytest.raises(AssertionError, match="were not read"):
        files_to_look_up(make_desired(item("a", local_photo("a"))), snapshot(unread), Bindings())


def test_each_gallery_gets_its_own_part_of_state() -> None:
    desired = Desired(galleries=(gallery(), named("h", id_="H")))
    known = Bindings(
        ids={**known_ids(a="1"), at("h"): "H", at("h/a"): "2", at("old/a"): "3"},
        deposed={"4": at("h/b")},
        media={"sha256:x": "f"},
    )
    parts = split_by_gallery(desired, known)
    assert parts[G].ids == known_ids(a="1")
    assert parts[G].deposed == {}
    assert parts[at("h")].ids == {at("h"): "H", at("h/a"): "2"}
    assert parts[at("h")].deposed == {"4": at("h/b")}
    assert all(part.media == known.media for part in parts.values())
