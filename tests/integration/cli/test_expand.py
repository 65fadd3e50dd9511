"""`expand` replaces `from:` by entries, offline, and the next plan stays empty."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.cli_harness import CliHarness

EXAMPLES = Path(__file__).parents[3] / "examples"
FILE = "galleries/weddings.yaml"


@pytest.fixture
def portfolio(studio: CliHarness) -> CliHarness:
    """The example, in which each gallery has a `from:`."""
    shutil.copytree(
        EXAMPLES / "portfolio", studio.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".galleryctl")
    )
    return studio


def read(studio: CliHarness) -> str:
    return (studio.root / FILE).read_text(encoding="utf-8")


def test_the_next_plan_is_empty(portfolio: CliHarness) -> None:
    portfolio.apply()
    before = read(portfolio)
    for gallery in ("weddings", "studio", "landscapes"):
        ran = portfolio.run("expand", gallery)
        assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Wrote galleries/landscapes.yaml: from: replaced by 14 entries.\n"
    assert "from:" in before
    assert "from:" not in read(portfolio)
    assert "# Titles, descriptions and keywords are in the files." in read(portfolio)
    portfolio.assert_no_changes()
    assert portfolio.run("fmt", "--check").code == 0


def test_the_site_is_not_needed(portfolio: CliHarness) -> None:
    assert portfolio.run("expand", "weddings", "-vv").requests == []
    assert not (portfolio.root / ".galleryctl").exists()


def test_a_dry_run_prints_the_diff(portfolio: CliHarness) -> None:
    before = read(portfolio)
    ran = portfolio.run("expand", "weddings", "--dry-run")
    assert ran.code == 0
    assert ran.out.startswith(f"--- {FILE}\n+++ {FILE}\n")
    assert "\n-  - from: photos/weddings/ceremony/*.jpg\n+  - {image: photos/weddings/ceremony/" in ran.out
    assert read(portfolio) == before


def test_as_json(portfolio: CliHarness) -> None:
    document = json.loads(portfolio.run("expand", "weddings", "--dry-run", "--format", "json").out)
    assert (document["kind"], document["written"], document["entries"]) == ("expand", False, 8)
    assert json.loads(portfolio.run("expand", "weddings", "--format", "json").out)["written"] is True
    document = json.loads(portfolio.run("expand", "weddings", "--format", "json").out)
    assert (document["written"], document["entries"], document["diff"]) == (False, 0, "")


def test_a_manifest_without_patterns_is_not_written(wedding: CliHarness) -> None:
    before = (wedding.root / FILE).stat()
    ran = wedding.run("expand", "weddings")
    assert (ran.code, ran.out) == (0, f"{FILE} has nothing to expand.\n")
    assert (wedding.root / FILE).stat().st_ino == before.st_ino


def test_an_unknown_gallery(portfolio: CliHarness) -> None:
    ran = portfolio.run("expand", "wedding")
    assert ran.code == 1
    assert "no manifest declares the gallery wedding" in ran.err
    assert "did you mean weddings?" in ran.err


def test_an_invalid_workspace(wedding: CliHarness) -> None:
    wedding.write("galleries/bad.yaml", "gallery: bad\nbind: {create: true}\nitems:\n  - {title: 7}\n")
    ran = wedding.run("expand", "weddings")
    assert ran.code == 1
    assert "galleries/bad.yaml:4:" in ran.err
