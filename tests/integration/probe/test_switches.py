"""A probe finds each switch of the emulator that a client can see, and leaves nothing on the site."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest

from galleryctl.emulator.faults.settings import EmulatorSettings
from galleryctl.model.probe import FactStatus
from tests.support.probe_harness import ProbeHarness, fact, switches

NOT_VISIBLE = {
    "patch_gallery_items": "such an update is never sent",
    "stale_writes": "a read shows its lag, not what it lacks",
    "requests_per_minute": "throttling is not probed",
    "quota_retry_after": "throttling is not probed",
    "token_ttl_seconds": "a key has no lifetime, and an app's token says its own",
    "webhook_bodies": "webhooks are not probed",
    "webhook_type_names": "webhooks are not probed",
    "webhook_retries": "webhooks are not probed",
    "webhook_backoff_ms": "webhooks are not probed",
    "webhook_timeout_ms": "webhooks are not probed",
    "webhook_repeats": "webhooks are not probed",
    "webhook_shuffle": "webhooks are not probed",
}
NEEDS_MORE: dict[str, dict[str, Any]] = {
    "echo_writes": {"trim_texts": True},  # answers can differ only from what is stored in another form
    "honour_consistent": {},
}
FLIPS: tuple[tuple[str, Any], ...] = (
    ("item_order", "descending"),
    ("nested_patch", "merge"),
    ("repeated_sort_order_status", 409),
    ("sort_order_precision", "float32"),
    ("sort_order_precision", "six_digits"),
    ("sort_order_precision", "whole"),
    ("bulk_delete_unknown", "reject"),
    ("item_limit_max", 100),
    ("import_pending_reads", 0),
    ("import_pending_reads", 3),
    ("upload_pending_reads", 2),
    ("hash_at_ready", False),
    ("honour_consistent", False),
    ("add_html_class", True),
    ("strip_html_tags", True),
    ("trim_texts", True),
    ("normalize_unicode", True),
    ("normalize_tags", True),
    ("normalize_urls", True),
    ("round_numbers", True),
    ("ignore_clears", True),
    ("ignore_writes", ["item.title"]),
    ("ignore_writes", ["item.description", "item.title"]),
    ("ignore_writes", ["item.link.text"]),
    ("ignore_writes", ["item.image.quality"]),
    ("ignore_writes", ["item.text.html"]),
    ("ignore_writes", ["item.sortOrder"]),
    ("ignore_writes", ["gallery.name"]),
    ("ignore_writes", ["gallery.sortOrder", "item.tags.values"]),
    ("echo_writes", True),
)
DEFAULTS = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(EmulatorSettings()).items()}
LAGGING = {"script": [{"fault": "stale", "method": "GET", "path": "/items$", "times": 2}]}


def test_every_switch_is_flipped_or_cannot_be_seen() -> None:
    assert {name for name, _ in FLIPS} | set(NOT_VISIBLE) == {field.name for field in fields(EmulatorSettings)}


def test_the_table_of_a_site_with_the_defaults(bench: ProbeHarness) -> None:
    run = bench.probe()
    assert switches(run) == {
        name: DEFAULTS[name]
        for name, _ in FLIPS
        if name not in NEEDS_MORE  # unknown: nothing was stored in another form, and no read lagged
    }
    undecided = [each.name for each in run.facts if each.conclusion.status is FactStatus.UNKNOWN]
    assert undecided == ["responses to updates"]
    assert fact(run, "direction of display").conclusion.status is FactStatus.NOT_PROBED
    assert bench.left() == []


@pytest.mark.parametrize(("name", "value"), FLIPS, ids=[f"{name}={value}" for name, value in FLIPS])
def test_a_flipped_switch_is_found_and_no_other(bench: ProbeHarness, name: str, value: Any) -> None:
    more = NEEDS_MORE.get(name, {})
    bench.settings(**{name: value, **more})
    if name == "honour_consistent":
        bench.faults(**LAGGING)
    found = switches(bench.probe())
    assert found[name] == value
    expected = {**DEFAULTS, name: value, **more, "echo_writes": found.get("echo_writes", False)}
    assert {other: found[other] for other in found} == {other: expected[other] for other in found}
    assert bench.left() == []
    assert len(bench.requests) <= 150


def test_all_switches_flipped_at_once(bench: ProbeHarness) -> None:
    flipped = {name: value for name, value in FLIPS if name not in ("ignore_writes", "honour_consistent")}
    flipped["ignore_writes"] = ["item.link.text"]
    bench.settings(**flipped)
    run = bench.probe()
    expected = dict(flipped)
    del expected["nested_patch"]  # a site that ignores clears looks the same
    assert switches(run) == expected
    assert fact(run, "nested objects in an update").conclusion.status is FactStatus.UNKNOWN
    assert bench.left() == []


def test_the_requests_of_all_rows_add_up(bench: ProbeHarness) -> None:
    run = bench.probe()
    assert sum(each.requests for each in run.facts) + run.preparation + run.clean_up == len(bench.requests)
    assert len(bench.requests) < 100
