"""Floats as a site stores them, with their ordinals: neighbouring floats have consecutive ordinals."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from enum import Enum
from math import isfinite

from galleryctl.model.fields import float32
from galleryctl.model.last_applied import SortOrderFormat

_DIGITS = 900_000
"""The number of decimals of six digits with one exponent: 100000 to 999999."""
_LEAST_EXPONENT, _LARGEST_EXPONENT = -290, 307
"""The exponents of decimals of six digits that are distinct and finite doubles."""
_LARGEST_WHOLE = 2**53
"""The largest of the whole numbers that are all doubles."""


class FloatFormat(Enum):
    """The format in which a site stores sort orders; its value is that of the `SortOrderFormat`."""

    FLOAT64 = SortOrderFormat.DOUBLE.value
    FLOAT32 = SortOrderFormat.FLOAT32.value
    SIX_DIGITS = SortOrderFormat.SIX_DIGITS.value
    WHOLE = SortOrderFormat.WHOLE.value

    @classmethod
    def detect(cls, live: Iterable[float], recorded: SortOrderFormat | None = None) -> FloatFormat:
        """Return the recorded format if the site may store the live values in it, else FLOAT32 if it may, else FLOAT64.

        A new 32-bit float is exact in both binary formats.
        """
        values = set(live)
        if recorded is not None and cls(recorded.value).may_store(values):
            return cls(recorded.value)
        return cls.FLOAT32 if cls.FLOAT32.may_store(values) else cls.FLOAT64

    def may_store(self, values: Collection[float]) -> bool:
        """Return True if a site with this format may have returned these different values.

        Two that are equal as 32-bit floats show that the site stores 64 bits.
        """
        return len(set(map(self.nearest, values))) == len(values) and all(map(self.holds, values))

    @property
    def largest_ordinal(self) -> int:
        """The ordinal of the largest finite value."""
        match self:
            case FloatFormat.SIX_DIGITS:
                return (_LARGEST_EXPONENT - _LEAST_EXPONENT + 1) * _DIGITS
            case FloatFormat.WHOLE:
                return _LARGEST_WHOLE
            case _:
                return self.ordinal(float("inf")) - 1

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return self.value_at(self.largest_ordinal)

    def holds(self, value: float) -> bool:
        """Return True if a site with this format may have returned `value`."""
        match self:
            case FloatFormat.FLOAT64:
                return True
            case FloatFormat.FLOAT32:
                return _is_float32(value)
            case _:
                return self.nearest(value) == value

    def nearest(self, value: float) -> float:
        """Return the nearest value in this format, infinite beyond the range of 32-bit floats."""
        match self:
            case FloatFormat.FLOAT64:
                return value
            case FloatFormat.FLOAT32:
                return float32(value)
            case _:
                return self.value_at(self.ordinal(value))

    def ordinal(self, value: float) -> int:
        """Return the position of `value` among the floats, with 0 at 0.0: in FLOAT32, 1.0 has 1065353216."""
        match self:
            case FloatFormat.SIX_DIGITS:
                return _ordinal_of_digits(value)
            case FloatFormat.WHOLE:
                return round(max(-_LARGEST_WHOLE, min(value, _LARGEST_WHOLE)))
            case _:
                code, bits, sign = _BINARY_CODES[self]
                (number,) = struct.unpack(bits, struct.pack(code, value))
                return int(number) if number < 1 << sign else -(int(number) - (1 << sign))

    def value_at(self, ordinal: int) -> float:
        """Return the float at an ordinal, the largest finite one beyond their range."""
        position = min(abs(ordinal), self.largest_ordinal)
        match self:
            case FloatFormat.SIX_DIGITS:
                exponent, digits = divmod(position - 1, _DIGITS)
                value = float(f"{digits + 100_000}e{exponent + _LEAST_EXPONENT - 5}") if position else 0.0
            case FloatFormat.WHOLE:
                value = float(position)
            case _:
                code, bits, _ = _BINARY_CODES[self]
                value = float(struct.unpack(code, struct.pack(bits, position))[0])
        return value if ordinal >= 0 else -value

    def spacing(self, value: float) -> float:
        """Return the distance from `value` to the next float away from 0."""
        ordinal = min(abs(self.ordinal(value)), self.largest_ordinal - 1)
        return self.value_at(ordinal + 1) - self.value_at(ordinal)


_BINARY_CODES = {FloatFormat.FLOAT32: ("<f", "<I", 31), FloatFormat.FLOAT64: ("<d", "<Q", 63)}
"""The codes of `struct` for a float and its bits, and the sign bit."""


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
    for rounding in (FloatFormat.SIX_DIGITS, FloatFormat.WHOLE):
        if rounding.holds(stored) and abs(stored - sent) < rounding.spacing(stored):
            return SortOrderFormat(rounding.value)
    return None


def coarsest(formats: Iterable[SortOrderFormat]) -> SortOrderFormat:
    """Return the format of those that stores the fewest values, DOUBLE if there are none."""
    found = set(formats)
    return next((fmt for fmt in reversed(SortOrderFormat) if fmt in found), SortOrderFormat.DOUBLE)


def _ordinal_of_digits(value: float) -> int:
    """Return the ordinal of the decimal of six digits nearest to `value`: that of 1.00001 is one above that of 1.0."""
    mantissa, _, exponent = f"{min(abs(value), 9.99999e307):.5e}".partition("e")
    power = int(exponent) - _LEAST_EXPONENT
    ordinal = power * _DIGITS + int(mantissa.replace(".", "")) - 100_000 + 1 if power >= 0 and value else 0
    return ordinal if value >= 0 else -ordinal


def _is_float32(value: float) -> bool:
    """Return True for a 32-bit float, or a decimal of at most nine digits, which identify every 32-bit float."""
    rounded = float32(value)
    return isfinite(rounded) and (rounded == value or float(f"{value:.9g}") == value)
