"""The places in the manifests of what a plan shows, for reports that point at files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from galleryctl.model.address import Address
from galleryctl.model.desired import DesiredGallery
from galleryctl.model.position import SourcePosition
from galleryctl.plan.changes import Plan
from galleryctl.plan.targets import contains_target


def with_source_positions(plan: Plan, galleries: Iterable[DesiredGallery]) -> Plan:
    """Return the plan with the positions of the galleries that it covers, and of the items that it changes or names."""
    named = {change.address for change in plan.changes}
    named |= {refusal.address for refusal in plan.refusals if refusal.address is not None}
    named |= {notice.address for notice in plan.notices if notice.address is not None}
    named |= {item.address for item in plan.held}
    return replace(plan, positions=dict(_positions(plan, galleries, named)))


def _positions(
    plan: Plan, galleries: Iterable[DesiredGallery], named: set[Address]
) -> Iterator[tuple[Address, SourcePosition]]:
    for gallery in galleries:
        if contains_target(gallery.address, plan.targets):
            yield gallery.address, gallery.at
            yield from ((item.address, item.at) for item in gallery.items if item.address in named)
