"""Measure planning 10,000 items: `python benchmarks/plan_10k.py [ITEMS]`.

The baseline is a JSON round trip of the same live data, the least that reading a site costs on any machine.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Bind, Desired, DesiredGallery, DesiredItem, Moved
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import Kind, LocalFile, WixFile
from galleryctl.model.position import SourcePosition
from galleryctl.plan.identity.identify import identify_site
from galleryctl.plan.make import make_plan
from galleryctl.plan.steps import plan_steps

ROUNDS = 7
GALLERY = Address("big")


def live_items(count: int) -> tuple[LiveItem, ...]:
    return tuple(
        LiveItem(
            id=f"item-{i}",
            kind=Kind.IMAGE,
            media=WixFile(id=f"file-{i}", filename=f"{i}.jpg", width=3000, height=2000),
            fields={"title": f"Photo {i}", "description": "", "tags": ("a", "b")},
            sort_order=float(i + 1),
            raw={
                "id": f"item-{i}",
                "title": f"Photo {i}",
                "tags": {"values": ["a", "b"]},
                "sortOrder": i + 1.0,
            },
        )
        for i in range(count)
    )


def desired_items(count: int, title: str) -> tuple[DesiredItem, ...]:
    at = SourcePosition("galleries/big.yaml", 1, 1)
    return tuple(
        DesiredItem(
            address=Address("big", f"k{i}"),
            kind=Kind.IMAGE,
            media=WixFile(id=f"file-{i}"),
            fields={"title": f"{title} {i}", "tags": ("a", "b")},
            at=at,
        )
        for i in range(count)
    )


def uploaded(items: tuple[DesiredItem, ...]) -> tuple[DesiredItem, ...]:
    """Return the same items, each with a file of the workspace."""
    return tuple(
        replace(
            item,
            media=LocalFile(path=f"photos/{i}.jpg", sha256=f"{i:064x}", size=i + 1, mime_type="image/jpeg"),
        )
        for i, item in enumerate(items)
    )


def renamed(items: tuple[DesiredItem, ...]) -> Desired:
    """Return the same items under new keys, each with a `moved` entry."""
    new = tuple(replace(item, address=Address("big", f"new-{item.address.item}")) for item in items)
    moved = tuple(Moved(source=old.address, target=now.address, at=old.at) for old, now in zip(items, new, strict=True))
    return replace(desired(new), moved=moved)


def desired(items: tuple[DesiredItem, ...]) -> Desired:
    at = SourcePosition("galleries/big.yaml", 1, 1)
    gallery = DesiredGallery(address=GALLERY, bind=Bind(id="gallery-1"), fields={"name": "Big"}, items=items, at=at)
    return Desired(galleries=(gallery,))


def median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def plan_and_order(want: Desired, snapshot: SiteSnapshot, bindings: Bindings) -> None:
    plan_steps(make_plan(want, snapshot, identify_site(want, snapshot, bindings)))


def with_records(want: Desired, snapshot: SiteSnapshot, bindings: Bindings) -> Bindings:
    """Return the state after an apply that found everything equal: with last applied values."""
    plan = make_plan(want, snapshot, identify_site(want, snapshot, bindings))
    return replace(bindings, records=plan.records, protected=plan.protected)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    live = live_items(count)
    gallery = LiveGallery(id="gallery-1", fields={"name": "Big"}, sort_order=1.0, total_items=count, items=live, raw={})
    snapshot = SiteSnapshot(site_id="site", galleries=(gallery,))
    ids = {GALLERY: "gallery-1", **{Address("big", f"k{i}"): f"item-{i}" for i in range(count)}}
    media = {f"sha256:{i:064x}": f"file-{i}" for i in range(count)}
    complete, empty = Bindings(ids=ids, media=media), Bindings()
    same = desired_items(count, "Photo")
    baseline = median_ms(lambda: json.loads(json.dumps([item.raw for item in live])))
    print(f"{count} items, medians of {ROUNDS} rounds; baseline {baseline:.1f} ms (JSON round trip of the live data)")
    from_files = with_records(desired(uploaded(same)), snapshot, complete)
    complete = with_records(desired(same), snapshot, complete)
    cases: dict[str, tuple[Desired, Bindings]] = {
        "no change": (desired(same), complete),
        "no change, uploaded": (desired(uploaded(same)), from_files),
        "all keys renamed": (renamed(same), complete),
        "state lost": (desired(same), empty),
        "every title changed": (desired(desired_items(count, "Picture")), complete),
        "reversed": (desired(same[::-1]), complete),
        "every third gone": (desired(tuple(item for i, item in enumerate(same) if i % 3)), complete),
    }
    for name, (want, bindings) in cases.items():
        took = median_ms(partial(plan_and_order, want, snapshot, bindings))
        changes = len(make_plan(want, snapshot, identify_site(want, snapshot, bindings)).changes)
        print(f"{name:20} {took:8.1f} ms  {took / baseline:6.1f} x baseline  {changes} changes")


if __name__ == "__main__":
    main()
