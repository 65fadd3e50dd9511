"""Floats as a site stores them, with their ordinals: neighbouring floats have consecutive ordinals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import isfinite
from struct import Struct

from galleryctl.model.fields import float32
from galleryctl.model.last_applied import SortOrderFormat

_DIGITS = 900_000
"""The number of decimals of six digits with one exponent: 100000 to 999999."""
_LEAST_EXPONENT, _LARGEST_EXPONENT = -290, 307
"""The exponents of decimals of six digits that are distinct and finite doubles."""
_LARGEST_WHOLE = 2**53
"""The largest of the whole numbers that are all doubles."""


class FloatFormat(ABC):
    """A format in which a site stores sort orders."""

    stored_as: SortOrderFormat
    largest_ordinal: int
    """The ordinal of the largest finite value."""

    @abstractmethod
    def ordinal(self, value: float) -> int:
        """Return the position of `value` among the floats, with 0 at 0.0: in FLOAT32, 1.0 has 1065353216."""

    @abstractmethod
    def value_at(self, ordinal: int) -> float:
        """Return the float at an ordinal, the largest finite one beyond their range."""

    def nearest(self, value: float) -> float:
        """Return the nearest value in this format, infinite beyond the range of 32-bit floats."""
        return self.value_at(self.ordinal(value))

    def holds(self, value: float) -> bool:
        """Return True if a site with this format may have returned `value`."""
        return self.nearest(value) == value

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return self.value_at(self.largest_ordinal)

    def spacing(self, value: float) -> float:
        """Return the distance from `value` to the next float away from 0."""
        ordinal = min(abs(self.ordinal(value)), self.largest_ordinal - 1)
        return self.value_at(ordinal + 1) - self.value_at(ordinal)

    def may_store(self, values: Collection[float]) -> bool:
        """Return True if a site with this format may have returned these different values.

        Two that are equal as 32-bit floats show that the site stores 64 bits.
        """
        return len(set(map(self.nearest, values))) == len(values) and all(map(self.holds, values))


@dataclass(frozen=True, slots=True)
class _Binary(FloatFormat):
    """Binary floats: the structs of a float and of its bits, and the position of the sign bit."""

    stored_as: SortOrderFormat
    code: Struct
    bits: Struct
    sign: int
    largest_ordinal: int

    def ordinal(self, value: float) -> int:
        number: int = self.bits.unpack(self.code.pack(value))[0]
        return number if number < 1 << self.sign else (1 << self.sign) - number

    def value_at(self, ordinal: int) -> float:
        value: float = self.code.unpack(self.bits.pack(min(abs(ordinal), self.largest_ordinal)))[0]
        return value if ordinal >= 0 else -value

    def nearest(self, value: float) -> float:
        return float32(value) if self.stored_as is SortOrderFormat.FLOAT32 else value

    def holds(self, value: float) -> bool:
        return self.stored_as is not SortOrderFormat.FLOAT32 or _is_float32(value)


class _SixDigits(FloatFormat):
    """Decimals of six digits, such as 1.23457."""

    stored_as = SortOrderFormat.SIX_DIGITS
    largest_ordinal = (_LARGEST_EXPONENT - _LEAST_EXPONENT + 1) * _DIGITS

    def ordinal(self, value: float) -> int:
        mantissa, _, exponent = f"{min(abs(value), 9.99999e307):.5e}".partition("e")
        power = int(exponent) - _LEAST_EXPONENT
        ordinal = power * _DIGITS + int(mantissa.replace(".", "")) - 100_000 + 1 if power >= 0 and value else 0
        return ordinal if value >= 0 else -ordinal

    def value_at(self, ordinal: int) -> float:
        position = min(abs(ordinal), self.largest_ordinal)
        exponent, digits = divmod(position - 1, _DIGITS)
        value = float(f"{digits + 100_000}e{exponent + _LEAST_EXPONENT - 5}") if position else 0.0
        return value if ordinal >= 0 else -value


class _Whole(FloatFormat):
    """Whole numbers."""

    stored_as = SortOrderFormat.WHOLE
    largest_ordinal = _LARGEST_WHOLE

    def ordinal(self, value: float) -> int:
        return round(max(-_LARGEST_WHOLE, min(value, _LARGEST_WHOLE)))

    def value_at(self, ordinal: int) -> float:
        return float(max(-_LARGEST_WHOLE, min(ordinal, _LARGEST_WHOLE)))


FLOAT64 = _Binary(SortOrderFormat.DOUBLE, Struct("<d"), Struct("<Q"), 63, 0x7FEF_FFFF_FFFF_FFFF)
FLOAT32 = _Binary(SortOrderFormat.FLOAT32, Struct("<f"), Struct("<I"), 31, 0x7F7F_FFFF)
SIX_DIGITS, WHOLE = _SixDigits(), _Whole()
FLOAT_FORMATS: tuple[FloatFormat, ...] = (FLOAT64, FLOAT32, SIX_DIGITS, WHOLE)
"""All formats, the finest first."""
_FORMAT_BY_NAME = {each.stored_as: each for each in FLOAT_FORMATS}


def detect_format(live: Iterable[float], recorded: SortOrderFormat | None = None) -> FloatFormat:
    """Return the recorded format if the site may store the live values in it, else FLOAT32 if it may, else FLOAT64.

    A new 32-bit float is exact in both binary formats.
    """
    values = set(live)
    if recorded is not None and _FORMAT_BY_NAME[recorded].may_store(values):
        return _FORMAT_BY_NAME[recorded]
    return FLOAT32 if FLOAT32.may_store(values) else FLOAT64


def stored_format(sent: float, stored: float | None) -> SortOrderFormat | None:
    """Return the finest format in which a site may have stored `sent` as `stored`, None if there is none.

    1.3 stored as 1.3                   DOUBLE: as sent
    1.3 stored as 1.2999999523162842    FLOAT32
    1.2345678 stored as 1.23457         SIX_DIGITS
    2048.5 stored as 2049.0             WHOLE, however the site rounds
    """
    if stored is None:
        return None
    if stored == sent:
        return SortOrderFormat.DOUBLE
    if isfinite(float32(sent)) and float32(stored) == float32(sent):
        return SortOrderFormat.FLOAT32
    for rounding in (SIX_DIGITS, WHOLE):
        if rounding.holds(stored) and abs(stored - sent) < rounding.spacing(stored):
            return rounding.stored_as
    return None


def coarsest(formats: Iterable[SortOrderFormat]) -> SortOrderFormat:
    """Return the format of those that stores the fewest values, DOUBLE if there are none."""
    found = set(formats)
    return next((each.stored_as for each in reversed(FLOAT_FORMATS) if each.stored_as in found), SortOrderFormat.DOUBLE)


def _is_float32(value: float) -> bool:
    """Return True for a 32-bit float, or a decimal of at most nine digits, which identify every 32-bit float."""
    rounded = float32(value)
    return isfinite(rounded) and (rounded == value or float(f"{value:.9g}") == value)
