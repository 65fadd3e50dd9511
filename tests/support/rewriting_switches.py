"""Random values for the emulator's switches of what it stores of a write."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from galleryctl.model.fields import Json

CHOICES: dict[str, tuple[Json, ...]] = {
    "sort_order_precision": ("double", "float32", "six_digits", "whole"),
    "add_html_class": (False, True),
    "strip_html_tags": (False, True),
    "trim_texts": (False, True),
    "normalize_unicode": (False, True),
    "normalize_tags": (False, True),
    "normalize_urls": (False, True),
    "round_numbers": (False, True),
    "ignore_clears": (False, True),
    "ignore_writes": ([], ["item.description"], ["item.link.text", "gallery.name"], ["item.image.quality"]),
    "echo_writes": (False, True),
}
"""Each switch with its possible values, the default first; some examples for `ignore_writes`."""

SWITCHES = st.fixed_dictionaries({name: st.sampled_from(choices) for name, choices in CHOICES.items()})
"""All switches, each at random."""


def draw_switches(rng: random.Random) -> dict[str, Json]:
    """Return all switches, each at random, for `POST /_emulator/settings`."""
    return {name: rng.choice(choices) for name, choices in CHOICES.items()}
