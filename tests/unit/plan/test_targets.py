"""`--target`: what a plan may touch, and targets that mean nothing."""

from __future__ import annotations

import pytest

from galleryctl.model.errors import MatchError
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.targets import check_targets, contains_target, filter_targeted, is_targeted
from tests.unit.plan.memory_site import at


def test_without_targets_all_is_meant() -> None:
    assert is_targeted(at("g/a"), ())
    assert contains_target(at("g"), ())


def test_a_gallery_means_its_items_and_an_item_only_itself() -> None:
    assert is_targeted(at("g/a"), (at("g"),))
    assert not is_targeted(at("g"), (at("g/a"),))
    assert not is_targeted(at("g/b"), (at("g/a"),))
    assert contains_target(at("g"), (at("g/a"),))
    assert not contains_target(at("h"), (at("g/a"),))


def test_an_unknown_target_is_an_error_that_names_what_is_close() -> None:
    known = {at("weddings"), at("weddings/dance")}
    check_targets((at("weddings/dance"),), known)
    with pytest.raises(MatchError, match="unknown target weddings/danse: no manifest or state") as caught:
        check_targets((at("weddings/danse"),), known)
    assert "weddings/dance" in caught.value.do
    with pytest.raises(MatchError) as caught:
        check_targets((at("zzz"),), known)
    assert "state list" in caught.value.do


def test_a_gallery_that_is_to_be_made_comes_along_with_its_item() -> None:
    made = Change(address=at("g"), action=Action.CREATE)
    changed = Change(address=at("h"), action=Action.UPDATE)
    items = [Change(address=at(a), action=Action.CREATE) for a in ("g/a", "g/b", "h/a")]
    assert filter_targeted([made, changed, *items], (at("g/a"), at("h/a"))) == (made, items[0], items[2])
