"""`where` selects files by what they say of themselves; what cannot be read keeps its item."""

from __future__ import annotations

import pytest

from tests.support.cli_harness import CliHarness

XMP = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" {attributes}>
{subject}
</rdf:Description></rdf:RDF></x:xmpmeta>
"""


def rate(
    studio: CliHarness, name: str, *, rating: int | None = None, label: str = "", keyword: str = "", date: str = ""
) -> None:
    """Write the sidecar of a photo, as Lightroom, darktable and digiKam do."""
    attributes = f'xmp:Rating="{rating}" ' if rating is not None else ""
    attributes += f'xmp:Label="{label}" ' if label else ""
    attributes += f'exif:DateTimeOriginal="{date}" ' if date else ""
    subject = f"<dc:subject><rdf:Bag><rdf:li>{keyword}</rdf:li></rdf:Bag></dc:subject>" if keyword else ""
    studio.write(f"photos/{name}.xmp", XMP.format(attributes=attributes, subject=subject))


@pytest.fixture
def rated(studio: CliHarness) -> CliHarness:
    """Five photos with ratings, labels, keywords and dates."""
    for number, name in enumerate("abcde"):
        studio.write_photo(f"photos/{name}.jpg", number)
    rate(studio, "a", rating=5, label="Green", keyword="Portfolio", date="2026-05-01T00:00:00")
    rate(studio, "b", rating=3, label="Red", keyword="sea", date="2026-05-31T23:59:59")
    rate(studio, "c", rating=-1, keyword="portfolio", date="2026-06-01T00:00:00")
    rate(studio, "d", rating=4)
    return studio


def keys(studio: CliHarness) -> list[str]:
    """Return the keys of the items on the site."""
    lines = studio.run("state", "list").out.splitlines()
    return [line.split()[0].partition("/")[2] for line in lines if "/" in line.split()[0]]


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        ("{rating: 3}", "abd"),
        ("{rating: 5}", "a"),
        ("{keyword: portfolio}", "ac"),
        ("{keyword: [sea, PORTFOLIO]}", "abc"),
        ("{label: green}", "a"),
        ("{label: [Green, Red]}", "ab"),
        ("{captured: {from: '2026-05-01', until: '2026-06-01'}}", "ab"),
        ("{captured: {from: '2026-05-31T12:00'}}", "bc"),
        ("{captured: {until: '2026-05-31'}}", "a"),
        ("{rating: 3, keyword: sea}", "b"),
        ("{rating: 1, label: Blue}", ""),
    ],
)
def test_conditions(rated: CliHarness, where: str, selected: str) -> None:
    rated.write_gallery([f"{{from: photos, where: {where}}}"])
    rated.apply()
    assert "".join(sorted(keys(rated))) == selected
    assert f"{5 - len(selected)} not selected by where" in rated.run("validate").out


def test_a_rating_publishes_a_photo_and_takes_it_back(rated: CliHarness) -> None:
    rated.write_gallery(["{from: photos, where: {rating: 4}}"])
    rated.apply()
    assert keys(rated) == ["a", "d"]
    rate(rated, "e", rating=5)
    rate(rated, "d", rating=2)
    rated.apply("--max-delete-percent", "60")
    assert keys(rated) == ["a", "e"]


@pytest.mark.parametrize("spoilt", ["<x:xmpmeta", "\0\0\0\0"])
def test_what_cannot_be_read_keeps_its_item_and_place(rated: CliHarness, spoilt: str) -> None:
    rated.write_gallery(["{from: photos, where: {rating: 3}, order: captured}"])
    rated.apply()
    before = rated.items()
    for name in "bce":  # b is published, c and e are not
        rated.write(f"photos/{name}.xmp", spoilt)
    rate(rated, "d", rating=5, date="2020-01-01T00:00:00")
    validated = rated.run("validate")
    assert validated.code == 1
    assert "photos/b.jpg cannot be judged by where: rating cannot be read (photos/b.xmp" in validated.err
    assert rated.run("apply", "--auto-approve").code == 3
    assert {item["id"] for item in rated.items()} == {item["id"] for item in before}
    assert next(item for item in rated.items() if item["id"] == before[1]["id"]) == before[1]


def test_a_sidecar_that_is_a_link_to_nothing_keeps_its_item(rated: CliHarness) -> None:
    rated.write_gallery(["{from: photos, where: {rating: 4}, captions: false}"])
    rated.apply()
    (rated.root / "photos/a.xmp").unlink()
    (rated.root / "photos/a.xmp").symlink_to("gone.xmp")
    ran = rated.run("apply", "--auto-approve")
    assert (ran.code, keys(rated)) == (3, ["a", "d"])


def test_an_unreadable_date_keeps_the_place(rated: CliHarness) -> None:
    rated.write_gallery(["{from: photos, order: captured, captions: false}"])
    rated.apply()
    before = [item["id"] for item in rated.items()]
    rated.write("photos/a.xmp", "<x:xmpmeta")
    rated.assert_no_changes()
    assert [item["id"] for item in rated.items()] == before


def test_orders_by_date(rated: CliHarness) -> None:
    expected = {"captured": "abcde", "-captured": "cbade", "-name": "edcba"}
    for order, shown in expected.items():
        rated.write_gallery([f"{{from: photos, order: {order}, title: x}}"])
        rated.apply()
        ids = {line.split()[1]: line.split()[0][-1] for line in rated.run("state", "list").out.splitlines()}
        assert "".join(ids[item["id"]] for item in rated.items()) == shown
    rated.write_gallery(["{from: photos, order: captured}"])
    assert "files without a capture time come last: photos/d.jpg, photos/e.jpg" in rated.run("validate").out


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{rating: 6}", "rating"),
        ("{stars: 3}", "stars"),
        ("{captured: {from: '2026-05-01T10:00Z'}}", "dates of capture are local"),
        ("{captured: {from: '2026-06-01', until: '2026-05-01'}}", "until must be later than from"),
        ("{captured: {from: 'May'}}", "'May' is not a date or a time"),
        ("{}", "where"),
    ],
)
def test_mistakes(rated: CliHarness, where: str, message: str) -> None:
    rated.write_gallery([f"{{from: photos, where: {where}}}"])
    ran = rated.run("validate")
    assert (ran.code, message in ran.err) == (1, True)


def test_expand_keeps_what_was_selected_and_refuses_what_is_not_known(rated: CliHarness) -> None:
    rated.write_gallery(["{from: photos, where: {rating: 4}}"])
    rated.apply()
    rated.write("photos/e.xmp", "<x:xmpmeta")
    ran = rated.run("expand", "weddings")
    assert (ran.code, "cannot be expanded" in ran.err) == (1, True)
    rate(rated, "e", rating=1)
    assert rated.run("expand", "weddings").code == 0
    rated.assert_no_changes()


@pytest.mark.parametrize("key", ["where: {rating: 3}", "except: b.jpg"])
def test_only_patterns_select(rated: CliHarness, key: str) -> None:
    rated.write_gallery([f"{{image: photos/a.jpg, {key}}}"])
    assert f"{key.partition(':')[0]} is for items from files; this is an image item" in rated.run("validate").err
