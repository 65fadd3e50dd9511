# ruff: noqa: RUF001 - the letters are those of other scripts
"""Keys from file names: of any script, stable, and different wherever folders tell the files apart."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galleryctl.model.address import KEY_PATTERN, MAX_KEY_LENGTH, former_key_from_text, key_from_text
from galleryctl.model.file_keys import assign_file_keys, other_keys_of_file
from galleryctl.model.romanize import romanize

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30)
PATHS = st.lists(st.sampled_from(["a", "b", "c d", "é", "日"]), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("first dance", "first-dance"),
        ("Größe", "Grosse"),
        ("Ørsted", "Orsted"),
        ("Æble & Łódź", "Aeble-Lodz"),
        ("Свадьба 1", "Svadba-1"),
        ("Ёлка, Щука", "Yolka-Shchuka"),
        ("Ελλάδα", "Ellada"),
        ("さくら", "sakura"),
        ("ガ", "ga"),
        ("서울", "seoul"),
        ("日本", "u65e5-u672c"),
        ("日本1", "u65e5-u672c-1"),
        ("IMG 日 2", "IMG-u65e5-2"),
        ("कि", "u915-u93f"),
        ("🎉 1", "u1f389-1"),
        ("❤\ufe0f", "u2764"),
        ("L’été – 2", "Lete-2"),
        ("½", "12"),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_key_in_any_script(text: str, key: str) -> None:
    assert key_from_text(text) == key


@given(NAMES)
def test_a_key_is_valid_and_the_same_in_both_forms_of_unicode(text: str) -> None:
    key = key_from_text(text)
    assert not key or KEY_PATTERN.match(key)
    assert key_from_text(unicodedata.normalize("NFD", text)) == key_from_text(unicodedata.normalize("NFC", text))
    assert romanize(text).isascii()


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1))
def test_letters_and_digits_always_give_a_key(text: str) -> None:
    assert key_from_text(text) or not romanize(text).strip("-")


@given(st.from_regex(r"[A-Za-z0-9 _.-]{0,100}", fullmatch=True))
def test_ascii_names_keep_the_keys_of_older_versions(text: str) -> None:
    assert key_from_text(text) == former_key_from_text(text)


def test_long_names_with_the_same_beginning_have_different_keys() -> None:
    first, second = (key_from_text("漢" * 40 + end) for end in ("字", "語"))
    assert first != second
    assert len(first) == len(second) == MAX_KEY_LENGTH


@pytest.mark.parametrize(
    ("paths", "taken", "keys"),
    [
        (["p/a.jpg", "p/b.jpg"], [], ["a", "b"]),
        (["p/x/a.jpg", "p/y/a.jpg", "p/y/b.jpg"], [], ["x-a", "y-a", "b"]),
        (["p/x/1/a.jpg", "p/y/1/a.jpg"], [], ["x-1-a", "y-1-a"]),
        (["a.jpg", "y/a.jpg"], [], ["a", "y-a"]),
        (["x/a.jpg"], ["a"], ["x-a"]),
        (["x/a.jpg", "x/a.png"], [], ["a", "a"]),
        (["x/a.jpg", "x/a.png", "y/a.jpg"], [], ["x-a", "x-a", "y-a"]),
        (["x/a.jpg", "y/a.jpg", "z/x-a.jpg"], [], ["x-a", "y-a", "z-x-a"]),
    ],
)
def test_folders_tell_files_of_one_name_apart(paths: list[str], taken: list[str], keys: list[str]) -> None:
    found = assign_file_keys(paths, taken)
    assert [found[path] for path in paths] == keys


@given(st.lists(st.builds("{}/{}.jpg".format, PATHS, st.sampled_from("abc")), unique=True, max_size=12))
def test_the_order_of_the_files_makes_no_difference(paths: list[str]) -> None:
    assert assign_file_keys(paths, ["a"]) == assign_file_keys(paths[::-1], ["a"])


@given(st.lists(st.builds("{}/{}.jpg".format, PATHS, st.sampled_from("abc")), unique=True, max_size=12))
def test_an_assigned_key_is_one_of_the_others_of_its_file(paths: list[str]) -> None:
    for path, key in assign_file_keys(paths, []).items():
        assert key in other_keys_of_file(path)


def test_the_other_keys_of_a_file() -> None:
    assert other_keys_of_file("p/Østre/Ørsted.jpg") == ("Orsted", "Ostre-Orsted", "p-Ostre-Orsted", "rsted")
    assert PurePosixPath("p/Østre/Ørsted.jpg").stem == "Ørsted"
