"""Random values for the emulator's switches of what it stores of a write."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from galleryctl.model.fields import Json
from galleryctl.plan.changes import Action, Plan

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


ITEM_SWITCHES = SWITCHES.filter(lambda switches: "gallery.name" not in str(switches["ignore_writes"]))
"""The same for tests that find galleries by their names."""


def draw_switches(rng: random.Random) -> dict[str, Json]:
    """Return all switches, each at random, for `POST /_emulator/settings`."""
    return {name: rng.choice(choices) for name, choices in CHOICES.items()}


def is_not_taken(plan: Plan, switches: Mapping[str, Json]) -> bool:
    """Return True if all changes of the plan are writes to items that a site with these switches ignores."""
    names = switches.get("ignore_writes")
    ignored = [str(name).removeprefix("item.") for name in names] if isinstance(names, Sequence) else []
    fields = [part for change in plan.changes for part in change.fields]
    return (
        not plan.state_changes
        and not plan.refusals
        and all(c.action is Action.UPDATE and c.media is None and c.position is None for c in plan.changes)
        and all(part.path in ignored or (switches.get("ignore_clears") and not part.after) for part in fields)
    )
