"""Patterns as addresses: `--target` of the commands that plan, and the arguments of `state`."""

from __future__ import annotations

import json

import pytest

from tests.support.cli_harness import CliHarness

PARTY = "bind: {name: Party, create: true}\nprotect: false\n"


@pytest.fixture
def applied(wedding: CliHarness) -> CliHarness:
    wedding.write_gallery(["{key: hero, text: Hi}"], name="party", head=PARTY)
    wedding.apply()
    return wedding


def changes(studio: CliHarness, *arguments: str) -> list[str]:
    ran = studio.run(*arguments, "--format", "json")
    assert ran.code in (0, 2), ran.err
    return [change["address"] for change in json.loads(ran.out)["changes"]]


def test_plan_and_apply_take_patterns(wedding: CliHarness) -> None:
    wedding.write_gallery(["{key: hero, text: Hi}"], name="party", head=PARTY)
    assert changes(wedding, "plan", "--target", "p*") == ["party", "party/hero"]
    assert changes(wedding, "plan", "--target", "*/[cw]*") == ["weddings", "weddings/cake", "weddings/words"]
    plan = wedding.root / "plan.json"
    assert wedding.run("plan", "--target", "weddings/?a*", "--out", str(plan)).code == 0
    assert json.loads(plan.read_text(encoding="utf-8"))["targets"] == ["weddings/cake"]
    assert wedding.run("apply", "--auto-approve", "--target", "weddings/*s").code == 0
    assert sorted(wedding.titles()) == ["Rings", "Words"]
    assert [gallery["name"] for gallery in wedding.galleries()] == ["Weddings"]


def test_drift_and_destroy_take_patterns(applied: CliHarness) -> None:
    for title in ("Cake", "Rings"):
        applied.edit({"gallery": {"name": "Weddings"}, "item": {"title": title}, "set": {"description": "x"}})
    applied.write_gallery(["{key: hero, text: Hello}"], name="party", head=PARTY)
    assert changes(applied, "drift", "--target", "party/*") == ["party/hero"]
    ran = applied.run("destroy", "--auto-approve", "--target", "*/*s")
    assert ran.code == 0
    assert "Targets: weddings/rings, weddings/words" in ran.out
    assert sorted(applied.titles()) == ["Cake", "First dance"]


def test_a_pattern_that_matches_nothing_is_an_unknown_target(applied: CliHarness) -> None:
    for command in ("plan", "drift"):
        ran = applied.run(command, "--target", "weddings/cakes*")
        assert (ran.code, ran.out) == (1, "")
        assert "unknown target weddings/cakes*: no manifest or state entry has this address" in ran.err
        assert "did you mean weddings/cake" in ran.err
    assert "is not a valid address" in applied.run("plan", "--target", "*/*/*").err


def test_state_commands_take_patterns(applied: CliHarness) -> None:
    listed = applied.run("state", "list", "*/[hc]*").out
    assert [line.split()[0] for line in listed.splitlines()] == ["party", "party/hero", "weddings", "weddings/cake"]
    shown = applied.run("state", "show", "*").out
    assert [line for line in shown.splitlines() if line[:1].strip()] == ["party", "weddings"]
    ran = applied.run("state", "rm", "weddings/?a*", "*/words")
    assert ran.code == 0
    assert "Removed from state: weddings/cake, weddings/words." in ran.err
    left = applied.run("state", "list").out
    assert [line.split()[0] for line in left.splitlines()] == [
        "party", "party/hero", "weddings", "weddings/first-dance", "weddings/rings",
    ]  # fmt: skip
    assert 'no resource "*/words" in state' in applied.run("state", "rm", "*/words").err
    assert "is not a valid address" in applied.run("state", "mv", "weddings/r*", "weddings/x").err


def test_a_long_list_of_targets_is_shortened(wedding: CliHarness) -> None:
    wedding.write_gallery([f"{{key: k{i:02}, text: t{i}}}" for i in range(30)])
    targets = next(line for line in wedding.run("plan", "--target", "*/*").out.splitlines() if "Targets" in line)
    assert targets.endswith("weddings/k19 and 10 more")
