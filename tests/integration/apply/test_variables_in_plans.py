"""Plans show the names of variables, not their values; an apply reads the values again."""

from __future__ import annotations

import json

import pytest

from galleryctl.cli.options import REPORT_FORMATS
from tests.support.cli_harness import CliHarness

VALUES = {
    "GALLERYCTL_VAR_SEASON": "summer-4f1c9e",
    "GALLERYCTL_VAR_TAG": "tag-4f1c9e",
    "GALLERYCTL_VAR_LENS": "lens-4f1c9e",
    "GALLERYCTL_VAR_VIDEO": "76979871",
}

LAKE = (
    "title: 'Lake, ${GALLERYCTL_VAR_SEASON}', tags: [a, '${GALLERYCTL_VAR_TAG}'], "
    "exif: {lens: '${GALLERYCTL_VAR_LENS}', iso: 100}"
)


@pytest.fixture
def season(studio: CliHarness, monkeypatch: pytest.MonkeyPatch) -> CliHarness:
    """Return a workspace whose values come from the environment."""
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    studio.write_photo("photos/lake.jpg", 1)
    studio.write_gallery(
        [
            f"{{image: photos/lake.jpg, {LAKE}}}",
            "{key: film, video: 'https://vimeo.com/${GALLERYCTL_VAR_VIDEO}'}",
            "{key: words, text: '<p>${GALLERYCTL_VAR_SEASON}</p>'}",
        ],
        head="bind: {name: 'Of ${GALLERYCTL_VAR_SEASON}', create: true}\nname: 'Of ${GALLERYCTL_VAR_SEASON}'\n",
    )
    return studio


def assert_not_shown(text: str) -> None:
    assert [value for value in VALUES.values() if value in text] == []


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "html", "github"])
def test_every_format_shows_the_names(season: CliHarness, format_: str) -> None:
    ran = season.run("plan", "--format", format_, "-vv")
    assert ran.code == 0
    assert_not_shown(ran.out + ran.err)
    if format_ in ("text", "json"):
        assert "Lake, ${GALLERYCTL_VAR_SEASON}" in ran.out


@pytest.mark.parametrize("command", ["validate", "plan", "apply --auto-approve"])
def test_every_report_shows_the_names(season: CliHarness, command: str) -> None:
    names = {name: f"report.{name}" for name in REPORT_FORMATS}
    options = [word for name, file in names.items() for word in ("--report", f"{name}={file}")]
    assert season.run(*command.split(), *options).code == 0
    for file in names.values():
        assert_not_shown((season.root / file).read_text(encoding="utf-8"))


def test_a_saved_plan_shows_the_names_and_applies_the_values(season: CliHarness) -> None:
    assert season.run("plan", "--out", "plan.json").code == 0
    text = (season.root / "plan.json").read_text(encoding="utf-8")
    assert_not_shown(text)
    item = next(change for change in json.loads(text)["changes"] if change["address"] == "weddings/lake")
    assert item["name"] == "Lake, ${GALLERYCTL_VAR_SEASON}"
    assert item["write"]["title"]["variables"] == "Lake, ${GALLERYCTL_VAR_SEASON}"
    assert item["write"]["exif"]["lens"]["variables"] == "${GALLERYCTL_VAR_LENS}"
    ran = season.run("apply", "plan.json", "-v")
    assert ran.code == 0, ran.out + ran.err
    assert season.titles("Of summer-4f1c9e")[0] == "Lake, summer-4f1c9e"
    season.assert_no_changes()


def test_a_plan_is_shown_without_its_variables(season: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    assert season.run("plan", "--out", "plan.json").code == 0
    planned = season.run("plan", "--format", "json").out
    for name in VALUES:
        monkeypatch.delenv(name)
    shown = season.run("show", "plan.json", "--format", "json")
    assert shown.code == 0
    drop = {"sort_order", "digest", "lineage"}
    expected, found = json.loads(planned), json.loads(shown.out)
    assert found["review_digest"] == expected["review_digest"]
    assert [{k: v for k, v in change.items() if k not in drop} for change in found["changes"]] == [
        {k: v for k, v in change.items() if k not in drop} for change in expected["changes"]
    ]
    ran = season.run("apply", "plan.json")
    assert ran.code == 1
    assert "is not set" in ran.err


def test_a_plan_is_stale_if_a_variable_has_another_value(season: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    assert season.run("plan", "--out", "plan.json").code == 0
    monkeypatch.setenv("GALLERYCTL_VAR_SEASON", "winter-4f1c9e")
    ran = season.run("apply", "plan.json")
    assert ran.code == 1
    assert "'Of ${GALLERYCTL_VAR_SEASON}' has another value than when the plan was made" in ran.err
    assert season.galleries() == []
    assert "winter" not in ran.out + ran.err


def test_a_changed_value_is_an_update_and_an_unchanged_one_is_not(
    season: CliHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    season.apply()
    season.assert_no_changes()
    monkeypatch.setenv("GALLERYCTL_VAR_LENS", "lens-2-4f1c9e")
    monkeypatch.setenv("GALLERYCTL_VAR_TAG", "tag-2-4f1c9e")
    ran = season.run("plan")
    assert '"lens-4f1c9e" → "${GALLERYCTL_VAR_LENS}"' in ran.out
    assert "-2-4f1c9e" not in ran.out
    season.apply()
    season.assert_no_changes()


def test_the_digest_that_a_job_expects_is_that_of_the_plan(season: CliHarness) -> None:
    digest = json.loads(season.run("plan", "--format", "json").out)["review_digest"]
    assert season.run("apply", "--auto-approve", "--expect-digest", digest).code == 0


def test_the_history_shows_the_names(season: CliHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    season.apply()
    monkeypatch.setenv("GALLERYCTL_VAR_LENS", "lens-2-4f1c9e")
    season.apply()
    for line in ("history", "history 1", "history 1 --format json", "history 2"):
        ran = season.run(*line.split())
        assert ran.code == 0, ran.err
        assert "lens-2-4f1c9e" not in ran.out
        assert "summer-4f1c9e" not in ran.out
    assert "${GALLERYCTL_VAR_LENS}" in season.run("history", "2").out
    data = season.root / ".galleryctl"
    records = [path for path in data.rglob("*") if path.is_file() and data / "emulator" not in path.parents]
    assert len(records) > 3
    assert not [path for path in records if b"lens-2-4f1c9e" in path.read_bytes()]
