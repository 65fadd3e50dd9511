"""The steps of a plan, and what waits for what."""

from __future__ import annotations

from galleryctl.model.media import Kind, RemoteFile
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.steps import MAX_DELETES_PER_STEP, CreateGallery, DeleteItems, Step, plan_steps
from tests.unit.plan.memory_site import at, local_photo


def change(address: str, action: Action, media: object = None, **parts: object) -> Change:
    kind = Kind.IMAGE if "/" in address else None
    return Change(address=at(address), action=action, kind=kind, media=media, **parts)  # type: ignore[arg-type]  # any part


def steps(*changes: Change, media: dict[str, str] | None = None) -> dict[str, set[str]]:
    plan = Plan(site_id="site", changes=changes, media=media or {})
    return {step.id: set(step.depends_on) for step in plan_steps(plan)}


def test_media_is_there_before_what_shows_it_and_before_anything_goes() -> None:
    assert steps(
        change("g", Action.UPDATE),
        change("g/a", Action.CREATE, local_photo("a")),
        change("g/b", Action.UPDATE, RemoteFile(url="https://e.com/b.jpg")),
        change("g/c", Action.REPLACE, local_photo("a")),
        change("g/d", Action.DELETE),
        change("old", Action.DELETE),
    ) == {
        "upload photos/a.jpg": set(),
        "import https://e.com/b.jpg": set(),
        "update g": set(),
        "create g/a": {"upload photos/a.jpg"},
        "update g/b": {"import https://e.com/b.jpg"},
        "create g/c": {"upload photos/a.jpg"},
        "delete items of g": {
            "upload photos/a.jpg",
            "import https://e.com/b.jpg",
            "create g/a",
            "create g/c",
        },
        "delete old": {
            "upload photos/a.jpg",
            "import https://e.com/b.jpg",
            "create g/a",
            "create g/c",
        },
    }


def test_a_new_gallery_is_one_step_with_its_items() -> None:
    assert steps(
        change("g", Action.CREATE), change("g/a", Action.CREATE, local_photo("a")), change("g/b", Action.CREATE)
    ) == {
        "upload photos/a.jpg": set(),
        "create g": {"upload photos/a.jpg"},
    }


def test_what_is_known_is_not_uploaded_and_one_content_only_once() -> None:
    twice = (change("g/a", Action.UPDATE, local_photo("a", "x")), change("g/b", Action.UPDATE, local_photo("b", "x")))
    assert list(steps(*twice)) == ["upload photos/a.jpg", "update g/a", "update g/b"]
    assert list(steps(*twice, media={"sha256:x": "f"})) == ["update g/a", "update g/b"]


def test_deletes_of_other_galleries_wait_for_creates_too() -> None:
    found = steps(
        change("g/a", Action.CREATE),
        change("new", Action.CREATE),
        change("new/a", Action.CREATE),
        change("g", Action.UPDATE),
        change("h/a", Action.DELETE),
        change("old", Action.DELETE),
    )
    assert found["delete items of h"] == found["delete old"] == {"create g/a", "create new"}


def test_an_upload_is_needed_by_its_items_and_by_deletes_of_their_keys() -> None:
    planned = plan_steps(
        Plan(
            site_id="site",
            changes=(
                change("new", Action.CREATE),
                change("new/a", Action.CREATE, local_photo("a")),
                change("new/b", Action.CREATE, local_photo("b")),
                change("new/t", Action.CREATE),
                change("g/c", Action.REPLACE, local_photo("c")),
                change("g/d", Action.UPDATE, local_photo("d")),
                change("h/a", Action.DELETE),
                change("h/x", Action.DELETE),
                change("old", Action.DELETE),
            ),
        )
    )
    named = {
        step.id: {id_: set(map(str, addresses)) for id_, addresses in step.needed_by.items() if addresses}
        for step in planned
    }
    assert {id_: needed for id_, needed in named.items() if needed} == {
        "create new": {"upload photos/a.jpg": {"new/a"}, "upload photos/b.jpg": {"new/b"}},
        "delete items of g": {"upload photos/c.jpg": {"g/c"}, "create g/c": {"g/c"}},
        "delete items of h": {"upload photos/a.jpg": {"h/a"}, "create new": {"h/a"}},
    }


def test_a_step_is_done_without_some_changes_unless_nothing_is_left() -> None:
    photos = tuple(change(f"g/{key}", Action.CREATE, local_photo(key)) for key in "ab")
    create = Step(id="c", action=CreateGallery(change=change("g", Action.CREATE), items=photos))
    assert create.without(()) == create
    reduced = create.without({at("g/a")})
    assert reduced is not None
    assert [str(each.address) for each in reduced.changes] == ["g", "g/b"]
    assert create.without({at("g/a"), at("g/b")}) is None
    bare = Step(id="c", action=CreateGallery(change=change("g", Action.CREATE)))
    assert bare.without({at("g/a")}) == bare
    delete = Step(id="d", action=DeleteItems(gallery=at("g"), changes=(change("g/a", Action.DELETE),)))
    assert delete.without({at("g/b")}) == delete
    assert delete.without({at("g/a")}) is None


def test_a_call_deletes_a_thousand_items() -> None:
    gone = [change(f"g/k{i}", Action.DELETE, id=str(i)) for i in range(2 * MAX_DELETES_PER_STEP + 1)]
    found = plan_steps(Plan(site_id="site", changes=tuple(gone)))
    assert [step.id for step in found] == [
        "delete items of g",
        "delete items of g (2)",
        "delete items of g (3)",
    ]
    sizes = [len(step.action.changes) for step in found if isinstance(step.action, DeleteItems)]
    assert sizes == [1000, 1000, 1]
    assert tuple(one for step in found for one in step.changes) == tuple(gone)


def test_every_change_belongs_to_a_step() -> None:
    changes = (
        change("g", Action.CREATE),
        change("g/a", Action.CREATE, local_photo("a")),
        change("h", Action.UPDATE),
        change("h/a", Action.REPLACE, local_photo("a")),
        change("h/b", Action.UPDATE),
        change("h/c", Action.DELETE),
        change("i", Action.DELETE),
    )
    found = plan_steps(Plan(site_id="site", changes=changes))
    assert {id(one) for step in found for one in step.changes} == {id(one) for one in changes}
    done: set[str] = set()
    for step in found:
        assert step.depends_on <= done
        done.add(step.id)
