from __future__ import annotations

from typing import Any

from tests.support.cli_harness import CliHarness


def texts(count: int) -> list[str]:
    return [f"{{key: t{n:04}, title: T{n:04}, text: '<p>{n}</p>'}}" for n in range(count)]


def test_first_apply_makes_the_gallery_and_the_second_plan_only_reads(wedding: CliHarness) -> None:
    first = wedding.apply()
    assert "4" in first.out
    assert wedding.titles() == ["First dance", "Cake", "Rings", "Words"]
    items = wedding.items()
    assert items[0]["tags"]["values"] == ["dance"]
    assert items[1]["link"] == {"url": "https://example.com", "text": "Book"}
    assert items[2]["image"]["quality"] == 90
    assert (items[0]["image"]["imageInfo"]["width"], items[0]["image"]["imageInfo"]["height"]) == (64, 48)
    second = wedding.run("plan", "--detailed-exitcode", "-vv")
    assert second.code == 0
    assert len(second.requests) == 2
    assert "No changes" in second.out


def test_a_changed_title_is_one_patch(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: The first dance, tags: [dance]}",
            "{image: photos/cake.jpg, title: Cake, link: {url: 'https://example.com', text: Book}}",
            "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ]
    )
    ran = wedding.apply("-vv")
    assert [r.split()[0] for r in ran.requests] == ["GET", "GET", "PATCH"]
    assert wedding.titles()[0] == "The first dance"
    wedding.assert_no_changes()


def test_one_move_among_a_thousand_is_one_patch(studio: CliHarness) -> None:
    items = texts(1000)
    studio.write_gallery(items)
    studio.apply()
    studio.write_gallery([items[700], *items[:700], *items[701:]])
    ran = studio.apply("-vv")
    methods = [request.split()[0] for request in ran.requests]
    assert methods.count("PATCH") == 1
    assert methods.count("GET") == 1 + 10
    assert len(methods) == 12
    assert studio.titles()[:3] == ["T0700", "T0000", "T0001"]
    studio.assert_no_changes()


def test_a_reversal_writes_all_but_one(studio: CliHarness) -> None:
    items = texts(60)
    studio.write_gallery(items)
    studio.apply()
    studio.write_gallery(items[::-1])
    ran = studio.apply("-vv")
    assert [request.split()[0] for request in ran.requests].count("PATCH") == 59
    assert studio.titles() == [f"T{n:04}" for n in reversed(range(60))]
    studio.assert_no_changes()


def test_a_removed_item_is_deleted_and_a_foreign_one_kept(wedding: CliHarness) -> None:
    wedding.apply()
    gallery = wedding.galleries()[0]["id"]
    wedding.edit(
        {
            "gallery": gallery,
            "item": None,
            "set": {"type": "TEXT", "title": "By hand", "sortOrder": 0.5, "text": {"html": "x"}},
        }
    )
    wedding.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
            "{image: photos/cake.jpg, title: Cake, link: {url: 'https://example.com', text: Book}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ]
    )
    wedding.apply()
    assert sorted(wedding.titles()) == ["By hand", "Cake", "First dance", "Words"]
    wedding.assert_no_changes()


def live_ids(state: dict[str, Any]) -> dict[str, object]:
    """The live ids of all galleries and items in state."""
    return {
        key: (gallery["id"], {item: entry["id"] for item, entry in gallery["items"].items()})
        for key, gallery in state["galleries"].items()
    }


def test_a_lost_state_is_rebuilt_without_create_or_delete(wedding: CliHarness) -> None:
    wedding.apply()
    before = wedding.items()
    state = wedding.state()
    (wedding.root / ".galleryctl/state.json").unlink()
    ran = wedding.apply("-vv")
    assert {request.split()[0] for request in ran.requests} <= {"GET", "POST"}
    assert [r for r in ran.requests if r.startswith("POST")] in ([], ["POST /site-media/v1/files/get-files"])
    assert wedding.items() == before
    assert live_ids(wedding.state()) == live_ids(state)
    assert wedding.state()["media"] == state["media"]
    wedding.assert_no_changes()


def test_one_photo_in_two_items_is_uploaded_once(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_photo("photos/copy.jpg", 1)
    studio.write_gallery(["{image: photos/a.jpg, title: A}", "{image: photos/copy.jpg, title: B}"])
    studio.apply()
    assert len(studio.files()) == 1
    assert studio.titles() == ["A", "B"]
    studio.assert_no_changes()


def test_a_changed_photo_is_uploaded_and_repointed(wedding: CliHarness) -> None:
    wedding.apply()
    before = wedding.items()
    wedding.write_photo("photos/cake.jpg", 77)
    ran = wedding.apply("-vv")
    after = wedding.items()
    assert [request.split()[0] for request in ran.requests].count("PATCH") == 1
    assert [item["id"] for item in after] == [item["id"] for item in before]
    assert after[1]["image"]["imageInfo"]["id"] != before[1]["image"]["imageInfo"]["id"]
    wedding.assert_no_changes()


def test_a_change_of_kind_replaces_the_item_in_its_place(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
            "{key: cake, video: 'https://vimeo.com/378840916', title: Cake}",
            "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ]
    )
    wedding.apply("--max-delete-percent", "50")
    assert wedding.titles() == ["First dance", "Cake", "Rings", "Words"]
    assert [item["type"] for item in wedding.items()] == ["IMAGE", "VIDEO", "IMAGE", "TEXT"]
    wedding.assert_no_changes()


def test_a_renamed_key_is_no_delete_and_no_create(wedding: CliHarness) -> None:
    wedding.apply()
    before = wedding.items()
    wedding.write_gallery(
        [
            "{key: opening, image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
            "{image: photos/cake.jpg, title: Cake, link: {url: 'https://example.com', text: Book}}",
            "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ],
        head="bind: {name: Weddings, create: true}\nname: Weddings\nmoved: [{from: first-dance, to: opening}]\n",
    )
    wedding.apply()
    assert wedding.items() == before
    assert "opening" in wedding.state()["galleries"]["weddings"]["items"]
    wedding.assert_no_changes()


def test_a_saved_plan_is_applied_as_it_is(wedding: CliHarness) -> None:
    plan = wedding.root / "plan.json"
    assert wedding.run("plan", "--out", str(plan)).code == 0
    assert wedding.run("apply", str(plan)).code == 0
    assert wedding.titles() == ["First dance", "Cake", "Rings", "Words"]
    again = wedding.run("apply", str(plan))
    assert again.code == 1
    assert "create a new plan" in again.err


def test_a_saved_plan_is_rejected_if_the_site_has_changed(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: Changed, tags: [dance]}",
            "{image: photos/cake.jpg, title: Cake too, link: {url: 'https://example.com', text: Book}}",
            "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ]
    )
    plan = wedding.root / "plan.json"
    wedding.run("plan", "--out", str(plan))
    gallery, item = wedding.galleries()[0]["id"], wedding.items()[0]["id"]
    wedding.edit({"gallery": gallery, "item": item, "set": {"title": "By hand"}})
    ran = wedding.run("apply", str(plan))
    assert ran.code == 1
    assert "weddings/first-dance" in ran.err
    assert wedding.titles() == ["By hand", "Cake", "Rings", "Words"]


def test_a_stale_plan_names_the_fields_that_changed(wedding: CliHarness) -> None:
    wedding.apply()
    wedding.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: First dance, tags: [dance]}",
            "{image: photos/cake.jpg, title: Layer cake, link: {url: 'https://example.com', text: Book}}",
            "{image: photos/rings.jpg, title: The rings, quality: 90, focal_point: {x: 0.75, y: 0.25}}",
        ]
    )
    wedding.run("plan", "--out", "plan.json")
    gallery, (_, cake, rings, *_) = wedding.galleries()[0]["id"], wedding.items()
    focal_point = {"image": {"focalPoint": {"x": 0.5, "y": 0.5}}}
    wedding.edit(
        {"gallery": gallery, "item": rings["id"], "set": {"title": "Their rings", **focal_point}},
        {"gallery": gallery, "item": cake["id"], "set": {"description": "By hand"}},
    )
    ran = wedding.run("apply", "plan.json")
    assert ran.code == 1
    assert 'weddings/rings: title "Rings" → "Their rings", focal_point.y 0.25 → 0.5 (changed on the site)' in ran.err
    assert "weddings/cake: it was changed on the site, but not in a field that the plan changes" in ran.err
    assert wedding.titles() == ["First dance", "Cake", "Their rings", "Words"]


def test_drift_names_what_the_editor_changed(wedding: CliHarness) -> None:
    wedding.apply()
    assert wedding.run("drift").code == 0
    gallery, item = wedding.galleries()[0]["id"], wedding.items()[1]["id"]
    wedding.edit({"gallery": gallery, "item": item, "set": {"title": "Torte"}})
    ran = wedding.run("drift")
    assert ran.code == 2
    assert "Torte" in ran.out
    wedding.apply()
    assert wedding.titles()[1] == "Cake"


def test_what_the_manifest_does_not_declare_is_left_alone(wedding: CliHarness) -> None:
    wedding.apply()
    gallery, item = wedding.galleries()[0]["id"], wedding.items()[0]
    wedding.edit(
        {
            "gallery": gallery,
            "item": item["id"],
            "set": {
                "description": "By hand",
                "futureField": {"a": 1},
                "tags": {"values": ["_fileOrigin_uploaded", "dance"]},
                "image": {**item["image"], "type": "WIX_MEDIA", "exif": {"Make": "Leica"}, "later": True},
            },
        }
    )
    wedding.assert_no_changes()
    wedding.write_gallery(
        [
            "{image: photos/first-dance.jpg, title: First dance, tags: [dance, light], quality: 80}",
            "{image: photos/cake.jpg, title: Cake, link: {url: 'https://example.com', text: Book}}",
            "{image: photos/rings.jpg, title: Rings, quality: 90, focal_point: {x: 0.5, y: 0.25}}",
            "{key: words, text: '<p>Thank you</p>', title: Words}",
        ]
    )
    wedding.apply()
    after = wedding.items()[0]
    assert after["description"] == "By hand"
    assert after["futureField"] == {"a": 1}
    assert sorted(after["tags"]["values"]) == ["_fileOrigin_uploaded", "dance", "light"]
    assert after["image"]["exif"] == {"Make": "Leica"}
    assert after["image"]["later"] is True
    assert after["image"]["quality"] == 80
    wedding.assert_no_changes()


def test_destroy_leaves_what_is_protected_and_deletes_the_rest(wedding: CliHarness) -> None:
    wedding.apply()
    refused = wedding.run("destroy", "--auto-approve")
    assert refused.code == 1
    assert "protect" in refused.err
    assert len(wedding.items()) == 4
    head = "bind: {name: Weddings, create: true}\nname: Weddings\nprotect: false\n"
    wedding.write(
        "galleries/weddings.yaml",
        (wedding.root / "galleries/weddings.yaml")
        .read_text()
        .replace("bind: {name: Weddings, create: true}\nname: Weddings\n", head),
    )
    wedding.apply()
    assert wedding.run("destroy", "--auto-approve").code == 0
    assert wedding.galleries() == []


def test_a_gallery_deleted_on_the_site_is_recreated_only_if_allowed(wedding: CliHarness) -> None:
    wedding.apply()
    (gallery,) = wedding.galleries()
    wedding.call_api("DELETE", f"/progallery/v2/galleries/{gallery['id']}")
    ran = wedding.run("apply", "--auto-approve", "-q")
    assert ran.code == 1
    told = " ".join((ran.out + ran.err).split())
    assert f"its gallery {gallery['id']} is gone from the site" in told
    assert "--allow-recreate" in told
    assert wedding.galleries() == []
    wedding.apply("--allow-recreate")
    assert wedding.titles() == ["First dance", "Cake", "Rings", "Words"]
    wedding.assert_no_changes()


def test_a_sort_order_that_two_items_share_is_replaced_where_they_stay(studio: CliHarness) -> None:
    studio.write_gallery([f"{{key: {k}, text: <p>{k}</p>, title: {k}}}" for k in "abc"])
    studio.apply()
    first, second, _ = studio.items()
    titles = [item["title"] for item in sorted((first, second), key=lambda item: str(item["id"]))]
    order = {"sortOrder": first["sortOrder"]}
    studio.edit({"gallery": {"name": "Weddings"}, "item": {"title": "b"}, "set": order})
    if titles == ["b", "a"]:  # the site shows them in the order of their ids
        studio.write_gallery([f"{{key: {k}, text: <p>{k}</p>, title: {k}}}" for k in "bac"])
    plan = studio.run("plan").out
    for place, title in enumerate(titles, 1):
        assert f'> {title}  text "{title}"  new sort order, stays at {place}  (changed on the site at' in plan
    assert f'> {titles[1]}  text "{titles[1]}"  order changed on the site, stays at 2  (at' in studio.run("drift").out
    studio.apply()
    studio.assert_no_changes()
