"""What is managed again is not released any more."""

from __future__ import annotations

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import LastApplied, Origin

A, B, C = (Address("g", key) for key in "abc")


def test_an_address_that_is_managed_again_is_not_released() -> None:
    bindings = Bindings(ids={B: "9"}, released={A: "1", B: "2"})
    assert bindings.with_current_releases().released == {A: "1"}


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
