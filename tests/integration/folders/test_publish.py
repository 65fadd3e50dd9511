"""`publish` declares an item for a time: UTC dates, or times with an offset."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.cli_harness import CliHarness


def day(days: float) -> str:
    """Return a date relative to today, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")


def text(key: str, publish: str = "") -> str:
    window = f", publish: {publish}" if publish else ""
    return f"{{key: {key}, text: <p>{key}</p>{window}}}"


def shown(studio: CliHarness) -> list[str]:
    return [line.split()[0].partition("/")[2] for line in studio.run("state", "list").out.splitlines() if "/" in line]


def test_an_item_is_declared_within_its_time(studio: CliHarness) -> None:
    studio.write_gallery(
        [
            text("always"),
            text("now", f"{{from: '{day(-3)}', until: '{day(3)}'}}"),
            text("later", f"{{from: '{day(2)}'}}"),
            text("over", f"{{until: '{day(0)}'}}"),
        ]
    )
    ran = studio.apply()
    assert sorted(shown(studio)) == ["always", "now"]
    notes = " ".join(ran.out.split())
    assert f"weddings: published from {day(2)}: later" in notes
    assert f"weddings: published only until {day(3)}: now" in notes
    assert f"weddings: no longer published since {day(0)}: over" in notes
    studio.assert_no_changes()
    studio.write_gallery([text("always"), text("now", f"{{until: '{day(0)}'}}"), text("later"), text("over")])
    studio.apply("--max-delete-percent", "40")
    assert sorted(shown(studio)) == ["always", "later", "over"]


def test_times_have_an_offset(studio: CliHarness) -> None:
    past = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    studio.write_gallery([text("a", f"{{from: '{past}+02:00'}}"), text("b", f"{{from: '{past}Z'}}")])
    studio.apply()
    assert shown(studio) == ["a"]


def test_a_time_in_the_far_future_is_not_noted(studio: CliHarness) -> None:
    studio.write_gallery([text("a", f"{{until: '{day(40)}'}}")])
    assert "published" not in studio.run("plan").out


def test_the_plan_says_what_time_it_was_made_for(studio: CliHarness) -> None:
    studio.write_gallery([text("a", f"{{until: '{day(40)}'}}")])
    plan = json.loads(studio.run("plan", "--format", "json", "--out", "plan.json").out)
    made = datetime.fromisoformat(plan["made_at"])
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=5)
    assert studio.run("apply", "plan.json").code == 0
    studio.write_gallery([text("a")])
    assert json.loads(studio.run("plan", "--format", "json").out)["made_at"] == ""


def test_photos_have_a_time_in_their_sidecars(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_photo("photos/b.jpg", 2)
    studio.write("photos/b.yaml", f"publish: {{from: '{day(9)}'}}\n")
    studio.write_gallery([f"{{from: photos, publish: {{until: '{day(9)}'}}}}"])
    studio.apply()
    assert shown(studio) == ["a"]


@pytest.mark.parametrize(
    ("publish", "message"),
    [
        ("{from: '2026-12-24T18:00'}", "4:40: the time 2026-12-24T18:00 has no offset from UTC: write for example"),
        ("{from: '24.12.2026'}", "'24.12.2026' is not a date or a time: write for example \"2026-12-24\""),
        ("{from: '2026-02-30'}", "'2026-02-30' is not a date or a time"),
        ("{from: '2026-02-03', until: '2026-02-03'}", "until must be later than from"),
        ("{from: 2026-02-03}", "quote"),
        ("{}", "publish"),
        ("{until: 2026}", "until"),
    ],
)
def test_mistakes(studio: CliHarness, publish: str, message: str) -> None:
    studio.write_gallery([text("a", publish)])
    ran = studio.run("validate")
    assert ran.code == 1
    assert message.removeprefix("4:40: ") in ran.err


def test_accepted_drift_leaves_unpublished_items_where_they_are(studio: CliHarness) -> None:
    later = f"{{from: '{day(50)}'}}"
    studio.write_gallery([text("a"), text("b", later), text("c"), text("d", later)])
    studio.apply()
    first, last = (item["sortOrder"] for item in studio.items())
    studio.edit(
        {
            "gallery": {"name": "Weddings"},
            "item": {"id": studio.items()[0]["id"]},
            "set": {"sortOrder": last + (last - first)},
        }
    )
    assert studio.run("drift").code == 2
    accepted = studio.run("drift", "--accept")
    assert accepted.code == 0, accepted.out + accepted.err
    studio.assert_no_changes()
    manifest = (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    assert manifest.index("key: c") < manifest.index("key: a")
    assert all(f"key: {key}" in manifest for key in "bd")


def test_import_keeps_unpublished_entries(studio: CliHarness) -> None:
    later = f"{{from: '{day(50)}'}}"
    studio.write_gallery([text("a"), text("b", later)])
    studio.apply()
    studio.edit({"gallery": {"name": "Weddings"}, "item": {"id": studio.items()[0]["id"]}, "set": {"title": "New"}})
    imported = studio.run("import", "weddings")
    assert imported.code == 0, imported.out + imported.err
    manifest = (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8")
    assert "key: b" in manifest
    assert "title: New" in manifest
