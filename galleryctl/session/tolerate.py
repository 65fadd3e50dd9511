"""Record drift as tolerated in galleryctl.tolerated.yaml."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import date

from galleryctl.engine.site import plan_site
from galleryctl.manifest.files.atomic_write import read_text, with_line_ends_of, write_text_atomically
from galleryctl.manifest.files.symlinks import ensure_inside
from galleryctl.manifest.write.tolerated import remove_tolerated, write_tolerated
from galleryctl.model.address import Address
from galleryctl.model.errors import InvalidInput, Problem
from galleryctl.model.position import SourcePosition
from galleryctl.model.tolerated import TOLERATED_FILE, ToleratedDrift, Toleration, TolerationStatus
from galleryctl.plan.changes import Notice
from galleryctl.plan.identity.moved import AddressMoves
from galleryctl.plan.tolerable import tolerable_drift
from galleryctl.session.open import WorkspaceSite
from galleryctl.session.run import drift_options


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDrift:
    """The entries that were written, and the drift that cannot be tolerated."""

    entries: tuple[Toleration, ...]
    others: tuple[Notice, ...]


async def tolerate_drift(
    workspace: WorkspaceSite, targets: tuple[Address, ...], *, until: date, reason: str
) -> RecordedDrift:
    """Write an entry for each value that drifted: of the targets, or of all resources that have none yet.

    Neither the site nor the state is changed. An entry about one of the targets gets the new date, value and reason.
    Raises InvalidInput for a date in the past, and what `plan_workspace` raises.
    """
    desired = workspace.load()
    async with workspace.open() as site:
        if until < (today := site.now.date()):
            message = f"{until} has passed: it is {today} in UTC"
            raise InvalidInput((Problem(None, message),), do="use --tolerate-until with a later date")
        if targets:
            desired = replace(desired, tolerated=())
        planned = await plan_site(site, desired, drift_options(targets))
    bindings = AddressMoves(addresses=planned.plan.moves).renamed(planned.fetched.bindings)
    drift = tolerable_drift(planned.plan, planned.fetched.snapshot, bindings)
    entries = tuple(
        Toleration(
            address=value.address,
            field=value.field,
            value=value.value,
            digest=value.digest,
            until=until,
            reason=reason,
            at=SourcePosition(TOLERATED_FILE, 1, 1),
        )
        for value in drift.values
    )
    if entries:
        _write(workspace, entries)
    return RecordedDrift(entries=entries, others=drift.others)


async def remove_obsolete(workspace: WorkspaceSite, targets: tuple[Address, ...]) -> tuple[ToleratedDrift, ...]:
    """Remove the entries about the targets, or all, that have no effect any more, and return them.

    Neither the site nor the state is changed. Raises what `plan_workspace` raises.
    """
    desired = workspace.load()
    async with workspace.open() as site:
        plan = (await plan_site(site, desired, drift_options(targets))).plan
    obsolete = tuple(effect for effect in plan.tolerated if effect.status is TolerationStatus.OBSOLETE)
    if obsolete:
        path = ensure_inside(workspace.config.root, workspace.config.root / TOLERATED_FILE)
        about = {(str(effect.address), effect.field) for effect in obsolete}
        before = read_text(path)
        after = remove_tolerated(before, about, site=workspace.name)
        write_text_atomically(path, with_line_ends_of(after, before))
    return obsolete


def _write(workspace: WorkspaceSite, entries: tuple[Toleration, ...]) -> None:
    config = workspace.config
    path = ensure_inside(config.root, config.root / TOLERATED_FILE)
    before = read_text(path) if os.path.lexists(path) else None
    text = write_tolerated(before, entries, site=workspace.name, by_site=len(config.sites) > 1)
    if text != before:
        write_text_atomically(path, text)
