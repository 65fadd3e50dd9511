"""Test that managing a resource again ends its release."""

from __future__ import annotations

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import LastApplied, Origin

A, B, C = (Address("g", key) for key in "abc")


def test_an_id_stays_released_when_its_key_is_used_again() -> None:
    bindings = Bindings(ids={B: "9"}, released={A: "1", B: "2"})
    assert bindings.with_current_releases().released == {A: "1", B: "2"}


def test_an_id_stays_released_when_the_item_that_has_its_key_is_gone() -> None:
    bindings = Bindings(ids={A: "9"}, released={A: "1"}).without({A})
    assert (bindings.ids, bindings.released) == ({}, {A: "1"})


def test_an_address_that_is_managed_again_is_not_released() -> None:
    bindings = Bindings(ids={A: "1", B: "9"}, released={A: "1", B: None})
    assert bindings.with_current_releases().released == {}


def test_a_release_does_not_follow_the_item_that_uses_its_key_again() -> None:
    bindings = Bindings(ids={A: "9", B: "8"}, released={A: "1", C: "2"})
    moves = {A: C, B: A}
    renamed = bindings.renamed(lambda address: moves.get(address, address))
    assert renamed.ids == {C: "9", A: "8"}
    assert renamed.released == {A: "1", C: "2"}


def test_an_id_that_another_address_manages_is_not_released() -> None:
    bindings = Bindings(ids={C: "1"}, released={A: "1", B: "2"})
    assert bindings.with_current_releases().released == {A: None, B: "2"}


def test_what_only_a_restored_state_knows_stays_released() -> None:
    restored = {A: LastApplied(origin=Origin.RESTORED)}
    bindings = Bindings(ids={A: "1"}, records=restored, released={A: "1"})
    assert bindings.with_current_releases() == bindings


def test_releases_follow_their_gallery() -> None:
    bindings = Bindings(released={A: "1", Address("h", "a"): None})
    renamed = bindings.renamed(lambda address: Address("new", address.item) if address.gallery == "g" else address)
    assert renamed.released == {Address("new", "a"): "1", Address("h", "a"): None}
    assert bindings.filtered(lambda address: address.gallery == "h").released == {Address("h", "a"): None}
