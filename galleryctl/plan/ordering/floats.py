"""Floats as a site stores them, with their ordinals: neighbouring floats have consecutive ordinals."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import Enum
from math import isfinite

from galleryctl.model.fields import float32


class FloatFormat(Enum):
    """The format in which a site stores sort orders: the codes of `struct` for a float and its bits, and the sign bit."""

    FLOAT32 = ("<f", "<I", 31)
    FLOAT64 = ("<d", "<Q", 63)

    @classmethod
    def detect(cls, live: Iterable[float]) -> FloatFormat:
        """Return FLOAT32 if every live value may be a 32-bit float: a new 32-bit float is exact in both formats.

        Two values that are equal as 32-bit floats show that the site stores 64 bits.
        """
        values = set(live)
        all_float32 = len(set(map(float32, values))) == len(values) and all(map(_is_float32, values))
        return cls.FLOAT32 if all_float32 else cls.FLOAT64

    @property
    def largest_ordinal(self) -> int:
        """The ordinal of the largest finite value: one below that of infinity."""
        return self.ordinal(float("inf")) - 1

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return self.value_at(self.largest_ordinal)

    def nearest(self, value: float) -> float:
        """Return the nearest value in this format, infinite beyond its range."""
        return float32(value) if self is FloatFormat.FLOAT32 else value

    def ordinal(self, value: float) -> int:
        """Return the position of `value` among the floats, with 0 at 0.0: in FLOAT32, 1.0 has 1065353216."""
        code, bits, sign = self.value
        (number,) = struct.unpack(bits, struct.pack(code, value))
        return int(number) if number < 1 << sign else -(int(number) - (1 << sign))

    def value_at(self, ordinal: int) -> float:
        """Return the float at an ordinal, the largest finite one beyond their range."""
        code, bits, _ = self.value
        value = float(struct.unpack(code, struct.pack(bits, min(abs(ordinal), self.largest_ordinal)))[0])
        return value if ordinal >= 0 else -value

    def spacing(self, value: float) -> float:
        """Return the distance from `value` to the next float away from 0."""
        ordinal = min(abs(self.ordinal(value)), self.largest_ordinal - 1)
        return self.value_at(ordinal + 1) - self.value_at(ordinal)


def _is_float32(value: float) -> bool:
    """Return True for a 32-bit float, or a decimal of at most nine digits, which identify every 32-bit float."""
    rounded = float32(value)
    return isfinite(rounded) and (rounded == value or float(f"{value:.9g}") == value)
