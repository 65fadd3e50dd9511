"""The values a site can store, counted: the n-th double or 32-bit float above another."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import Enum
from math import isfinite

from galleryctl.model.fields import float32


class FloatFormat(Enum):
    """How exactly a site keeps a sort order. The value holds struct's codes for the float and for its bits."""

    FLOAT32 = ("<f", "<I", 31)
    FLOAT64 = ("<d", "<Q", 63)

    @classmethod
    def detect(cls, live: Iterable[float]) -> FloatFormat:
        """32 bits when every live value may have passed through them: new values are chosen that work in both.

        Two values that 32 bits cannot tell apart show that the site keeps more.
        """
        values = set(live)
        narrow = len(set(map(float32, values))) == len(values) and all(map(_is_float32, values))
        return cls.FLOAT32 if narrow else cls.FLOAT64

    @property
    def largest(self) -> float:
        """The largest finite value."""
        return self.value_at((0xFF << 23) - 1 if self is FloatFormat.FLOAT32 else (0x7FF << 52) - 1)

    def nearest(self, value: float) -> float:
        """The nearest value that the store keeps as it is; infinite beyond its range."""
        return float32(value) if self is FloatFormat.FLOAT32 else value

    def ordinal(self, value: float) -> int:
        """How many stored values lie between 0 and `value`, negative below 0: neighbours differ by one."""
        code, bits, sign = self.value
        (number,) = struct.unpack(bits, struct.pack(code, value))
        return int(number) if number < 1 << sign else -(int(number) - (1 << sign))

    def value_at(self, ordinal: int) -> float:
        """The inverse of `ordinal`."""
        code, bits, _ = self.value
        value = float(struct.unpack(code, struct.pack(bits, abs(ordinal)))[0])
        return value if ordinal >= 0 else -value

    def spacing(self, value: float) -> float:
        """The distance from `value` to the next stored one away from 0."""
        ordinal = min(abs(self.ordinal(value)), self.ordinal(self.largest) - 1)
        return self.value_at(ordinal + 1) - self.value_at(ordinal)


def _is_float32(value: float) -> bool:
    """Whether `value` is a 32-bit float, or the shortest decimal of one: nine digits tell all of them apart."""
    kept = float32(value)
    return isfinite(kept) and (kept == value or float(f"{value:.9g}") == value)
