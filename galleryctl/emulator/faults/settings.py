"""Switches for behaviour of Wix that no source specifies; `POST /_emulator/settings` changes them."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from galleryctl.emulator.api.rejection import Violation, validation_error

FieldNames = tuple[str, ...]
"""Fields of the API, such as `item.link.url` and `gallery.name`."""

_FIELD_NAME = re.compile(r"(gallery|item)(\.[A-Za-z]+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorSettings:
    """All switches with their defaults; the JSON has the same names."""

    item_order: Literal["ascending", "descending"] = "ascending"
    nested_patch: Literal["replace", "merge"] = "replace"
    repeated_sort_order_status: Literal[400, 409] = 400
    sort_order_precision: Literal["double", "float32", "six_digits", "whole"] = "double"
    patch_gallery_items: Literal["reject", "ignore"] = "reject"
    bulk_delete_unknown: Literal["skip", "reject"] = "skip"  # ids in a bulk delete of items
    item_limit_max: int = 200  # of the vendor's validator; its documentation says 100
    import_pending_reads: int = 1  # the N-th read of a descriptor shows READY or FAILED; 0: immediately
    upload_pending_reads: int = 0
    hash_at_ready: bool = True  # false: `hash` stays empty, as observed on Wix
    honour_consistent: bool = True  # reads with the latest X-Wix-Consistent are not stale
    stale_writes: int = 1  # the number of writes that a stale read misses
    requests_per_minute: int = 0  # 0: no quota; Wix has 200
    quota_retry_after: int = 0  # seconds in Retry-After of a 429 by the quota; 0: no header
    token_ttl_seconds: int = 14400
    webhook_bodies: Literal["objects", "json"] = "objects"
    webhook_type_names: Literal["sdk", "descriptor"] = "sdk"
    webhook_retries: int = 3
    webhook_backoff_ms: int = 50
    webhook_timeout_ms: int = 1250
    webhook_repeats: int = 0  # additional deliveries of each event
    webhook_shuffle: bool = False  # deliver the events of one write in reverse order
    # What is stored of a write; see api/rewriting.py.
    add_html_class: bool = False
    strip_html_tags: bool = False
    trim_texts: bool = False
    normalize_unicode: bool = False
    normalize_tags: bool = False
    normalize_urls: bool = False
    round_numbers: bool = False
    ignore_clears: bool = False
    ignore_writes: FieldNames = ()
    echo_writes: bool = False  # responses to writes show what was sent, reads show what is stored


def update_settings(settings: EmulatorSettings, body: Any) -> EmulatorSettings:
    """Return `settings` with the fields of `body`; raises a 400 with all violations."""
    if not isinstance(body, dict):
        raise validation_error(Violation("settings", "must be an object"))
    hints = get_type_hints(EmulatorSettings)
    violations = [
        Violation(str(name), f"must be {_describe_allowed(hints[name])}" if name in hints else "is an unknown setting")
        for name, value in body.items()
        if name not in hints or not _is_allowed(hints[name], value)
    ]
    if violations:
        raise validation_error(*violations)
    changes: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in body.items()}
    return dataclasses.replace(settings, **changes)


def _is_allowed(hint: Any, value: object) -> bool:
    if hint == FieldNames:
        return isinstance(value, list) and all(isinstance(name, str) and _FIELD_NAME.fullmatch(name) for name in value)
    if choices := get_args(hint):
        return value in choices and not isinstance(value, bool)
    if hint is bool:
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _describe_allowed(hint: Any) -> str:
    if hint == FieldNames:
        return "an array of names of fields, such as item.link.url and gallery.name"
    if choices := get_args(hint):
        return "one of " + ", ".join(map(str, choices))
    return "true or false" if hint is bool else "a whole number of at least 0"
