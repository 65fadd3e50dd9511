"""`lint` finds what is valid and may still be wrong, at its place, with a severity that galleryctl.yaml sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from galleryctl.model.lint import DEFAULT_SEVERITIES, LintRule
from tests.support import photo_files as made
from tests.support.cli_harness import CliHarness
from tests.support.reports import parse_report

LARGE = (4000, 3000)
FORMATS = ["text", "json", "markdown", "html", "github"]
ALT = "alt_text: Boats in the harbour"


def write(studio: CliHarness, name: str, data: bytes) -> None:
    path = studio.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def linted(studio: CliHarness, *options: str) -> tuple[int, list[dict[str, Any]]]:
    ran = studio.run("lint", "--format", "json", *options)
    document = parse_report(ran.out)
    assert document["kind"] == "lint"
    assert document["exit_code"] == ran.code
    return ran.code, document["findings"]


def rules(studio: CliHarness) -> list[tuple[str, str]]:
    return [(finding["rule"], finding["severity"]) for finding in linted(studio)[1]]


def settings(studio: CliHarness, text: str) -> None:
    config = (studio.root / "galleryctl.yaml").read_text(encoding="utf-8")
    studio.write("galleryctl.yaml", f"{config}lint: {text}\n")


def test_a_finding_has_its_rule_severity_place_item_and_file(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE))
    studio.write_gallery(["{text: <p>a</p>, key: t}", "{image: photos/a.jpg}"])
    code, findings = linted(studio)
    assert code == 0
    assert findings == [
        {
            "rule": "missing-alt-text",
            "severity": "warning",
            "message": "photos/a.jpg has no alt_text: a screen reader has nothing to say about it",
            "file": "galleries/weddings.yaml",
            "line": findings[0]["line"],
            "column": findings[0]["column"],
            "address": "weddings/a",
            "path": "photos/a.jpg",
        }
    ]
    lines = (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[findings[0]["line"] - 1][findings[0]["column"] - 1 :].startswith("{image: photos/a.jpg}")


def test_nothing_to_find(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE))
    studio.write_gallery([f"{{image: photos/a.jpg, {ALT}}}"])
    ran = studio.run("lint")
    assert (ran.code, ran.out) == (0, "No findings in 1 item.\n")
    assert studio.run("lint", "-q").out == ""


@pytest.mark.parametrize("alt", ["a.jpg", "A", "  a JPG"])
def test_an_alt_text_that_is_the_name_of_the_file(studio: CliHarness, alt: str) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE))
    studio.write_gallery([f"{{image: photos/a.jpg, alt_text: {alt!r}}}"])
    (finding,) = linted(studio)[1]
    assert finding["rule"] == "alt-text-is-file-name"
    line = (studio.root / "galleries/weddings.yaml").read_text(encoding="utf-8").splitlines()[finding["line"] - 1]
    assert line[finding["column"] - 1 :].startswith(repr(alt))


def test_alt_texts_of_captions_count(studio: CliHarness) -> None:
    alt = "<Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li>IMG_1</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>"
    write(studio, "photos/img 1.jpg", made.jpeg(size=LARGE, xmp=made.xmp(alt)))
    write(studio, "photos/b.jpg", made.jpeg(size=(1300, 900), xmp="half a pack"))  # unknown is not missing
    studio.write_gallery(["{from: photos/*.jpg}"])
    assert rules(studio) == [("alt-text-is-file-name", "warning")]


def test_an_ignored_alt_text_is_not_missing(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE))
    studio.write_gallery(["{image: photos/a.jpg, ignore: [alt_text]}"])
    assert rules(studio) == []


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1279, 800), ["tiny-picture"]),
        ((800, 1280), []),
        ((1, 16_384), ["huge-picture"]),
        ((16_383, 9), []),
    ],
)
def test_the_longer_side_decides(studio: CliHarness, size: tuple[int, int], expected: list[str]) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=size))
    studio.write_gallery([f"{{image: photos/a.jpg, {ALT}}}"])
    assert [rule for rule, _ in rules(studio)] == expected


def test_a_file_of_over_25_megabytes_is_huge(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE) + bytes(25_000_001))
    studio.write_gallery([f"{{image: photos/a.jpg, {ALT}}}"])
    assert "photos/a.jpg has 25.0 MB; the site may reject more than 25 MB" in studio.run("lint").out


def test_location_data_of_the_file_is_found_and_that_of_a_sidecar_is_not(studio: CliHarness) -> None:
    place = made.xmp("<photoshop:City>Kyiv</photoshop:City>")
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE, xmp=place))
    write(studio, "photos/b.jpg", made.jpeg(size=(4001, 3000)))
    write(studio, "photos/b.xmp", place.encode())
    write(studio, "photos/c.jpg", made.jpeg(size=(4002, 3000), exif=made.Exif(gps={1: "N", 2: b"N" * 24})))
    studio.write_gallery([f"{{from: photos/*.jpg, {ALT}}}"])
    found = [finding for finding in linted(studio)[1] if finding["rule"] == "location-data"]
    assert [finding["path"] for finding in found] == ["photos/a.jpg", "photos/c.jpg"]


def test_one_photo_twice_in_a_gallery(studio: CliHarness) -> None:
    for name in ("a", "b"):
        write(studio, f"photos/{name}.jpg", made.jpeg(size=LARGE))
    studio.write_gallery([f"{{from: photos/*.jpg, {ALT}}}"])
    studio.write_gallery([f"{{image: photos/a.jpg, {ALT}}}"], name="best", head="bind: {name: Best, create: true}\n")
    (finding,) = linted(studio)[1]
    assert finding["message"].startswith(
        "photos/b.jpg has the content of photos/a.jpg (weddings/a at galleries/weddings"
    )


def test_invalid_manifests_and_unusable_files_are_findings(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", b"")
    studio.write_gallery(["{image: photos/a.jpg}"])
    assert rules(studio) == [("unusable-file", "error")]
    assert studio.run("lint").code == 1
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE))
    studio.write_gallery(["{image: photos/a.jpg, focal_point: {x: 1.2, y: 0.5}, titel: A}"])
    assert rules(studio) == [("focal-point-outside", "error"), ("invalid-manifest", "error")]
    assert "focal_point.x 1.2 is above 1 [focal-point-outside]" in studio.run("lint").out


def test_severities_are_set_in_the_workspace(studio: CliHarness) -> None:
    write(studio, "photos/a.jpg", made.jpeg())
    studio.write_gallery(["{image: photos/a.jpg}"])
    settings(studio, '{missing-alt-text: error, tiny-picture: "off"}')
    assert rules(studio) == [("missing-alt-text", "error")]
    assert studio.run("lint").code == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [("{alt: error}", "alt"), ("{missing-alt-text: fatal}", "fatal"), ("{invalid-manifest: note}", "invalid-manifest")],
)
def test_an_invalid_setting_is_named(studio: CliHarness, setting: str, message: str) -> None:
    studio.write_gallery(["{text: <p>a</p>, key: t}"])
    settings(studio, setting)
    ran = studio.run("lint")
    assert ran.code == 1
    assert "galleryctl.yaml:" in ran.err
    assert message in ran.err


@pytest.mark.parametrize(
    ("severity", "options", "code"),
    [
        ("note", (), 0),
        ("note", ("--strict",), 0),
        ("note", ("--fail-on", "note"), 1),
        ("warning", (), 0),
        ("warning", ("--strict",), 1),
        ("warning", ("--fail-on", "warning"), 1),
        ("error", (), 1),
        ("error", ("--fail-on", "error"), 1),
    ],
)
def test_the_exit_code_is_that_of_the_threshold(
    studio: CliHarness, severity: str, options: tuple[str, ...], code: int
) -> None:
    write(studio, "photos/a.jpg", made.jpeg(size=LARGE))
    studio.write_gallery(["{image: photos/a.jpg}"])
    settings(studio, f"{{missing-alt-text: {severity}}}")
    assert linted(studio, *options)[0] == code


def test_two_thresholds_are_rejected(studio: CliHarness) -> None:
    assert "--strict and --fail-on cannot be combined" in studio.run("lint", "--strict", "--fail-on", "note").err


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_has_every_finding(studio: CliHarness, format_: str) -> None:
    write(studio, "photos/a<b.jpg", made.jpeg())
    studio.write_gallery(["{from: photos/*.jpg}"])
    ran = studio.run("lint", "--format", format_)
    assert ran.code == 0
    for rule in ("missing-alt-text", "tiny-picture"):
        assert rule in ran.out
    if format_ == "github":
        assert ran.out.startswith("::warning file=galleries/weddings.yaml,line=")
        assert "::notice title=galleryctl::2 warnings in 1 file." in ran.out
    if format_ == "html":
        assert "a<b" not in ran.out


def test_every_rule_is_in_the_reference() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/lint.md").read_text(encoding="utf-8")
    for rule in LintRule:
        assert f"| `{rule}` | {DEFAULT_SEVERITIES[rule]} |" in page
