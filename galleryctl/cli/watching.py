"""Drift checks of single galleries, while events come in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from galleryctl.cli import output
from galleryctl.cli.failure import show_failure
from galleryctl.cli.options import Settings
from galleryctl.cli.planning import address, show_plan
from galleryctl.cli.workspace import workspace_of
from galleryctl.engine.site import load_state, plan_site
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.plan.changes import Plan
from galleryctl.report.json import failure_json, plan_json
from galleryctl.session.background import in_background
from galleryctl.session.run import drift_options


@dataclass(slots=True)
class Watching:
    """Checks in the workspace that the options name; `drifted` says whether any of them found drift."""

    settings: Settings
    drifted: bool = False

    async def check(self, gallery: str) -> bool:
        """Print how the gallery of that live id differs from its manifest; False when that could not be found out."""
        try:
            plan = await in_background(lambda: self._plan(gallery))
        except (GalleryctlError, OSError) as error:
            await asyncio.to_thread(self._show_failure, error)
            return False
        self.drifted = self.drifted or (plan is not None and not plan.is_empty)
        await asyncio.to_thread(self._show, gallery, plan)
        return True

    def _show(self, gallery: str, plan: Plan | None) -> None:
        if plan is None:
            output.remark(self.settings, f"Gallery {gallery} is in no manifest: there is nothing to compare.")
        elif self.settings.format == "json":
            output.result(plan_json(plan, indent=None))
        else:
            show_plan(plan, self.settings, drift=True)

    def _show_failure(self, error: GalleryctlError | OSError) -> None:
        if self.settings.format == "json" and isinstance(error, GalleryctlError):
            output.result(failure_json(error, indent=None))
        else:
            show_failure(error, self.settings)

    async def _plan(self, gallery: str) -> Plan | None:
        """What `galleryctl drift --target` plans, from the files as they are now; None for a gallery that is not ours."""
        workspace = workspace_of(self.settings)
        desired = workspace.load()
        async with workspace.open() as site:
            key = _key(gallery, desired, (await load_state(site)).bindings)
            if key is None:
                return None
            return (await plan_site(site, desired, drift_options((address(key),)))).plan


def _key(gallery: str, desired: Desired, bindings: Bindings) -> str | None:
    """The key of the gallery with that live id: as state knows it, else as a manifest binds it."""
    known = (address.gallery for address, ident in bindings.ids.items() if ident == gallery and address.item is None)
    bound = (wanted.address.gallery for wanted in desired.galleries if wanted.bind.id == gallery)
    return next(known, None) or next(bound, None)
