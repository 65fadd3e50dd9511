"""The entries about tolerated drift that a plan reports, and their notices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from galleryctl.model.fields import Json
from galleryctl.model.tolerated import ITEM_FIELD, POSITION_FIELD, TOLERATED_FILE, ToleratedDrift, TolerationStatus
from galleryctl.plan.changes import Notice
from galleryctl.plan.context import PlanContext
from galleryctl.plan.gallery import GalleryPlan

_MAX_VALUE_LENGTH = 60
"""The number of characters of a value in a notice."""


_RESOLVE = "accept it (drift --accept), apply the manifest, or tolerate it longer (drift --tolerate-until)"
"""The ways to end the drift of an expired entry."""


def effects_in_scope(context: PlanContext, gallery_plans: Sequence[GalleryPlan]) -> Iterator[ToleratedDrift]:
    """Yield the effect of each entry in scope of the plan, in the order of the file."""
    effects = {(e.address, e.field): e for plan in gallery_plans for e in plan.tolerated}
    for entries in context.tolerance.entries.values():
        for entry in entries:
            if not context.covers(entry.address):
                continue
            declared = entry.address in context.protect_by_address
            why = "it is not on the site, or is replaced" if declared else "no manifest declares this address"
            effect = effects.get((entry.address, entry.field))
            yield context.tolerance.judge(entry, obsolete=why) if effect is None else effect


def tolerated_notice(effect: ToleratedDrift) -> Notice:
    """Return the notice of an entry."""
    subject = tolerated_value(effect.field, effect.value)
    match effect.status:
        case TolerationStatus.TOLERATED:
            message = f"tolerated until {effect.until}: {subject}: {effect.reason}"
        case TolerationStatus.EXPIRED:
            message = f"no longer tolerated, expired on {effect.until}: {subject}: {effect.reason}; {_RESOLVE}"
        case TolerationStatus.OBSOLETE:
            entry = f"its entry for {effect.field} from {TOLERATED_FILE}"
            message = f"remove {entry}, which has no effect: {effect.why} (drift --remove-obsolete does it)"
    return Notice(address=effect.address, message=message)


def tolerated_value(name: str, value: Json) -> str:
    """Return what an entry is about, such as `title "Rings"`."""
    if name == ITEM_FIELD:
        return "missing on the site"
    return f"moved on the site, {value}" if name == POSITION_FIELD else f"{name} {_format_value(value)}"


def _format_value(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"
