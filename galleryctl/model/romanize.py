"""Writes text of any script in ASCII letters and digits, so that it can be part of a key.

    Ørsted        Orsted          a letter of Latin, Cyrillic or Greek has its usual transliteration
    Свадьба 1     Svadba 1
    さくら 서울    sakura seoul    kana and Hangul have the sound in their Unicode names, which never change
    日本           -u65e5--u672c-  any other letter or digit is its code point, which is never part of another word

Punctuation is left out.
"""

# ruff: noqa: RUF001 - the letters are those of other scripts

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_LATIN = "ø:o đ:d ð:d þ:th ł:l ħ:h ŧ:t ŋ:ng ı:i ĸ:k ə:e ƒ:f æ:ae œ:oe ß:ss"
_CYRILLIC = (
    "а:a б:b в:v г:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch "
    "ъ: ы:y ь: э:e ю:yu я:ya і:i ї:yi є:ye ґ:g ј:j љ:lj њ:nj ћ:c ђ:dj џ:dz ѓ:gj ќ:kj ѕ:dz ў:u"
)
_GREEK = "α:a β:v γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r σ:s ς:s τ:t υ:y φ:f χ:ch ψ:ps ω:o"
_LETTERS: Mapping[str, str] = {
    letter: form for pair in f"{_LATIN} {_CYRILLIC} {_GREEK}".split() for letter, _, form in [pair.partition(":")]
}
"""Lower-case letters that have no decomposition into an ASCII letter and marks, or are usually written otherwise."""
_SOUNDS = ("HIRAGANA LETTER ", "KATAKANA LETTER ", "HANGUL SYLLABLE ")
_FIRST_MARK, _LAST_MARK = "\u0300", "\u036f"
"""Accents of European scripts; marks of other scripts make other letters."""


def romanize(text: str) -> str:
    """Return the text in ASCII; the same text in NFC and NFD gives the same result."""
    return text if text.isascii() else "".join(map(_romanize_character, unicodedata.normalize("NFC", text)))


def _romanize_character(character: str) -> str:
    known = _known_letter(character)
    if known is not None:
        return known
    parts = [part for part in unicodedata.normalize("NFKD", character) if not _FIRST_MARK <= part <= _LAST_MARK]
    letters = [_known_letter(part) for part in parts]
    if all(letter is not None for letter in letters):
        return "".join(filter(None, letters))
    name = unicodedata.name(character, "")
    return name.rpartition(" ")[2].lower() if name.startswith(_SOUNDS) else f"-u{ord(character):x}-"


def _known_letter(character: str) -> str | None:
    """Return the ASCII form of a character, "" for one that is left out, None for a letter without a form."""
    if character.isascii():
        return character
    letter = _LETTERS.get(character)
    if letter is not None:
        return letter
    letter = _LETTERS.get(character.lower())
    if letter is not None:
        return letter.capitalize()
    category = unicodedata.category(character)
    is_word = category[0] in "LNM" or category == "So"
    is_selector = "\ufe00" <= character <= "\ufe0f"
    return None if is_word and not is_selector else ""
