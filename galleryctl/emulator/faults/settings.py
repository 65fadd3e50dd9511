"""What no source settles about Wix, as switches; `POST /_emulator/settings` changes them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

from galleryctl.emulator.api.rejection import Violation, validation_error


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorSettings:
    """Every switch with its default; the JSON has the same names."""

    item_order: Literal["ascending", "descending"] = "ascending"
    nested_patch: Literal["replace", "merge"] = "replace"
    repeated_sort_order_status: Literal[400, 409] = 400
    sort_order_precision: Literal["double", "float32"] = "double"
    patch_gallery_items: Literal["reject", "ignore"] = "reject"
    bulk_delete_unknown: Literal["skip", "reject"] = "skip"  # an item that is gone, in a bulk delete
    item_limit_max: int = 200  # the validator's; the documentation says 100
    import_pending_reads: int = 1  # the N-th read of a descriptor shows READY or FAILED; 0 is at once
    upload_pending_reads: int = 0
    hash_at_ready: bool = True  # false: `hash` stays empty, as was seen
    honour_consistent: bool = True  # a request with the last X-Wix-Consistent is never stale
    stale_writes: int = 1  # how many writes a stale read lags behind
    requests_per_minute: int = 0  # 0: no quota; the vendor's is 200
    quota_retry_after: int = 0  # seconds in Retry-After of a quota's 429; 0: no such header
    token_ttl_seconds: int = 14400
    webhook_bodies: Literal["objects", "json"] = "objects"
    webhook_type_names: Literal["sdk", "descriptor"] = "sdk"
    webhook_retries: int = 3
    webhook_backoff_ms: int = 50
    webhook_timeout_ms: int = 1250
    webhook_repeats: int = 0  # each event is delivered this many times more
    webhook_shuffle: bool = False  # deliveries of one write go out in reverse


def update_settings(settings: EmulatorSettings, body: Any) -> EmulatorSettings:
    """`settings` with the fields of `body` put in; raises a 400 that names every wrong field."""
    if not isinstance(body, dict):
        raise validation_error(Violation("settings", "must be an object"))
    hints = get_type_hints(EmulatorSettings)
    wrong = [
        Violation(str(name), f"must be {_describe_allowed(hints[name])}" if name in hints else "is no setting")
        for name, value in body.items()
        if name not in hints or not _is_allowed(hints[name], value)
    ]
    if wrong:
        raise validation_error(*wrong)
    return dataclasses.replace(settings, **body)


def _is_allowed(hint: Any, value: object) -> bool:
    if choices := get_args(hint):
        return value in choices and not isinstance(value, bool)
    if hint is bool:
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _describe_allowed(hint: Any) -> str:
    if choices := get_args(hint):
        return "one of " + ", ".join(map(str, choices))
    return "true or false" if hint is bool else "a whole number from 0 on"
