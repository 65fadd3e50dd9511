from __future__ import annotations

from tests.studio import Studio


def test_import_writes_a_manifest_and_the_next_plan_is_empty(studio: Studio) -> None:
    made = studio.edit({"set": {"name": "Weddings", "sortOrder": 5}})
    gallery = made[0]["gallery"]["id"]
    studio.edit(
        {
            "gallery": gallery,
            "item": None,
            "set": {"type": "TEXT", "title": "A", "sortOrder": 2.5, "text": {"html": "<p>a</p>"}},
        },
        {
            "gallery": gallery,
            "item": None,
            "set": {"type": "TEXT", "title": "B", "sortOrder": 1.5, "text": {"html": ""}},
        },
    )
    ran = studio.run("import", "weddings", "-v")
    assert ran.code == 0, ran.out + ran.err
    print(ran.out, ran.err, (studio.root / "galleries/weddings.yaml").read_text())
    studio.assert_settled()
    (studio.root / ".galleryctl/state.json").unlink()
    studio.assert_settled()
