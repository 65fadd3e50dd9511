"""Which live item each entry of a manifest is: by state, `adopt`, equal content, and evidence in a new gallery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired, DesiredItem
from galleryctl.model.last_applied import FieldBase, LastApplied, Origin, value_digest
from galleryctl.model.live import LiveItem
from galleryctl.model.media import HostedVideo, MediaFile, RemoteFile, VideoHost, WixFile, content_label
from galleryctl.plan.changes import MatchedBy, Refusal
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.identity.galleries import identify_galleries
from galleryctl.plan.identity.identify import Identity, identify_site
from galleryctl.plan.identity.known import files_to_look_up, match_known_items
from tests.unit.plan.memory_site import (
    G,
    at,
    gallery,
    held_item,
    item,
    known_ids,
    live_gallery,
    live_item,
    local_photo,
    make_desired,
    snapshot,
)


def adopting(*items: DesiredItem, adopt: Mapping[str, str], removed: tuple[str, ...] = ()) -> Desired:
    """Gallery g with these items, and with `adopt` by key."""
    wanted = gallery(*items)
    lines = {Address("g", key): id_ for key, id_ in adopt.items()}
    keys = frozenset(Address("g", key) for key in removed)
    return Desired(galleries=(replace(wanted, adopt=lines, removed=keys),))


def identify(
    desired: Desired, *live: LiveItem, known: Bindings | None = None, files: tuple[MediaFile, ...] = ()
) -> Identity:
    """The items of gallery g; without `known`, the gallery is new to the state."""
    return identify_site(desired, snapshot(live_gallery(*live), files=files), known or Bindings())


def matches(identity: Identity) -> dict[str, tuple[str, MatchedBy]]:
    return {str(a.item): (match.live.id, match.matched_by) for a, match in identity.items[G].matches.items()}


def only(identity: Identity) -> Refusal:
    (refusal,) = identity.refusals
    return refusal


def state(**ids: str) -> Bindings:
    return Bindings(ids=known_ids(**ids))


def text(key: str, html: str, **fields: str) -> DesiredItem:
    return item(key, None, html=html, **fields)


def live_text(id_: str, order: float, html: str, **fields: str) -> LiveItem:
    return replace(live_item(id_, order), fields={"html": html, **fields})


# By state


def test_the_id_in_state_decides_even_if_the_kind_changes() -> None:
    found = identify(make_desired(text("a", "x")), live_item("1", 1, WixFile(id="f")), known=state(a="1"))
    assert matches(found) == {"a": ("1", MatchedBy.STATE)}


def test_an_item_that_is_still_to_be_deleted_is_never_matched() -> None:
    deposed = {"1": at("g/a")}
    for known in (Bindings(deposed=deposed), replace(state(), deposed=deposed)):
        found = identify(make_desired(item("a", WixFile(id="f"))), live_item("1", 1, WixFile(id="f")), known=known)
        assert (matches(found), found.refusals) == ({}, ())


def test_two_addresses_with_one_id_are_one_item() -> None:
    found = identify(make_desired(text("a", "x")), live_text("1", 1, "x"), known=state(a="1", b="1"))
    assert matches(found) == {"a": ("1", MatchedBy.STATE)}
    assert found.forget == {at("g/b"): "in state under another address, too"}


# By adopt


def test_an_adopted_item_of_another_content_is_the_entry() -> None:
    found = identify(adopting(text("a", "x"), adopt={"a": "1"}), live_text("1", 1, "y"), known=state())
    assert matches(found) == {"a": ("1", MatchedBy.ADOPT)}
    assert found.adopted == {at("g/a")}


def test_the_live_item_in_state_comes_before_the_adopted_one() -> None:
    desired = adopting(text("a", "x"), adopt={"a": "2"})
    both = identify(desired, live_text("1", 1, "x"), live_text("2", 2, "y"), known=state(a="1"))
    assert matches(both) == {"a": ("1", MatchedBy.STATE)}
    (notice,) = both.notices
    assert notice.message == "adopt: names 2, but state has 1, which is on the site: remove the line"
    gone = identify(desired, live_text("2", 2, "y"), known=state(a="1"))
    assert matches(gone) == {"a": ("2", MatchedBy.ADOPT)}
    assert (gone.refusals, gone.notices) == ((), ())


def test_a_line_that_was_applied_is_silent() -> None:
    desired = adopting(text("a", "x"), adopt={"a": "1"})
    assert identify(desired, live_text("1", 1, "x"), known=state(a="1")).notices == ()
    gone = identify(desired, known=state(a="1"))  # deleted in the Editor: created again, as without the line
    assert (matches(gone), gone.refusals) == ({}, ())


def test_an_adopted_item_takes_over_the_address_of_one_of_another_kind() -> None:
    desired = adopting(text("a", "x"), adopt={"a": "2"})
    photo = live_item("1", 1, WixFile(id="f"))
    found = identify(desired, photo, live_text("2", 2, "x"), known=state(a="1"))
    assert matches(found) == {"a": ("2", MatchedBy.ADOPT)}
    assert found.items[G].superseded == {"1": at("g/a")}
    gone = identify(desired, photo, known=state(a="1"))
    assert (matches(gone), gone.refusals) == ({"a": ("1", MatchedBy.STATE)}, ())


FOREIGN_GALLERY = live_gallery(live_text("H1", 1, "h"), id_="H", name="Hall")


@pytest.mark.parametrize(
    ("id_", "why"),
    [
        ("9", "which is not in the gallery: somebody deleted it"),
        ("2", "which state has as g/b"),
        ("3", "of kind image, but the entry is of kind text"),
        ("4", "which is already replaced and still to be deleted"),
        ("H1", "which is in another gallery, Hall"),
        ("5", "which adopt: gives to another entry"),
    ],
)
def test_what_cannot_be_adopted_is_refused(id_: str, why: str) -> None:
    hall = replace(gallery(), address=at("hall"), bind=replace(gallery().bind, id="H"))
    (wanted,) = adopting(text("c", "c"), text("a", "x"), text("b", "y"), adopt={"c": "5", "a": id_}).galleries
    site = snapshot(
        live_gallery(
            live_text("2", 2, "y"), live_item("3", 3, WixFile(id="f")), live_text("4", 4, "z"), live_text("5", 5, "c")
        ),
        FOREIGN_GALLERY,
    )
    known = replace(state(b="2"), deposed={"4": at("g/b")})
    refusal = only(identify_site(Desired(galleries=(wanted, hall)), site, known))
    assert (refusal.address, refusal.why) == (at("g/a"), f"adopt: names {id_}, {why}")
    assert refusal.allow


def test_an_id_of_a_key_that_is_gone_is_renamed_by_moved_and_not_by_adopt() -> None:
    desired = adopting(text("new", "x"), adopt={"new": "1"})
    refusal = only(identify(desired, live_text("1", 1, "x"), known=state(old="1")))
    assert "moved: [{from: g/old, to: g/new}]" in refusal.allow
    ended = adopting(text("new", "x"), adopt={"new": "1"}, removed=("old",))
    assert matches(identify(ended, live_text("1", 1, "x"), known=state(old="1"))) == {"new": ("1", MatchedBy.ADOPT)}


def test_an_adopted_item_that_is_gone_may_be_recognized_in_a_new_gallery() -> None:
    desired = adopting(text("a", "x", title="T"), adopt={"a": "9"})
    assert matches(identify(desired, live_text("1", 1, "x"))) == {"a": ("1", MatchedBy.FILE)}
    guess = identify(desired, live_text("1", 1, "y", title="T"))
    assert matches(guess) == {}
    assert "somebody deleted it" in only(guess).why


# By the same content under a new key


def written(**fields: str) -> LastApplied:
    """A record of what we sent, by field name; the values are digests."""
    bases = {name: FieldBase(sent=digest, answered=digest, wrote=True) for name, digest in fields.items()}
    return LastApplied(origin=Origin.CREATED, fields=bases)


def test_our_item_under_a_new_key_is_recognized_by_its_content() -> None:
    found = identify(make_desired(text("new", "x")), live_text("1", 1, "x"), known=state(old="1"))
    assert matches(found) == {"new": ("1", MatchedBy.RENAME)}
    assert found.moves.addresses == {at("g/old"): at("g/new")}
    assert found.state.ids == known_ids(new="1")
    assert (found.forget, found.adopted, found.refusals) == ({}, frozenset(), ())


def test_the_record_moves_with_the_item() -> None:
    record = written(html=value_digest("x"))
    known = replace(state(old="1"), records={at("g/old"): record})
    found = identify(make_desired(text("new", "x")), live_text("1", 1, "edited"), known=known)
    assert matches(found) == {"new": ("1", MatchedBy.RENAME)}  # by what was sent
    assert found.items[G].state.records == {at("g/new"): record}


def test_a_text_in_another_form_is_recognized_only_without_a_record() -> None:
    live, desired = live_text("1", 1, '<p class="x">Hi</p>'), make_desired(text("new", "<p>Hi</p>"))
    assert matches(identify(desired, live, known=state(old="1"))) == {"new": ("1", MatchedBy.RENAME)}
    other = replace(state(old="1"), records={at("g/old"): written(html=value_digest("<p>Other</p>"))})
    assert matches(identify(desired, live, known=other)) == {}


def test_a_photo_is_recognized_by_what_was_sent_or_is_shown() -> None:
    photo = local_photo("p")
    desired = make_desired(item("new", photo))
    known = replace(state(old="1"), records={at("g/old"): written(media=media_digest(photo))})
    assert matches(identify(desired, live_item("1", 1, WixFile(id="theirs")), known=known)) == {
        "new": ("1", MatchedBy.RENAME)
    }
    shown = replace(state(old="1"), media={photo.source: "f"})
    assert matches(identify(desired, live_item("1", 1, WixFile(id="f")), known=shown)) == {
        "new": ("1", MatchedBy.RENAME)
    }


def test_equal_titles_come_first() -> None:
    desired = make_desired(text("n1", "x", title="A"), text("n2", "x", title="B"))
    site = (live_text("1", 1, "x", title="B"), live_text("2", 2, "x", title="A"))
    assert matches(identify(desired, *site, known=state(o1="1", o2="2"))) == {
        "n1": ("2", MatchedBy.RENAME),
        "n2": ("1", MatchedBy.RENAME),
    }


def test_another_kind_a_key_that_stays_and_a_protected_item_are_not_renamed() -> None:
    video = HostedVideo(host=VideoHost.VIMEO, url="https://vimeo.com/1")
    other_kind = identify(make_desired(text("new", "x")), live_item("1", 1, video), known=state(old="1"))
    assert matches(other_kind) == {}
    stays = identify(make_desired(text("old", "x"), text("new", "x")), live_text("1", 1, "x"), known=state(old="1"))
    assert matches(stays) == {"old": ("1", MatchedBy.STATE)}
    known = replace(state(old="1"), protected=frozenset({at("g/old")}))
    assert matches(identify(make_desired(text("new", "x")), live_text("1", 1, "x"), known=known)) == {}


def test_a_protected_item_is_renamed_if_its_key_was_the_name_of_the_same_file() -> None:
    """An entry `image: photos/p.jpg` got a key."""
    known = Bindings(ids=known_ids(p="1"), media={local_photo("p").source: "f"}, protected=frozenset({at("g/p")}))
    live = live_item("1", 1, WixFile(id="f"))
    assert matches(identify(make_desired(item("new", local_photo("p"))), live, known=known)) == {
        "new": ("1", MatchedBy.RENAME)
    }
    assert matches(identify(make_desired(item("new", local_photo("q", content="p"))), live, known=known)) == {}


def test_a_key_that_gets_a_folder_is_a_rename() -> None:
    """Two cameras have an IMG_1.jpg."""
    known = Bindings(
        ids=known_ids(IMG_1="1"), media={local_photo("a/IMG_1").source: "f"}, protected=frozenset({at("g/IMG_1")})
    )
    first, second = item("a-IMG_1", local_photo("a/IMG_1")), item("b-IMG_1", local_photo("b/IMG_1"))
    found = identify(make_desired(second, first), live_item("1", 1, WixFile(id="f")), known=known)
    assert matches(found) == {"a-IMG_1": ("1", MatchedBy.RENAME)}


def test_a_held_item_is_known_by_its_key_only() -> None:
    live = live_item("1", 1, WixFile(id="f")), live_item("2", 2, WixFile(id="f2"))
    found = identify(make_desired(held_item("a", "a"), held_item("c", "c")), *live, known=state(a="1", b="2"))
    assert matches(found) == {"a": ("1", MatchedBy.STATE)}
    assert identify(make_desired(held_item("a", "a")), *live).items[G].matches == {}


def test_a_held_item_gets_the_key_of_its_file_that_no_content_claims() -> None:
    known = Bindings(ids=known_ids(IMG_1="1"), media={local_photo("a/IMG_1").source: "f"})
    live = live_item("1", 1, WixFile(id="f"))
    held = held_item("b-IMG_1", "b/IMG_1")
    assert matches(identify(make_desired(held, item("a-IMG_1", local_photo("a/IMG_1"))), live, known=known)) == {
        "a-IMG_1": ("1", MatchedBy.RENAME)
    }
    assert matches(identify(make_desired(held, item("a-IMG_1", local_photo("a/other"))), live, known=known)) == {
        "b-IMG_1": ("1", MatchedBy.RENAME)
    }


def test_a_key_whose_item_is_gone_may_become_the_name_of_another_item() -> None:
    found = identify(make_desired(text("a", "x")), live_text("2", 1, "x"), known=state(a="1", b="2"))
    assert matches(found) == {"a": ("2", MatchedBy.RENAME)}
    assert found.state.ids == known_ids(a="2")


# By evidence, in a gallery that is new to the state

LABELLED = MediaFile(
    id="f1", display_name="a.jpg", ready=True, failed=False, size=9, labels=(content_label(local_photo("a").source),)
)
LOOKS = MediaFile(id="f2", display_name="b.jpg", ready=True, failed=False, size=9)
IMPORTED = MediaFile(id="f3", display_name="", ready=True, failed=False, source_url="https://example.com/c.jpg")


def test_stronger_evidence_is_tried_for_all_before_weaker() -> None:
    desired = make_desired(
        item("title", local_photo("t"), title="T"),
        item("size", local_photo("b")),
        item("label", local_photo("a")),
        item("url", RemoteFile(url="https://example.com/c.jpg")),
        item("wix", WixFile(id="f4")),
        item("film", HostedVideo(host=VideoHost.YOUTUBE, url="https://youtu.be/xyz")),
        text("words", "<p>Hello</p>"),
        text("form", "<p>Good bye</p>"),
    )
    site = (
        live_item("L1", 1, WixFile(id="f1"), title="T"),
        live_item("L2", 2, WixFile(id="f2"), title="T"),
        live_item("L3", 3, WixFile(id="f3")),
        live_item("L4", 4, WixFile(id="f4")),
        live_item("L5", 5, HostedVideo(host=VideoHost.YOUTUBE, url="https://www.youtube.com/watch?v=xyz&t=3")),
        live_text("L6", 6, "<p>Hello</p>"),
        live_item("L7", 7, WixFile(id="f7"), title="T"),
        live_item("L8", 8, WixFile(id="f8")),
        live_text("L9", 9, "<P>Good bye </P>"),
    )
    found = identify(desired, *site, files=(LABELLED, LOOKS, IMPORTED))
    assert matches(found) == {
        "label": ("L1", MatchedBy.FILE),
        "url": ("L3", MatchedBy.FILE),
        "wix": ("L4", MatchedBy.FILE),
        "film": ("L5", MatchedBy.FILE),
        "words": ("L6", MatchedBy.FILE),
        "form": ("L9", MatchedBy.TEXT),
        "size": ("L2", MatchedBy.CONTENT),
        "title": ("L7", MatchedBy.TITLE),
    }
    assert {str(address.item) for address in found.guesses(G)} == {"form", "size", "title"}
    assert found.refusals == ()


def test_of_as_many_items_as_entries_those_of_equal_title_are_paired_first() -> None:
    desired = make_desired(
        *(item(key, WixFile(id="f"), title=title) for key, title in zip("abc", ("", "T", ""), strict=True))
    )
    site = (
        live_item("1", 1, WixFile(id="f")),
        live_item("2", 2, WixFile(id="f")),
        live_item("3", 3, WixFile(id="f"), title="T"),
    )
    found = identify(desired, *site)
    assert {key: id_ for key, (id_, _) in matches(found).items()} == {"a": "1", "b": "3", "c": "2"}


@pytest.mark.parametrize("titles", [("", ""), ("T", "")])
def test_more_items_than_entries_are_refused_and_a_title_does_not_decide(titles: tuple[str, str]) -> None:
    site = [live_item(str(i), i, WixFile(id="f"), title=title) for i, title in enumerate(titles, 1)]
    found = identify(make_desired(item("a", WixFile(id="f"), title="T")), *site)
    assert matches(found) == {}
    refusal = only(found)
    assert refusal.address == at("g/a")
    assert refusal.why.startswith("2 items show its content, and any of them may be it: ")
    assert refusal.allow == "adopt: {a: ID} for the right one, or foreign: [ID] for each that is not yours"


def test_a_text_in_another_form_counts_as_a_candidate() -> None:
    desired = make_desired(text("a", "<p>Hi</p>"))
    site = (live_text("1", 1, "<p>Hi</p>"), live_text("2", 2, "hi"))
    assert "2 items show its content" in only(identify(desired, *site)).why
    both = make_desired(text("a", "<p>Hi</p>"), text("b", "<b>HI</b>"))
    assert matches(identify(both, *site)) == {"a": ("1", MatchedBy.FILE), "b": ("2", MatchedBy.TEXT)}


def test_evidence_of_one_content_counts_together() -> None:
    """One entry has the id of a file, the other its label; there are two such items and a copy of the file."""
    desired = make_desired(item("a", local_photo("a")), item("b", WixFile(id="f1")))
    twin = replace(LABELLED, id="f9")
    site = [live_item(str(i), i, WixFile(id=file)) for i, file in enumerate(("f1", "f1", "f9"), 1)]
    assert len(identify(desired, *site, files=(LABELLED, twin)).refusals) == 2
    assert len(matches(identify(desired, *site[1:], files=(LABELLED, twin)))) == 2


def test_answers_decide_what_evidence_does_not() -> None:
    site = (live_text("1", 1, "x"), live_text("2", 2, "x"))
    (wanted,) = make_desired(text("a", "x")).galleries
    adopted = Desired(galleries=(replace(wanted, adopt={at("g/a"): "2"}),))
    assert matches(identify(adopted, *site)) == {"a": ("2", MatchedBy.ADOPT)}
    foreign = Desired(galleries=(replace(wanted, foreign=frozenset({"1"})),))
    assert matches(identify(foreign, *site)) == {"a": ("2", MatchedBy.FILE)}


def test_the_former_items_of_a_rebound_gallery_do_not_count_as_ours() -> None:
    known = Bindings(ids={G: "old", at("g/a"): "1"})
    found = identify(make_desired(text("a", "x")), live_text("2", 2, "x"), known=known)
    assert matches(found) == {"a": ("2", MatchedBy.FILE)}


def test_in_a_known_gallery_evidence_adopts_nothing() -> None:
    found = identify(make_desired(text("a", "x", title="T")), live_text("1", 1, "y", title="T"), known=state())
    assert (matches(found), found.refusals) == ({}, ())


# Creates of what an unmanaged item shows


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        (item("a", local_photo("a")), live_item("1", 1, WixFile(id="f1"))),
        (item("a", RemoteFile(url="https://example.com/c.jpg")), live_item("1", 1, WixFile(id="f3"))),
        (item("a", WixFile(id="f")), live_item("1", 1, WixFile(id="f"), title="Hers")),
        (
            item("a", HostedVideo(host=VideoHost.YOUTUBE, url="https://youtu.be/xyz")),
            live_item("1", 1, HostedVideo(host=VideoHost.YOUTUBE, url="https://www.youtube.com/embed/xyz")),
        ),
        (text("a", "<p>Hi</p>"), live_text("1", 1, '<p class="font_8">HI </p>')),
    ],
    ids=["label", "import URL", "file", "video", "text"],
)
def test_a_create_of_what_an_unmanaged_item_shows_is_refused(wanted: DesiredItem, shown: LiveItem) -> None:
    files = (LABELLED, IMPORTED)
    refusal = only(identify(make_desired(wanted), shown, known=state(), files=files))
    assert refusal.address == at("g/a")
    assert "it would be created, but an item that is not in state shows its content already: " in refusal.why
    assert refusal.allow == (
        "adopt: {a: 1} to manage it; foreign: [1] to create another one; "
        "or plan with the state that has it (see 'Share state' in the documentation)"
    )
    (gallery_,) = make_desired(wanted).galleries
    foreign = Desired(galleries=(replace(gallery_, foreign=frozenset({"1"})),))
    answered = identify(foreign, shown, known=state(), files=files)
    assert (answered.refusals, answered.items[G].unmanaged) == ((), ())
    assert answered.items[G].kept == {"1"}


def test_a_replacement_is_refused_like_a_create() -> None:
    photo, words = live_item("1", 1, WixFile(id="f")), live_text("2", 2, "x")
    assert only(identify(make_desired(text("a", "x")), photo, words, known=state(a="1"))).address == at("g/a")


def test_an_item_of_ours_is_no_lookalike() -> None:
    found = identify(
        make_desired(text("a", "x"), text("b", "x")), live_text("1", 1, "x"), live_text("2", 2, "x"), known=state(a="1")
    )
    assert only(found).why.endswith(": 2")
    deposed = replace(state(a="1"), deposed={"2": at("g/a")})
    found = identify(
        make_desired(text("a", "x"), text("b", "x")), live_text("1", 1, "x"), live_text("2", 2, "x"), known=deposed
    )
    assert found.refusals == ()


def test_an_item_of_equal_title_or_another_photo_is_no_lookalike() -> None:
    other = live_item("1", 1, WixFile(id="other"), title="Untitled")
    assert identify(make_desired(item("a", WixFile(id="f"), title="Untitled")), other, known=state()).refusals == ()


def test_a_long_list_of_lookalikes_is_shortened() -> None:
    site = [live_text(str(i), i, "x") for i in range(12)]
    assert only(identify(make_desired(text("a", "x")), *site, known=state())).why.endswith("9, and 2 more")


# Which files are looked up


def looked_up(desired: Desired, *items: LiveItem, known: Bindings) -> tuple[str, ...]:
    galleries = (live_gallery(*items),)
    return files_to_look_up(match_known_items(desired, galleries, known, identify_galleries(desired, galleries, known)))


PHOTO = make_desired(item("a", local_photo("a")))


def test_no_descriptor_is_read_when_state_knows_what_is_shown() -> None:
    known = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "f"})
    theirs = live_item("2", 2, WixFile(id="theirs"))
    assert looked_up(PHOTO, live_item("1", 1, WixFile(id="f")), theirs, known=known) == ()


def test_descriptors_are_read_of_what_state_does_not_know() -> None:
    shown, theirs = live_item("1", 1, WixFile(id="f")), live_item("2", 2, WixFile(id="theirs"))
    assert looked_up(PHOTO, shown, known=Bindings()) == ("f",)
    edited = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "other"})
    assert looked_up(PHOTO, shown, theirs, known=edited) == ("f",)
    ours = Bindings(ids=known_ids(a="1"), media={local_photo("a").source: "other", "sha256:x": "f"})
    assert looked_up(PHOTO, shown, known=ours) == ()
    ignored = make_desired(replace(item("a", local_photo("a")), ignore=frozenset({"media"})))
    assert looked_up(ignored, shown, known=state(a="1")) == ()


def test_before_a_create_the_files_of_unmanaged_items_are_looked_up() -> None:
    shown, theirs = live_item("1", 1, WixFile(id="f")), live_item("2", 2, WixFile(id="theirs"))
    known = Bindings(ids=known_ids(b="1"), media={local_photo("a").source: "f"})
    both = make_desired(item("a", local_photo("a")), item("b", WixFile(id="f")))
    assert looked_up(both, shown, theirs, known=known) == ("theirs",)


def test_a_gallery_that_was_not_read_is_never_compared() -> None:
    unread = replace(live_gallery(), items=None)
    with pytest.raises(AssertionError, match="were not read"):
        identify_site(PHOTO, snapshot(unread), Bindings())


def test_each_gallery_gets_its_own_part_of_state() -> None:
    hall = replace(gallery(), address=at("h"), bind=replace(gallery().bind, id="H"))
    known = Bindings(
        ids={**known_ids(a="1"), at("h"): "H", at("h/a"): "2", at("old/a"): "3"},
        deposed={"4": at("h/b")},
        media={"sha256:x": "f"},
    )
    site = snapshot(live_gallery(live_text("1", 1, "x")), live_gallery(live_text("2", 1, "x"), id_="H"))
    desired = Desired(galleries=(gallery(text("a", "x")), replace(hall, items=())))
    found = identify_site(desired, site, known)
    assert found.items[G].state.ids == known_ids(a="1")
    assert found.items[G].state.deposed == {}
    assert found.items[at("h")].state.ids == {at("h"): "H", at("h/a"): "2"}
    assert found.items[at("h")].state.deposed == {"4": at("h/b")}
    assert found.forget == {at("old/a"): "gone from the site"}
