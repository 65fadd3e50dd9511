"""Keys from file names: stable, in any script, and never two alike; a key that changes by a rule is a rename."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from tests.support.cli_harness import CliHarness


def ids(studio: CliHarness) -> dict[str, str]:
    """Return the live ids in state, by key."""
    listed = (line.split() for line in studio.run("state", "list").out.splitlines())
    return {words[0].partition("/")[2]: words[1] for words in listed if "/" in words[0]}


def test_two_cameras_get_keys_of_their_own(studio: CliHarness) -> None:
    studio.write_photo("photos/canon/IMG_0001.jpg", 1)
    studio.write_photo("photos/canon/IMG_0002.jpg", 2)
    studio.write_gallery(["{from: photos/canon}"])
    studio.apply()
    before = ids(studio)
    studio.write_photo("photos/nikon/IMG_0001.jpg", 3)
    studio.write_gallery(["{from: photos/canon}", "{from: photos/nikon}"])
    studio.apply()
    after = ids(studio)
    assert set(after) == {"canon-IMG_0001", "IMG_0002", "nikon-IMG_0001"}
    assert after["canon-IMG_0001"] == before["IMG_0001"]
    assert after["IMG_0002"] == before["IMG_0002"]
    studio.assert_no_changes()
    (studio.root / "photos/nikon/IMG_0001.jpg").unlink()
    studio.write_gallery(["{from: photos}"])
    studio.apply()
    assert ids(studio) == before


@pytest.mark.parametrize("protect", ["true", "false"])
def test_a_prefix_renames_protected_items_as_well(studio: CliHarness, protect: str) -> None:
    studio.write_photo("photos/a/x.jpg", 1)
    studio.write_gallery([f"{{from: photos, protect: {protect}}}"])
    studio.apply()
    before = ids(studio)
    studio.write_photo("photos/b/x.jpg", 2)
    planned = studio.run("plan").out
    assert "weddings/a-x: moved from weddings/x" in planned
    assert "Plan: 1 to create, 0 to update, 0 to replace, 0 to delete" in planned
    studio.apply()
    assert ids(studio)["a-x"] == before["x"]


def test_a_held_file_keeps_its_item_under_a_prefix(studio: CliHarness) -> None:
    studio.write_photo("photos/a/x.jpg", 1)
    studio.write_gallery(["{from: photos}"])
    studio.apply()
    before = ids(studio)
    (studio.root / "photos/a/x.jpg").write_text("spoilt")
    studio.write_photo("photos/b/x.jpg", 2)
    assert studio.run("apply", "--auto-approve").code == 3
    assert ids(studio)["a-x"] == before["x"]
    assert set(ids(studio)) == {"a-x", "b-x"}


@pytest.mark.parametrize("protect", ["true", "false"])
def test_a_key_of_an_older_rule_is_a_rename(studio: CliHarness, protect: str) -> None:
    studio.write_photo("photos/Ørsted.jpg", 1)
    studio.write_gallery([f"{{key: rsted, image: photos/Ørsted.jpg, protect: {protect}}}"])
    studio.apply()
    before = ids(studio)
    studio.write_gallery([f"{{from: photos, protect: {protect}}}"])
    planned = studio.run("plan").out
    assert "weddings/Orsted: moved from weddings/rsted" in planned
    studio.apply()
    assert ids(studio) == {"Orsted": before["rsted"]}


def test_any_script(studio: CliHarness) -> None:
    names = ("日本", "日本1", "Свадьба 1", "Банкет 1", "Ørsted", "さくら", "서울", "Ελλάδα", "קיץ", "صيف", "🎉 1", "फूल")
    for number, name in enumerate(names):
        studio.write_photo(f"photos/{name}.jpg", number)
    studio.write_gallery(["{from: photos}"])
    studio.apply()
    found = set(ids(studio))
    assert len(found) == len(names)
    assert {"u65e5-u672c", "u65e5-u672c-1", "Svadba-1", "Banket-1", "Orsted", "sakura", "seoul", "Ellada"} <= found
    studio.assert_no_changes()


def test_two_files_of_one_name_are_both_named_with_the_way_out(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_photo("photos/a.jpeg", 2)
    studio.write_gallery(["{from: photos}"])
    ran = studio.run("validate")
    assert ran.code == 1
    assert (
        "galleries/weddings.yaml:5:5: duplicate key 'a' for photos/a.jpeg and photos/a.jpg; "
        "rename one file, exclude one with except:, or write key: in its own entry or sidecar" in ran.err
    )
    studio.write("photos/a.jpeg.yaml", "key: drawing\n")
    studio.apply()
    assert set(ids(studio)) == {"a", "drawing"}


def test_a_key_of_an_entry_comes_before_that_of_a_file(studio: CliHarness) -> None:
    studio.write_photo("photos/words.jpg", 1)
    studio.write_gallery(["{from: photos}", "{key: words, text: <p>x</p>}"])
    studio.apply()
    assert set(ids(studio)) == {"photos-words", "words"}


def test_names_that_look_alike(studio: CliHarness) -> None:
    cyrillic = "\u0430"
    for number, name in enumerate(("a.jpg", "a.JPG", "e\u0301.jpg", "\u00e9.jpg", f"{cyrillic}b.jpg", "ab.jpg")):
        studio.write_photo(f"photos/{name}", number)
    studio.write_gallery(["{from: photos}"])
    err = studio.run("validate").err
    assert "photos/a.JPG and photos/a.jpg, which differ only in the case of letters" in err
    assert "which differ only in their Unicode form, NFD and NFC" in err or "form, NFC and NFD" in err
    assert "which differ only in U+0061 LATIN SMALL LETTER A and U+0430 CYRILLIC SMALL LETTER A" in err


@pytest.mark.parametrize(("form", "other"), [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("entry", ["image: photos/Zü/Käse.jpg", "from: photos/Zü", "from: photos/Zü/Kä*.jpg"])
def test_nfc_and_nfd_are_one_name(
    studio: CliHarness, form: Literal["NFC", "NFD"], other: Literal["NFC", "NFD"], entry: str
) -> None:
    folder = unicodedata.normalize(form, "photos/Zü")
    studio.write_photo(f"{folder}/{unicodedata.normalize(form, 'Käse.jpg')}", 1)
    studio.write(f"{folder}/{unicodedata.normalize(other, 'Käse.jpg.yaml')}", "title: Cheese\n")
    studio.write_gallery([f"{{{unicodedata.normalize(other, entry)}, captions: true}}"])
    studio.apply()
    assert (set(ids(studio)), studio.titles()) == ({"Kase"}, ["Cheese"])
    (studio.root / folder).rename(studio.root / "photos/tmp")
    (studio.root / "photos/tmp").rename(studio.root / unicodedata.normalize(other, "photos/Zü"))
    studio.assert_no_changes()


def test_a_wrong_letter_that_nobody_sees(studio: CliHarness) -> None:
    studio.write_photo("photos/a.jpg", 1)
    studio.write_gallery(["{image: photos/\u0430.jpg}"])
    err = studio.run("validate").err
    assert "did you mean photos/a.jpg, which differs only in U+0430 CYRILLIC SMALL LETTER A and U+0061" in err
