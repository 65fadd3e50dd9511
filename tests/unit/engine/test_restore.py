"""What restoring a previous version of the state does to the current one."""

from __future__ import annotations

from galleryctl.engine.state.restore import merge_version
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import LastApplied, Origin

CREATED = LastApplied(origin=Origin.CREATED, sort_order=1.0)


def at(text: str) -> Address:
    return Address.parse(text)


def state(protected: tuple[str, ...] = (), **ids: str) -> Bindings:
    """State of gallery g with these items, all created."""
    addresses = {at(f"g/{key}"): id_ for key, id_ in ids.items()}
    return Bindings(
        ids={at("g"): "G", **addresses},
        records=dict.fromkeys((at("g"), *addresses), CREATED),
        protected=frozenset(map(at, protected)),
    )


def test_the_current_state_stays_and_what_only_the_version_knows_is_restored() -> None:
    merged = merge_version(state(x="1", c="4"), state(a="1", b="2", c="3"))
    assert merged.ids == {at("g"): "G", at("g/a"): "1", at("g/b"): "2", at("g/c"): "4"}
    assert merged.records[at("g/a")] == CREATED
    assert merged.records[at("g/b")].origin is Origin.RESTORED
    assert merged.records[at("g/c")] == CREATED


def test_nothing_that_was_created_since_is_lost() -> None:
    current = state(a="1", new="9")
    assert merge_version(current, state(a="1")) == current


def test_what_is_being_replaced_is_not_restored() -> None:
    current = Bindings(ids={at("g"): "G", at("g/a"): "2"}, deposed={"1": at("g/a")})
    assert merge_version(current, state(a="1")).ids == current.ids


def test_protection_of_what_is_restored_is_restored() -> None:
    merged = merge_version(state(a="1"), state(a="1", b="2", protected=("g/a", "g/b")))
    assert merged.protected == {at("g/b")}


def test_two_keys_that_were_exchanged_stay_as_they_are_now() -> None:
    current = state(a="2", b="1")
    assert merge_version(current, state(a="1", b="2")) == current
