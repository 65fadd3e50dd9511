"""Says how two names differ that look alike."""

# ruff: noqa: RUF002 - the letters are those of other scripts

from __future__ import annotations

import unicodedata
from itertools import zip_longest

from galleryctl.model.characters import is_hidden

_TWINS = str.maketrans(
    "авекмнорстухісјԁѕАВЕКМНОРСТУХІЈЅοαρνΑΒΕΗΙΚΜΝΟΡΤΧΥΖ",
    "abekmhopctyxicjdsABEKMHOPCTYXIJSoapvABEHIKMNOPTXYZ",
)
"""Cyrillic and Greek letters that look like Latin ones."""


def name_both(first: str, second: str) -> str:
    """Return both names for a message, and how they differ if that is hard to see."""
    difference = describe_difference(first, second)
    return f"{first} and {second}" + (f", which differ only in {difference}" if difference else "")


def describe_difference(first: str, second: str) -> str:
    """Return in what two names differ that look alike; "" if a reader sees it.

    a.jpg, A.jpg                the case of letters
    é.jpg, é.jpg                their Unicode form: NFC and NFD
    a.jpg, а.jpg                U+0061 LATIN SMALL LETTER A and U+0430 CYRILLIC SMALL LETTER A
    """
    if first == second or _skeleton(first) != _skeleton(second):
        return ""
    composed = [unicodedata.normalize("NFC", name) for name in (first, second)]
    if composed[0] == composed[1]:
        forms = [_form(name) for name in (first, second)]
        return f"their Unicode form, {forms[0]} and {forms[1]}"
    if composed[0].casefold() == composed[1].casefold():
        return "the case of letters"
    pairs = zip_longest(*composed, fillvalue="")
    one, other = next((a, b) for a, b in pairs if a.casefold() != b.casefold())
    return f"{_describe_character(one)} and {_describe_character(other)}"


def _form(name: str) -> str:
    return "NFC" if unicodedata.is_normalized("NFC", name) else "NFD"


def _skeleton(name: str) -> str:
    """Return what a reader sees of a name."""
    visible = (c for c in unicodedata.normalize("NFKC", name).translate(_TWINS) if not is_hidden(c))
    return " ".join("".join(visible).casefold().split())


def _describe_character(character: str) -> str:
    if not character:
        return "the end of the name"
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"
