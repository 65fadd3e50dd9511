"""Drift that galleryctl.tolerated.yaml tolerates: recorded, left alone, and drift again."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from galleryctl.manifest.schema import load_schema
from galleryctl.plan.changes import Plan
from galleryctl.plan.make import PlanOptions
from galleryctl.session.open import WorkspaceSite, select_site
from galleryctl.session.run import ApplyHooks, apply_workspace, drift_options, plan_workspace
from galleryctl.wix.transport import Timing
from tests.support.cli_harness import CliHarness, CommandResult, Doc

OURS = {"gallery": {"name": "Weddings"}}
FILE = "galleryctl.tolerated.yaml"
FOREVER = "2999-12-31"


def of(title: str) -> Doc:
    return {**OURS, "item": {"title": title}}


def tolerate(studio: CliHarness, *addresses: str, until: str = FOREVER) -> CommandResult:
    ran = studio.run("drift", "--tolerate-until", until, "--reason", "The client decides", *addresses)
    assert ran.code == 0, ran.out + ran.err
    return ran


def read(studio: CliHarness) -> str:
    return (studio.root / FILE).read_text(encoding="utf-8")


def end(studio: CliHarness) -> None:
    """Let all entries end in the past."""
    studio.write(FILE, read(studio).replace(FOREVER, "2020-01-31"))


def replace_in_manifest(studio: CliHarness, old: str, new: str) -> None:
    path = studio.root / "galleries/weddings.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def item_of(studio: CliHarness, title: str) -> Doc:
    (found,) = [item for item in studio.items() if item.get("title") == title]
    return found


@pytest.fixture
def applied(wedding: CliHarness) -> CliHarness:
    wedding.apply()
    return wedding


def test_a_tolerated_value_is_left_alone_and_reported(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    assert tolerate(applied, "weddings/cake").out == 'weddings/cake: title "The cake"\n'
    for command in (["plan", "--detailed-exitcode"], ["drift"]):
        ran = applied.run(*command)
        assert ran.code == 0, ran.out
        assert 'weddings/cake: tolerated until 2999-12-31: title "The cake": The client decides' in ran.out
        assert "except 1 tolerated difference" in ran.out
    applied.apply()
    assert applied.titles() == ["First dance", "The cake", "Rings", "Words"]


def test_the_file_is_written_for_readers(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    head, _, entries = read(applied).partition("\n")
    assert head.startswith("# ")
    assert entries == (
        "tolerated:\n"
        "  - address: weddings/cake\n"
        "    field: title\n"
        "    value: The cake\n"
        '    until: "2999-12-31"\n'
        "    reason: The client decides\n"
    )


def test_json_has_the_entries(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    plan = json.loads(applied.run("drift", "--format", "json").out)
    Draft202012Validator(dict(load_schema("plan"))).validate(plan)
    assert plan["changes"] == []
    assert plan["tolerated"] == [
        {
            "address": "weddings/cake",
            "field": "title",
            "value": "The cake",
            "until": FOREVER,
            "reason": "The client decides",
            "status": "tolerated",
            "why": "",
        }
    ]


def test_an_expired_value_is_drift_again(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    applied.apply()
    end(applied)
    ran = applied.run("drift")
    assert ran.code == 2
    shown = " ".join(ran.out.split())
    assert 'no longer tolerated, expired on 2020-01-31: title "The cake": The client decides; accept it' in shown
    assert "tolerate it longer (drift --tolerate-until)" in shown
    applied.apply()
    assert item_of(applied, "Cake")
    ran = applied.run("drift")
    assert ran.code == 0
    assert f"weddings/cake: remove its entry for title from {FILE}" in ran.out


def test_entries_without_effect_are_removed_on_request(applied: CliHarness) -> None:
    head = "# Agreed on in May\ntolerated: # by the couple\n"
    applied.edit({**of("Cake"), "set": {"title": "A"}}, {**of("Rings"), "set": {"title": "B"}})
    tolerate(applied, "weddings/cake", "weddings/rings")
    one, two = read(applied).partition("tolerated:\n")[2].split("  - ")[1:]
    applied.write(FILE, f"{head}  # for Ada\n  - {one}\n  # for Bea\n  - {two}# end\n")
    ran = applied.run("drift", "--remove-obsolete")
    assert (ran.code, ran.err) == (0, "No obsolete entries.\n")
    applied.edit({**of("A"), "set": {"title": "Cake"}})
    ran = applied.run("drift", "--remove-obsolete", "weddings/rings")
    assert (ran.code, ran.err) == (0, "No obsolete entries.\n")
    ran = applied.run("drift", "--remove-obsolete")
    assert ran.out == "weddings/cake: title: the site and the manifest no longer differ there\n"
    assert ran.err == f"Removed 1 entry from {FILE}. Commit this file.\n"
    assert read(applied) == f"{head}  # for Bea\n  - {two}# end\n"
    assert applied.run("drift").code == 0
    applied.edit({**of("B"), "set": {"title": "Rings"}})
    assert applied.run("drift", "--remove-obsolete").code == 0
    assert read(applied) == "# Agreed on in May\ntolerated: [] # by the couple\n# end\n"
    assert "Notes" not in applied.run("drift").out


def test_a_value_that_changes_again_is_drift(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    applied.edit({**of("The cake"), "set": {"title": "Our cake"}})
    ran = applied.run("drift")
    assert ran.code == 2
    assert "which has no effect: the site has changed again since" in " ".join(ran.out.split())
    tolerate(applied, "weddings/cake")
    assert read(applied).count("address:") == 1
    assert applied.run("drift").code == 0


def test_a_manifest_that_changes_the_value_makes_a_conflict(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    applied.apply()
    replace_in_manifest(applied, "title: Cake", "title: Wedding cake")
    ran = applied.run("drift")
    assert ran.code == 2
    assert "(conflict)" in ran.out
    assert applied.run("apply", "--auto-approve").code == 1
    assert item_of(applied, "The cake")


def test_a_conflict_cannot_be_tolerated(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    replace_in_manifest(applied, "title: Cake", "title: Wedding cake")
    ran = applied.run("drift", "--tolerate-until", FOREVER, "--reason", "r")
    assert ran.code == 2
    assert "weddings/cake: title cannot be tolerated: the manifest has changed as well" in ran.err
    assert not (applied.root / FILE).exists()


def test_a_missing_gallery_cannot_be_tolerated(applied: CliHarness) -> None:
    applied.edit({**OURS, "delete": True})
    ran = applied.run("drift", "--tolerate-until", FOREVER, "--reason", "r")
    assert ran.code == 2
    assert ran.err.startswith(
        "weddings: this difference cannot be tolerated: the gallery is missing on the site; delete"
    )
    assert not (applied.root / FILE).exists()


def test_another_field_of_the_item_is_written_and_the_tolerated_one_stays(applied: CliHarness) -> None:
    applied.edit({**of("Rings"), "set": {"image.focalPoint.x": 0.75}})
    tolerate(applied)
    replace_in_manifest(applied, "y: 0.25", "y: 0.375")
    replace_in_manifest(applied, "title: Rings", "title: Two rings")
    applied.apply()
    assert item_of(applied, "Two rings")["image"]["focalPoint"] == {"x": 0.75, "y": 0.375}
    assert applied.run("drift").code == 0
    end(applied)
    ran = applied.run("drift")
    assert ran.code == 2
    assert "focal_point.x: 0.5 → 0.75" in ran.out
    applied.apply()
    assert item_of(applied, "Two rings")["image"]["focalPoint"] == {"x": 0.5, "y": 0.375}


@pytest.mark.parametrize("title", ["cake ", "Torte"])
def test_a_later_write_does_not_make_a_tolerated_value_the_form_of_the_site(applied: CliHarness, title: str) -> None:
    replace_in_manifest(applied, "title: Cake", "title: Torte")
    applied.apply()
    replace_in_manifest(applied, "title: Torte", "title: CAKE")
    applied.apply()
    applied.edit({**of("CAKE"), "set": {"title": title}})
    tolerate(applied)
    replace_in_manifest(applied, "text: Book", "text: Order")
    applied.apply()
    assert title in applied.titles()
    end(applied)
    ran = applied.run("drift")
    assert ran.code == 2
    assert "no longer tolerated" in ran.out


def test_a_tolerated_move(applied: CliHarness) -> None:
    first = applied.items()[0]["sortOrder"]
    applied.edit({**of("Rings"), "set": {"sortOrder": first - 1}})
    assert applied.run("drift").code == 2
    assert tolerate(applied, "weddings/rings").out == "weddings/rings: moved on the site, first\n"
    assert applied.run("drift").code == 0
    applied.apply()
    assert applied.titles() == ["Rings", "First dance", "Cake", "Words"]
    end(applied)
    ran = applied.run("drift")
    assert ran.code == 2
    assert "moved on the site" in ran.out
    applied.apply()
    assert applied.titles() == ["First dance", "Cake", "Rings", "Words"]


def test_an_item_that_is_moved_again_is_drift_and_other_moves_come_from_the_manifest(applied: CliHarness) -> None:
    first = applied.items()[0]["sortOrder"]
    applied.edit({**of("Rings"), "set": {"sortOrder": first - 1}})
    tolerate(applied)
    path = applied.root / "galleries/weddings.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    (dance,) = [index for index, line in enumerate(lines) if "First dance" in line]
    lines.insert(dance, lines.pop(dance + 1))
    path.write_text("".join(lines), encoding="utf-8")
    ran = applied.run("drift")
    assert ran.code == 0, ran.out
    assert "1 change in the manifests not applied yet" in ran.out
    applied.apply()
    assert [title for title in applied.titles() if title != "Rings"] == ["Cake", "First dance", "Words"]
    assert item_of(applied, "Rings")["sortOrder"] == first - 1
    applied.edit({**of("Rings"), "set": {"sortOrder": first - 2}})
    ran = applied.run("drift")
    assert ran.code == 2
    assert "the site has changed again since" in " ".join(ran.out.split())


def test_two_items_that_changed_places(applied: CliHarness) -> None:
    dance, cake = (item["sortOrder"] for item in applied.items()[:2])
    applied.edit({**of("First dance"), "set": {"sortOrder": cake + (cake - dance) / 3}})
    assert applied.titles()[:2] == ["Cake", "First dance"]
    tolerate(applied)
    assert applied.run("drift").code == 0
    applied.apply()
    assert applied.titles()[:2] == ["Cake", "First dance"]
    end(applied)
    assert applied.run("drift").code == 2


def test_a_tolerated_deletion(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "delete": True})
    assert tolerate(applied, "weddings/cake").out == "weddings/cake: missing on the site\n"
    ran = applied.run("drift")
    assert ran.code == 0, ran.out
    assert "tolerated until 2999-12-31: missing on the site: The client decides" in ran.out
    applied.apply()
    assert applied.titles() == ["First dance", "Rings", "Words"]
    end(applied)
    assert applied.run("drift").code == 2
    applied.apply()
    assert applied.titles() == ["First dance", "Cake", "Rings", "Words"]
    applied.edit({**of("Cake"), "delete": True})
    applied.write(FILE, read(applied).replace("2020-01-31", FOREVER))
    ran = applied.run("drift")
    assert ran.code == 2, "another deletion is not tolerated"


def test_a_photo_that_a_person_put_in_place_of_a_deleted_one(applied: CliHarness) -> None:
    cake = item_of(applied, "Cake")
    applied.edit({**of("Cake"), "delete": True})
    new = {"type": "IMAGE", "title": "Cake by hand", "image": cake["image"]}
    applied.edit({**OURS, "item": None, "set": new})
    assert applied.run("plan").code == 1
    tolerate(applied)
    assert applied.run("plan", "--detailed-exitcode").code == 0


def test_a_gallery_name_and_tags_and_media(applied: CliHarness) -> None:
    rings = item_of(applied, "Rings")["image"]["imageInfo"]["id"]
    applied.edit(
        {**of("Cake"), "set": {"image.imageInfo.id": rings}},
        {**of("First dance"), "set": {"tags": {"values": ["waltz", "dance"]}}},
        {**OURS, "set": {"name": "Marriages"}},
    )
    out = tolerate(applied).out
    assert f'weddings/cake: image "{rings}"' in out
    assert "weddings/first-dance: tags" in out
    assert 'weddings: name "Marriages"' in out
    applied.apply()
    assert applied.run("drift").code == 0
    end(applied)
    assert applied.run("drift").code == 2
    applied.apply()
    assert applied.run("drift").code == 0
    assert item_of(applied, "First dance")["tags"]["values"] == ["dance"]


def test_a_long_text_is_shortened_and_compared_as_a_whole(applied: CliHarness) -> None:
    text = "<p>" + "Long " * 50 + "</p>"
    applied.edit({**of("Words"), "set": {"text.html": text}})
    tolerate(applied)
    assert "digest:" in read(applied)
    assert "field: text\n" in read(applied)
    assert max(map(len, read(applied).splitlines())) < 130
    assert applied.run("drift").code == 0
    applied.edit({**of("Words"), "set": {"text.html": text.replace("</p>", "!</p>")}})
    assert applied.run("drift").code == 2


def test_patterns_and_targets(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "A"}}, {**of("Rings"), "set": {"title": "B"}})
    tolerate(applied, "weddings/c*")
    assert applied.run("drift").code == 2
    assert applied.run("drift", "--target", "weddings/cake").code == 0
    applied.apply("--target", "weddings/rings")
    assert applied.titles() == ["First dance", "A", "Rings", "Words"]
    ran = applied.run("plan", "--target", "weddings/rings")
    assert "tolerated until" not in ran.out
    tolerate(applied, "wed*")
    assert applied.run("drift", "--tolerate-until", FOREVER, "--reason", "r", "nobody").code == 1


def test_comments_and_other_entries_stay(applied: CliHarness) -> None:
    applied.write(
        FILE,
        "# Agreed on in May\ntolerated:\n  # the couple\n  - address: weddings/rings # a remark\n"
        '    field: title\n    value: B\n    until: "2999-01-01"\n    reason: theirs\n',
    )
    applied.edit({**of("Cake"), "set": {"title": "A"}}, {**of("Rings"), "set": {"title": "B"}})
    tolerate(applied)
    text = read(applied)
    for kept in ("# Agreed on in May", "# the couple", "reason: theirs", "# a remark", "2999-01-01"):
        assert kept in text
    assert applied.run("drift").code == 0
    tolerate(applied, "weddings/rings")
    assert "theirs" not in read(applied)
    assert "# a remark" in read(applied)
    before = read(applied)
    tolerate(applied, "weddings/rings")
    assert read(applied) == before


def test_a_list_on_one_line_gets_entries(applied: CliHarness) -> None:
    applied.write(FILE, "tolerated: [] # none yet\n")
    applied.edit({**of("Cake"), "set": {"title": "A"}}, {**of("Rings"), "set": {"title": "${B}"}})
    tolerate(applied, "weddings/cake")
    text = read(applied).replace("tolerated:", "tolerated: [").replace("  - ", "{").rstrip()
    head, *members = text.splitlines()
    applied.write(FILE, f"{head.replace('# none yet', '')} {', '.join(map(str.strip, members))}}}]\n")
    tolerate(applied)
    assert "$${B}" in read(applied)
    assert applied.run("drift").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tolerate-until", "2026-13-01", "--reason", "r"], "'2026-13-01' is not a valid date; use YYYY-MM-DD"),
        (["--tolerate-until", "20261231", "--reason", "r"], "'20261231' is not a valid date"),
        (["--tolerate-until", "2020-01-01", "--reason", "r"], "2020-01-01 has passed"),
        (["--tolerate-until", FOREVER], "--tolerate-until needs --reason"),
        (["--reason", "r"], "needs --tolerate-until"),
        (["weddings"], "use --target"),
        (["--accept", "--remove-obsolete"], "--accept and --remove-obsolete cannot be combined"),
    ],
)
def test_wrong_usage(applied: CliHarness, arguments: list[str], message: str) -> None:
    ran = applied.run("drift", *arguments)
    assert ran.code == 1
    assert message in ran.err
    assert not (applied.root / FILE).exists()


def test_problems_of_the_file_have_positions(applied: CliHarness) -> None:
    entry = "{address: weddings/cake, field: title, value: A, until: '%s', reason: r}"
    applied.write(FILE, f"tolerated:\n  - {entry % '2026-02-30'}\n  - {entry % FOREVER}\n  - {entry % FOREVER}\n")
    ran = applied.run("validate")
    assert ran.code == 1
    assert f"{FILE}:2:61: '2026-02-30' is not a valid date; use YYYY-MM-DD" in ran.err
    assert f"{FILE}:4:5: duplicate entry for title of weddings/cake, first at {FILE}:3:5" in ran.err
    applied.write(FILE, "tolerated:\n  - {address: weddings/cake, until: soon}\n")
    ran = applied.run("plan")
    assert ran.code == 1
    assert f"{FILE}:2:" in ran.err
    assert "Traceback" not in ran.err


def test_a_pattern_of_manifests_does_not_match_the_file(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "A"}})
    tolerate(applied)
    applied.write(
        "galleryctl.yaml", 'galleryctl: 1\nbackend: {type: local}\ngalleries: ["*.yaml", "galleries/*.yaml"]\n'
    )
    assert applied.run("validate").code == 0


def test_several_sites(studio: CliHarness) -> None:
    config = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
    studio.write("galleryctl.yaml", f"{config}sites: {{main: {{}}, two: {{}}}}\nstate: .galleryctl/{{site}}.json\n")
    studio.write_gallery(["{key: words, text: '<p>Thanks</p>', title: Words}"])
    for site in ("main", "two"):
        studio.apply("--site", site)
    studio.edit({**of("Words"), "set": {"title": "A"}})
    tolerate(studio, "--site", "main")
    assert "site: main" in read(studio)
    assert studio.run("drift", "--site", "main").code == 0
    ran = studio.run("drift", "--site", "two")
    assert ran.code == 0
    assert "tolerated" not in ran.out
    studio.write(FILE, read(studio).replace("    site: main\n", ""))
    ran = studio.run("drift", "--site", "main")
    assert ran.code == 1
    assert f"{FILE}:3:5: missing site: the workspace has several; use one of main, two" in ran.err


def test_an_address_that_no_manifest_declares_is_reported(applied: CliHarness) -> None:
    entry = f"{{address: weddings/nobody, field: title, value: A, until: '{FOREVER}', reason: r}}"
    applied.write(FILE, f"tolerated:\n  - {entry}\n")
    ran = applied.run("plan")
    assert ran.code == 0
    assert "no manifest declares this address" in " ".join(ran.out.split())


def test_destroy_tolerates_nothing(applied: CliHarness) -> None:
    replace_in_manifest(applied, "items:", "protect: false\nitems:")
    applied.apply()
    applied.edit({**of("Cake"), "set": {"title": "A"}})
    tolerate(applied)
    assert applied.run("destroy", "--auto-approve").code == 0
    assert applied.galleries() == []


def test_a_plan_file_is_applied_after_the_date_as_it_was_reviewed(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    replace_in_manifest(applied, "text: Book", "text: Order")
    digest = json.loads(applied.run("plan", "--format", "json").out)["review_digest"]
    assert applied.run("plan", "--out", "plan.json").code == 0
    end(applied)
    ran = applied.run("apply", "--auto-approve", "--expect-digest", digest)
    assert ran.code == 1, "this plan is made again"
    ran = applied.run("apply", "plan.json")
    assert ran.code == 0, ran.err
    assert "tolerated until 2999-12-31" in ran.out
    assert item_of(applied, "The cake")["link"]["text"] == "Order"
    assert applied.run("drift").code == 2


def test_a_line_that_the_manifest_no_longer_has_releases_the_value(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied)
    replace_in_manifest(applied, "title: Cake, ", "")
    ran = applied.run("plan")
    assert "no longer managed: title; changed on the site since, and kept: title" in " ".join(ran.out.split())
    applied.apply()
    end(applied)
    assert applied.run("drift").code == 0
    assert item_of(applied, "The cake")


def on(day: str, root: Path) -> WorkspaceSite:
    """Open the workspace with a clock that stands at noon of this day."""
    noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp()
    return replace(select_site(root, None, {}), timing=Timing(now=lambda: noon))


def drift_on(day: str, studio: CliHarness) -> Plan:
    return asyncio.run(plan_workspace(on(day, studio.root), drift_options()))


def test_the_last_day_is_tolerated_and_the_next_is_not(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied, until="2999-05-31")
    assert not drift_on("2999-05-31", applied).drift
    assert len(drift_on("2999-06-01", applied).drift) == 1


def test_a_saved_plan_does_what_was_reviewed_also_after_the_date(applied: CliHarness) -> None:
    applied.edit({**of("Cake"), "set": {"title": "The cake"}})
    tolerate(applied, until="2999-05-31")
    replace_in_manifest(applied, "text: Book", "text: Order")
    saved = asyncio.run(plan_workspace(on("2999-05-31", applied.root), PlanOptions()))
    late = on("2999-06-01", applied.root)
    done = asyncio.run(apply_workspace(late, PlanOptions(), saved=saved, hooks=ApplyHooks()))
    assert done is not None
    assert done.report.exit_code == 0
    assert item_of(applied, "The cake")["link"]["text"] == "Order"
    assert [part.path for change in drift_on("2999-06-01", applied).drift for part in change.fields] == ["title"]
